"""Executions that one process runs and others kill, hold, let go on, restart, replay and mark: by the command line, for real."""

from __future__ import annotations

import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.office import CANCELLED, CONFLICT, LONG, WRONG, is_alive

from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.acceptance.office import Office

    from runwright.runs import TaskRun

FAILED = 1
HANGS = 'echo "{name} $$" >> $EFFECTS; (sleep 900; true) & echo "{name} $!" >> $EFFECTS; sleep 900'
SAYS = 'echo "{name} $$" >> $EFFECTS'


def program(task: str, *commands: str) -> str:
    """Return a task that runs these in a shell, as one line of YAML."""
    listed = ", ".join(f"'{each.format(name=task)}'" for each in commands)
    return f"{{id: {task}, type: shell.Commands, commands: [{listed}]}}"


def write(home: Path, tasks: str, flow_id: str = "main") -> str:
    """Write a flow of these tasks, a list in YAML, and return its path."""
    path = home / f"{flow_id}.yaml"
    path.write_text(f"id: {flow_id}\nnamespace: tests\ntasks:\n{tasks}\n")
    return str(path)


def start(office: Office, path: str, *, traces: int, **environment: str) -> subprocess.Popen[str]:
    """Run a flow in a process of its own; return when so many lines tell of it and it is on record."""
    owner = office.start("run", path, **environment)
    office.wait_for(lambda: len(office.traces()) >= traces and bool(office.store.flow_runs(FlowRunFilter())))
    return owner


def only(office: Office, task: str) -> TaskRun:
    """Return the task run of a task, once it is on record."""
    office.wait_for(lambda: bool(office.store.task_runs(TaskRunFilter(task=task))))
    (row,) = office.store.task_runs(TaskRunFilter(task=task))
    return row


def counts(office: Office) -> dict[str, int]:
    """Return how often each body has begun."""
    return dict(Counter(name for name, _ in office.traces()))


def states(office: Office, flow: str = "tests/main") -> dict[str, str]:
    """Return the states of the task runs of the newest execution of a flow, as executions have them."""
    row = office.store.flow_runs(FlowRunFilter(flow=flow, limit=1))[0]
    rows = office.store.task_runs(TaskRunFilter(flow_run=row.id, oldest_first=True))
    return {each.slug if each.value is None else f"{each.slug}[{each.value}]": each.kind.execution for each in rows}


def test_a_kill_ends_the_process_trees_of_rounds_and_of_children(office: Office, tmp_path: Path) -> None:
    """A grandchild of the program dies too, and so does what a subflow runs; nothing new begins."""
    write(tmp_path, f"- {program('inner', HANGS)}", "child")
    tasks = (
        f"- id: both\n  type: flow.Parallel\n  tasks:\n"
        f"  - {{id: each, type: flow.ForEach, values: [1, 2], concurrencyLimit: 2, tasks: [{program('hang', HANGS)}]}}\n"
        f"  - {{id: sub, type: flow.Subflow, namespace: tests, flowId: child}}\n- {program('last', SAYS)}"
    )
    owner = start(office, write(tmp_path, tasks), traces=6)
    execution = office.store.flow_runs(FlowRunFilter(flow="tests/main"))[0]
    answer = office.call("kill", str(execution.id), "--timeout", LONG)
    assert 0 == answer.returncode, answer.stderr
    owner.communicate()
    assert CANCELLED == owner.returncode
    office.wait_for(lambda: not any(is_alive(pid) for _, pid in office.traces()))
    killed = ["both", "each", "hang[1]", "hang[2]", "sub"]
    assert dict.fromkeys(killed, "KILLED") == states(office)
    office.wait_for(lambda: {"inner": "KILLED"} == states(office, "tests/child"))
    assert {"hang": 4, "inner": 2} == counts(office)


