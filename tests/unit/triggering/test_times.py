"""When schedules of YAML flows come, and what expressions see of one of their times."""

from __future__ import annotations

from datetime import datetime

import pytest

from runwright.clock import from_datetime, to_datetime
from runwright.spec.triggers import Schedule, ScheduleOnDates
from runwright.triggering.times import Times, declared_by

NOON = from_datetime(datetime.fromisoformat("2026-03-28T12:00:00Z"))


def schedule(cron, **more):
    return Schedule(id="daily", type="trigger.Schedule", cron=cron, **more)


def at(text):
    return from_datetime(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("expected", "cron"),
    [
        ("2026-03-28T12:01:00+00:00", "* * * * *"),
        ("2026-03-28T12:00:02+00:00", "*/2 * * * * *"),
        ("2026-03-28T12:30:15+00:00", "15 30 * * * *"),
        ("2026-03-29T00:00:00+00:00", "@daily"),
        ("2026-03-30T09:00:00+00:00", "0 9 * * MON"),
    ],
)
def test_seconds_are_the_first_of_six_fields(expected, cron):
    assert expected == to_datetime(Times(schedule(cron)).next_after(NOON)).isoformat()


def test_times_are_those_of_the_time_zone_in_summer_and_winter():
    times = Times(schedule("0 9 * * *", timezone="Europe/Paris"))

    assert {
        "date": "2026-03-29T09:00:00.000+02:00",
        "next": "2026-03-30T09:00:00.000+02:00",
        "previous": "2026-03-28T09:00:00.000+01:00",
    } == times.variables(at("2026-03-29T07:00:00Z"))


def test_times_in_utc_end_with_a_z():
    assert "2026-03-28T12:00:00.000Z" == Times(schedule("0 * * * *")).text(NOON)


@pytest.mark.parametrize(
    ("expected", "cron"),
    [
        ("2026-03-28T11:59:58+00:00", "*/2 * * * * *"),
        ("2026-03-28T11:00:00+00:00", "0 * * * *"),
        ("2026-03-01T00:00:00+00:00", "@monthly"),
        ("2024-02-29T00:00:00+00:00", "0 0 29 2 *"),
    ],
)
def test_the_time_before_is_found_however_long_ago_it_was(expected, cron):
    assert expected == to_datetime(Times(schedule(cron)).last_before(NOON)).isoformat()


def test_nothing_is_before_the_floor():
    times = Times(schedule("0 * * * *"))

    assert times.last_before(NOON, at("2026-03-28T11:00:00Z")) is None
    assert at("2026-03-28T11:00:00Z") == times.last_before(NOON, at("2026-03-28T10:30:00Z"))


def test_dates_come_in_order_and_end():
    dates = ("2026-03-29T09:00:00", "2026-03-28T12:00:01Z")
    times = Times(ScheduleOnDates(id="launch", type="trigger.ScheduleOnDates", dates=dates, timezone="Europe/Paris"))

    assert [at("2026-03-28T12:00:01Z"), at("2026-03-29T07:00:00Z")] == list(times.after(NOON))
    assert times.next_after(at("2026-03-29T07:00:00Z")) is None


def test_what_the_times_follow_from_tells_changes():
    declared = [schedule("0 9 * * *"), schedule("0 9 * * *", timezone="Europe/Paris"), schedule("0 8 * * *")]

    assert 3 == len(set(map(declared_by, declared)))
    assert declared_by(schedule("0 9 * * *")) == declared_by(schedule("0 9 * * *", disabled=True))
