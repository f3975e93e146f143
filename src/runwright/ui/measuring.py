"""Measuring: numbers of many task runs that take long to find: found once at a time, and kept while they are as good as new."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.ui.selection import Durations

MOST_KEPT = 64
WORTH = 10.0
"""How much longer than it took a measurement is good for, in times of that; at once when the log has not grown it is good anyway."""


class _Kept(NamedTuple):
    value: Durations
    cursor: int
    until: float


class Measuring:
    """What was measured lately, by the text of a search. Whoever asks while it is being measured waits for that."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Know nothing yet; `now` (s) is the clock that age is counted by."""
        self._now = now
        self._kept: dict[str, _Kept] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._changing = threading.Lock()

    def durations(self, search: str, cursor: int, measure: Callable[[], Durations]) -> Durations:
        """Return what is known of a search on a log that ends at `cursor`, measured now unless it is as good as new."""
        with self._changing:
            lock = self._locks.setdefault(search, threading.Lock())
        with lock:
            kept = self._kept.get(search)
            if kept is not None and (kept.cursor == cursor or self._now() < kept.until):
                return kept.value
            start = self._now()
            value = measure()
            end = self._now()
            self._keep(search, _Kept(value, cursor, end + WORTH * (end - start)))
            return value

    def _keep(self, search: str, found: _Kept) -> None:
        with self._changing:
            self._kept.pop(search, None)
            self._kept[search] = found
            while len(self._kept) > MOST_KEPT:
                oldest = next(iter(self._kept))
                del self._kept[oldest]
                self._locks.pop(oldest, None)
