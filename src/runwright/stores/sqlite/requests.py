"""Requests: what is asked of flow runs, in a SQLite record. For writing, the caller holds the transaction."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from runwright.errors import NotOnRecord
from runwright.request import Answer, Request
from runwright.stores.sql import queries
from runwright.stores.sqlite import leases, log
from runwright.stores.sqlite.connection import rows_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

    from runwright.store import Lease

_SQL = queries("sqlite", "requests")


def ask(db: apsw.Connection, request: Request) -> Request:
    """Keep a request unless its id is known; raises `NotOnRecord` without its flow run."""
    key = log.find_key(db, request.flow_run)
    if key is None:
        raise NotOnRecord(f"No flow run {request.flow_run} is on this record: nothing can be asked of it.")
    data = to_json(request.data) if request.data else None
    values = (request.id.bytes, key, leases.now(db), request.intent, request.ordinal, data, to_text(request.by))
    db.execute(_SQL["ask"], values)
    return _one(db, request.id)


def answer(db: apsw.Connection, request: UUID, lease: Lease, given: Answer) -> Request:
    """Answer a request unless it has an answer; raises `LeaseLost` and `NotOnRecord`."""
    asked = _one(db, request)
    leases.check(db, asked.flow_run, lease if lease.flow_run == asked.flow_run else None)
    if asked.is_open:
        db.execute(_SQL["answer"], (leases.now(db), to_json(msgspec.to_builtins(given)), request.bytes))
    return _one(db, request)


def find(db: apsw.Connection, flow_run: UUID | None, *, open_only: bool) -> list[Request]:
    """Return requests, oldest first."""
    if flow_run is None:
        return [_request(row) for row in rows_of(db, _SQL["all_open" if open_only else "all"])]
    name = "open_of_flow_run" if open_only else "all_of_flow_run"
    return [_request(row) for row in rows_of(db, _SQL[name], (flow_run.bytes,))]


class OpenRequests:
    """The open requests of flow runs, by a connection of their own that knows whether the file has changed since it looked.

    As long as it has not, a look costs a few microseconds.
    """

    def __init__(self, connect: Callable[[], apsw.Connection]) -> None:
        """Connect at the first look."""
        self._connect = connect
        self._db: apsw.Connection | None = None
        self._lock = threading.Lock()
        self._seen: dict[UUID, list[Request]] = {}
        self._version = -1

    def of(self, flow_run: UUID) -> list[Request]:
        """Return those of a flow run, oldest first."""
        with self._lock:
            if self._db is None:
                self._db = self._connect()
            version = self._db.execute(_SQL["version"]).get
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


def _one(db: apsw.Connection, request: UUID) -> Request:
    row = db.execute(_SQL["one"], (request.bytes,)).fetchone()
    if row is None:
        raise NotOnRecord(f"No request {request} is on this record.")
    return _request(row)


def _request(row: tuple[Any, ...]) -> Request:
    identity, flow_run, intent, ordinal, data, by, at, taken_at, text = row
    return Request(
        UUID(bytes=identity),
        UUID(bytes=flow_run),
        intent,
        ordinal,
        from_json(data) if data else {},
        by,
        at,
        taken_at,
        msgspec.json.decode(text, type=Answer) if text else None,
    )
