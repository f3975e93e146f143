"""Whole executions whose tasks end for another reason than what they do: a condition, a value, a maximum, a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runwright.open_records import open_record
from runwright.views import FlowRunFilter

from .execution_documents import document
from .executions import ended, register, run

if TYPE_CHECKING:
    from runwright.testing.fake_clock import FakeClock

OK = "type: debug.Return, format: ok"
WARNED = "type: execution.Fail, allowFailure: true"
FINALLY = f"finally: [{{id: f, {OK}}}]"
LOOP = f"id: l, type: flow.LoopUntil, checkFrequency: {{maxIterations: 2, interval: PT1H}}, {FINALLY}"


@pytest.mark.parametrize(
    "broken",
    [
        'type: debug.Return, format: x, runIf: "{{ no.such }}"',
        'type: debug.Return, format: x, timeout: "{{ no.such }}"',
        f'type: flow.ForEach, values: "{{{{ no.such }}}}", tasks: [{{id: b, {OK}}}]',
        f'type: flow.Sequential, runIf: "{{{{ no.such }}}}", tasks: [{{id: b, {OK}}}]',
    ],
)
@pytest.mark.parametrize(
    ("allowed", "state"),
    [("", "FAILED"), (", allowFailure: true", "WARNING"), (", allowFailure: true, allowWarning: true", "SUCCESS")],
)
def test_what_cannot_even_begin_may_be_allowed(broken: str, allowed: str, state: str) -> None:
    """A task run that ends before its task does anything counts as one that the task fails."""
    found = run(f"- {{id: a, {broken}{allowed}}}\n- {{id: z, {OK}}}")
    assert (state, f"a {state}") == (found.state, found.states[0])
    assert (state != "FAILED") is ("z SUCCESS" in found.states)
    assert "Unable to find `no`" in found.logs[0]


@pytest.mark.parametrize(
    ("tasks", "more", "state"),
    [
        (OK, 'condition: "{{ outputs.l.iterationCount == 2 }}"', "SUCCESS"),
        (OK, 'condition: "false"', "SUCCESS"),
        (OK, 'condition: "false", failOnMaxReached: true', "FAILED"),
        (WARNED, 'condition: "{{ outputs.l.iterationCount == 2 }}"', "WARNING"),
        (WARNED, 'condition: "false"', "WARNING"),
    ],
)
def test_finally_of_a_loop_runs_after_its_last_turn(fake_clock: FakeClock, tasks: str, more: str, state: str) -> None:
    """Whatever ended the turns, and how the loop ends is what it was before; a warning of the last turn is one of the loop."""
    del fake_clock
    found = run(f"- {{{LOOP}, {more}, tasks: [{{id: a, {tasks}}}]}}")
    last = "a SUCCESS" if tasks == OK else "a WARNING"
    assert (state, [f"l {state}", last, "f SUCCESS"]) == (found.state, [found.states[0], *found.states[-2:]])
    assert {"iterationCount": 2} == found.outputs["l"]


def test_a_warning_of_an_earlier_turn_is_gone_with_it(fake_clock: FakeClock) -> None:
    del fake_clock
    fails = '{id: a, type: execution.Fail, condition: "{{ taskrun.iteration == 1 }}", allowFailure: true}'
    found = run(f'- {{{LOOP}, condition: "true", tasks: [{fails}]}}')
    assert "WARNING" == found.state
    found = run(f'- {{{LOOP}, condition: "{{{{ outputs.l.iterationCount == 2 }}}}", tasks: [{fails}]}}')
    assert "SUCCESS" == found.state


@pytest.mark.parametrize(("value", "states"), [("a", ["SUCCESS", "t", "f"]), ("b", ["FAILED", "f"])])
def test_finally_runs_whether_a_value_has_a_case_or_not(value: str, states: list[str]) -> None:
    found = run(f"- {{id: s, type: flow.Switch, value: {value}, cases: {{a: [{{id: t, {OK}}}]}}, {FINALLY}}}")
    state, *ran = states
    assert (state, [f"s {state}", *(f"{each} SUCCESS" for each in ran)]) == (found.state, found.states)
    assert {"value": value, "defaults": value == "b"} == found.outputs["s"]


@pytest.mark.parametrize("kind", ["ForEach", "Loop"])
def test_finally_runs_where_there_is_no_value_at_all(kind: str) -> None:
    found = run(f"- {{id: l, type: flow.{kind}, values: [], tasks: [{{id: a, {OK}}}], {FINALLY}}}")
    assert ("SUCCESS", ["l SUCCESS", "f SUCCESS"]) == (found.state, found.states)


BATCHES = "- {id: w, type: shell.Commands, commands: [\"printf '1\\nx\\n3\\n' > l.txt\"], outputFiles: [l.txt]}\n"
EACH = "id: f, type: flow.ForEachItem, items: \"{{ outputs.w.outputFiles['l.txt'] }}\", namespace: tests, flowId: child"


def test_batches_that_nobody_waits_for_are_done_when_they_have_begun() -> None:
    register('- {id: a, type: execution.Fail, condition: "{{ true }}"}')
    found = run(f"{BATCHES}- {{{EACH}, wait: false}}")
    assert ("SUCCESS", {"RUNNING": 0, "SUCCESS": 3}) == (found.state, found.outputs["f_items"]["iterations"])


def test_batches_are_files_where_clients_know_them() -> None:
    register("- {id: a, type: debug.Return, format: ok}", "inputs: [{id: file, type: FILE}]")
    found = run(f'{BATCHES}- {{{EACH}, inputs: {{file: "{{{{ taskrun.items }}}}"}}}}')
    files = [row.parameters["file"] for row in open_record().flow_runs(FlowRunFilter(flow="tests/child"))]
    split = next(row.id for row in found.task_runs if row.slug == "f_split")
    below = f"kestra:///tests/main/executions/{found.row.id}/tasks/f-split/{split}/"
    assert {below} == {file.rpartition("/")[0] + "/" for file in files}


def test_a_batch_that_cannot_begin_fails_the_task_after_all_others_have_ended() -> None:
    register(
        "- {id: p, type: flow.Sleep, duration: PT0.2S}\n- {id: a, type: debug.Return, format: ok}",
        "inputs: [{id: n, type: INT}]",
    )
    found = run(f'{BATCHES}- {{{EACH}, inputs: {{n: "{{{{ read(taskrun.items) | trim }}}}"}}}}')
    children = open_record().flow_runs(FlowRunFilter(flow="tests/child"))
    assert ("FAILED", ["SUCCESS", "SUCCESS"]) == (found.state, [each.kind.execution for each in children])
    assert all(ended(each).row.end_time < found.row.end_time for each in children)
    assert ["Invalid input for `n`, Expected `INT` but received `x`, but received `x`"] == found.logs


def test_times_that_expressions_see_are_in_milliseconds(fake_clock: FakeClock) -> None:
    fake_clock.advance(0.123456)
    found = run('- {id: a, type: debug.Return, format: "{{ execution.startDate }} {{ taskrun.startDate }}"}')
    (task_run,) = document(found)["taskRunList"]
    assert {"2026-01-01T00:00:00.123Z"} == set(task_run["outputs"]["value"].split())
