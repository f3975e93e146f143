"""Received: events that programs sent, in a SQLite record. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from runwright.received_events import ReceivedEvent
from runwright.stores.sql import queries
from runwright.stores.sqlite.connection import rows_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

SQL = queries("sqlite", "received")
_EVER = (1 << 63) - 1


def keep(db: apsw.Connection, events: Sequence[ReceivedEvent]) -> int:
    """Write those whose ids are new, and return how many those were."""
    before = db.total_changes()
    db.executemany(
        SQL["keep"],
        [
            (each.id.bytes, each.at, to_text(each.name), to_text(each.resource), each.received, to_json(each.body))
            for each in events
        ],
    )
    return db.total_changes() - before


def read(db: apsw.Connection, after: int, before: int | None, limit: int, *, newest_first: bool) -> list[ReceivedEvent]:
    """Return those between two cursors."""
    values = {"after": after, "before": _EVER if before is None else before, "limit": limit}
    rows = rows_of(db, SQL["read"].format(order="DESC" if newest_first else "ASC"), values)
    return [
        ReceivedEvent(UUID(bytes=identity), at, name, resource, received, from_json(body), cursor)
        for identity, at, name, resource, received, body, cursor in rows
    ]
