"""Schedule: clocks, filters and adjustments put together; and the short forms for a schedule of one clock.

The clocks are merged in order of time; what passes the filters is adjusted. A schedule has no memory: `next` is a function of
its arguments.
"""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, cast, overload

import msgspec

from runwright import clock
from runwright.clock import from_datetime
from runwright.schedules.adjustments import WEEK
from runwright.schedules.clocks import Clock, CronClock, IntervalClock, RRuleClock, clock_from_dict
from runwright.schedules.functions import function_from_data, function_to_data
from runwright.schedules.wall_time import aware
from runwright.state_handlers import check_callable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Self

    from runwright.schedule import ClockEvent

    Filter = Callable[[datetime], bool]
    Adjustment = Callable[[datetime], datetime]

MOST_EVENTS = 10_000
"""How many events of the clocks are looked at before a search for the next ones is given up."""

_CALENDAR_START = datetime(1, 1, 2, tzinfo=UTC)  # a day inside, so that any zone can show it
_CALENDAR_END = datetime(9999, 12, 30, tzinfo=UTC)
_FUNCTIONS = ("filters", "or_filters", "not_filters", "adjustments")


class Schedule:
    """The times of `clocks` that pass all of `filters`, any of `or_filters` (if there are some) and none of `not_filters`.

    `adjustments` then move them, one after the other. Filters see the time as the clock's zone shows it. Two clocks of one
    time give two events, unless they are equal.
    """

    def __init__(
        self,
        clocks: Iterable[Clock],
        filters: Iterable[Filter] | None = None,
        or_filters: Iterable[Filter] | None = None,
        not_filters: Iterable[Filter] | None = None,
        adjustments: Iterable[Adjustment] | None = None,
    ) -> None:
        """Raise `TypeError` for what is no clock, and for a filter or adjustment that cannot be called."""
        self.clocks = list(clocks)
        self.filters = list(filters or ())
        self.or_filters = list(or_filters or ())
        self.not_filters = list(not_filters or ())
        self.adjustments = list(adjustments or ())
        for each in self.clocks:
            if not isinstance(each, Clock):
                raise TypeError(f"The clocks of a schedule must be clocks; got {each!r}.")
        for name in _FUNCTIONS:
            for function in getattr(self, name):
                check_callable(f"Each of {name}", function)

    @property
    def start_date(self) -> datetime | None:
        """Return the earliest start date of the clocks, None when they have none."""
        dates = [each.start_date for each in self.clocks if each.start_date is not None]
        return min(dates, key=from_datetime, default=None)

    @property
    def end_date(self) -> datetime | None:
        """Return the latest end date of the clocks, None when one of them never ends."""
        dates = [each.end_date for each in self.clocks]
        known = [date for date in dates if date is not None]
        return max(known, key=from_datetime, default=None) if len(known) == len(dates) else None

    @overload
    def next(self, n: int, after: datetime | None = None, *, return_events: Literal[True]) -> list[ClockEvent]: ...

    @overload
    def next(self, n: int, after: datetime | None = None, return_events: Literal[False] = ...) -> list[datetime]: ...

    def next(
        self,
        n: int,
        after: datetime | None = None,
        return_events: bool = False,  # noqa: FBT001, FBT002  the documented signature
    ) -> list[datetime] | list[ClockEvent]:
        """Return the next `n` times later than `after` (None: now; naive: UTC) as datetimes, or as events.

        There are fewer where the clocks end, and where 10,000 events of the clocks gave no more.
        """
        found = list(islice(self.events(after), n))
        return found if return_events else [event.start_time for event in found]

    def events(self, after: datetime | None = None) -> Iterator[ClockEvent]:
        """Yield the events later than `after` (None: now), in order, no two of them equal."""
        floor = clock.now() if after is None else from_datetime(aware(after))
        last: list[ClockEvent] = []
        for event in self._in_order(floor):
            if last and event.at < last[0].at:
                continue  # an adjustment moved it back before what has been given already
            if not last or event.at > last[0].at:
                last.clear()
            elif event in last:
                continue
            last.append(event)
            yield event

    def to_dict(self) -> dict[str, Any]:
        """Return the schedule as plain data, the same for the same schedule; of your own functions it has the names."""
        functions = {name: [function_to_data(each) for each in getattr(self, name)] for name in _FUNCTIONS}
        return {"clocks": [each.to_dict() for each in self.clocks], **functions}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the schedule of which `to_dict` made this; raises `FlowError` for clocks and functions of your own."""
        functions = {name: [function_from_data(each) for each in data[name]] for name in _FUNCTIONS}
        return cls([clock_from_dict(each) for each in data["clocks"]], **cast("dict[str, Any]", functions))

    def __repr__(self) -> str:
        """Return the kinds of the clocks."""
        return f"<Schedule: {', '.join(type(each).__name__ for each in self.clocks)}>"

    # ---- the search

    def _in_order(self, floor: int) -> Iterator[ClockEvent]:
        """Yield what passes and is later than `floor`, adjusted; what an adjustment moved far waits for what comes before."""
        waiting: list[tuple[int, int, ClockEvent]] = []
        least, _ = self._moves()
        for number, event in enumerate(self._candidates(floor)):
            coming = from_datetime(_moved(event.start_time, least))
            if self._passes(event.start_time):
                adjusted = self._adjusted(event)
                if adjusted.at > floor:
                    heapq.heappush(waiting, (adjusted.at, number, adjusted))
            while waiting and waiting[0][0] <= coming:
                yield heapq.heappop(waiting)[2]
        while waiting:
            yield heapq.heappop(waiting)[2]

    def _candidates(self, floor: int) -> Iterator[ClockEvent]:
        """Yield the events of all clocks that adjustments may move past `floor`: those before it, and 10,000 after it."""
        _, most = self._moves()
        after = _moved(clock.to_datetime(floor), -most)
        count = 0
        for event in heapq.merge(*(each.events(after) for each in self.clocks), key=attrgetter("at")):
            count += event.at > floor
            if count > MOST_EVENTS:
                return
            yield event

    def _moves(self) -> tuple[timedelta, timedelta]:
        """Return by how much the adjustments move a time at least and at most."""
        least = sum((getattr(each, "least", timedelta()) for each in self.adjustments), timedelta())
        return least, sum((getattr(each, "most", WEEK) for each in self.adjustments), timedelta())

    def _passes(self, moment: datetime) -> bool:
        return (
            all(each(moment) for each in self.filters)
            and (not self.or_filters or any(each(moment) for each in self.or_filters))
            and not any(each(moment) for each in self.not_filters)
        )

    def _adjusted(self, event: ClockEvent) -> ClockEvent:
        moment = event.start_time
        for adjustment in self.adjustments:
            moment = adjustment(moment)
        return event if moment is event.start_time else msgspec.structs.replace(event, start_time=aware(moment))


def IntervalSchedule(  # noqa: N802  the documented name
    interval: timedelta, start_date: datetime | None = None, end_date: datetime | None = None
) -> Schedule:
    """Return a schedule of one `IntervalClock`."""
    return Schedule([IntervalClock(interval, start_date, end_date)])


def CronSchedule(  # noqa: N802  the documented name
    cron: str,
    start_date: datetime | None = None,
    end_date: datetime | None = None,
    day_or: bool | None = True,  # noqa: FBT001, FBT002  the documented signature
) -> Schedule:
    """Return a schedule of one `CronClock`."""
    return Schedule([CronClock(cron, start_date, end_date, day_or=day_or)])


def RRuleSchedule(  # noqa: N802  the documented name
    rrule_obj: Any, start_date: datetime | None = None, end_date: datetime | None = None
) -> Schedule:
    """Return a schedule of one `RRuleClock`."""
    return Schedule([RRuleClock(rrule_obj, start_date, end_date)])


def _moved(moment: datetime, interval: timedelta) -> datetime:
    """Return a moment moved by an interval, or the end of the calendar."""
    try:
        return moment.astimezone(UTC) + interval
    except OverflowError:
        return _CALENDAR_END if interval > timedelta() else _CALENDAR_START
