"""Whole executions of every flowable: what runs, in what order, and how it ends. The record is checked after each."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

import pytest

from runwright import app, clock
from runwright.control import Control
from runwright.executions import chains
from runwright.executions.catalogue import handed_on_by
from runwright.executions.runner import ExecutionRunner
from runwright.open_records import open_record
from runwright.views import FlowRunFilter, TaskRunFilter

from .executions import declared, latest, register, run

if TYPE_CHECKING:
    from runwright.testing.fake_clock import FakeClock

OK = "type: debug.Return, format: ok"
BAD = "type: execution.Fail"


def test_sequential_runs_in_order_and_stops_at_a_failure() -> None:
    ended = run(
        f"- id: s\n  type: flow.Sequential\n  tasks:\n  - {{id: a, {OK}}}\n  - {{id: b, {BAD}}}\n  - {{id: c, {OK}}}\n- {{id: z, {OK}}}"
    )
    assert ("FAILED", ["s FAILED", "a SUCCESS", "b FAILED"]) == (ended.state, ended.states)


def test_parallel_runs_all_in_spite_of_a_failure_that_comes_later() -> None:
    ended = run(
        f"- id: p\n  type: flow.Parallel\n  concurrent: 1\n  tasks:\n  - {{id: a, {OK}}}\n  - {{id: b, {OK}}}\n- {{id: z, {OK}}}"
    )
    assert ("SUCCESS", ["p SUCCESS", "a SUCCESS", "b SUCCESS", "z SUCCESS"]) == (ended.state, ended.states)


def test_dag_runs_each_when_what_it_depends_on_has_ended() -> None:
    ended = run(
        "- id: d\n  type: flow.Dag\n  tasks:\n"
        '  - task: {id: c, type: debug.Return, format: "{{ outputs.a.value }}{{ outputs.b.value }}"}\n    dependsOn: [a, b]\n'
        "  - task: {id: a, type: debug.Return, format: x}\n  - task: {id: b, type: debug.Return, format: y}\n    dependsOn: [a]"
    )
    assert ("SUCCESS", {"value": "xy"}) == (ended.state, ended.outputs["c"])


@pytest.mark.parametrize(
    ("condition", "expected"), [("true", ["i SUCCESS", "a SUCCESS"]), ("0", ["i SUCCESS", "b SUCCESS"])]
)
def test_if_runs_one_of_two_lists(condition: str, expected: list[str]) -> None:
    ended = run(
        f'- id: i\n  type: flow.If\n  condition: "{condition}"\n  then:\n  - {{id: a, {OK}}}\n  else:\n  - {{id: b, {OK}}}'
    )
    assert (expected, condition == "true") == (ended.states, ended.outputs["i"]["evaluationResult"])


def test_if_without_the_list_that_is_asked_for_is_a_success() -> None:
    assert ["i SUCCESS"] == run(f'- id: i\n  type: flow.If\n  condition: "false"\n  then:\n  - {{id: a, {OK}}}').states


@pytest.mark.parametrize(("value", "task", "is_default"), [("x", "a", False), ("other", "b", True)])
def test_switch_runs_the_case_of_its_value(value: str, task: str, is_default: bool) -> None:
    ended = run(
        f"- id: s\n  type: flow.Switch\n  value: {value}\n  cases:\n    x:\n    - {{id: a, {OK}}}\n  defaults:\n  - {{id: b, {OK}}}"
    )
    assert (["s SUCCESS", f"{task} SUCCESS"], {"value": value, "defaults": is_default}) == (
        ended.states,
        ended.outputs["s"],
    )


def test_switch_with_neither_fails() -> None:
    ended = run(f"- id: s\n  type: flow.Switch\n  value: y\n  cases:\n    x:\n    - {{id: a, {OK}}}")
    assert ("FAILED", ["s FAILED"]) == (ended.state, ended.states)


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_for_each_runs_its_tasks_for_each_value(limit: int) -> None:
    """Equal values are one, whatever runs at once."""
    ended = run(
        f"- id: f\n  type: flow.ForEach\n  concurrencyLimit: {limit}\n  values: [x, y, x]\n  tasks:\n"
        '  - {id: a, type: debug.Return, format: "{{ taskrun.value }}{{ taskrun.iteration }}"}\n'
        '  - {id: b, type: debug.Return, format: "{{ outputs.a[taskrun.value].value }}!"}'
    )
    assert ("SUCCESS", {"value": "x0!"}, {"value": "y1!"}) == (
        ended.state,
        ended.outputs["b[x]"],
        ended.outputs["b[y]"],
    )
    assert {"f SUCCESS", "a[x] SUCCESS", "a[y] SUCCESS", "b[x] SUCCESS", "b[y] SUCCESS"} == set(ended.states)


def test_a_loop_in_a_loop_hands_on_by_both_values() -> None:
    ended = run(
        "- id: f\n  type: flow.ForEach\n  values: [x, y]\n  tasks:\n"
        '  - id: g\n    type: flow.ForEach\n    values: "[1, 2]"\n    tasks:\n'
        '    - {id: a, type: debug.Return, format: "{{ parent.taskrun.value }}{{ taskrun.value }}"}\n'
        "- {id: z, type: debug.Return, format: \"{{ outputs.a['y']['2'].value }}\"}"
    )
    assert ("SUCCESS", {"value": "y2"}) == (ended.state, ended.outputs["z"])


@pytest.mark.parametrize(
    ("values", "problem"), [("[1, null]", "null"), ('"nonsense"', "no JSON list"), ("[[1]]", "itself a list")]
)
def test_values_that_are_no_values_fail_the_loop(values: str, problem: str) -> None:
    ended = run(f"- id: f\n  type: flow.ForEach\n  values: {values}\n  tasks:\n  - {{id: a, {OK}}}")
    assert ("FAILED", ["f FAILED"], True) == (ended.state, ended.states, any(problem in line for line in ended.logs))


def test_for_each_over_nothing_is_a_success() -> None:
    assert ["f SUCCESS", "z SUCCESS"] == run(
        f"- id: f\n  type: flow.ForEach\n  values: []\n  tasks:\n  - {{id: a, {OK}}}\n- {{id: z, {OK}}}"
    ).states


@pytest.mark.parametrize("kind", ["EachSequential", "EachParallel"])
def test_the_older_loops(kind: str) -> None:
    ended = run(
        f'- id: f\n  type: flow.{kind}\n  value: \'["x", "y"]\'\n  tasks:\n  - {{id: a, type: debug.Return, format: "{{{{ taskrun.value }}}}"}}'
    )
    assert ("SUCCESS", {"value": "x"}, {"value": "y"}) == (ended.state, ended.outputs["a[x]"], ended.outputs["a[y]"])


def test_loop_until_waits_between_its_turns(fake_clock: FakeClock) -> None:
    """Three turns, half an hour apart."""
    before = fake_clock.at
    ended = run(
        "- id: l\n  type: flow.LoopUntil\n  condition: \"{{ outputs.a.value == '3' }}\"\n  checkFrequency: {interval: PT30M, maxDuration: PT9H}\n  tasks:\n"
        '  - {id: a, type: debug.Return, format: "{{ outputs.l.iterationCount }}"}'
    )
    assert ("SUCCESS", {"iterationCount": 3}) == (ended.state, ended.outputs["l"])
    assert 60 * 60 == (fake_clock.at - before) // 10**9


@pytest.mark.parametrize(("fails", "state"), [("true", "FAILED"), ("false", "SUCCESS")])
def test_loop_until_gives_up(fake_clock: FakeClock, fails: str, state: str) -> None:
    del fake_clock
    ended = run(
        f'- id: l\n  type: flow.LoopUntil\n  condition: "false"\n  failOnMaxReached: {fails}\n  checkFrequency: {{interval: PT1M, maxIterations: 2}}\n  tasks:\n  - {{id: a, {OK}}}'
    )
    assert (state, [f"l {state}", "a SUCCESS", "a SUCCESS"]) == (ended.state, ended.states)


def test_allow_failure_is_a_warning_and_goes_on() -> None:
    ended = run(
        f"- id: f\n  type: flow.AllowFailure\n  tasks:\n  - {{id: a, {BAD}}}\n  - {{id: b, {OK}}}\n  errors:\n  - {{id: e, {OK}}}\n- {{id: z, {OK}}}"
    )
    assert ("WARNING", ["f WARNING", "a FAILED", "e SUCCESS", "z SUCCESS"]) == (ended.state, ended.states)


def test_working_directory_shares_a_folder() -> None:
    ended = run(
        "- id: w\n  type: flow.WorkingDirectory\n  tasks:\n"
        "  - {id: a, type: shell.Commands, commands: ['echo hello > f']}\n"
        "  - {id: b, type: shell.Commands, commands: ['test hello = $(cat f)']}\n- {id: c, type: shell.Commands, commands: ['test ! -e f']}"
    )
    assert ("SUCCESS", ["w SUCCESS", "a SUCCESS", "b SUCCESS", "c SUCCESS"]) == (ended.state, ended.states)


def test_subflow_runs_another_flow_and_hands_on_its_outputs() -> None:
    register(
        '- {id: a, type: debug.Return, format: "{{ inputs.n }}!"}',
        'inputs: [{id: n, type: INT}]\noutputs: [{id: o, type: STRING, value: "{{ outputs.a.value }}"}]',
    )
    ended = run(
        '- {id: s, type: flow.Subflow, namespace: tests, flowId: child, inputs: {n: 7}}\n- {id: z, type: debug.Return, format: "{{ outputs.s.outputs.o }}"}'
    )
    assert ("SUCCESS", {"value": "7!"}, "SUCCESS") == (ended.state, ended.outputs["z"], ended.outputs["s"]["state"])


def test_expressions_see_what_state_the_execution_is_in() -> None:
    """It runs as long as something may still change how it ends."""
    say = '- {{id: {}, type: debug.Return, format: "{{{{ execution.state }}}}"}}'
    ended = run(say.format("a"), f"finally:\n{say.format('f')}\nafterExecution:\n{say.format('z')}")
    assert {"a": "RUNNING", "f": "RUNNING", "z": "SUCCESS"} == {
        name: each["value"] for name, each in ended.outputs.items()
    }


def test_a_subflow_that_a_lost_process_had_goes_on_when_its_lease_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    create = ExecutionRunner.create

    def lost(self: ExecutionRunner, *arguments: Any, **more: Any) -> Any:
        flow_run = create(self, *arguments, **more)
        if self.flow.spec.id == "child":
            open_record().acquire(flow_run, "a lost process", 0.2)
        return flow_run

    monkeypatch.setattr(ExecutionRunner, "create", lost)
    register("- {id: a, type: debug.Return, format: a}")
    assert "SUCCESS" == run("- {id: s, type: flow.Subflow, namespace: tests, flowId: child}").state


def test_a_subflow_says_what_it_started_while_that_runs() -> None:
    """Whoever looks at the execution finds its child without waiting for an end."""
    register("- {id: p, type: flow.Pause}")
    runner = ExecutionRunner(declared("- {id: sub, type: flow.Subflow, namespace: tests, flowId: child}"))
    thread = threading.Thread(target=runner.start)
    thread.start()
    store = open_record()
    while not (told := [handed_on_by(row) for row in store.task_runs(TaskRunFilter(task="sub")) if row.details]):
        clock.wait(queue.SimpleQueue(), 0.02)
    child = latest("tests/child").row
    assert [{"executionId": str(child.id)}] == told
    while store.find_lease(child.id) is not None or latest("tests/child").state != "PAUSED":
        clock.wait(queue.SimpleQueue(), 0.02)
    assert "Success" == Control(store).resume(child.id).kind.name
    thread.join(60)
    assert ("SUCCESS", {"executionId": str(child.id), "state": "SUCCESS"}) == (latest().state, latest().outputs["sub"])


@pytest.mark.parametrize(("transmits", "state"), [("true", "FAILED"), ("false", "SUCCESS")])
def test_a_failed_subflow_fails_its_task_if_it_is_to(transmits: str, state: str) -> None:
    register(f"- {{id: a, {BAD}}}")
    assert (
        state
        == run(f"- {{id: s, type: flow.Subflow, namespace: tests, flowId: child, transmitFailed: {transmits}}}").state
    )


def test_a_subflow_that_fails_is_started_again_by_a_retry(fake_clock: FakeClock) -> None:
    """Each attempt has an execution of its own."""
    del fake_clock
    register(f"- {{id: a, {BAD}}}")
    ended = run(
        "- {id: s, type: flow.Subflow, namespace: tests, flowId: child, retry: {type: constant, interval: PT1M, maxAttempts: 3}}"
    )
    assert ("FAILED", {"s": 3}) == (ended.state, ended.attempts)


def test_flows_that_run_each_other_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last of the chain fails, and with it all that wait for it."""
    monkeypatch.setattr(chains, "LONGEST", 4)
    for name, other in (("ping", "pong"), ("pong", "ping")):
        register(f"- {{id: s, type: flow.Subflow, namespace: tests, flowId: {other}}}", flow_id=name)
    found = run("- {id: s, type: flow.Subflow, namespace: tests, flowId: ping}")
    assert ("FAILED", "FAILED", "FAILED") == (found.state, latest("tests/ping").state, latest("tests/pong").state)
    counts = [len(open_record().flow_runs(FlowRunFilter(flow=f"tests/{name}"))) for name in ("ping", "pong")]
    assert [2, 2] == counts
    assert "4 executions have started each other" in latest("tests/pong").logs[0]


