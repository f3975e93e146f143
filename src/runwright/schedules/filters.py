"""Filters: which times of the clocks count. A filter is a function of a datetime (aware, in the clock's zone) to a bool.

Those made here compare and pickle by what they say, and are plain data. Times and dates are what the clock's zone shows.
"""

from __future__ import annotations

import calendar
from datetime import date, datetime, time

import msgspec

from runwright.clock import from_datetime
from runwright.errors import FlowError
from runwright.schedules.wall_time import aware

__all__ = [
    "at_time",
    "between_dates",
    "between_datetimes",
    "between_times",
    "is_day_of_week",
    "is_month_end",
    "is_month_start",
    "is_weekday",
    "is_weekend",
    "on_date",
    "on_datetime",
]

TimeOfDay = time
_SATURDAY = 5
_DAYS_A_WEEK = 7


class OnDatetime(msgspec.Struct, frozen=True, tag="on_datetime"):
    """Let one moment pass; a naive one is taken as UTC."""

    dt: datetime

    def __post_init__(self) -> None:
        """Make the moment aware."""
        msgspec.structs.force_setattr(self, "dt", aware(self.dt))

    def __call__(self, moment: datetime) -> bool:
        """Say whether this is the moment."""
        return from_datetime(self.dt) == from_datetime(moment)


class OnDate(msgspec.Struct, frozen=True, tag="on_date"):
    """Let one day of each year pass."""

    month: int
    day: int

    def __post_init__(self) -> None:
        """Raise `FlowError` for a day that no year has."""
        _check_day(self.month, self.day)

    def __call__(self, moment: datetime) -> bool:
        """Say whether this is the day."""
        return (moment.month, moment.day) == (self.month, self.day)


class BetweenDatetimes(msgspec.Struct, frozen=True, tag="between_datetimes"):
    """Let what is between two moments pass, both included; naive ones are taken as UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Make both aware."""
        msgspec.structs.force_setattr(self, "start", aware(self.start))
        msgspec.structs.force_setattr(self, "end", aware(self.end))

    def __call__(self, moment: datetime) -> bool:
        """Say whether this is in between."""
        return from_datetime(self.start) <= from_datetime(moment) <= from_datetime(self.end)


class BetweenDates(msgspec.Struct, frozen=True, tag="between_dates"):
    """Let what is between two days of each year pass, both included; the end may be in the next year."""

    start_month: int
    start_day: int
    end_month: int
    end_day: int

    def __post_init__(self) -> None:
        """Raise `FlowError` for a day that no year has."""
        _check_day(self.start_month, self.start_day)
        _check_day(self.end_month, self.end_day)

    def __call__(self, moment: datetime) -> bool:
        """Say whether this is in between."""
        start, end = (self.start_month, self.start_day), (self.end_month, self.end_day)
        day = moment.month, moment.day
        return start <= day <= end if start <= end else day >= start or day <= end


class AtTime(msgspec.Struct, frozen=True, tag="at_time"):
    """Let one time of each day pass."""

    time: TimeOfDay

    def __call__(self, moment: datetime) -> bool:
        """Say whether this is the time."""
        return moment.time() == self.time


class BetweenTimes(msgspec.Struct, frozen=True, tag="between_times"):
    """Let what is between two times of each day pass, both included; the end may be on the next day."""

    start: TimeOfDay
    end: TimeOfDay

    def __call__(self, moment: datetime) -> bool:
        """Say whether this is in between."""
        shown = moment.time()
        return self.start <= shown <= self.end if self.start <= self.end else shown >= self.start or shown <= self.end


class IsDayOfWeek(msgspec.Struct, frozen=True, tag="is_day_of_week"):
    """Let one day of the week pass, as Python counts them: 0 is Monday, 6 is Sunday."""

    day_of_week: int

    def __post_init__(self) -> None:
        """Raise `FlowError` for a day that no week has."""
        if self.day_of_week not in range(_DAYS_A_WEEK):
            raise FlowError(f"A day of the week is 0 (Monday) to 6 (Sunday); got {self.day_of_week!r}.")

    def __call__(self, moment: datetime) -> bool:
        """Say whether this is the day."""
        return moment.weekday() == self.day_of_week


on_datetime = OnDatetime
on_date = OnDate
between_datetimes = BetweenDatetimes
between_dates = BetweenDates
at_time = AtTime
between_times = BetweenTimes
is_day_of_week = IsDayOfWeek


def is_weekday(moment: datetime) -> bool:
    """Say whether this is Monday to Friday."""
    return moment.weekday() < _SATURDAY


def is_weekend(moment: datetime) -> bool:
    """Say whether this is Saturday or Sunday."""
    return moment.weekday() >= _SATURDAY


def is_month_start(moment: datetime) -> bool:
    """Say whether this is the first day of a month."""
    return moment.day == 1


def is_month_end(moment: datetime) -> bool:
    """Say whether this is the last day of a month."""
    return moment.day == calendar.monthrange(moment.year, moment.month)[1]


WITH_ARGUMENTS = OnDatetime | OnDate | BetweenDatetimes | BetweenDates | AtTime | BetweenTimes | IsDayOfWeek
WITHOUT_ARGUMENTS = {each.__name__: each for each in (is_weekday, is_weekend, is_month_start, is_month_end)}


def _check_day(month: int, day: int) -> None:
    try:
        date(2024, month, day)
    except (TypeError, ValueError) as error:
        raise FlowError(f"No year has day {day!r} of month {month!r}: {error}.") from None
