"""Inline: one attempt after the other, inside submit."""

from __future__ import annotations

from tests.unit.executors.desk import call_of, succeed

from runwright.executors.inline import InlineExecutor
from runwright.states import Cancelled, Success


def test_everything_is_over_when_submit_returns():
    reports = []
    executor = InlineExecutor(attempt=succeed)
    executor.start(reports.append)

    executor.submit([call_of(ordinal=1), call_of(ordinal=2)])

    assert [(1, False), (1, True), (2, False), (2, True)] == [(each.ordinal, each.is_final) for each in reports]


def test_calls_behind_one_that_stops_the_executor_are_cancelled():
    def stop(call, report):
        succeed(call, report)
        executor.stop()

    reports = []
    executor = InlineExecutor(attempt=stop)
    executor.start(reports.append)

    executor.submit([call_of(ordinal=1), call_of(ordinal=2), call_of(ordinal=3)])

    finals = {each.ordinal: type(each.state) for each in reports if each.is_final}
    assert {1: Success, 2: Cancelled, 3: Cancelled} == finals


def test_an_attempt_cannot_be_killed():
    assert not InlineExecutor().kill(1, 1)
