"""Absence: what is said of a server that does not answer: that it is waited for, and that it is back. Nothing waits here.

All that this process does on a record says it together, once: a worker has many threads, and they all miss the same server.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import cache

SILENCE = 60.0
"""Seconds until it is said again that the server is away."""

_logger = logging.getLogger("runwright.Record")


class Absence:
    """Whether the server of one record is away, as far as this process knows."""

    def __init__(self, name: str) -> None:
        """Know nothing of it; `name` is the record's."""
        self._name = name
        self._lock = threading.Lock()
        self._since: float | None = None
        self._said = 0.0

    def note(self, error: Exception) -> None:
        """Say that the server is waited for, unless that was said a moment ago."""
        now = time.monotonic()
        with self._lock:
            if self._since is not None and now - self._said < SILENCE:
                return
            self._since, self._said = self._since or now, now
        _logger.warning("%s Waiting for it.", error)

    def end(self) -> None:
        """Say that the server is back, if it was said to be away."""
        if self._since is None:
            return
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            _logger.warning(
                "The server of the record %s answers again, after %.0f s.", self._name, time.monotonic() - since
            )


@cache
def absence_of(name: str) -> Absence:
    """Return what is known of the server of a record."""
    return Absence(name)
