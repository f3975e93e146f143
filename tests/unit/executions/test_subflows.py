"""Subflows: what a task makes of the flow that it runs: its state, its outputs, its labels; and of one that cannot run."""

from __future__ import annotations

import pytest
from tests.integration.executions import declared, latest, register, run

from runwright.executions.registered_flows import registered
from runwright.open_records import open_record
from runwright.views import FlowRunFilter

pytestmark = pytest.mark.usefixtures("runwright_record")

OK = "- {id: a, type: debug.Return, format: ok}"
BAD = "- {id: a, type: execution.Fail}"
WARNS = "- {id: a, type: execution.Fail, allowFailure: true}"
OUT = 'outputs: [{id: o, type: STRING, value: "{{ outputs.a.value }}"}]'


def sub(more="", flow_id="child"):
    return f"- {{id: s, type: flow.Subflow, namespace: tests, flowId: {flow_id}{more}}}"


def children():
    return open_record().flow_runs(FlowRunFilter(flow="tests/child"))


@pytest.mark.parametrize(
    ("expected", "child", "more"),
    [
        ("SUCCESS", OK, ""),
        ("WARNING", WARNS, ""),
        ("FAILED", BAD, ""),
        ("SUCCESS", WARNS, ", transmitFailed: false"),
        ("SUCCESS", BAD, ", transmitFailed: false"),
    ],
)
def test_the_end_of_the_child_is_its_own_where_that_is_transmitted(expected, child, more):
    register(child)
    found = run(sub(more))
    assert (expected, [f"s {expected}"]) == (found.state, found.states)
    ended = latest("tests/child")
    assert {"executionId": str(ended.row.id), "state": ended.state}.items() <= found.outputs["s"].items()


def test_what_the_child_hands_on_is_handed_on():
    register(OK, OUT)
    assert {"o": "ok"} == run(sub()).outputs["s"]["outputs"]


def test_a_child_without_outputs_adds_none():
    register(OK)
    assert "outputs" not in run(sub()).outputs["s"]


def test_outputs_declared_by_the_task_are_read_from_the_tasks_of_the_child():
    register(OK)
    assert {"x": "ok!"} == run(sub(", outputs: {x: '{{ outputs.a.value }}!'}")).outputs["s"]["outputs"]


def test_those_that_cannot_be_rendered_fail_the_task_although_the_child_succeeded():
    register(OK)
    found = run(sub(", outputs: {x: '{{ outputs.none.value }}'}"))
    assert ("FAILED", "SUCCESS") == (found.state, latest("tests/child").state)
    assert {"executionId", "state"} == found.outputs["s"].keys()


@pytest.mark.parametrize(
    ("told", "flow_id", "more"),
    [
        ("There is no flow tests/none", "none", ""),
        ("is disabled", "child", ""),
        ("revision 9", "child", ", revision: 9"),
    ],
)
def test_a_flow_that_cannot_run_fails_the_task_and_starts_nothing(told, flow_id, more):
    register(OK, "disabled: true" if told == "is disabled" else "")
    found = run(sub(more, flow_id))
    assert ("FAILED", True) == (found.state, told in str(found.task_runs[0].message))
    assert [] == children()


def test_inputs_that_the_child_refuses_fail_the_task_and_start_nothing():
    register(OK, "inputs: [{id: n, type: INT}]")
    found = run(sub(", inputs: {n: many}"))
    assert ("FAILED", True) == (found.state, "Expected `INT`" in str(found.task_runs[0].message))
    assert [] == children()


def test_one_that_is_not_waited_for_is_a_success_whatever_becomes_of_it():
    register(BAD)
    found = run(sub(", wait: false"))
    assert ("SUCCESS", {"executionId"}) == (found.state, set(found.outputs["s"]))
    assert [found.outputs["s"]["executionId"]] == [str(row.id) for row in children()]


@pytest.mark.parametrize(
    ("expected", "more"),
    [
        ({"own": "1"}, ", labels: {own: '{{ 1 }}'}"),
        ({"own": "1", "team": "core"}, ", labels: {own: '1'}, inheritLabels: true"),
        ({"team": "mine"}, ", labels: {team: mine}, inheritLabels: true"),
        ({"own": "a"}, """, labels: "{{ {'own': 'a'} }}\""""),
        ({}, ""),
    ],
)
def test_labels_of_the_child(expected, more):
    register(OK)
    found = run(sub(more), "labels: {team: core}")
    labels = latest("tests/child").row.details["labels"]
    assert expected == {name: value for name, value in labels.items() if not name.startswith("system.")}
    assert str(found.row.id) == labels["system.correlationId"]


def test_labels_that_are_no_mapping_fail_the_task():
    register(OK)
    found = run(sub(""", labels: "{{ [1] }}\""""))
    assert ("FAILED", True) == (found.state, "labels of a subflow are a mapping" in str(found.task_runs[0].message))
    assert [] == children()


