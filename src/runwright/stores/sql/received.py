"""Received: events that programs sent, in a record in a database. Writing them is the dialect's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright.received_events import ReceivedEvent
from runwright.stores.sql import queries, rows_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.stores.sql import Connection


_EVER = (1 << 63) - 1


def rows_to_keep(events: Sequence[ReceivedEvent]) -> list[tuple[Any, ...]]:
    """Return the rows of events, without their cursors."""
    return [
        (each.id.bytes, each.at, to_text(each.name), to_text(each.resource), each.received, to_json(each.body))
        for each in events
    ]


def read(db: Connection, after: int, before: int | None, limit: int, *, newest_first: bool) -> list[ReceivedEvent]:
    """Return those between two cursors."""
    values = {"after": after, "before": _EVER if before is None else before, "limit": limit}
    rows = rows_of(db, _sql(db)["read"].format(order="DESC" if newest_first else "ASC"), values)
    return [
        ReceivedEvent(UUID(bytes=identity), at, name, resource, received, from_json(body), cursor)
        for identity, at, name, resource, received, body, cursor in rows
    ]


def _sql(db: Connection) -> dict[str, str]:
    return queries(db.dialect, "received")
