"""Views: the reads of a record in a database. Each read takes a connection of its own, so any thread may read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from heapq import merge
from itertools import islice
from math import nan
from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright import ids
from runwright.events import Event, LogLine, Metric
from runwright.given_tags import GivenTag
from runwright.runs import Attempt, FlowRun, FlowVersion, TaskRun
from runwright.states import KIND_BY_CODE
from runwright.stores.matching import counts_rows, histories
from runwright.stores.rows import TaskRunRow
from runwright.stores.sql import (
    cards,
    flows,
    given_tags,
    key_values,
    leases,
    log,
    queries,
    received,
    requests,
    rows_of,
    selection,
    tag_slots,
    trigger_states,
    value_of,
)
from runwright.stores.sql.compiling import Compiler
from runwright.stores.sql.literals import written_out
from runwright.stores.texts import from_json, to_json
from runwright.stores.viewing import task_run_from_row
from runwright.views import EventFilter, Expansion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from runwright.cards import Card
    from runwright.key_values import KeyValue
    from runwright.query import Query, Summary
    from runwright.received_events import ReceivedEvent, ReceivedFilter
    from runwright.request import Request
    from runwright.store import Lease
    from runwright.stores.sql import Connection
    from runwright.stores.sql.dialect import Dialect
    from runwright.tag_limits import TagSlot
    from runwright.trigger_states import TriggerState
    from runwright.views import FlowRunFilter, GroupBy, TaskRunFilter

_CHUNK = 5_000
_EVER = (1 << 63) - 1
_COLUMNS = len(TaskRunRow.__struct_fields__)


class SqlViews(ABC):
    """The reads of a record whose queries are those of `dialect`."""

    def __init__(self, dialect: str, fragments: Dialect) -> None:
        """Read in this dialect, whose folder of queries is `dialect`."""
        self._dialect = dialect
        self._compiler = Compiler(fragments)
        self._sql = queries(dialect, "reads")

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Connection]:
        """Lend a connection that nobody else uses until the block is left."""

    def task_runs(self, which: TaskRunFilter) -> list[TaskRun]:
        """Return task runs, without the flow runs' own root runs."""
        with self._reading() as db:
            after = None if which.after is None else (log.find_key(db, which.after[0]) or 0, which.after[1])
            found = [db.execute(*query) for query in selection.task_runs(self._dialect, which, after)]
            rows = found[0] if len(found) == 1 else merge(*found, key=_place, reverse=not which.oldest_first)
            return _task_runs(islice(rows, which.limit))

    def count_task_runs(self, which: TaskRunFilter, by: GroupBy | None = None) -> dict[str, int]:
        """Return the number of task runs by state name, slug, flow name or flow run id; by None, under the key `count`.

        Children that have no row yet count as Pending, unless a condition on rows (map index, parent, ordinals, times)
        is given. `after` and `limit` do not count.
        """
        with self._reading() as db:
            found: Counter[Any] = Counter()
            for query in selection.counts(self._dialect, which, by, of_rows=counts_rows(which)):
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
            rows = rows_of(db, *selection.flow_runs(self._dialect, which))
            counts: dict[int, dict[str, int]] = {row[0]: {} for row in rows}
            for key, state, number in rows_of(db, self._sql["tallies"], (to_json(list(counts)),)):
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
            rows = rows_of(db, self._sql["attempts"], (log.find_key(db, flow_run), ordinal))
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
            rows = rows_of(db, self._sql["logs" if ordinal is None else "logs_of_task_run"], values)
        return [LogLine(at, flow_run, *rest) for at, *rest in rows]

    def metrics(self, flow_run: UUID, ordinal: int | None = None) -> list[Metric]:
        """Return metrics, oldest first."""
        with self._reading() as db:
            values = {"flow_run": log.find_key(db, flow_run), "ordinal": ordinal}
            rows = rows_of(db, self._sql["metrics"], values)
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

    def expansions(self, flow_run: UUID) -> Sequence[Expansion]:
        """Return how the runs of a flow run were expanded, in order of their first child."""
        with self._reading() as db:
            rows = rows_of(db, self._sql["expansions"], (log.find_key(db, flow_run),))
        return [Expansion(*row, plan=from_json(plan) if plan else None) for *row, plan in rows]

    def received_events(
        self,
        after: int = 0,
        *,
        before: int | None = None,
        newest_first: bool = False,
        limit: int = 1_000,
        which: ReceivedFilter | None = None,
    ) -> list[ReceivedEvent]:
        """Return events of others between two cursors."""
        with self._reading() as db:
            return received.read(db, after, before, limit, which, newest_first=newest_first)

    def requests(self, flow_run: UUID | None = None, *, open_only: bool = True) -> list[Request]:
        """Return requests, oldest first."""
        with self._reading() as db:
            return requests.find(db, flow_run, open_only=open_only)

    def query(self, query: Query | Summary) -> str:
        """Return the JSON that answers a query; raises `QueryError` for what no record has."""
        text, values = self._compiler.compile(query)
        with self._reading() as db:
            return value_of(db, text, values)

    def sql_of(self, query: Query | Summary) -> str | None:
        """Return the statement that answers a query; raises `QueryError`."""
        return written_out(*self._compiler.compile(query), self._compiler.dialect)

    def find_value(self, namespace: str, key: str) -> KeyValue | None:
        """Return what is under a key, None where nothing is."""
        with self._reading() as db:
            return key_values.find(db, namespace, key, leases.now(db))

    def list_values(self, namespace: str, prefix: str = "") -> list[KeyValue]:
        """Return what a namespace has under keys that begin with `prefix`, by key."""
        with self._reading() as db:
            return key_values.list_all(db, namespace, prefix, leases.now(db))

    def find_trigger(self, namespace: str, flow: str, trigger: str) -> TriggerState | None:
        """Return the state of a trigger, None for one that has none yet."""
        with self._reading() as db:
            return trigger_states.find(db, namespace, flow, trigger)

    def list_triggers(self, namespace: str | None = None, flow: str | None = None) -> list[TriggerState]:
        """Return states by namespace, flow and trigger; those of one namespace or flow where given."""
        with self._reading() as db:
            return trigger_states.list_all(db, namespace, flow)

    def due_triggers(self, at: int) -> list[TriggerState]:
        """Return the states that are due at a time or were before, those that are turned off left out."""
        with self._reading() as db:
            return trigger_states.due(db, at)

    def find_card(self, kind: str, name: str) -> Card | None:
        """Return a card, None where there is none."""
        with self._reading() as db:
            return cards.find(db, kind, name)

    def list_cards(
        self, kind: str, *, after: str | None = None, newest_first: bool = False, limit: int | None = None
    ) -> list[Card]:
        """Return the cards of a kind by name, or the other way round."""
        with self._reading() as db:
            return cards.list_all(db, kind, after, limit, newest_first=newest_first)

    def tag_slots(self) -> list[TagSlot]:
        """Return who holds slots of tags, or waits for them, the first that came first."""
        with self._reading() as db:
            return tag_slots.living(db)

    def given_tags(self, limit: int = 100) -> list[str]:
        """Return the tags that any task run was given, each once, in order."""
        with self._reading() as db:
            return given_tags.names(db, limit)

    def count_flow_versions(self) -> int:
        """Return how many versions of flows there are."""
        with self._reading() as db:
            return trigger_states.count_flow_versions(db)

    def find_lease(self, flow_run: UUID) -> Lease | None:
        """Return the newest lease of a flow run that was not given up, expired or not."""
        with self._reading() as db:
            lease = leases.find(db, flow_run)
        return lease if lease is not None and lease.owner else None

    def lost_leases(self) -> list[Lease]:
        """Return the leases that have expired and were not given up, the oldest first."""
        with self._reading() as db:
            return leases.lost(db)

    def now(self) -> int:
        """Return the clock of the database."""
        with self._reading() as db:
            return leases.now(db)


def _place(row: tuple[Any, ...]) -> tuple[int, int]:
    return row[0], row[1]


def _task_runs(rows: Iterator[tuple[Any, ...]]) -> list[TaskRun]:
    identities = _Identities()
    tags: dict[str, tuple[str, ...]] = {}
    found = []
    for row in rows:
        identity, run_name, flow_name, flow, version, slug, task_name, text, given = row[_COLUMNS:]
        if text not in tags:
            tags[text] = tuple(from_json(text))
        known = flow_name, identities[flow], version
        stored = TaskRunRow(*row[:_COLUMNS])
        found.append(
            task_run_from_row(stored, identities[identity], run_name, known, slug, task_name, tags[text], _given(given))
        )
    return found


def _given(text: str | None) -> list[GivenTag]:
    return [] if text is None or text == "[]" else [GivenTag(*each) for each in sorted(from_json(text))]


class _Identities(dict[bytes, UUID]):
    """The ids that the rows of one page share, each made once."""

    def __missing__(self, identity: bytes) -> UUID:
        """Make an id."""
        self[identity] = made = UUID(bytes=identity)
        return made


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
