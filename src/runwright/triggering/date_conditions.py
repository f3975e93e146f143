"""Date conditions: whether a moment is in a time, on a weekday, on a weekend. A moment counts in its own time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from runwright.errors import NotRunnable
from runwright.spec import conditions as spec
from runwright.spec.moments import parse_moment

if TYPE_CHECKING:
    from collections.abc import Callable

    Render = Callable[[str], Any]

_PLACES = {"FIRST": 0, "SECOND": 1, "THIRD": 2, "FOURTH": 3}
_WEEK = timedelta(days=7)
_SATURDAY = 5


def holds(condition: spec.DatedCondition, date: str, render: Render) -> bool:
    """Say whether a condition holds for a moment; raises `NotRunnable` for what cannot be decided."""
    return _LOOKS[type(condition)](condition, _moment(date), render)


def _between(condition: spec.DateTimeBetween, moment: datetime, render: Render) -> bool:
    after, before = (None if text is None else _moment(render(text)) for text in (condition.after, condition.before))
    return (after is None or moment > after) and (before is None or moment < before)


def _time_between(condition: spec.TimeBetween, moment: datetime, render: Render) -> bool:
    after, before = (None if text is None else _time(render(text)) for text in (condition.after, condition.before))
    is_after = after is None or _clock_of(moment, after) > after
    is_before = before is None or _clock_of(moment, before) < before
    crosses_midnight = (
        after is not None and before is not None and after.replace(tzinfo=None) > before.replace(tzinfo=None)
    )
    return (is_after or is_before) if crosses_midnight else (is_after and is_before)


def _clock_of(moment: datetime, bound: time) -> time:
    """Return the time of day of a moment where a bound is, in its zone."""
    return (moment if bound.tzinfo is None else moment.astimezone(bound.tzinfo)).time().replace(tzinfo=bound.tzinfo)


def _weekday(condition: spec.DayWeek, moment: datetime, render: Render) -> bool:
    del render
    return spec.DAYS[moment.weekday()] == condition.day_of_week


def _weekday_in_month(condition: spec.DayWeekInMonth, moment: datetime, render: Render) -> bool:
    del render
    if spec.DAYS[moment.weekday()] != condition.day_of_week:
        return False
    if condition.day_in_month == "LAST":
        return (moment.replace(tzinfo=None) + _WEEK).month != moment.month
    return (moment.day - 1) // 7 == _PLACES[condition.day_in_month]


def _weekend(condition: spec.Weekend, moment: datetime, render: Render) -> bool:
    del condition, render
    return moment.weekday() >= _SATURDAY


def _public_holiday(condition: spec.PublicHoliday, moment: datetime, render: Render) -> bool:
    del condition, moment, render
    raise NotRunnable("Runwright knows no public holidays: keep the dates in a key-value, and ask with an Expression.")


def _moment(text: Any) -> datetime:
    written = str(text).partition("[")[0]  # a zone's name may follow the offset
    try:
        return parse_moment(written if len(written) > len("2024-01-31") else f"{written}T00:00:00")
    except ValueError:
        raise NotRunnable(f"{written!r} is no moment: write one as 2024-01-31T09:30:00Z.") from None


def _time(text: Any) -> time:
    try:
        return time.fromisoformat(str(text))
    except ValueError:
        raise NotRunnable(f"{text!r} is no time: write one as 09:30:00+01:00.") from None


_LOOKS: dict[type[spec.DatedCondition], Callable[[Any, datetime, Render], bool]] = {
    spec.DateTimeBetween: _between,
    spec.TimeBetween: _time_between,
    spec.DayWeek: _weekday,
    spec.DayWeekInMonth: _weekday_in_month,
    spec.Weekend: _weekend,
    spec.PublicHoliday: _public_holiday,
}
