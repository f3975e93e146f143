"""Received: keeping events that programs sent, in a SQLite record. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.stores.sql import queries
from runwright.stores.sql.received import rows_to_keep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.received_events import ReceivedEvent
    from runwright.stores.sqlite.connection import SqliteConnection


def keep(db: SqliteConnection, events: Sequence[ReceivedEvent]) -> int:
    """Write those whose ids are new, and return how many those were."""
    before = db.total_changes()
    db.executemany(queries("sqlite", "received")["keep"], rows_to_keep(events))
    return db.total_changes() - before
