"""Clocks: where the time comes from.

Time is an integer of nanoseconds since 1970, UTC. `now` asks the clock that is installed: the machine's, or in a test one
that stands still until it is moved. The engine never asks; it is told.
"""

from __future__ import annotations

import queue
import time
from datetime import UTC, datetime
from typing import Any, Protocol

NANOSECONDS = 1_000_000_000
SHORTEST_LOOK, LONGEST_LOOK = 0.1, 2.0

NAP = 0.5
"""The longest that a thread waits without looking up, in seconds."""


class Clock(Protocol):
    """What tells the time, and how waiting passes it."""

    def now(self) -> int:
        """Return nanoseconds since 1970."""
        ...

    def wait(self, inbox: queue.SimpleQueue[Any], seconds: float | None) -> Any:
        """Return the next thing in `inbox`, None when `seconds` pass first (None: wait for ever)."""
        ...


class SystemClock:
    """The machine's wall clock."""

    now = staticmethod(time.time_ns)

    def wait(self, inbox: queue.SimpleQueue[Any], seconds: float | None) -> Any:
        """Wait in earnest, and look up now and then: no handler runs while a signal waits that another thread caught."""
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            left = NAP if end is None else min(NAP, end - time.monotonic())
            try:
                return inbox.get(timeout=max(0.0, left))
            except queue.Empty:
                if end is not None and left < NAP:
                    return None


class Looks:
    """The waits, in seconds, between looks at what somebody else changes: short after news, twice as long each time without."""

    def __init__(self, longest: float = LONGEST_LOOK) -> None:
        """Begin with a short one."""
        self._seconds = SHORTEST_LOOK
        self._longest = longest

    def wait_for_next(self, *, is_news: bool) -> None:
        """Wait until it is time to look again; `is_news` says whether the last look found any."""
        self._seconds = SHORTEST_LOOK if is_news else min(self._seconds * 2, self._longest)
        wait(queue.SimpleQueue(), self._seconds)


_installed: Clock = SystemClock()


def install(clock: Clock) -> Clock:
    """Make `clock` the one that is asked; returns the one before."""
    global _installed
    before, _installed = _installed, clock
    return before


def now() -> int:
    """Return nanoseconds since 1970 of the installed clock."""
    return _installed.now()


def wait(inbox: queue.SimpleQueue[Any], seconds: float | None) -> Any:
    """Return the next thing in `inbox`, None when `seconds` of the installed clock pass first."""
    return _installed.wait(inbox, seconds)


def utcnow() -> datetime:
    """Return the installed clock's time as an aware datetime."""
    return to_datetime(now())


def has_come(moment: datetime | None) -> bool:
    """Say whether a time is here or over; one that is None never comes."""
    return moment is not None and from_datetime(moment) <= now()


def to_datetime(at: int) -> datetime:
    """Return an aware UTC datetime, to the microsecond, for nanoseconds since 1970."""
    return datetime.fromtimestamp(at // NANOSECONDS, UTC).replace(microsecond=at % NANOSECONDS // 1_000)


def to_milliseconds(at: int) -> datetime:
    """Return the same to the millisecond, which is how expressions show when a run began."""
    return to_datetime(at - at % 1_000_000)


def from_datetime(moment: datetime) -> int:
    """Return nanoseconds since 1970; a naive datetime is taken as UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    delta = aware - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * NANOSECONDS + delta.microseconds * 1_000


def recordable(moment: datetime) -> int:
    """Return `from_datetime` as a record can hold it: what lies before 1677 or after 2262 is the nearest time that has a number there."""
    return max(-_LAST, min(from_datetime(moment), _LAST))


def to_iso(at: int) -> str:
    """Return RFC 3339 text in UTC with microseconds and the offset `+00:00`."""
    return to_datetime(at).isoformat(timespec="microseconds")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = (1 << 63) - 1
