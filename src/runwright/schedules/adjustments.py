"""Adjustments: how the times that passed the filters are moved. An adjustment is a function of a datetime to a datetime.

Those made here also say how far they move a time at least and at most, so that a schedule can keep its order and find its
next time from anywhere. Of an adjustment of your own it is assumed that it moves times ahead, by a week at most.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from runwright.schedules.filters import is_weekend
from runwright.schedules.wall_time import DAY, later

__all__ = ["add", "next_weekday"]

WEEK = timedelta(days=7)


class Add(msgspec.Struct, frozen=True, tag="add"):
    """Move every time by an interval; a day or more goes by the clocks on the wall."""

    interval: timedelta

    def __call__(self, moment: datetime) -> datetime:
        """Return the moment moved."""
        return later(moment, self.interval)

    @property
    def least(self) -> timedelta:
        """Return by how much a time moves at least: by the clocks on the wall a day may be shorter."""
        return self.interval - DAY if abs(self.interval) >= DAY else self.interval

    @property
    def most(self) -> timedelta:
        """Return by how much a time moves at most."""
        return self.interval + DAY if abs(self.interval) >= DAY else self.interval


class NextWeekday(msgspec.Struct, frozen=True, tag="next_weekday"):
    """Move Saturdays and Sundays to the next Monday, at the same time of the day."""

    def __call__(self, moment: datetime) -> datetime:
        """Return the moment, moved if need be."""
        while is_weekend(moment):
            moment = later(moment, DAY)
        return moment

    @property
    def least(self) -> timedelta:
        """Return by how much a time moves at least."""
        return timedelta()

    @property
    def most(self) -> timedelta:
        """Return by how much a time moves at most: two days, and what the clocks on the wall may add."""
        return 3 * DAY


add = Add
next_weekday = NextWeekday()

WITH_ARGUMENTS = Add | NextWeekday
