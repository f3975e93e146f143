"""Log: events, log lines and metrics as the rows of a record, and reading events back. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright.errors import NotOnRecord
from runwright.events import Event, EventKind
from runwright.stores.sql import queries, rows_of, value_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runwright.events import Batch, LogLine, Metric
    from runwright.stores.sql import Connection
    from runwright.views import EventFilter

_CREATED = int(EventKind.CREATED)
_FIRST = 2
_CHUNK = 5_000
_EVER = (1 << 63) - 1


def event_rows(events: Iterable[Event], keys: Mapping[UUID, int]) -> Iterator[tuple[Any, ...]]:
    """Yield the row of each event; `keys` are the keys of the flow runs."""
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


def line_rows(lines: Iterable[LogLine], keys: Mapping[UUID, int]) -> list[tuple[Any, ...]]:
    """Return the rows of log lines."""
    return [
        (
            line.at,
            keys[line.flow_run],
            line.ordinal,
            line.attempt,
            line.level,
            to_text(line.logger),
            to_text(line.message),
        )
        for line in lines
    ]


def metric_rows(metrics: Iterable[Metric], keys: Mapping[UUID, int]) -> list[tuple[Any, ...]]:
    """Return the rows of metrics."""
    return [
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
        for each in metrics
    ]


def keys_of(db: Connection, batch: Batch, known: dict[UUID, int]) -> dict[UUID, int]:
    """Return the keys of all flow runs of a batch, those of its events being known; raises `NotOnRecord`."""
    keys = dict(known)
    for flow_run in {line.flow_run for line in batch.logs} | {each.flow_run for each in batch.metrics}:
        if flow_run not in keys:
            key = find_key(db, flow_run)
            if key is None:
                raise NotOnRecord(f"No flow run {flow_run} is on this record: its first event must be CREATED.")
            keys[flow_run] = key
    return keys


def find_key(db: Connection, flow_run: UUID) -> int | None:
    """Return the key of a flow run, None when it is not on record."""
    return value_of(db, queries(db.dialect, "log")["key_of_flow_run"], (flow_run.bytes,))


def read(db: Connection, which: EventFilter) -> list[Event]:
    """Return events in the order that is asked for; those of flow runs without a row are left out."""
    before = _EVER if which.before is None else which.before
    values: dict[str, Any] = {"after": which.after, "before": before, "limit": which.limit, "ordinal": which.ordinal}
    name = "events"
    if which.flow_run is not None:
        values["flow_run"] = find_key(db, which.flow_run)
        name = "events_of_flow_run" if which.ordinal is None else "events_of_task_run"
    query = queries(db.dialect, "log")[name].format(order="DESC" if which.newest_first else "ASC", where=_where(which))
    rows = db.execute(query, values)
    known: dict[Any, UUID] = {}
    found = []
    for row in rows:
        identity = row[2]
        if identity not in known:
            known[identity] = which.flow_run or UUID(bytes=identity)
        found.append(_event(row, known[identity]))
    return found


def _where(which: EventFilter) -> str:
    """Return the condition on states: numbers of our own, no text of anybody."""
    if which.states is None:
        return ""
    codes = [str(int(code)) for code in which.states or (-1,)]
    states = f"e.state = {codes[0]}" if len(codes) == 1 else f"e.state IN ({', '.join(codes)})"
    return f" AND ({states} OR (e.version = {_FIRST} AND e.ordinal > 0))" if which.with_firsts else f" AND {states}"


def read_all(db: Connection, keys: dict[UUID, int]) -> Iterator[Event]:
    """Yield every event of the log without a look at the rows: CREATED says which flow run a key stands for, as `keys` do then."""
    query = queries(db.dialect, "log")["all_events"]
    known: dict[int, UUID] = {}
    after = 0
    while rows := rows_of(db, query, (after, _CHUNK)):
        for row in rows:
            if row[6] == _CREATED:
                known[row[2]] = UUID(from_json(row[8])["id"])
                keys[known[row[2]]] = row[2]
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