def test_a_paused_execution_goes_on_in_another_process(office: Office, tmp_path: Path) -> None:
    """What ran comes to its end where it was; nothing is run twice."""
    gate = tmp_path / "gate"
    waits = SAYS + f"; until test -e {gate}; do sleep 0.05; done"
    tasks = f"- {program('one', waits)}\n- {program('two', SAYS)}\n- {program('three', SAYS)}"
    owner = start(office, write(tmp_path, tasks), traces=1)
    execution = str(office.flow_run().id)
    assert 0 == office.call("pause", execution).returncode
    gate.touch()
    owner.communicate()
    assert ("PAUSED", {"one": "SUCCESS"}) == (office.flow_run().kind.execution, states(office))
    resumed = office.call("resume", execution)
    assert 0 == resumed.returncode, resumed.stderr
    assert "SUCCESS" == office.flow_run().kind.execution
    assert {"one": 1, "two": 1, "three": 1} == counts(office)


def test_a_restart_runs_what_failed_where_it_is_asked_for(office: Office, tmp_path: Path) -> None:
    """Refused while it runs, and once it ended well."""
    gate = tmp_path / "gate"
    tasks = f"- {program('one', SAYS)}\n- {program('two', SAYS, f'test -e {gate}')}\n- {program('three', SAYS)}"
    owner = office.start("run", write(tmp_path, tasks))
    owner.communicate()
    assert FAILED == owner.returncode
    execution = str(office.flow_run().id)
    assert FAILED == office.call("restart", execution).returncode
    gate.touch()
    restarted = office.call("restart", execution)
    assert 0 == restarted.returncode, restarted.stderr
    assert {"one": "SUCCESS", "two": "SUCCESS", "three": "SUCCESS"} == states(office)
    assert {"one": 1, "two": 3, "three": 1} == counts(office)
    again = office.call("restart", execution)
    assert (CONFLICT, True) == (again.returncode, "No task found to restart" in again.stderr)


def test_an_execution_that_runs_is_not_restarted(office: Office, tmp_path: Path) -> None:
    owner = start(office, write(tmp_path, f"- {program('hang', HANGS)}"), traces=2)
    execution = str(office.flow_run().id)
    refused = office.call("restart", execution)
    assert (CONFLICT, True) == (refused.returncode, "has not ended" in refused.stderr)
    assert 0 == office.call("kill", execution, "--timeout", LONG).returncode
    owner.communicate()


def test_an_execution_that_runs_is_replayed_beside_it(office: Office, tmp_path: Path) -> None:
    """From the start; from a task run on only once it has ended, and then what came before is not run again."""
    gate = tmp_path / "gate"
    waits = SAYS + f"; until test -e {gate}; do sleep 0.05; done"
    tasks = f"- {program('one', SAYS)}\n- {program('two', waits)}"
    owner = start(office, write(tmp_path, tasks), traces=2)
    first = office.flow_run()
    two = only(office, "two")
    refused = office.call("replay", str(first.id), "--task-run", str(two.id))
    assert (CONFLICT, True) == (refused.returncode, "when it has ended" in refused.stderr)
    beside = office.start("fr", "replay", str(first.id))
    office.wait_for(lambda: {"one": 2, "two": 2} == counts(office))
    gate.touch()
    for process in (owner, beside):
        process.communicate()
        assert 0 == process.returncode
    replayed = office.call("replay", str(first.id), "--task-run", str(two.id))
    assert 0 == replayed.returncode, replayed.stderr
    assert {"one": 2, "two": 3} == counts(office)
    rows = office.store.flow_runs(FlowRunFilter())
    assert [str(first.id), str(first.id), None] == [row.details.get("parent") for row in rows]
    assert {"SUCCESS"} == {row.kind.execution for row in rows}


def test_a_task_run_that_hangs_is_marked_from_elsewhere(office: Office, tmp_path: Path) -> None:
    """Its program dies with its children, and the execution goes on after it, in the process that runs it."""
    owner = start(office, write(tmp_path, f"- {program('hang', HANGS)}\n- {program('last', SAYS)}"), traces=2)
    hanging = only(office, "hang")
    marked = office.start("task-run", "mark", str(hanging.id), "Success")
    _, told = marked.communicate()
    assert 0 == marked.returncode, told
    owner.communicate()
    assert 0 == owner.returncode
    assert {"hang": "SUCCESS", "last": "SUCCESS"} == states(office)
    office.wait_for(lambda: not any(is_alive(pid) for _, pid in office.traces()))


