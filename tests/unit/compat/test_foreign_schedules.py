"""Schedules as the client of Prefect 1 sends them (recorded from version 1.4.1) are those of Runwright."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, rrule

from runwright.compat.foreign_schedules import schedule_from
from runwright.errors import FlowError
from runwright.schedules import Schedule, adjustments, filters
from runwright.schedules.clocks import CronClock, DatesClock, IntervalClock, RRuleClock

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YEAR = {"dt": "2026-01-01T00:00:00", "tz": "UTC"}
USUAL = {"start_date": None, "end_date": None, "parameter_defaults": {}, "labels": None, "__version__": "1.4.1"}
HOURLY = {**USUAL, "interval": 3_600_000_000, "type": "IntervalClock"}


def of(*clocks, **functions):
    named = {
        name: [{"fn": f"prefect.schedules.{fn}", "kwargs": kwargs} for fn, kwargs in each]
        for name, each in functions.items()
    }
    return {"filters": [], "or_filters": [], "not_filters": [], "adjustments": [], "clocks": list(clocks), **named}


@pytest.mark.parametrize(
    ("expected", "sent"),
    [
        (
            IntervalClock(timedelta(hours=1), datetime(2026, 1, 1, tzinfo=BERLIN), None, {"x": 1}, ["l"]),
            {
                **HOURLY,
                "start_date": {"dt": "2026-01-01T00:00:00", "tz": "Europe/Berlin"},
                "parameter_defaults": {"x": 1},
                "labels": ["l"],
            },
        ),
        (
            CronClock("0 9 * * *", datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
            {
                **USUAL,
                "cron": "0 9 * * *",
                "day_or": True,
                "start_date": NEW_YEAR,
                "end_date": {"dt": "2027-01-01T00:00:00", "tz": "UTC"},
                "type": "CronClock",
            },
        ),
        (DatesClock([datetime(2026, 1, 1, tzinfo=UTC)]), {**USUAL, "dates": [NEW_YEAR], "type": "DatesClock"}),
        (
            RRuleClock(rrule(DAILY, count=3, dtstart=datetime(2026, 1, 1))),
            {
                **USUAL,
                "rrule_obj": {"rr": "DTSTART:20260101T000000\nRRULE:FREQ=DAILY;COUNT=3", "type": "rrule"},
                "type": "RRuleClock",
            },
        ),
    ],
)
def test_each_kind_of_clock_is_read(expected, sent):
    assert Schedule([expected]).to_dict() == schedule_from(of(sent)).to_dict()


def test_filters_and_adjustments_are_ours():
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    expected = Schedule(
        [IntervalClock(timedelta(hours=1))],
        filters=[filters.is_weekday, filters.on_date(1, 2), filters.between_datetimes(begin, end)],
        or_filters=[
            filters.between_times(time(9), time(17)),
            filters.at_time(time(9, 30)),
            filters.between_dates(1, 2, 3, 4),
        ],
        not_filters=[filters.is_month_end, filters.is_day_of_week(3)],
        adjustments=[adjustments.next_weekday, adjustments.add(timedelta(seconds=5))],
    )
    between = {"start": "//datetime:2026-01-01T00:00:00+00:00", "end": "//datetime:2026-02-01T00:00:00+00:00"}
    sent = of(
        HOURLY,
        filters=[
            ("filters.is_weekday", {}),
            ("filters.on_date", {"day": 2, "month": 1}),
            ("filters.between_datetimes", between),
        ],
        or_filters=[
            ("filters.between_times", {"end": "//time:17:00:00", "start": "//time:09:00:00"}),
            ("filters.at_time", {"t": "//time:09:30:00"}),
            ("filters.between_dates", {"end_day": 4, "end_month": 3, "start_day": 2, "start_month": 1}),
        ],
        not_filters=[("filters.is_month_end", {}), ("filters.is_day_of_week", {"day_of_week": 3})],
        adjustments=[("adjustments.next_weekday", {}), ("adjustments.add", {"interval": "//timedelta:5.0"})],
    )

    assert expected.to_dict() == schedule_from(sent).to_dict()


@pytest.mark.parametrize(
    ("expected", "sent"),
    [
        ("cannot be read", {}),
        ("cannot be read", of({"type": "MoonClock"})),
        ("cannot be read", of({**HOURLY, "interval": "1h"})),
        ("greater than 0", of({**HOURLY, "interval": 0})),
        ("not one that ships", {**of(HOURLY), "filters": [{"fn": "os.system", "kwargs": {}}]}),
        ("not one that ships", of(HOURLY, filters=[("filters.os.system", {})])),
        ("no filter or adjustment", of(HOURLY, filters=[("filters.os", {})])),
        ("one clock for each rule", of({**USUAL, "rrule_obj": {"_rrule": []}, "type": "RRuleClock"})),
        ("no time zone", of({**HOURLY, "start_date": {"dt": "2026-01-01T00:00:00", "tz": "Moon"}})),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(expected, sent):
    with pytest.raises(FlowError, match=expected):
        schedule_from(sent)
