"""Log: appending to a PostgreSQL record, and finding out whether a batch whose commit was not answered is on it."""

from __future__ import annotations

from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.stores.postgres.arrays import array_of
from runwright.stores.postgres.hints import channel_of
from runwright.stores.postgres.rows import flow_run_array, task_run_arrays
from runwright.stores.postgres.schema import lock_of
from runwright.stores.sql import queries, value_of
from runwright.stores.sql.log import event_rows, line_rows, metric_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from runwright.events import Batch, Event, LogLine, Metric
    from runwright.store import Lease
    from runwright.stores.postgres.connection import PostgresConnection
    from runwright.stores.projection import Fold
    from runwright.stores.sql import Connection

_SQL = queries("postgres", "log")
APPEND = _SQL["append_batch"]
"""Writes a batch and answers the cursor of its last event; what raises `Collided` has written nothing."""


def number(events: list[Event], after: int = 0) -> int:
    """Give the events the cursors that follow another and return the last one."""
    for cursor, event in enumerate(events, start=after + 1):
        event.cursor = cursor
    return after + len(events)


def flow_runs_of(batch: Batch) -> list[UUID]:
    """Return the flow runs of a batch, in the order in which everybody locks their leases."""
    found: set[UUID] = set()
    last = None
    for each in chain(batch.events, batch.logs, batch.metrics):
        if each.flow_run is not last:  # a UUID computes its hash each time
            last = each.flow_run
            found.add(last)
    return sorted(found)


class Assumed(NamedTuple):
    """What a writer takes for true: nothing is written where it is not.

    The newest leases, which the server looks at unless none are given; the last cursors of flow runs as the writer knows them; and
    how often rows were put in place by a rebuild.
    """

    rebuilds: int
    leases: Sequence[Lease] = ()
    seen: Mapping[UUID, int] = MappingProxyType({})


def message(schema: str, batch: Batch, keys: Mapping[UUID, int], fold: Fold, assumed: Assumed) -> list[str]:
    """Return the values of `APPEND` for a batch whose events are numbered from 1.

    `keys` are the keys of its flow runs, `fold` is what its events made of them.
    """
    return [
        array_of([(each.flow_run.bytes, None, each.token, None) for each in assumed.leases]),
        "{" + ",".join([str(assumed.seen.get(flow_run, "NULL")) for flow_run in fold.runs]) + "}",
        str(assumed.rebuilds),
        array_of([(None, *row[1:4], row[0], *row[4:]) for row in line_rows(batch.logs, keys)]),
        array_of([(None, *row[1:4], row[0], *row[4:]) for row in map(_without_nan, metric_rows(batch.metrics, keys))]),
        *task_run_arrays(fold),
        array_of(event_rows(batch.events, keys)),
        flow_run_array(fold),
        str(lock_of(schema)),
        channel_of(schema),
    ]


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


def _without_nan(row: tuple[Any, ...]) -> list[Any]:
    return [None if value != value else value for value in row]  # noqa: PLR0124  NaN
