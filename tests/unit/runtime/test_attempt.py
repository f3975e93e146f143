"""Attempt: whatever breaks out of the pipeline, one final report comes of it."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from runwright import task
from runwright.executor import Report, TaskCall
from runwright.runtime.attempt import make_attempt
from runwright.runtime.task_runner import TaskRunner
from runwright.runtime.timeouts import TaskTimeout
from runwright.signals import FAIL, SKIP
from runwright.states import Crashed, Failed, Skipped, TimedOut


def final_report(body: Any) -> Report:
    """Return the last report of an attempt whose context lets exceptions through."""

    def run() -> None:
        raise body

    declared = task(run, name="t")
    reports: list[Report] = []
    call = TaskCall(
        ordinal=1,
        node=0,
        slug="t-1",
        task=declared,
        task_run_id="id",
        context={"raise_on_exception": True},
        upstream={},
    )
    make_attempt(call, reports.append)
    assert [False, True] == [report.is_final for report in reports]
    return reports[-1]


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        (Failed, ValueError("no")),
        (Failed, FAIL("no")),
        (Skipped, SKIP("no")),
        (TimedOut, TaskTimeout("late")),
        (Crashed, SystemExit(3)),
    ],
)
def test_what_breaks_out_becomes_a_state(expected: Any, error: BaseException) -> None:
    report = final_report(error)
    assert expected is type(report.state)
    assert report.is_cut_short


def test_what_an_attempt_held_is_freed_without_a_collection() -> None:
    """A circle for each task run would cost more than the rest of it."""
    runners: list[weakref.ref[TaskRunner]] = []

    def make_runner(declared: Any, **options: Any) -> TaskRunner:
        runner = TaskRunner(declared, **options)
        runners.append(weakref.ref(runner))
        return runner

    declared = task(lambda: 1, name="t")
    call = TaskCall(
        ordinal=1, node=0, slug="t-1", task=declared, task_run_id="id", context={}, upstream={}, runner=make_runner
    )
    gc.disable()
    try:
        make_attempt(call, [].append)
        assert [None] == [runner() for runner in runners]
    finally:
        gc.enable()
