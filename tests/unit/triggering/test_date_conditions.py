"""Conditions about a moment: in its own time zone, with bounds that are not part of it."""

from __future__ import annotations

import pytest

from runwright.errors import NotRunnable
from runwright.spec import conditions as spec
from runwright.triggering.date_conditions import holds

SATURDAY = "2026-03-28T12:00:00Z"


def look(kind, date, **keys):
    return holds(kind(type=kind.__name__, **keys), date, str)


@pytest.mark.parametrize(
    ("expected", "kind", "keys"),
    [
        (True, spec.DateTimeBetween, {"after": "2026-03-28T11:59:59Z", "before": "2026-03-28T14:00:01+02:00"}),
        (False, spec.DateTimeBetween, {"after": SATURDAY}),
        (False, spec.DateTimeBetween, {"before": SATURDAY}),
        (True, spec.DateTimeBetween, {"after": "2026-03-28"}),
        (True, spec.TimeBetween, {"after": "11:00:00Z", "before": "12:00:01Z"}),
        (True, spec.TimeBetween, {"after": "13:59:59+02:00"}),
        (False, spec.TimeBetween, {"after": "14:00:00+02:00"}),
        (True, spec.TimeBetween, {"after": "22:00:00Z", "before": "12:00:01Z"}),
        (False, spec.TimeBetween, {"after": "22:00:00Z", "before": "06:00:00Z"}),
        (True, spec.DayWeek, {"day_of_week": "SATURDAY"}),
        (False, spec.DayWeek, {"day_of_week": "SUNDAY"}),
        (True, spec.DayWeekInMonth, {"day_of_week": "SATURDAY", "day_in_month": "FOURTH"}),
        (True, spec.DayWeekInMonth, {"day_of_week": "SATURDAY", "day_in_month": "LAST"}),
        (False, spec.DayWeekInMonth, {"day_of_week": "SATURDAY", "day_in_month": "FIRST"}),
        (False, spec.DayWeekInMonth, {"day_of_week": "SUNDAY", "day_in_month": "LAST"}),
        (True, spec.Weekend, {}),
    ],
)
def test_a_saturday_at_noon(expected, kind, keys):
    assert expected is look(kind, SATURDAY, **keys)


@pytest.mark.parametrize(
    ("expected", "date"),
    [
        (False, "2026-03-27T23:30:00Z"),
        (True, "2026-03-28T00:30:00+01:00"),
        (True, "2026-03-28T00:30:00+01:00[Europe/Paris]"),
        (False, "2026-03-30"),
    ],
)
def test_a_moment_is_on_the_day_that_its_own_zone_says(expected, date):
    assert expected is look(spec.Weekend, date)


@pytest.mark.parametrize("day", range(1, 32))
def test_the_last_weekday_of_a_month_is_the_one_that_no_other_follows(day):
    date = f"2026-12-{day:02}T12:00:00Z"

    assert (day == 31) is look(spec.DayWeekInMonth, date, day_of_week="THURSDAY", day_in_month="LAST")


@pytest.mark.parametrize(
    ("told", "kind", "date", "keys"),
    [
        ("no moment", spec.Weekend, "yesterday", {}),
        ("no time", spec.TimeBetween, SATURDAY, {"after": "noon"}),
        ("no public holidays", spec.PublicHoliday, SATURDAY, {"country": "FR"}),
    ],
)
def test_what_cannot_be_decided_is_said(told, kind, date, keys):
    with pytest.raises(NotRunnable, match=told):
        look(kind, date, **keys)
