"""Summer time: around every change of the clocks in two dozen zones, nothing crashes, comes twice or is silently lost.

What is expected is found by brute force: by looking at what the clocks of the zone show, a quarter of an hour at a time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from runwright.schedules.clocks import CronClock, IntervalClock, RRuleClock
from runwright.schedules.wall_time import offset_of

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
MARGIN = timedelta(hours=60)

ZONES = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
]
YEARS = (2011, 2025)


@cache
def changes(name: str) -> list[datetime]:
    """Return when the clocks of a zone change in the years of the table, and a quiet day."""
    zone, found = ZoneInfo(name), [datetime(2024, 6, 15, tzinfo=UTC)]
    for year in YEARS:
        moment = datetime(year, 1, 1, tzinfo=UTC)
        while moment.year == year:
            later = moment + timedelta(hours=1)
            if moment.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
                found.append(later)
            moment = later
    return found


@cache
def shown(name: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return moments (UTC) and what the clocks of a zone show, from `start` (not included) to `end`."""
    moments = [start + n * QUARTER for n in range(1, (end - start) // QUARTER + 1)]
    return [(moment, moment.astimezone(ZoneInfo(name)).replace(tzinfo=None)) for moment in moments]


def every_time_it_shows(name, start, end, is_wanted):
    return [moment for moment, wall in shown(name, start, end) if is_wanted(wall)]


def first_time_it_is(name, start, end, hour):
    """Return the moments at which it is this hour, or later because the clocks skip it, for the first time of each day."""
    seen = shown(name, start - 3 * DAY, end)
    first = seen[0][1].date() + DAY
    days = (datetime.combine(first + n * DAY, datetime.min.time()) + timedelta(hours=hour) for n in range(9))
    found = (next((moment for moment, wall in seen if wall >= day), end + DAY) for day in days)
    return sorted({moment for moment in found if start < moment <= end})


def given(clock, start):
    return [event.start_time.astimezone(UTC) for event in clock.events(start)]


@pytest.mark.parametrize("name", ZONES)
class TestEveryChangeOfTheClocks:
    def test_set_times_come_once_a_day(self, name):
        begin = datetime(2010, 1, 1, 2, tzinfo=ZoneInfo(name))
        for change in changes(name):
            start, end = change - MARGIN, change + MARGIN
            expected = first_time_it_is(name, start, end, hour=2)
            assert expected == given(CronClock("0 2 * * *", begin, end), start)
            assert expected == given(IntervalClock(DAY, begin, end), start)

    def test_midnight_too(self, name):
        begin = datetime(2010, 1, 1, tzinfo=ZoneInfo(name))
        for change in changes(name):
            start, end = change - MARGIN, change + MARGIN
            expected = first_time_it_is(name, start, end, hour=0)
            assert expected == given(CronClock("@daily", begin, end), start)
            assert expected == given(IntervalClock(DAY, begin, end), start)

    def test_a_recurrence_rule_as_well(self, name):
        from dateutil.rrule import DAILY, rrule

        for change in changes(name):
            start, end = change - MARGIN, change + MARGIN
            begin = (start - 9 * DAY).astimezone(ZoneInfo(name)).replace(hour=2, minute=0, fold=0)
            rule = rrule(DAILY, dtstart=begin)
            assert first_time_it_is(name, start, end, hour=2) == given(RRuleClock(rule, end_date=end), start)

    @pytest.mark.parametrize(
        ("cron", "minutes", "hours"),
        [
            ("*/30 * * * *", (0, 30), range(24)),
            ("0 * * * *", (0,), range(24)),
            ("*/30 1-3 * * *", (0, 30), (1, 2, 3)),
            ("15 */3 * * *", (15,), range(0, 24, 3)),
        ],
    )
    def test_stars_follow_the_clock(self, name, cron, minutes, hours):
        for change in changes(name):
            start, end = change - MARGIN, change + MARGIN
            clock = CronClock(cron, datetime(2010, 1, 1, tzinfo=ZoneInfo(name)), end)
            expected = every_time_it_shows(name, start, end, lambda wall: wall.minute in minutes and wall.hour in hours)
            assert expected == given(clock, start)

    def test_the_next_time_is_found_from_any_moment(self, name):
        begin = datetime(2010, 1, 1, 1, 30, tzinfo=ZoneInfo(name))
        for change in changes(name):
            end = change + MARGIN
            for clock in (
                CronClock("*/30 * * * *", begin, end),
                CronClock("30 1 * * *", begin, end),
                IntervalClock(DAY, begin, end),
                IntervalClock(timedelta(minutes=40), begin, end),
            ):
                expected = given(clock, change - 20 * QUARTER)
                for after, _ in shown(name, change - 16 * QUARTER, change + 16 * QUARTER):
                    assert next(moment for moment in expected if moment > after) == given_next(clock, after)


def given_next(clock, after):
    return next(clock.events(after)).start_time.astimezone(UTC)


def test_the_table_has_changes_of_every_kind():
    """Half an hour, across midnight, and a whole day are among them."""
    hour = timedelta(hours=1)
    lengths = {
        abs(offset_of(change.astimezone(ZoneInfo(name))) - offset_of((change - hour).astimezone(ZoneInfo(name))))
        for name in ZONES
        for change in changes(name)
    }
    assert {timedelta(0), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2), DAY} == lengths
    assert 60 < sum(len(changes(name)) for name in ZONES)