def test_for_each_item_runs_a_flow_for_each_batch() -> None:
    register(
        '- {id: a, type: debug.Return, format: "{{ read(inputs.file) | trim }}"}',
        'inputs: [{id: file, type: FILE}]\noutputs: [{id: o, type: STRING, value: "{{ outputs.a.value }}"}]',
    )
    ended = run(
        "- {id: w, type: shell.Commands, commands: [\"printf '1\\n2\\n3\\n' > l.txt\"], outputFiles: [l.txt]}\n"
        "- id: f\n  type: flow.ForEachItem\n  items: \"{{ outputs.w.outputFiles['l.txt'] }}\"\n  batch: {rows: 2}\n  namespace: tests\n  flowId: child\n"
        '  inputs: {file: "{{ taskrun.items }}"}'
    )
    assert "SUCCESS" == ended.state
    assert 2 == ended.outputs["f_items"]["numberOfBatches"]


def test_sleep_takes_its_time(fake_clock: FakeClock) -> None:
    """It is asked of the clock of the event loop, which is no part of what is recorded."""
    del fake_clock
    assert "SUCCESS" == run("- {id: s, type: flow.Sleep, duration: PT0.01S}").state


FLOW_LEVEL = f'errors:\n- {{id: e, {OK}}}\nfinally:\n- {{id: f, {OK}}}\nafterExecution:\n- {{id: z, type: debug.Return, format: "{{{{ execution.state }}}}"}}'


