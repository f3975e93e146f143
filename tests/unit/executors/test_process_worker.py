"""Worker processes: how they start, live and end, seen from outside."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from tests.unit.executors.desk import call_of, succeed

from runwright.errors import ExecutorError, WorkerLost
from runwright.executor import Report
from runwright.executors import process_pool
from runwright.executors.processes import ProcessExecutor
from runwright.states import Cancelled, Crashed, Killed, Looped, Running, Success, TimedOut

PATIENCE = 100


@pytest.fixture
def reports():
    return queue.SimpleQueue()


@pytest.fixture
def started(reports):
    executors = []

    def start(slots=1, attempt=succeed, **options):
        executor = ProcessExecutor(slots, attempt=attempt, **options)
        executor.start(reports.put)
        executors.append(executor)
        return executor

    yield start
    for executor in executors:
        executor.stop()


def final(reports):
    while not (report := reports.get(timeout=PATIENCE)).is_final:
        pass
    return report


def end(call, report, value=None):
    report(Report(call.ordinal, call.attempt, 1, Success(result=value), is_final=True))


# ---- attempts that stand in for the pipeline, in the worker


def tell_process(call, report):
    report(Report(call.ordinal, call.attempt, 1, Running(str(os.getpid()))))
    end(call, report, os.getpid())


def tell_surroundings(call, report):
    end(call, report, (str(Path.cwd()), sys.path, os.getsid(0) == os.getpid(), logging.getLogger("runwright").level))


def break_out(call, report):
    raise SystemExit("text")


def say_nothing(call, report):
    pass


def say_too_much(call, report):
    succeed(call, report)
    succeed(call, report)


def die_before_running(call, report):
    if call.ordinal == 1:
        os._exit(9)
    succeed(call, report)


def stop_on_one(call, report):
    """Attempt 1 stays until its process is killed; the others end."""
    report(Report(call.ordinal, call.attempt, 1, Running(str(os.getpid()))))
    if call.ordinal == 1:
        signal.pause()
    end(call, report)


def leave_a_child(call, report):
    """Start a process that outlives the attempt's own, and say which."""
    child = subprocess.Popen(["sleep", "3600"])
    report(Report(call.ordinal, call.attempt, 1, Running(f"{os.getpid()} {child.pid}")))
    signal.pause()


def fork_and_die(call, report):
    """Die while a fork of this process holds the connection open."""
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(30)  # nobody else ends it
        signal.pause()
    os._exit(5)


def turn_for_ever(call, report):
    for turn in range(4):
        report(Report(1, 1, 1, Running()))
        select.select([], [], [], 0.2)
        report(Report(1, 1, 1, Looped(loop_count=turn)))
    end(call, report)


def leave_word_at_exit(call, report):
    import atexit

    atexit.register(Path(call.context["path"]).write_text, "left in order")
    succeed(call, report)


def leave_word_when_nobody_waits(call, report):
    leave_word_at_exit(call, report)
    while report.__self__.lifeline.is_held:
        time.sleep(0.001)


# ---- the start


def test_no_process_starts_before_there_is_work(started, monkeypatch):
    monkeypatch.setattr(process_pool, "Worker", None)

    started(4).stop()


def test_no_more_processes_start_than_there_are_calls(started, reports):
    executor = started(8, tell_process)
    executor.submit([call_of(ordinal=1)])
    pids = {final(reports).state.result}
    for ordinal in range(2, 6):
        executor.submit([call_of(ordinal=ordinal)])
        pids.add(final(reports).state.result)

    assert 1 == len(pids)


def test_a_worker_has_the_surroundings_of_its_parent_and_a_group_of_its_own(started, reports, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logging.getLogger("runwright"), "level", logging.DEBUG)
    started(attempt=tell_surroundings).submit([call_of()])

    assert (str(tmp_path), [str(each) for each in sys.path], True, logging.DEBUG) == final(reports).state.result


def test_workers_that_cannot_start_fail_the_calls_that_wait_for_them(started, reports, monkeypatch, capfd):
    monkeypatch.setattr("runwright.executors.process_worker._PROGRAM", "raise SystemExit('no way')")
    executor = started(2)
    executor.submit([call_of(ordinal=1), call_of(ordinal=2)])

    states = [final(reports).state for _ in range(2)]

    assert [(Crashed, WorkerLost)] * 2 == [(type(state), type(state.result)) for state in states]
    assert "No worker process can be started. The last one ended with exit code 1" in states[0].message
    assert "no way" in capfd.readouterr().err


def test_a_system_that_refuses_processes_fails_the_calls(started, reports, monkeypatch):
    monkeypatch.setattr("runwright.executors.process_worker.sys.executable", "/nowhere/python")
    executor = started()
    executor.submit([call_of()])

    assert "refused by the system: [Errno 2]" in final(reports).state.message


def test_without_a_python_to_start_there_are_no_workers(monkeypatch):
    monkeypatch.setattr("runwright.executors.processes.sys.executable", "")

    with pytest.raises(ExecutorError, match="executor='threads'"):
        ProcessExecutor(1).start(print)


def test_an_executor_that_was_not_started_takes_no_calls():
    with pytest.raises(ExecutorError, match="start"):
        ProcessExecutor(1).submit([call_of()])


# ---- attempts that misbehave


