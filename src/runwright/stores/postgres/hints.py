"""Hints: hearing that somebody has committed. They may come late, twice or not at all: whoever hears one looks at the log."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from runwright.errors import RecordError
from runwright.stores.postgres.connection import explained
from runwright.stores.postgres.schema import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.stores.postgres.connection import PostgresConnection

LONGEST_WAIT = 1.0
"""Seconds after which one looks at the log, hint or not."""


def channel_of(schema: str) -> str:
    """Return the name of the channel that the commits of a record are told on; the server takes 63 bytes."""
    return f"runwright_{schema}".encode()[:63].decode("utf-8", "ignore")


class Hints:
    """Listens on a connection of its own, made when somebody waits for the first time, and again after it was lost."""

    def __init__(self, connect: Callable[[], PostgresConnection]) -> None:
        """Listen to nothing yet."""
        self._connect = connect
        self._lock = threading.Lock()
        self._db: PostgresConnection | None = None

    def listen(self) -> None:
        """Hear from now on, if the server lets us: what is committed before may go unheard."""
        with self._lock:
            if self._db is None or self._db.is_lost:
                self._lose()
                try:
                    db = self._connect()
                    db.execute(f"LISTEN {quoted(channel_of(db.schema))}")
                    self._db = db
                except RecordError:
                    self._db = None

    def wait(self, seconds: float) -> None:
        """Wait for a hint, at most `LONGEST_WAIT` and `seconds`."""
        end = time.monotonic() + min(seconds, LONGEST_WAIT)
        try:
            with self._lock, explained("hints"):
                if self._db is not None:
                    for _ in self._db.notifies(timeout=max(0.0, end - time.monotonic()), stop_after=1):
                        return
                    return
        except RecordError:
            self._lose()
        time.sleep(max(0.0, end - time.monotonic()))

    def close(self) -> None:
        """Listen no more."""
        with self._lock:
            self._lose()

    def _lose(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            db.close()