@pytest.mark.parametrize(
    ("task", "state", "expected"),
    [
        (OK, "SUCCESS", ["a SUCCESS", "f SUCCESS", "z SUCCESS"]),
        (BAD, "FAILED", ["a FAILED", "e SUCCESS", "f SUCCESS", "z SUCCESS"]),
        (BAD + ", allowFailure: true", "WARNING", ["a WARNING", "f SUCCESS", "z SUCCESS"]),
        (BAD + ", allowFailure: true, allowWarning: true", "SUCCESS", ["a SUCCESS", "f SUCCESS", "z SUCCESS"]),
        (BAD + ", disabled: true", "SUCCESS", ["f SUCCESS", "z SUCCESS"]),
        (BAD + ', runIf: "false"', "SUCCESS", ["a SKIPPED", "f SUCCESS", "z SUCCESS"]),
        (BAD + ', runIf: "{{ no.such }}"', "FAILED", ["a FAILED", "e SUCCESS", "f SUCCESS", "z SUCCESS"]),
    ],
)
def test_errors_finally_and_what_comes_after_the_end(task: str, state: str, expected: list[str]) -> None:
    ended = run(f"- {{id: a, {task}}}", FLOW_LEVEL)
    assert (state, expected, {"value": state}) == (ended.state, ended.states, ended.outputs["z"])