def test_a_child_knows_where_it_comes_from():
    register(OK)
    found = run(sub())
    trigger = latest("tests/child").row.details["trigger"]
    assert ("s", "io.kestra.plugin.core.flow.Subflow") == (trigger["id"], trigger["type"])
    assert {"executionId": str(found.row.id), "namespace": "tests", "flowId": "main", "flowRevision": 1} == trigger[
        "variables"
    ]


def test_a_retry_starts_another_child():
    register(BAD)
    found = run(sub(", retry: {type: constant, interval: PT0.01S, maxAttempts: 2}"))
    assert ("FAILED", {"s": 2}, 2) == (found.state, found.attempts, len(children()))


# ---- one for each batch

LINES = """- id: w
  type: storage.LocalFiles
  inputs: {"%s": "1\\n2\\n3\\n"}
  outputs: ['**']
"""
TAKES = 'inputs: [{id: n, type: STRING}]\noutputs: [{id: o, type: STRING, value: "{{ inputs.n }}"}]'


def items(more, name="l.txt"):
    return f"""{LINES % name}- id: f
  type: flow.ForEachItem
  items: "{{{{ outputs.w.uris['{name}'] }}}}"
  namespace: tests
  flowId: child
  {more}
  inputs: {{n: "{{{{ taskrun.iteration }}}}{{{{ read(taskrun.items) | trim }}}}"}}
"""


def given():
    return sorted(row.parameters["n"] for row in children())


def test_each_line_is_a_batch_unless_something_else_is_said():
    register(OK, TAKES)
    found = run(items(""))
    assert ("SUCCESS", ["01", "12", "23"]) == (found.state, given())
    made = found.outputs["f_items"]
    assert (3, {"CREATED": 0, "RUNNING": 0, "SUCCESS": 3}) == (made["numberOfBatches"], made["iterations"])


def test_a_name_with_spaces_is_one_name():
    """Those of the batches end as that of the file."""
    register(OK, TAKES)
    assert ("SUCCESS", ["01", "12", "23"]) == (run(items("", "my lines.last week")).state, given())


def test_a_child_that_fails_fails_all_when_all_have_ended():
    register(
        "- {id: a, type: execution.Fail, condition: \"{{ inputs.n == '12' }}\"}", "inputs: [{id: n, type: STRING}]"
    )
    found = run(items(""))
    assert ("FAILED", 3, 1) == (found.state, len(children()), found.outputs["f_items"]["iterations"]["FAILED"])
    assert not [each for each in found.states if each.startswith("f_merge")]
    assert "SUCCESS" == run(items("transmitFailed: false")).state


def test_an_empty_file_starts_nothing():
    register(OK, TAKES)
    found = run(items("").replace("1\\n2\\n3\\n", ""))
    assert ("SUCCESS", []) == (found.state, children())


def test_children_that_are_not_waited_for_are_counted_as_they_are():
    register(OK, TAKES)
    found = run(items("wait: false"))
    assert ("SUCCESS", 3) == (found.state, len(children()))
    assert 3 == found.outputs["f_items"]["numberOfBatches"]


def test_a_python_flow_that_is_not_there_fails_the_task():
    found = run("- {id: p, type: python.Flow, flow: /nowhere/flow.py}")
    assert ["p FAILED"] == found.states


def test_a_flow_of_another_revision_is_run_as_that_says():
    registered(open_record(), declared(OK, OUT, "child"))
    registered(open_record(), declared(OK.replace("ok", "newer"), OUT, "child"))
    assert [{"o": "newer"}, {"o": "ok"}] == [run(sub(more)).outputs["s"]["outputs"] for more in ("", ", revision: 1")]


def test_a_child_that_is_to_start_later_is_awaited():
    register(OK)
    found = run(sub(", scheduleDate: \"{{ now() | dateAdd(100, 'MILLIS') }}\""))
    (child,) = children()
    assert ("SUCCESS", "Success") == (found.state, child.kind.name)
    assert found.task_runs[0].start_time < child.scheduled_start_time <= child.start_time


def test_a_child_that_is_to_start_later_and_that_nobody_waits_for_is_left_to_workers():
    register(OK)
    found = run(sub(', wait: false, scheduleDate: "2999-01-01T00:00:00Z"'))
    (child,) = children()
    assert ("SUCCESS", "Scheduled") == (found.state, child.kind.name)


@pytest.mark.parametrize("moment", ["tomorrow", "2024-01-31", "9999-12-31T23:59:59-23:59"])
def test_what_is_no_moment_starts_nothing(moment):
    register(OK)
    found = run(sub(f', scheduleDate: "{moment}"'))
    assert ("FAILED", []) == (found.state, children())
    assert f"scheduleDate is no moment: '{moment}'" in found.logs[0]
