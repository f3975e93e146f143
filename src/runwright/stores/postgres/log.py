"""Log: appending to a PostgreSQL record, and finding out whether a batch whose commit was not answered is on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.stores.postgres.arrays import columns
from runwright.stores.postgres.schema import lock_of
from runwright.stores.sql import queries, value_of
from runwright.stores.sql.log import event_rows, line_rows, metric_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from runwright.events import Batch, Event, LogLine, Metric
    from runwright.stores.postgres.connection import PostgresConnection
    from runwright.stores.sql import Connection

_SQL = queries("postgres", "log")


def number(events: list[Event], after: int = 0) -> int:
    """Give the events the cursors that follow another and return the last one."""
    for cursor, event in enumerate(events, start=after + 1):
        event.cursor = cursor
    return after + len(events)


def append_lines(db: PostgresConnection, batch: Batch, keys: Mapping[UUID, int]) -> None:
    """Write the log lines and metrics of a batch; `keys` are the keys of its flow runs."""
    if batch.logs:
        db.execute(_SQL["append_log_lines"], columns("nnnnntt", line_rows(batch.logs, keys)))
    if batch.metrics:
        rows = [tuple(None if value != value else value for value in row) for row in metric_rows(batch.metrics, keys)]  # noqa: PLR0124  NaN
        db.execute(_SQL["append_metrics"], columns("nnnntntt", rows))


def append_events(db: PostgresConnection, batch: Batch, keys: Mapping[UUID, int]) -> None:
    """Write events, numbered from 1, after the last ones. Nobody else writes any from here to the end of the transaction."""
    db.execute(_SQL["lock"], (lock_of(db.schema),))
    db.execute(_SQL["append_events"], columns("nnnnnnnnt", event_rows(batch.events, keys)))


def last_cursor(db: Connection) -> int:
    """Return the last cursor, 0 for an empty log."""
    return value_of(db, _SQL["last_cursor"])


def find(db: PostgresConnection, batch: Batch) -> int | None:
    """Return the cursor of a batch's last event (0 for none) when the batch is on the record, None when it is not."""
    if batch.events:
        last = batch.events[-1]
        place = last.flow_run.bytes, last.ordinal, last.version, last.at, last.attempt, last.kind, last.state
        return value_of(db, _SQL["find_event"], place)
    if batch.logs:
        line = batch.logs[-1]
        found = value_of(db, _SQL["find_log_line"], (line.flow_run.bytes, *_place(line), line.message))
    else:
        metric = batch.metrics[-1]
        found = value_of(db, _SQL["find_metric"], (metric.flow_run.bytes, *_place(metric), metric.name))
    return None if found is None else 0


def _place(each: LogLine | Metric) -> tuple[int, int, int]:
    return each.ordinal, each.at, each.attempt
