"""Log: appending events, log lines and metrics to a SQLite record, and reading events back. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright.errors import NotOnRecord
from runwright.events import Event, EventKind
from runwright.stores.sql import queries
from runwright.stores.sqlite.connection import rows_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import apsw

    from runwright.events import Batch
    from runwright.views import EventFilter

SQL = queries("sqlite", "log")
_CREATED = int(EventKind.CREATED)
_CHUNK = 5_000
_EVER = (1 << 63) - 1


def number(db: apsw.Connection, events: list[Event], last: int | None = None) -> int:
    """Give the events their cursors and return the last one; `last` is the log's last cursor where it is known."""
    cursor = db.execute(SQL["last_cursor"]).get if last is None else last
    for event in events:
        cursor += 1
        event.cursor = cursor
    return cursor


def append(cursor: apsw.Cursor, batch: Batch, keys: Mapping[UUID, int]) -> None:
    """Write a batch whose events have their cursors; `keys` are the keys of its flow runs."""
    cursor.executemany(SQL["append_event"], _event_rows(batch.events, keys))
    if batch.logs:
        cursor.executemany(
            SQL["append_log_line"],
            [
                (
                    line.at,
                    keys[line.flow_run],
                    line.ordinal,
                    line.attempt,
                    line.level,
                    to_text(line.logger),
                    to_text(line.message),
                )
                for line in batch.logs
            ],
        )
    if batch.metrics:
        cursor.executemany(
            SQL["append_metric"],
            [
                (
                    each.at,
                    keys[each.flow_run],
                    each.ordinal,
                    each.attempt,
                    to_text(each.name),
                    each.value,
                    to_text(each.kind),
                    to_json(each.tags) if each.tags else None,
                )
                for each in batch.metrics
            ],
        )


def find_key(db: apsw.Connection, flow_run: UUID) -> int | None:
    """Return the key of a flow run, None when it is not on record."""
    return db.execute(SQL["key_of_flow_run"], (flow_run.bytes,)).get


def read(db: apsw.Connection, which: EventFilter) -> list[Event]:
    """Return events in the order that is asked for; those of flow runs without a row are left out."""
    before = _EVER if which.before is None else which.before
    values: dict[str, Any] = {"after": which.after, "before": before, "limit": which.limit, "ordinal": which.ordinal}
    name = "events"
    if which.flow_run is not None:
        values["flow_run"] = find_key(db, which.flow_run)
        name = "events_of_flow_run" if which.ordinal is None else "events_of_task_run"
    rows = db.execute(SQL[name].format(order="DESC" if which.newest_first else "ASC"), values)
    known: dict[Any, UUID] = {}
    found = []
    for row in rows:
        identity = row[2]
        if identity not in known:
            known[identity] = which.flow_run or UUID(bytes=identity)
        found.append(_event(row, known[identity]))
    return found


def read_all(db: apsw.Connection) -> Iterator[Event]:
    """Yield every event of the log without a look at the rows: CREATED says which flow run a key stands for."""
    known: dict[int, UUID] = {}
    after = 0
    while rows := rows_of(db, SQL["all_events"], (after, _CHUNK)):
        for row in rows:
            if row[6] == _CREATED:
                known[row[2]] = UUID(from_json(row[8])["id"])
            flow_run = known.get(row[2])
            if flow_run is None:
                raise NotOnRecord(f"The event at cursor {row[0]} belongs to a flow run that was never created.")
            yield _event(row, flow_run)
        after = rows[-1][0]


def _event(row: tuple[Any, ...], flow_run: UUID) -> Event:
    cursor, at, _, ordinal, version, attempt, kind, state, text = row
    data = None if text is None else from_json(text)
    if kind == _CREATED:
        del data["id"]  # pyright: ignore[reportOptionalSubscript]  what was created always has it
    return Event(at, flow_run, ordinal, version, attempt, kind, state, data, cursor)


def _event_rows(events: list[Event], keys: Mapping[UUID, int]) -> Iterator[tuple[Any, ...]]:
    flow_run, key = None, 0
    for event in events:
        if event.flow_run is not flow_run:
            flow_run = event.flow_run
            key = keys[flow_run]
        data = event.data
        if event.kind == _CREATED:
            data = {"id": str(flow_run), **(data or {})}
        yield (
            event.cursor,
            event.at,
            key,
            event.ordinal,
            event.version,
            event.attempt,
            event.kind,
            event.state,
            None if data is None else to_json(data),
        )
