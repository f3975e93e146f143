"""Whole executions under every policy: retries, time limits, pauses, inputs, outputs, labels, and limits of concurrency."""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING, Any

import pytest

from runwright import clock
from runwright.clock import NANOSECONDS
from runwright.control import Control
from runwright.errors import IllegalTransition, InputError
from runwright.executions.runner import ExecutionRunner
from runwright.open_records import open_record
from runwright.views import FlowRunFilter

from .executions import declared, ended, latest, register, run

if TYPE_CHECKING:
    from runwright.store import Store
    from runwright.testing.fake_clock import FakeClock

OK = "type: debug.Return, format: ok"
BAD = "type: execution.Fail"
PAUSED = "PAUSED"


def flaky(path: Any, times: int) -> str:
    """Return a task that fails so many times before it succeeds."""
    return f"type: shell.Commands, commands: ['echo x >> {path}', 'test $(wc -l < {path}) -gt {times}']"


# ---- retries


@pytest.mark.parametrize(
    ("retry", "minutes"),
    [
        ("type: constant, interval: PT10M, maxAttempts: 3", 20),
        ("type: exponential, interval: PT10M, delayFactor: 3, maxInterval: PT25M, maxAttempts: 4", 10 + 25 + 25),
        ("type: exponential, interval: PT10M, maxInterval: PT2H, maxAttempts: 3", 10 + 20),
        ("type: random, minInterval: PT10M, maxInterval: PT10M1S, maxAttempts: 2", 10),
        ("type: constant, interval: PT10M, maxDuration: PT35M", 30),
    ],
)
def test_a_failure_is_tried_again_until_it_was_enough(fake_clock: FakeClock, retry: str, minutes: int) -> None:
    before = fake_clock.at
    found = run(f"- {{id: a, {BAD}, retry: {{{retry}}}}}")
    assert ("FAILED", minutes) == (found.state, (fake_clock.at - before) // NANOSECONDS // 60)


@pytest.mark.parametrize(("warns", "state"), [("false", "SUCCESS"), ("true", "WARNING")])
def test_a_success_after_a_retry_may_be_a_warning(fake_clock: FakeClock, tmp_path: Any, warns: str, state: str) -> None:
    del fake_clock
    task = flaky(tmp_path / "tries", 2)
    found = run(
        f"- {{id: a, {task}, retry: {{type: constant, interval: PT1H, maxAttempts: 5, warningOnRetry: {warns}}}}}"
    )
    assert (state, {"a": 3}) == (found.state, found.attempts)


def test_the_retry_above_counts_for_what_has_none(fake_clock: FakeClock, tmp_path: Any) -> None:
    del fake_clock
    retry = "retry: {type: constant, interval: PT1H, maxAttempts: 5}"
    task = flaky(tmp_path / "tries", 1)
    found = run(f"- id: s\n  type: flow.Sequential\n  {retry}\n  tasks:\n  - {{id: a, {task}}}")
    assert ("SUCCESS", 2) == (found.state, found.attempts["a"])
    task = flaky(tmp_path / "more", 1)
    found = run(f"- {{id: a, {task}}}", retry)
    assert ("SUCCESS", 2) == (found.state, found.attempts["a"])


def test_a_new_execution_replaces_one_that_failed(fake_clock: FakeClock, tmp_path: Any, record: Store) -> None:
    del fake_clock
    task = flaky(tmp_path / "tries", 2)
    found = run(
        f"- {{id: a, {task}, retry: {{type: constant, interval: PT1H, maxAttempts: 5, behavior: CREATE_NEW_EXECUTION}}}}"
    )
    rows = record.flow_runs(FlowRunFilter())
    assert ["SUCCESS", "RETRIED", "RETRIED"] == [row.kind.execution for row in rows]
    assert (str(rows[1].id), str(rows[2].id)) == (found.row.details["parent"], found.row.details["original"])


def test_a_task_that_takes_longer_than_it_may_fails() -> None:
    found = run('- {id: a, type: shell.Commands, commands: ["sleep 60"], timeout: PT0.2S}')
    assert ("FAILED", ["a FAILED"]) == (found.state, found.states)


# ---- pauses


def test_a_pause_for_a_time_goes_on_by_itself(fake_clock: FakeClock) -> None:
    before = fake_clock.at
    found = run(f"- {{id: p, type: flow.Pause, delay: PT2H}}\n- {{id: z, {OK}}}")
    assert ("SUCCESS", ["p SUCCESS", "z SUCCESS"]) == (found.state, found.states)
    assert 2 == (fake_clock.at - before) // NANOSECONDS // 3600


@pytest.mark.parametrize(
    ("behavior", "state", "expected"),
    [
        ("pauseDuration: PT1H", "SUCCESS", ["p SUCCESS", "z SUCCESS"]),
        ("timeout: PT1H", "FAILED", ["p FAILED"]),
        ("timeout: PT1H, behavior: RESUME", "SUCCESS", ["p SUCCESS", "z SUCCESS"]),
        ("pauseDuration: PT1H, behavior: WARN", "WARNING", ["p WARNING", "z SUCCESS"]),
        ("pauseDuration: PT1H, behavior: FAIL", "FAILED", ["p FAILED"]),
        ("pauseDuration: PT1H, behavior: CANCEL", "CANCELLED", ["p CANCELLED"]),
    ],
)
def test_the_end_of_the_time_of_a_pause(fake_clock: FakeClock, behavior: str, state: str, expected: list[str]) -> None:
    del fake_clock
    found = run(f"- {{id: p, type: flow.Pause, {behavior}}}\n- {{id: z, {OK}}}")
    assert (state, expected) == (found.state, found.states)


def test_a_pause_takes_inputs(record: Store) -> None:
    found = run(
        "- id: p\n  type: flow.Pause\n  onResume:\n  - {id: n, type: INT}\n  - {id: s, type: STRING, defaults: d}\n"
        '- {id: z, type: debug.Return, format: "{{ outputs.p.onResume.n + 1 }}{{ outputs.p.onResume.s }}"}'
    )
    assert (PAUSED, ["p PAUSED"]) == (found.state, found.states)
    assert "Success" == Control(record).resume(found.row.id, inputs={"n": 4}).kind.name
    assert {"value": "5d"} == ended(found.row).outputs["z"]


def test_two_pauses_go_on_one_by_one(record: Store) -> None:
    """The execution is paused until the last of them has gone on, whoever holds it."""
    found = run(
        f"- id: p\n  type: flow.Parallel\n  tasks:\n  - {{id: a, type: flow.Pause}}\n  - {{id: b, type: flow.Pause}}\n- {{id: z, {OK}}}"
    )
    control = Control(record)
    first, second = (row.id for row in found.task_runs if row.slug in {"a", "b"})
    assert "Paused" == control.resume(found.row.id, first).kind.name
    assert ["a SUCCESS", "b PAUSED"] == [each for each in ended(found.row).states if each[0] in "ab"]
    assert "Success" == control.resume(found.row.id, second).kind.name


# ---- asked from elsewhere, while it runs


def _asked_while(tasks: str, ask: Any, path: Any) -> Any:
    """Ask something of an execution once its task says that it runs; returns how it ended."""
    os.mkfifo(path)
    runner = ExecutionRunner(declared(tasks), executor="threads:2")
    thread = threading.Thread(target=runner.start)
    thread.start()
    with path.open() as told:
        told.read()
    row = latest().row
    while not ended(row).task_runs:  # its events are on their way to the record
        clock.wait(queue.SimpleQueue(), 0.01)
    ask(Control(open_record()), ended(row))
    thread.join(60)
    assert not thread.is_alive()
    return ended(row)


def test_a_task_that_runs_is_marked(tmp_path: Any) -> None:
    """It is stopped, and the execution goes on after it."""
    tasks = (
        f"- {{id: a, type: shell.Commands, commands: ['echo go > {tmp_path}/told', 'sleep 100']}}\n- {{id: z, {OK}}}"
    )
    found = _asked_while(
        tasks, lambda control, now: control.mark(now.row.id, now.task_runs[0].id, "Success"), tmp_path / "told"
    )
    assert ("SUCCESS", ["a SUCCESS", "z SUCCESS"]) == (found.state, found.states)


def test_an_execution_that_runs_is_paused_and_goes_on(tmp_path: Any) -> None:
    tasks = f"- {{id: a, type: shell.Commands, commands: ['echo go > {tmp_path}/told', 'sleep 1']}}\n- {{id: z, {OK}}}"
    found = _asked_while(tasks, lambda control, now: control.pause(now.row.id), tmp_path / "told")
    assert (PAUSED, ["a SUCCESS"]) == (found.state, found.states)
    assert "Success" == Control(open_record()).resume(found.row.id).kind.name


def test_an_execution_that_runs_is_not_restarted(tmp_path: Any) -> None:
    def ask(control: Control, now: Any) -> None:
        with pytest.raises(IllegalTransition, match="has not ended"):
            control.restart(now.row.id)

    tasks = f"- {{id: a, type: shell.Commands, commands: ['echo go > {tmp_path}/told', 'sleep 1']}}"
    assert "SUCCESS" == _asked_while(tasks, ask, tmp_path / "told").state


def test_a_kill_reaches_what_a_subflow_runs(tmp_path: Any) -> None:
    register(f"- {{id: a, type: shell.Commands, commands: ['echo go > {tmp_path}/told', 'sleep 100']}}")
    tasks = "- {id: s, type: flow.Subflow, namespace: tests, flowId: child}"
    os.mkfifo(tmp_path / "told")
    thread = threading.Thread(target=ExecutionRunner(declared(tasks), executor="threads:2").start)
    thread.start()
    with (tmp_path / "told").open() as told:
        told.read()
    assert "Killed" == Control(open_record()).kill(latest().row.id).kind.name
    thread.join(60)
    while latest("tests/child").state == "KILLING":  # its parent does not wait until that is over
        clock.wait(queue.SimpleQueue(), 0.02)
    assert ("KILLED", ["a KILLED"]) == (latest("tests/child").state, latest("tests/child").states)


# ---- inputs, outputs, labels


INPUTS = """
inputs:
- {id: s, type: STRING, validator: "[a-z]+"}
- {id: i, type: INT, min: 1, max: 9}
- {id: f, type: FLOAT, defaults: 1.5}
- {id: b, type: BOOL, defaults: true}
- {id: c, type: SELECT, values: [x, y], defaults: x}
- {id: m, type: MULTISELECT, values: [x, y], defaults: [y]}
- {id: a, type: ARRAY, itemType: INT, defaults: [1, 2]}
- {id: j, type: JSON, defaults: '{"k": [1]}'}
- {id: y, type: YAML, defaults: "k: 2"}
- {id: d, type: DATE, defaults: "2026-01-02"}
- {id: t, type: TIME, defaults: "10:11:12"}
- {id: dt, type: DATETIME, defaults: "2026-01-02T03:04:05Z"}
- {id: du, type: DURATION, defaults: PT5M}
- {id: u, type: URI, defaults: "https://example.org/x"}
- {id: e, type: EMAIL, defaults: "a@example.org"}
- {id: dep, type: STRING, dependsOn: {inputs: [s]}, defaults: "{{ inputs.s }}!"}
"""


def test_inputs_of_every_type() -> None:
    names = ["s", "i", "f", "b", "c", "m", "a", "j", "y", "d", "t", "dt", "du", "u", "e", "dep"]
    fields = ", ".join(f'{name}: "{{{{ inputs.{name} }}}}"' for name in names)
    found = run(f"- {{id: o, type: output.OutputValues, values: {{{fields}}}}}", INPUTS, {"s": "abc", "i": "3"})
    values = found.outputs["o"]["values"]
    said = {name: values[name] for name in ["s", "i", "f", "b", "c", "m", "a", "j", "y", "dep"]}
    assert "SUCCESS" == found.state
    assert {
        "s": "abc",
        "i": "3",
        "f": "1.5",
        "b": "true",
        "c": "x",
        "m": '["y"]',
        "a": "[1,2]",
        "j": '{"k":[1]}',
        "y": '{"k":2}',
        "dep": "abc!",
    } == said


@pytest.mark.parametrize(
    ("given", "name"),
    [({"s": "ABC", "i": 3}, "s"), ({"s": "a", "i": 10}, "i"), ({"s": "a"}, "i"), ({"s": "a", "i": 1, "c": "z"}, "c")],
)
def test_an_input_that_is_refused_leaves_nothing_on_record(record: Store, given: dict[str, Any], name: str) -> None:
    with pytest.raises(InputError, match=name):
        run(f"- {{id: a, {OK}}}", INPUTS, given)
    assert [] == record.flow_runs(FlowRunFilter())


def test_outputs_that_cannot_be_rendered_are_a_failure() -> None:
    found = run(f"- {{id: a, {OK}}}", 'outputs: [{id: o, type: STRING, value: "{{ outputs.no.value }}"}]')
    assert ("FAILED", ["a SUCCESS"]) == (found.state, found.states)


def test_labels_of_the_flow_and_of_tasks() -> None:
    found = run(
        '- {id: l, type: execution.Labels, labels: {b: two}}\n- {id: z, type: debug.Return, format: "{{ labels.a }}{{ labels.b }}"}',
        "labels: {a: one}",
    )
    labels = found.row.details["labels"]
    assert ({"value": "onetwo"}, "one", "two") == (found.outputs["z"], labels["a"], labels["b"])


# ---- concurrency


@pytest.mark.parametrize(("behavior", "state"), [("QUEUE", "QUEUED"), ("CANCEL", "CANCELLED"), ("FAIL", "FAILED")])
def test_what_becomes_of_more_executions_than_may_run(record: Store, behavior: str, state: str) -> None:
    """One that waits for somebody holds its slot."""
    more = f"concurrency: {{limit: 1, behavior: {behavior}}}"
    first = run(f"- {{id: p, type: flow.Pause}}\n- {{id: z, {OK}}}", more)
    assert PAUSED == first.state
    second = run(f"- {{id: p, type: flow.Pause}}\n- {{id: z, {OK}}}", more, is_patient=False)
    assert (state, []) == (second.state, second.states)
    assert "Success" == Control(record).resume(first.row.id).kind.name
