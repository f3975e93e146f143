"""Received: keeping events that programs sent, in a PostgreSQL record. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.stores.postgres.arrays import columns
from runwright.stores.postgres.schema import lock_of
from runwright.stores.sql import queries
from runwright.stores.sql.received import rows_to_keep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.received_events import ReceivedEvent
    from runwright.stores.postgres.connection import PostgresConnection


def keep(db: PostgresConnection, events: Sequence[ReceivedEvent]) -> int:
    """Write those whose ids are new, and return how many those were."""
    if not events:
        return 0
    db.execute(queries("postgres", "log")["lock"], (lock_of(db.schema, "received"),))
    rows = [(identity.hex(), *rest) for identity, *rest in rows_to_keep(events)]
    return db.execute(queries("postgres", "received")["keep"], columns("tnttnt", rows)).rowcount
