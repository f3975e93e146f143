"""Log: appending to a SQLite record. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.stores.sql import queries
from runwright.stores.sql.log import event_rows, line_rows, metric_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    import apsw

    from runwright.events import Batch, Event

_SQL = queries("sqlite", "log")


def last_cursor(db: apsw.Connection) -> int:
    """Return the last cursor that was given, 0 for none."""
    return db.execute(_SQL["last_cursor"]).get


def number(db: apsw.Connection, events: list[Event], last: int | None = None) -> int:
    """Give the events their cursors and return the last one; `last` is the log's last cursor where it is known."""
    cursor = last_cursor(db) if last is None else last
    for event in events:
        cursor += 1
        event.cursor = cursor
    return cursor


def append(cursor: apsw.Cursor, batch: Batch, keys: Mapping[UUID, int]) -> None:
    """Write a batch whose events have their cursors; `keys` are the keys of its flow runs."""
    cursor.executemany(_SQL["append_event"], event_rows(batch.events, keys))
    if batch.logs:
        cursor.executemany(_SQL["append_log_line"], line_rows(batch.logs, keys))
    if batch.metrics:
        cursor.executemany(_SQL["append_metric"], metric_rows(batch.metrics, keys))
