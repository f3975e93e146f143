"""Received: keeping events that programs sent, in a SQLite record. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from runwright.received_events import check_same
from runwright.stores.sql import queries
from runwright.stores.sql.received import rows_to_keep
from runwright.stores.texts import from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.received_events import ReceivedEvent
    from runwright.stores.sqlite.connection import SqliteConnection


def keep(db: SqliteConnection, events: Sequence[ReceivedEvent], *, same_only: bool = False) -> int:
    """Write those whose ids are new, and return how many those were; raises `EventTaken` with `same_only`."""
    sql, before = queries("sqlite", "received"), db.total_changes()
    db.executemany(sql["keep"], rows_to_keep(events))
    written = db.total_changes() - before
    if same_only and written < len(events):
        rows = db.executemany(sql["bodies"], [(each.id.bytes,) for each in events])
        check_same(events, {UUID(bytes=identity): from_json(body) for identity, body in rows})
    return written
