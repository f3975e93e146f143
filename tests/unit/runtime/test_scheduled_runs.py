"""Scheduled runs: the loop over the times of a schedule, without a flow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runwright import clock
from runwright.runtime.scheduled_runs import follow_schedule
from runwright.schedules import IntervalSchedule, Schedule
from runwright.schedules.clocks import DatesClock
from runwright.states import Failed, Success
from runwright.testing.fake_clock import FakeClock

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def fake():
    with FakeClock() as fake:
        yield fake


def follow(schedule, run=lambda **_: Success()):
    started = []

    def noted(parameters, scheduled_start_time):
        started.append((parameters, scheduled_start_time, clock.utcnow() - scheduled_start_time))
        return run()

    return follow_schedule(schedule, noted, lambda event: event.parameter_defaults), started


def test_each_time_is_waited_for(fake):
    _, started = follow(Schedule([DatesClock([MIDNIGHT + HOUR, MIDNIGHT + 99 * HOUR], {"x": 1})]))
    assert [({"x": 1}, MIDNIGHT + HOUR), ({"x": 1}, MIDNIGHT + 99 * HOUR)] == [each[:2] for each in started]
    assert all(timedelta(0) <= late < timedelta(milliseconds=1) for *_, late in started)


def test_a_year_is_waited_for_in_a_few_parts(fake):
    waits = []
    wait = fake.wait

    def counted(inbox, seconds):
        waits.append(seconds)
        return wait(inbox, seconds)

    fake.wait = counted
    follow(Schedule([DatesClock([MIDNIGHT + timedelta(days=365)])]))
    assert len(waits) < 20
    assert max(waits) == pytest.approx(365 * 86_400 / 2, rel=1e-3)


def test_the_last_state_is_what_is_returned(fake):
    failed = Failed()
    assert failed is follow(Schedule([DatesClock([MIDNIGHT + HOUR])]), lambda: failed)[0]


def test_there_is_none_without_a_time(fake):
    assert (None, []) == follow(Schedule([DatesClock([MIDNIGHT])]))


def test_any_number_of_clocks_may_agree_in_time(fake):
    several = [DatesClock([MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR], {"x": x}) for x in range(5)]
    _, started = follow(Schedule(several))
    assert [*range(5), *range(5)] == [parameters["x"] for parameters, *_ in started]


def test_a_long_run_skips_what_came_due(fake, caplog):
    schedule = IntervalSchedule(timedelta(minutes=1), end_date=MIDNIGHT + 5 * HOUR)
    _, started = follow(schedule, lambda: fake.advance(4 * 3600) or Success())
    assert [1, 242] == [(start - MIDNIGHT) // timedelta(minutes=1) for _, start, _ in started]
    assert "At least 100 scheduled runs were missed, the first at 2026-01-01T00:02:00+00:00" in caplog.text