def test_errors_and_finally_of_a_flowable() -> None:
    ended = run(
        f"- id: s\n  type: flow.Sequential\n  tasks:\n  - {{id: a, {BAD}}}\n  errors:\n  - {{id: e, {OK}}}\n  finally:\n  - {{id: f, {OK}}}\n- {{id: z, {OK}}}"
    )
    assert ("FAILED", ["s FAILED", "a FAILED", "e SUCCESS", "f SUCCESS"]) == (ended.state, ended.states)


def test_errors_that_fail_and_finally_that_fails() -> None:
    ended = run(f"- {{id: a, {OK}}}", f"finally:\n- {{id: f, {BAD}}}")
    assert ("FAILED", ["a SUCCESS", "f FAILED"]) == (ended.state, ended.states)


def test_what_runs_after_the_end_may_be_under_way_on_a_sound_record() -> None:
    """A process may be killed there, or a pause wait for somebody: the execution has ended all the same."""
    found = run(
        f"- {{id: a, {OK}}}",
        f"afterExecution: [{{id: s, type: flow.Sequential, tasks: [{{id: p, type: flow.Pause}}, {{id: z, {OK}}}]}}]",
    )
    assert ("SUCCESS", ["a SUCCESS", "s RUNNING", "p PAUSED"]) == (found.state, found.states)
    assert [] == app.check_record(open_record())
