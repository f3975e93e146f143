"""`Loop`: rounds by themselves, what they hand on, and failures that do or do not count."""

from __future__ import annotations

import json

import pytest

from runwright import app
from runwright.control import Control
from runwright.executions.catalogue import Executions, handed_on_by
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.runner import ExecutionRunner
from runwright.key_values import KeyValue
from runwright.open_records import open_record
from runwright.views import TaskRunFilter


class Ran:
    """A flow that ran: its state, and what its task runs handed on."""

    def __init__(self, tasks, executor="threads:4"):
        text = f"id: loops\nnamespace: company\ntasks:\n{tasks}"
        self.state = ExecutionRunner(DeclaredFlow.from_text(text), executor=executor).start()
        self.row = Executions().find(self.state.context["flow_run_id"])

    def rows(self, task):
        rows = open_record().task_runs(TaskRunFilter(flow_run=self.row.id, oldest_first=True))
        return [row for row in rows if row.slug == task]

    def outputs(self, task):
        return [handed_on_by(row) for row in self.rows(task)]

    def texts(self, task):
        return sorted(each["value"] for each in self.outputs(task))


LOOP = """
  - id: loop
    type: flow.Loop
    values: {values}
    {more}
    tasks:
      - {{id: first, type: debug.Return, format: "{format}"}}
      - {{id: second, type: debug.Return, format: "<{{{{ outputs.first.value }}}}>"}}
"""


def test_items_of_a_list_have_a_value_and_an_index():
    ran = Ran(
        LOOP.format(values="[a, 1, {x: y}, a]", more="", format="{{ item.index }}:{{ item.value }}:{{ item.key }}")
    )
    assert "Success" == ran.state.kind.name, ran.state.message
    assert ["0:a:", "1:1:", '2:{"x":"y"}:', "3:a:"] == ran.texts("first")
    assert ["<0:a:>", "<1:1:>", '<2:{"x":"y"}:>', "<3:a:>"] == ran.texts("second")
    assert [{"iterationCount": 4}] == ran.outputs("loop")


def test_others_find_the_outputs_of_rounds_by_their_numbers():
    ran = Ran(LOOP.format(values="[a, a]", more="", format="{{ item.index }}"))
    found = Executions().outputs_of(ran.row)
    assert {"0": {"value": "0"}, "1": {"value": "1"}} == found["first"]


def test_items_of_a_mapping_have_a_key():
    ran = Ran(LOOP.format(values="{north: 3, south: [1, 2]}", more="", format="{{ item.key }}={{ item.value }}"))
    assert ["north=3", "south=[1,2]"] == ran.texts("first")
    assert ["north", "south"] == sorted(row.value for row in ran.rows("first"))


def test_loops_in_loops_know_the_item_above():
    ran = Ran("""
  - id: outer
    type: flow.Loop
    values: [a, b]
    tasks:
      - {id: before, type: debug.Return, format: "{{ item.value | upper }}"}
      - id: inner
        type: flow.Loop
        values: [1, 2]
        outputs: {pair: "{{ outputs.leaf.value }}"}
        tasks:
          - id: leaf
            type: debug.Return
            format: "{{ outputs.before.value }}{{ item.parent.value }}{{ item.value }}{{ taskrun.iteration }}"
      - {id: after, type: debug.Return, format: "{{ outputs.inner.values | jq('.[].pair') | join('+') }}"}
""")
    assert "Success" == ran.state.kind.name, [row.message for row in ran.rows("after")]
    assert ["Aa1", "Aa2", "Bb1", "Bb2"] == [text[:3] for text in ran.texts("leaf")]
    assert ["Aa10+Aa21", "Bb10+Bb21"] == ran.texts("after")


