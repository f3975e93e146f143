"""Clocks: what gives a schedule its times: an interval, a cron expression, a list of dates, or a recurrence rule.

The times of a clock are in the time zone of its start date, UTC without one; how it follows summer time is said by each class.
What tells the time of day to the engine is another thing: `runwright.clock`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from runwright import clock, codec
from runwright.clock import from_datetime
from runwright.errors import FlowError
from runwright.schedule import ClockEvent
from runwright.schedules.cron import check_cron, cron_moments
from runwright.schedules.wall_time import DAY, MICROSECOND, aware, from_text, later, to_text, wall_of, zone_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Clock", "ClockEvent", "CronClock", "DatesClock", "IntervalClock", "RRuleClock", "clock_from_dict"]

_A_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)


class Clock:
    """The start times of runs, between `start_date` and `end_date` (both included, None: no bound).

    `parameter_defaults` are the parameters of the runs it starts, `labels` say where they may run. A clock of your own
    overrides `moments`.
    """

    def __init__(
        self,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: Mapping[str, Any] | None = None,
        labels: Iterable[str] | None = None,
    ) -> None:
        """Hold the bounds; naive ones are taken as UTC. Raises `TypeError` for what is no datetime."""
        self.start_date = None if start_date is None else aware(start_date)
        self.end_date = None if end_date is None else aware(end_date)
        self.parameter_defaults: dict[str, Any] = dict(parameter_defaults or {})
        self.labels = None if labels is None else list(labels)

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Yield moments in order, from about `after` (in UTC) on; `events` drops what is early, late or twice."""
        raise NotImplementedError(f"{type(self).__name__} does not say its moments: override moments(after).")

    def events(self, after: datetime | None = None) -> Iterator[ClockEvent]:
        """Yield events later than `after` (None: now), in order, each time once."""
        floor = clock.utcnow() if after is None else aware(after).astimezone(UTC)
        if self.start_date is not None:
            floor = max(floor, self.start_date.astimezone(UTC) - MICROSECOND)
        last = from_datetime(floor)
        end = None if self.end_date is None else from_datetime(self.end_date)
        try:
            for moment in self.moments(floor):
                at = from_datetime(moment)
                if end is not None and at > end:
                    return
                if at > last:
                    last = at
                    yield ClockEvent(moment, dict(self.parameter_defaults), self.labels)
        except OverflowError:  # the calendar ends with the year 9999
            return

    def to_dict(self) -> dict[str, Any]:
        """Return the clock as plain data; parameters that are no JSON are kept as text."""
        return {
            "type": type(self).__name__,
            **self._own_data(),
            "start_date": to_text(self.start_date),
            "end_date": to_text(self.end_date),
            "parameter_defaults": codec.to_plain(self.parameter_defaults),
            "labels": self.labels,
        }

    def _own_data(self) -> dict[str, Any]:
        return {}


class IntervalClock(Clock):
    """Every `interval`, counted from `start_date` (without one: from Monday, 5 January 1970, 00:00 UTC).

    An interval of a day or more keeps the wall time in summer and winter; a shorter one is time that passes, so that every
    hour stays an hour when the clocks change.
    """

    def __init__(
        self,
        interval: timedelta,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: Mapping[str, Any] | None = None,
        labels: Iterable[str] | None = None,
    ) -> None:
        """Raise `FlowError` unless the interval is longer than nothing, and `TypeError` unless it is a timedelta."""
        if not isinstance(interval, timedelta):
            raise TypeError(f"An interval must be a timedelta; got {interval!r}.")
        if interval <= timedelta():
            raise FlowError(f"An interval must be greater than 0; got {interval!r}.")
        super().__init__(start_date, end_date, parameter_defaults, labels)
        self.interval = interval

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Yield the moments, `start_date` first."""
        start = self.start_date or _A_MONDAY
        zone = UTC if self.interval < DAY else zone_of(start)
        count = (wall_of(after, zone) - wall_of(start, zone)) // self.interval
        while True:
            yield later(start, self.interval, count) if count else start.astimezone(UTC).astimezone(zone_of(start))
            count += 1

    def _own_data(self) -> dict[str, Any]:
        return {"interval": self.interval // MICROSECOND}


class CronClock(Clock):
    """At the times of a cron expression in the time zone of `start_date`, UTC without one.

    Minute, hour, day of the month, month and day of the week (names, ranges, steps, `L`, `#` too), or `@hourly`, `@daily`,
    `@weekly`, `@monthly`, `@yearly`; a sixth field is the seconds. Restricted days of the month and of the week are
    alternatives, unless one begins with `*`; with `day_or=False` both must hold.

    When the clocks change, set hours and minutes mean one run a day: what is skipped runs at the first moment after the gap,
    what is shown twice at the first. With `*` at the beginning of the hours or minutes runs follow the clock: skipped times
    do not run and those shown twice do so twice.
    """

    def __init__(
        self,
        cron: str,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: Mapping[str, Any] | None = None,
        labels: Iterable[str] | None = None,
        day_or: bool | None = True,  # noqa: FBT001, FBT002  the documented signature
    ) -> None:
        """Raise `FlowError` when the expression is none of cron."""
        check_cron(cron)
        super().__init__(start_date, end_date, parameter_defaults, labels)
        self.cron = cron
        self.day_or = day_or is not False

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Yield the moments of the expression."""
        zone = UTC if self.start_date is None else zone_of(self.start_date)
        return cron_moments(self.cron, after, zone, day_or=self.day_or)

    def _own_data(self) -> dict[str, Any]:
        return {"cron": self.cron, "day_or": self.day_or}