@pytest.mark.parametrize("verb", ["kill", "mark"])
def test_what_is_asked_after_its_process_died_is_done_by_who_asks(office: Office, tmp_path: Path, verb: str) -> None:
    """Nobody else is there; the programs died with the process that ran them."""
    path = write(tmp_path, f"- {program('hang', HANGS)}\n- {program('last', SAYS)}")
    owner = start(office, path, traces=2, RUNWRIGHT_LEASE_SECONDS="1")
    hanging = only(office, "hang")
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    office.wait_for(lambda: not any(is_alive(pid) for _, pid in office.traces()))
    execution = str(office.flow_run().id)
    if verb == "kill":
        asked = office.call("kill", execution, "--timeout", LONG)
        assert 0 == asked.returncode, asked.stderr
        assert ("KILLED", {"hang": "KILLED"}) == (office.flow_run().kind.execution, states(office))
        assert {"hang": 2} == counts(office)
        return
    marked = office.start("task-run", "mark", str(hanging.id), "Warning")
    _, told = marked.communicate()
    assert 0 == marked.returncode, told
    assert 0 == office.call("resume", execution).returncode
    assert {"hang": "WARNING", "last": "SUCCESS"} == states(office)
    assert {"hang": 2, "last": 1} == counts(office)


def test_a_pause_that_nobody_holds_is_killed_and_restarted_by_others(office: Office, tmp_path: Path) -> None:
    """Each of the four is a process of its own."""
    tasks = f"- {program('one', SAYS)}\n- {{id: ask, type: flow.Pause}}\n- {program('two', SAYS)}"
    office.start("run", write(tmp_path, tasks)).communicate()
    execution = str(office.flow_run().id)
    assert ("PAUSED", {"one": "SUCCESS", "ask": "PAUSED"}) == (office.flow_run().kind.execution, states(office))
    assert 0 == office.call("kill", execution).returncode
    assert ("KILLED", {"one": "SUCCESS", "ask": "KILLED"}) == (office.flow_run().kind.execution, states(office))
    office.call("restart", execution)
    assert ("PAUSED", {"one": "SUCCESS", "ask": "PAUSED"}) == (office.flow_run().kind.execution, states(office))
    assert 0 == office.call("resume", execution).returncode
    assert {"one": "SUCCESS", "ask": "SUCCESS", "two": "SUCCESS"} == states(office)
    assert {"one": 1, "two": 1} == counts(office)


def test_a_mended_flow_goes_on_where_the_broken_one_failed(office: Office, tmp_path: Path) -> None:
    """A restart in the new revision is an execution of its own; a replay takes other inputs."""
    inputs = "inputs: [{id: n, type: INT, defaults: 1}]"
    ends = f"- {program('one', SAYS)}\n- {program('two', 'exit 3')}\n{inputs}"
    office.start("run", write(tmp_path, ends)).communicate()
    first = office.flow_run()
    mended = ends.replace("exit 3", SAYS.format(name="two{{ inputs.n }}"))
    office.start("run", write(tmp_path, mended)).communicate()
    assert {"one": 2, "two1": 1} == counts(office)
    restarted = office.call("restart", str(first.id), "--revision", "2")
    assert 0 == restarted.returncode, restarted.stderr
    assert {"one": 2, "two1": 2} == counts(office)
    copy = office.store.flow_runs(FlowRunFilter())[0]
    assert (str(first.id), 2, {"one": "SUCCESS", "two": "SUCCESS"}) == (
        copy.details["parent"],
        copy.flow_version,
        states(office),
    )
    replayed = office.call("replay", str(copy.id), "-i", "n=7")
    assert 0 == replayed.returncode, replayed.stderr
    assert {"one": 3, "two1": 2, "two7": 1} == counts(office)
    assert WRONG == office.call("replay", str(copy.id), "-i", "n=many").returncode
