"""Threads: attempts that misbehave are answered for, and their places are filled again."""

from __future__ import annotations

import itertools
import queue
import threading
from types import SimpleNamespace

import pytest
from tests.unit.executors.desk import call_of, succeed

from runwright.errors import ExecutorError
from runwright.executor import Report
from runwright.executors.threads import ThreadExecutor
from runwright.states import Cancelled, Crashed, Killed, Looped, Running, Success, TimedOut
from runwright.testing.executor_poison import HasNoText


@pytest.fixture
def reports():
    return queue.SimpleQueue()


@pytest.fixture
def started(reports):
    executors = []

    def start(slots, attempt, **options):
        executor = ThreadExecutor(slots, attempt=attempt, **options)
        executor.start(reports.put)
        executors.append(executor)
        return executor

    yield start
    for executor in executors:
        executor.stop()


def wait_for_ever(call, report):
    threading.Event().wait()


def final(reports):
    while not (report := reports.get(timeout=100)).is_final:
        pass
    return report


def test_an_attempt_that_raises_after_all_is_answered_for(started, reports):
    def break_out(call, report):
        raise HasNoText

    executor = started(1, break_out)
    executor.submit([call_of()])

    report = final(reports)
    assert (Crashed, True) == (type(report.state), report.is_cut_short)
    assert "HasNoText" in report.state.message


def test_an_attempt_that_says_nothing_is_answered_for(started, reports):
    executor = started(1, lambda _, __: None)
    executor.submit([call_of()])

    assert "The attempt ended without a final report." == final(reports).state.message


def test_only_the_first_final_report_counts(started, reports):
    def repeat(call, report):
        succeed(call, report)
        succeed(call, report)

    executor = started(1, repeat)
    executor.submit([call_of(ordinal=1), call_of(ordinal=2)])
    final(reports)
    final(reports)
    executor.stop()

    assert reports.empty()


def test_an_abandoned_thread_is_replaced_and_not_heard_any_more(started, reports):
    let_go, done = threading.Event(), threading.Event()

    def make(call, report):
        if call.ordinal == 1:
            report(Report(1, 1, 1, Running()))
            let_go.wait()
            succeed(call, report)
            done.set()
        else:
            succeed(call, report)

    executor = started(1, make)
    executor.submit([call_of(ordinal=1), call_of(ordinal=2)])
    assert Running is type(reports.get(timeout=100).state)
    assert executor.kill(1, 1)

    assert [(1, Killed), (2, Success)] == [
        (each.ordinal, type(each.state)) for each in (final(reports), final(reports))
    ]
    let_go.set()
    assert done.wait(100)
    executor.stop()
    assert reports.empty()


def test_an_attempt_may_be_killed_by_whoever_hears_of_it():
    heard = queue.SimpleQueue()

    def hear(report):
        heard.put(report)
        if not report.is_final:
            assert executor.kill(report.ordinal, report.attempt)

    executor = ThreadExecutor(1, attempt=succeed)
    executor.start(hear)
    executor.submit([call_of()])

    assert [Running, Killed] == [type(heard.get(timeout=100).state) for _ in range(2)]
    executor.stop()
    assert heard.empty()


def test_an_attempt_is_killed_once(started, reports):
    executor = started(1, wait_for_ever)
    executor.submit([call_of()])

    assert [True, False] == [executor.kill(1, 1), executor.kill(1, 1)]
    assert isinstance(final(reports).state, Cancelled)


def test_what_does_not_end_is_timed_out_by_the_watchdog(started, reports):
    def make(call, report):
        if call.timeout:
            threading.Event().wait()
        succeed(call, report)

    executor = started(1, make, grace=0)
    executor.submit([call_of(ordinal=1, timeout=0.01), call_of(ordinal=2)])

    report = final(reports)
    assert (1, TimedOut, True) == (report.ordinal, type(report.state), report.is_cut_short)
    assert 2 == final(reports).ordinal


def test_the_watchdog_looks_at_the_nearest_deadline_first(started, reports):
    executor = started(2, wait_for_ever, grace=0)
    executor.submit([call_of(ordinal=1, timeout=1_000.0)])
    executor.submit([call_of(ordinal=2, timeout=0.01)])

    assert 2 == final(reports).ordinal


def test_each_turn_of_a_loop_has_its_own_time(started, reports, monkeypatch):
    deadlines = []
    hours = itertools.count(start=0, step=3_600)
    monkeypatch.setattr("runwright.executors.threads.time", SimpleNamespace(monotonic=lambda: next(hours)))

    def loop(call, report):
        (ticket,) = executor._open.values()
        for turn in range(3):
            report(Report(1, 1, 1, Running()))
            deadlines.append(ticket.deadline)
            report(Report(1, 1, 1, Looped(loop_count=turn)))
        report(Report(1, 1, 1, Success(), is_final=True))

    executor = started(1, loop)
    executor.submit([call_of(timeout=1_000_000.0)])

    assert Success is type(final(reports).state)
    assert sorted(set(deadlines)) == deadlines


def test_threads_start_as_they_are_needed(started, reports):
    names = set()

    def note(call, report):
        names.add(threading.get_ident())
        succeed(call, report)

    executor = started(30, note)
    for ordinal in range(20):
        executor.submit([call_of(ordinal=ordinal)])
        final(reports)

    assert len(names) < 20


def test_an_executor_that_was_not_started_takes_no_calls():
    with pytest.raises(ExecutorError, match="start"):
        ThreadExecutor(1).submit([call_of()])


def test_a_stopped_executor_leaves_no_thread_behind(started, reports):
    before = set(threading.enumerate())
    executor = started(4, succeed)
    executor.submit([call_of(ordinal=number, timeout=100.0) for number in range(10)])
    for _ in range(10):
        final(reports)
    executor.stop()

    assert set() == {thread for thread in threading.enumerate() if thread.is_alive()} - before
