"""Schedule: the contract of what says when a flow runs by itself, and the event that it speaks in.

Nothing here knows how the times are found: see `runwright.schedules`. Which upstream states let a task run is a trigger, not
a schedule.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, overload, runtime_checkable

import msgspec

from runwright.clock import from_datetime

if TYPE_CHECKING:
    from collections.abc import Sequence


class ClockEvent(msgspec.Struct, frozen=True):
    """A run that is to start at `start_time` (aware), with these parameters unless the caller gives others, and labels."""

    start_time: datetime
    parameter_defaults: dict[str, Any] = {}
    labels: list[str] | None = None

    @property
    def at(self) -> int:
        """Return the start time in nanoseconds since 1970; unlike the wall time, it never goes back."""
        return from_datetime(self.start_time)

    def __lt__(self, other: ClockEvent) -> bool:
        """Compare the times only."""
        return self.at < other.at


@runtime_checkable
class Schedule(Protocol):
    """What tells the times at which a flow runs; `runwright.schedules.Schedule` is the one that ships."""

    @overload
    def next(self, n: int, after: datetime | None = None, *, return_events: Literal[True]) -> Sequence[ClockEvent]: ...

    @overload
    def next(
        self, n: int, after: datetime | None = None, return_events: Literal[False] = ...
    ) -> Sequence[datetime]: ...

    def next(
        self,
        n: int,
        after: datetime | None = None,
        return_events: bool = False,  # noqa: FBT001, FBT002  the documented signature
    ) -> Sequence[datetime | ClockEvent]:
        """Return the next `n` times later than `after` (None: now), fewer where it ends; the same answer each time."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return the schedule as plain data; two schedules of equal data give the same times."""
        ...


def checked_schedule(schedule: Any) -> Schedule | None:
    """Return the schedule; raises `TypeError` for what is none."""
    if schedule is None or isinstance(schedule, Schedule):
        return schedule
    raise TypeError(
        f"The schedule of a flow must be a schedule; got {schedule!r}. Make one with runwright.schedules: "
        "CronSchedule('0 9 * * *'), IntervalSchedule(timedelta(hours=1))."
    )