@pytest.mark.parametrize(
    ("expected", "attempt"),
    [
        ("The attempt was ended by SystemExit: text.", break_out),
        ("The attempt ended without a final report.", say_nothing),
    ],
)
def test_an_attempt_that_does_not_answer_is_answered_for(started, reports, expected, attempt):
    started(attempt=attempt).submit([call_of()])

    report = final(reports)
    assert (expected, Crashed, True) == (report.state.message, type(report.state), report.is_cut_short)


def test_only_the_first_final_report_counts(started, reports):
    executor = started(attempt=say_too_much)
    executor.submit([call_of(ordinal=1), call_of(ordinal=2)])
    final(reports)
    final(reports)
    executor.stop()

    assert reports.empty()


def test_what_waited_behind_a_death_is_made_elsewhere(started, reports):
    executor = started(1, die_before_running)
    executor.submit([call_of(ordinal=ordinal) for ordinal in (1, 2, 3)])

    states = {(report := final(reports)).ordinal: report.state for _ in range(3)}

    assert {1: Crashed, 2: Success, 3: Success} == {ordinal: type(state) for ordinal, state in states.items()}
    assert "exit code 9" in states[1].message


def test_a_death_is_noticed_even_when_a_fork_holds_the_connection(started, reports, monkeypatch):
    monkeypatch.setattr(process_pool, "TICK", 0.05)
    started(attempt=fork_and_die).submit([call_of()])

    assert "exit code 5" in final(reports).state.message


def test_what_waits_behind_an_attempt_that_is_killed_is_made_elsewhere(started, reports):
    executor = started(1, stop_on_one)
    executor.submit([call_of(ordinal=ordinal) for ordinal in (1, 2, 3)])
    assert Running is type(reports.get(timeout=PATIENCE).state)
    executor.kill(1, 1)

    states = {(report := final(reports)).ordinal: type(report.state) for _ in range(3)}

    assert {1: Killed, 2: Success, 3: Success} == states


def test_killing_takes_along_what_the_attempt_has_started(started, reports):
    executor = started(1, leave_a_child)
    executor.submit([call_of()])
    worker, child = (int(pid) for pid in reports.get(timeout=PATIENCE).state.message.split())
    executor.kill(1, 1)

    assert Killed is type(final(reports).state)
    assert ends(worker)
    assert ends(child)


def test_a_worker_that_has_stopped_is_killed_when_its_time_is_over(started, reports):
    executor = started(1, stop_on_one)
    executor.submit([call_of(ordinal=2)])
    pid = int(reports.get(timeout=PATIENCE).state.message)
    final(reports)
    os.kill(pid, signal.SIGSTOP)
    executor.submit([call_of(ordinal=3, timeout=0.05), call_of(ordinal=4)])

    assert [(3, TimedOut), (4, Success)] == [
        (each.ordinal, type(each.state)) for each in (final(reports), final(reports))
    ]


def test_each_turn_of_a_loop_has_its_own_time(started, reports):
    started(1, turn_for_ever, grace=0.5).submit([call_of(timeout=0.05)])

    assert Success is type(final(reports).state)


# ---- the end


@pytest.mark.parametrize("attempt", [leave_word_at_exit, leave_word_when_nobody_waits])
def test_a_worker_whose_attempt_is_answered_leaves_in_order(started, reports, tmp_path, attempt):
    """Also where its parent hangs up before it has gone on from its last words."""
    path = tmp_path / "word"
    executor = started(1, attempt)
    executor.submit([call_of(context={"path": str(path)})])
    final(reports)
    executor.stop()

    assert "left in order" == path.read_text()


def test_stopping_leaves_no_process_behind(started, reports):
    executor = started(2, leave_a_child)
    executor.submit([call_of(ordinal=ordinal) for ordinal in (1, 2, 3)])
    pids = [int(pid) for _ in range(2) for pid in reports.get(timeout=PATIENCE).state.message.split()]
    executor.stop()

    assert [Cancelled, Killed, Killed] == sorted((type(final(reports).state) for _ in range(3)), key=str)
    assert [True] * 4 == [ends(pid) for pid in pids]


SCRIPT = """
    import ctypes, subprocess, sys
    from runwright.executor import Report
    from runwright.executors.processes import ProcessExecutor
    from runwright.states import Running
    from tests.unit.executors.desk import call_of

    def attempt(call, report):
        import ctypes, os, subprocess
        child = subprocess.Popen(["sleep", "3600"])
        report(Report(call.ordinal, call.attempt, 1, Running(f"{os.getpid()} {child.pid}")))
        WAIT

    executor = ProcessExecutor(1, attempt=attempt)
    executor.start(lambda report: print(report.state.message, flush=True))
    executor.submit([call_of()])
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("wait", "is_child_taken_along"),
    [("child.wait()", True), ("ctypes.PyDLL(None).sleep(3600)", False)],
    ids=["in Python", "in C, with the interpreter held"],
)
def test_workers_do_not_outlive_a_parent_that_is_killed(tmp_path, wait, is_child_taken_along):
    script = tmp_path / "script.py"
    script.write_text(f"import sys; sys.path[:] = {sys.path!r}\n" + textwrap.dedent(SCRIPT).replace("WAIT", wait))
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        worker, child = (int(pid) for pid in parent.stdout.readline().split())
        parent.kill()

        assert ends(worker)
        if is_child_taken_along:
            assert ends(child)
        else:
            os.kill(child, signal.SIGKILL)


def ends(pid):
    """Wait for a process to end, whoever its parent is."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            return bool(select.select([descriptor], [], [], PATIENCE)[0])
        finally:
            os.close(descriptor)
    return True
