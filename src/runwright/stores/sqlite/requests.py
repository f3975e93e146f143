"""Requests: looking for those that are open in a SQLite record, several times a second for each flow run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from runwright.stores.sql.requests import find

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from runwright.request import Request
    from runwright.stores.sqlite.connection import SqliteConnection


class OpenRequests:
    """The open requests of flow runs, by a connection of their own that knows whether the file has changed since it looked.

    As long as it has not, a look costs a few microseconds.
    """

    def __init__(self, connect: Callable[[], SqliteConnection]) -> None:
        """Connect at the first look."""
        self._connect = connect
        self._db: SqliteConnection | None = None
        self._lock = threading.Lock()
        self._seen: dict[UUID, list[Request]] = {}
        self._version = -1

    def of(self, flow_run: UUID) -> list[Request]:
        """Return those of a flow run, oldest first."""
        with self._lock:
            if self._db is None:
                self._db = self._connect()
            version = self._db.pragma("data_version")
            if version != self._version:
                self._seen.clear()
                self._version = version
            if flow_run not in self._seen:
                self._seen[flow_run] = find(self._db, flow_run, open_only=True)
            return list(self._seen[flow_run])

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            if self._db is not None:
                self._db.close(True)  # noqa: FBT003  the library takes no keyword
                self._db = None