@pytest.mark.parametrize("kind", ["AUTO", "FETCH"])
def test_declared_outputs_come_together(kind):
    more = f"outputs: [{{id: got, type: STRING, value: '{{{{ outputs.second.value }}}}'}}]\n    fetchType: {kind}"
    ran = Ran(
        LOOP.format(values="{a: 1, b: 2}", more=more, format="{{ item.value }}")
        + """
  - {id: read, type: debug.Return, format: "{{ loopOutputs('loop').b.got }} {{ loopOutputs(outputs.loop).a.got }}"}
"""
    )
    assert [{"iterationCount": 2, "values": {"a": {"got": "<1>"}, "b": {"got": "<2>"}}}] == ran.outputs("loop")
    assert ["<2> <1>"] == ran.texts("read")


def test_declared_outputs_may_go_into_a_file():
    more = "outputs: {got: '{{ outputs.second.value }}'}\n    fetchType: STORE"
    ran = Ran(
        LOOP.format(values="[1, 2]", more=more, format="{{ item.value }}")
        + """
  - {id: text, type: debug.Return, format: "{{ read(outputs.loop.uri) }}"}
  - {id: list, type: debug.Return, format: "{{ loopOutputs('loop')[1].got }}"}
"""
    )
    assert [{"got": "<1>"}, {"got": "<2>"}] == [json.loads(line) for line in ran.texts("text")[0].splitlines()]
    assert ["<2>"] == ran.texts("list")


FAILS = """
  - id: loop
    type: flow.Loop
    values: [a, b, c]
    concurrencyLimit: 1
    transmitFailed: {transmits}
    outputs: {{got: "{{{{ outputs.last.value }}}}"}}
    tasks:
      - {{id: check, type: execution.Fail, condition: "{{{{ item.value == 'a' and kv('go', errorOnMissing=false) is null }}}}"}}
      - {{id: last, type: debug.Return, format: "{{{{ item.value }}}}"}}
"""


def test_a_failed_round_stops_the_loop_where_failures_are_transmitted():
    ran = Ran(FAILS.format(transmits="true"))
    assert ("Failed", []) == (ran.state.kind.name, ran.rows("last"))
    assert 1 == len(ran.rows("check"))


@pytest.mark.parametrize("executor", ["inline", "threads:4"])
def test_a_failed_round_is_alone_where_they_are_not(executor):
    ran = Ran(FAILS.format(transmits="false"), executor)
    assert ("Success", ["b", "c"]) == (ran.state.kind.name, ran.texts("last"))
    assert [{"iterationCount": 3, "values": [None, {"got": "b"}, {"got": "c"}]}] == ran.outputs("loop")


def test_a_restarted_loop_goes_on_with_its_items(record):
    ran = Ran(FAILS.format(transmits="true"))
    record.keep_value(KeyValue("company", "go", "1", "STRING", 1, 1))
    Control().restart(ran.row.id)
    app.resume_flow_run(ran.row.id)
    assert ["a", "b", "c"] == ran.texts("last")
    assert {"iterationCount": 3, "values": [{"got": each} for each in "abc"]} == ran.outputs("loop")[-1]


def test_outputs_are_gathered_after_finally():
    ran = Ran("""
  - id: loop
    type: flow.Loop
    values: [1]
    outputs: {got: "{{ outputs.only.value }}"}
    tasks: [{id: only, type: debug.Return, format: "{{ item.value }}"}]
    finally: [{id: tidy, type: debug.Return, format: "{{ outputs.loop.items.values }}"}]
""")
    assert (["[1]"], [{"iterationCount": 1, "values": [{"got": "1"}]}]) == (ran.texts("tidy"), ran.outputs("loop"))


def test_no_values_are_a_success_and_no_list_is_a_failure():
    assert "Success" == Ran(LOOP.format(values="[]", more="", format="x")).state.kind.name
    ran = Ran(LOOP.format(values="'7'", more="", format="x"))
    assert ("Failed", "The values are no list and no mapping: 7.") == (ran.state.kind.name, ran.rows("loop")[0].message)
