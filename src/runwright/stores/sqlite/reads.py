"""Reads: the views of a SQLite record. Each read takes a connection of its own from a pool, so any thread may read."""

from __future__ import annotations

from collections import Counter, deque
from contextlib import contextmanager
from heapq import merge
from itertools import islice
from math import nan
from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright import ids
from runwright.errors import RecordError
from runwright.events import Event, LogLine, Metric
from runwright.runs import Attempt, FlowRun, FlowVersion, TaskRun
from runwright.states import KIND_BY_CODE
from runwright.stores.matching import counts_rows, histories
from runwright.stores.rows import TaskRunRow
from runwright.stores.sql.compiling import Compiler
from runwright.stores.sql.dialect import Dialect
from runwright.stores.sqlite import flows, log, received, requests, selection
from runwright.stores.sqlite.connection import connect_to_check, connect_to_read, explained, rows_of
from runwright.stores.sqlite.selection import SQL
from runwright.stores.texts import from_json, to_json
from runwright.stores.viewing import task_run_from_row
from runwright.views import EventFilter, Expansion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import apsw

    from runwright.query import Query, Summary
    from runwright.received_events import ReceivedEvent
    from runwright.request import Request
    from runwright.views import FlowRunFilter, GroupBy, TaskRunFilter

_COMPILER = Compiler(Dialect())
_CHUNK = 5_000
_EVER = (1 << 63) - 1
_COLUMNS = len(TaskRunRow.__struct_fields__)


