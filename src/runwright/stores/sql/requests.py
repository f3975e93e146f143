"""Requests: what is asked of flow runs, in a record in a database. For writing, the caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from runwright import decoding
from runwright.errors import NotOnRecord
from runwright.request import Answer, Request
from runwright.stores.sql import leases, log, queries, rows_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from runwright.store import Lease
    from runwright.stores.sql import Connection


def ask(db: Connection, request: Request) -> Request:
    """Keep a request unless its id is known; raises `NotOnRecord` without its flow run."""
    key = log.find_key(db, request.flow_run)
    if key is None:
        raise NotOnRecord(f"No flow run {request.flow_run} is on this record: nothing can be asked of it.")
    data = to_json(request.data) if request.data else None
    values = (request.id.bytes, key, leases.now(db), request.intent, request.ordinal, data, to_text(request.by))
    db.execute(_sql(db)["ask"], values)
    return _one(db, request.id)


def answer(db: Connection, request: UUID, lease: Lease, given: Answer) -> Request:
    """Answer a request unless it has an answer; raises `LeaseLost` and `NotOnRecord`."""
    asked = _one(db, request)
    leases.check(db, asked.flow_run, lease if lease.flow_run == asked.flow_run else None)
    if asked.is_open:
        db.execute(_sql(db)["answer"], (leases.now(db), to_json(msgspec.to_builtins(given)), request.bytes))
    return _one(db, request)


def find(db: Connection, flow_run: UUID | None, *, open_only: bool) -> list[Request]:
    """Return requests, oldest first."""
    if flow_run is None:
        return [_request(row) for row in rows_of(db, _sql(db)["all_open" if open_only else "all"])]
    name = "open_of_flow_run" if open_only else "all_of_flow_run"
    return [_request(row) for row in rows_of(db, _sql(db)[name], (flow_run.bytes,))]


def _one(db: Connection, request: UUID) -> Request:
    row = db.execute(_sql(db)["one"], (request.bytes,)).fetchone()
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
        decoding.from_json(text, Answer) if text else None,
    )


def _sql(db: Connection) -> dict[str, str]:
    return queries(db.dialect, "requests")
