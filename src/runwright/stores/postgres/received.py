"""Received: keeping events that programs sent, in a PostgreSQL record. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from runwright.received_events import check_same
from runwright.stores.postgres.arrays import array_of
from runwright.stores.postgres.schema import lock_of
from runwright.stores.sql import queries, rows_of
from runwright.stores.sql.received import rows_to_keep
from runwright.stores.texts import from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.received_events import ReceivedEvent
    from runwright.stores.postgres.connection import PostgresConnection


def keep(db: PostgresConnection, events: Sequence[ReceivedEvent], *, same_only: bool = False) -> int:
    """Write those whose ids are new, and return how many those were; raises `EventTaken` with `same_only`."""
    if not events:
        return 0
    db.execute(queries("postgres", "log")["lock"], (lock_of(db.schema, "received"),))
    sql = queries("postgres", "received")
    written = db.execute(sql["keep"], (array_of([(None, *row) for row in rows_to_keep(events)]),)).rowcount
    if same_only and written < len(events):
        found = rows_of(db, sql["bodies"], ([each.id.bytes for each in events],))
        check_same(events, {UUID(bytes=identity): from_json(body) for identity, body in found})
    return written