class SqliteViews:
    """The reads of the record at `path`."""

    def __init__(self, path: str) -> None:
        """Open connections only when they are needed."""
        self.path = path
        self.url = f"sqlite:///{path}"
        self._idle: deque[apsw.Connection] = deque()
        self._is_closed = False
        self._open_requests = requests.OpenRequests(lambda: connect_to_read(self.path))

    def task_runs(self, which: TaskRunFilter) -> list[TaskRun]:
        """Return task runs, without the flow runs' own root runs."""
        with self._reading() as db:
            after = None if which.after is None else (log.find_key(db, which.after[0]) or 0, which.after[1])
            queries = selection.task_runs(which, after)
            found = [db.cursor().execute(*query) for query in queries]
            rows = found[0] if len(found) == 1 else merge(*found, key=_place, reverse=not which.oldest_first)
            return _task_runs(islice(rows, which.limit))

    def count_task_runs(self, which: TaskRunFilter, by: GroupBy | None = None) -> dict[str, int]:
        """Return the number of task runs by state name, slug, flow name or flow run id; by None, under the key `count`.

        Children that have no row yet count as Pending, unless a condition on rows (map index, parent, ordinals, times)
        is given. `after` and `limit` do not count.
        """
        with self._reading() as db:
            found: Counter[Any] = Counter()
            for query in selection.counts(which, by, of_rows=counts_rows(which)):
                for group, number in rows_of(db, *query):
                    found[group] += number
        if by == "state":
            return {KIND_BY_CODE[code].name: number for code, number in found.items()}
        if by == "flow_run":
            return {str(UUID(bytes=identity)): number for identity, number in found.items()}
        return dict(found) if by else {"count": found["count"]}

    def flow_runs(self, which: FlowRunFilter) -> list[FlowRun]:
        """Return flow runs."""
        with self._reading() as db:
            rows = rows_of(db, *selection.flow_runs(which))
            counts: dict[int, dict[str, int]] = {row[0]: {} for row in rows}
            for key, state, number in rows_of(db, SQL["tallies"], (to_json(list(counts)),)):
                counts[key][KIND_BY_CODE[state].name] = number
        return [_flow_run(row, counts[row[0]]) for row in rows]

    def flows(self, name: str | None = None, flow_id: UUID | None = None) -> list[FlowVersion]:
        """Return versions of flows, newest first."""
        with self._reading() as db:
            return flows.find(db, name=name, flow_id=flow_id)

    def attempts(self, flow_run: UUID, ordinal: int) -> list[Attempt]:
        """Return the attempts of a task run with their histories, first attempt first."""
        events = self.events(EventFilter(flow_run=flow_run, ordinal=ordinal, limit=ids.MAX_VERSION))
        history = histories(events)
        with self._reading() as db:
            rows = rows_of(db, SQL["attempts"], (log.find_key(db, flow_run), ordinal))
        return [Attempt(flow_run, ordinal, *row, history=history.get(row[0], [])) for row in rows]

    def logs(
        self, flow_run: UUID, ordinal: int | None = None, *, after: int | None = None, until: int | None = None
    ) -> list[LogLine]:
        """Return log lines, oldest first, with `after < at <= until` where given; `ordinal` None means the whole flow run."""
        with self._reading() as db:
            values = {
                "flow_run": log.find_key(db, flow_run),
                "ordinal": ordinal,
                "after": -_EVER if after is None else after,
                "until": _EVER if until is None else until,
            }
            rows = rows_of(db, SQL["logs" if ordinal is None else "logs_of_task_run"], values)
        return [LogLine(at, flow_run, *rest) for at, *rest in rows]

    def metrics(self, flow_run: UUID, ordinal: int | None = None) -> list[Metric]:
        """Return metrics, oldest first."""
        with self._reading() as db:
            values = {"flow_run": log.find_key(db, flow_run), "ordinal": ordinal}
            rows = rows_of(db, SQL["metrics"], values)
        return [
            Metric(at, flow_run, number, attempt, name, nan if value is None else value, kind, from_json(tags or "{}"))
            for at, number, attempt, name, value, kind, tags in rows
        ]

    def events(self, which: EventFilter) -> list[Event]:
        """Return events of the log with their cursors."""
        with self._reading() as db:
            return log.read(db, which)

    def iterate_events(self, flow_run: UUID | None = None) -> Iterator[Event]:
        """Yield all events of a flow run, or of the record, oldest first, without holding them all."""
        after = 0
        while found := self.events(EventFilter(after=after, flow_run=flow_run, limit=_CHUNK)):
            yield from found
            after = found[-1].cursor

    def received_events(
        self, after: int = 0, *, before: int | None = None, newest_first: bool = False, limit: int = 1_000
    ) -> list[ReceivedEvent]:
        """Return events of others between two cursors."""
        with self._reading() as db:
            return received.read(db, after, before, limit, newest_first=newest_first)

    def expansions(self, flow_run: UUID) -> Sequence[Expansion]:
        """Return how the runs of a flow run were expanded, in order of their first child."""
        with self._reading() as db:
            rows = rows_of(db, SQL["expansions"], (log.find_key(db, flow_run),))
        return [Expansion(*row, plan=from_json(plan) if plan else None) for *row, plan in rows]

    def requests(self, flow_run: UUID | None = None, *, open_only: bool = True) -> list[Request]:
        """Return requests, oldest first; the open ones of one flow run without a query while the file is unchanged."""
        if flow_run is not None and open_only:
            with explained(self.path):
                self._check_open()
                return self._open_requests.of(flow_run)
        with self._reading() as db:
            return requests.find(db, flow_run, open_only=open_only)

    def query(self, query: Query | Summary) -> str:
        """Return the JSON that answers a query; raises `QueryError` for what no record has."""
        text, values = _COMPILER.compile(query)
        with self._reading() as db:
            return db.execute(text, values).get

    def find_damage(self) -> list[str]:
        """Return what is wrong with the file itself: its pages, its constraints, and lines of runs that are not there."""
        with explained(self.path):
            db = connect_to_check(self.path)
            try:
                damage = [text for (text,) in db.execute("PRAGMA integrity_check") if text != "ok"]
                return damage or [f"I17: {text}" for (text,) in db.execute(SQL["orphans"])]
            finally:
                db.close()

    def close(self) -> None:
        """Close the connections that are idle; those in use close when their read is over."""
        self._is_closed = True
        self._open_requests.close()
        while self._idle:
            self._idle.pop().close(True)  # noqa: FBT003  the library takes no keyword

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        with explained(self.path):
            self._check_open()
            try:
                db = self._idle.pop()
            except IndexError:
                db = connect_to_read(self.path)
            try:
                yield db
            finally:
                self._idle.append(db)
                if self._is_closed:
                    self.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise RecordError(f"The record {self.path} was closed: open it again.")


def _place(row: tuple[Any, ...]) -> tuple[int, int]:
    return row[0], row[1]


def _task_runs(rows: Iterator[tuple[Any, ...]]) -> list[TaskRun]:
    identities: dict[bytes, UUID] = {}
    tags: dict[str, tuple[str, ...]] = {}
    found = []
    for row in rows:
        identity, run_name, flow_name, slug, task_name, text = row[_COLUMNS:]
        if identity not in identities:
            identities[identity] = UUID(bytes=identity)
        if text not in tags:
            tags[text] = tuple(from_json(text))
        stored = TaskRunRow(*row[:_COLUMNS])
        found.append(task_run_from_row(stored, identities[identity], run_name, flow_name, slug, task_name, tags[text]))
    return found


def _flow_run(row: tuple[Any, ...], counts: dict[str, int]) -> FlowRun:
    _, identity, name, flow_name, flow_id, flow_version, state, version, message, *times = row[:14]
    parameters, source, extra, details = (from_json(text) if text else {} for text in row[14:])
    created, start, end, scheduled, updated = times
    return FlowRun(
        UUID(bytes=identity),
        name,
        flow_name,
        UUID(bytes=flow_id),
        flow_version,
        state,
        version,
        message,
        created,
        start,
        end,
        scheduled,
        updated,
        parameters,
        source,
        {**extra, **details},
        counts,
    )