class DatesClock(Clock):
    """At the given moments, in order, each once; `start_date` and `end_date` are the first and the last unless given."""

    def __init__(
        self,
        dates: Iterable[datetime],
        parameter_defaults: Mapping[str, Any] | None = None,
        labels: Iterable[str] | None = None,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
    ) -> None:
        """Raise `FlowError` without a date."""
        self.dates = sorted(map(aware, dates), key=from_datetime)
        if not self.dates:
            raise FlowError("A clock of dates needs at least one date.")
        super().__init__(start_date or self.dates[0], end_date or self.dates[-1], parameter_defaults, labels)

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Yield the dates."""
        yield from self.dates

    def _own_data(self) -> dict[str, Any]:
        return {"dates": [to_text(date) for date in self.dates]}


class RRuleClock(Clock):
    """At the times of a recurrence rule: a `rrule` or `rruleset` of python-dateutil.

    The rule is in the time zone of its `dtstart`, UTC when that is naive; its times are wall times: one that the clocks skip
    is the first moment after the gap, one that they show twice is the first. A rule without `dtstart` begins when it is made
    and is another one each time the program starts.
    """

    def __init__(
        self,
        rrule_obj: Any,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: Mapping[str, Any] | None = None,
        labels: Iterable[str] | None = None,
    ) -> None:
        """Raise `TypeError` when this is no rule, `FlowError` when the rules of a set are in several time zones."""
        from runwright.schedules.rules import WallRule  # noqa: PLC0415  python-dateutil only for those who use it

        super().__init__(start_date, end_date, parameter_defaults, labels)
        self.rrule_obj = rrule_obj
        self._rule = WallRule(rrule_obj)

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Yield the moments of the rule, which are counted from its beginning each time."""
        return self._rule.moments(after)

    def _own_data(self) -> dict[str, Any]:
        return {"rule": self._rule.to_dict()}


def clock_from_dict(data: Mapping[str, Any]) -> Clock:
    """Return the clock of which `Clock.to_dict` made this; raises `FlowError` for a kind that is not one of Runwright's."""
    shared: dict[str, Any] = {
        "start_date": from_text(data["start_date"]),
        "end_date": from_text(data["end_date"]),
        "parameter_defaults": data["parameter_defaults"],
        "labels": data["labels"],
    }
    kind = data["type"]
    if kind == "IntervalClock":
        return IntervalClock(data["interval"] * MICROSECOND, **shared)
    if kind == "CronClock":
        return CronClock(data["cron"], day_or=data["day_or"], **shared)
    if kind == "DatesClock":
        return DatesClock([date for text in data["dates"] if (date := from_text(text))], **shared)
    if kind == "RRuleClock":
        from runwright.schedules.rules import rule_from_dict  # noqa: PLC0415  python-dateutil only for those who use it

        return RRuleClock(rule_from_dict(data["rule"]), **shared)
    raise FlowError(f"A clock of type {kind!r} cannot be made from data: make it in code.")
