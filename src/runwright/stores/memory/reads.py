"""Reads: the views of a memory record."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import chain, islice
from operator import attrgetter
from typing import TYPE_CHECKING
from uuid import UUID

from runwright import ids
from runwright.given_tags import joined, missing, place_of
from runwright.runs import Attempt, FlowRun, FlowVersion, TaskInfo, TaskRun
from runwright.states import KIND_BY_CODE, KIND_BY_NAME
from runwright.stores.matching import codes_of, counts_rows, histories, id_range, starter_of
from runwright.stores.memory.entity_rows import EntityRows
from runwright.stores.memory.given_tags import MemoryGivenTags
from runwright.stores.memory.queries import Evaluation
from runwright.stores.memory.rows import MemoryRows
from runwright.stores.memory.trigger_states import MemoryTriggerStates
from runwright.stores.texts import from_json, to_json
from runwright.stores.viewing import task_run_from_row
from runwright.views import EventFilter, Expansion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runwright.events import Event, LogLine, Metric
    from runwright.given_tags import GivenTag
    from runwright.query import Query, Summary
    from runwright.received_events import ReceivedEvent, ReceivedFilter
    from runwright.runs import Project
    from runwright.stores.rows import FlowRunRow, TaskRunRow
    from runwright.views import FlowRunFilter, GroupBy, TaskRunFilter

_cursor_of = attrgetter("cursor")
_FIRST = 2
_CACHED = KIND_BY_NAME["Cached"].code


class MemoryViews:
    """The reads of a record that is held in lists and dictionaries."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._lock = threading.RLock()
        self._rows = MemoryRows([])
        self._events: list[Event] = []
        self._last_cursor = 0
        self._logs: list[LogLine] = []
        self._metrics: list[Metric] = []
        self._received: list[ReceivedEvent] = []
        self._projects: list[Project] = []
        self._triggers = MemoryTriggerStates()
        self._given_tags = MemoryGivenTags()

    def task_runs(self, which: TaskRunFilter) -> list[TaskRun]:
        """Return task runs, without the flow runs' own root runs."""
        with self._lock:
            return [self._view(row) for row in islice(self._matching(which), which.limit)]

    def count_task_runs(self, which: TaskRunFilter, by: GroupBy | None = None) -> dict[str, int]:
        """Return the number of task runs in each group; see `runwright.stores.sql.views`."""
        with self._lock:
            if counts_rows(which):
                found = ((row.flow_run, row.task, row.state, 1) for row in self._matching(which, is_page=False))
            else:
                found = chain(self._tallied(which), self._tagged_later(which) if which.tags else ())
            counts: Counter[str] = Counter() if by else Counter(count=0)
            for key, task, state, number in found:
                counts[self._group(by, key, task, state)] += number
        return dict(counts)

    def flow_runs(self, which: FlowRunFilter) -> list[FlowRun]:
        """Return flow runs."""
        with self._lock:
            rows = [row for _, row in sorted(self._rows.flow_run.items(), reverse=True) if self._is_wanted(row, which)]
            return [self._flow_run(row) for row in rows[: which.limit]]

    def flows(self, name: str | None = None, flow_id: UUID | None = None) -> list[FlowVersion]:
        """Return versions of flows, newest first."""
        with self._lock:
            return [
                each for each in reversed(self._rows.flows) if name in {None, each.name} and flow_id in {None, each.id}
            ]

    def attempts(self, flow_run: UUID, ordinal: int) -> list[Attempt]:
        """Return the attempts of a task run with their histories, first attempt first."""
        with self._lock:
            history = histories(self.events(EventFilter(flow_run=flow_run, ordinal=ordinal, limit=ids.MAX_VERSION)))
            key = self._rows.keys.get(flow_run)
            return [
                Attempt(
                    flow_run,
                    *place[1:],
                    row.state,
                    row.start_time,
                    row.end_time,
                    row.message,
                    history.get(row.attempt, []),
                )
                for place, row in sorted(self._rows.attempt.items())
                if place[:2] == (key, ordinal)
            ]

    def logs(
        self, flow_run: UUID, ordinal: int | None = None, *, after: int | None = None, until: int | None = None
    ) -> list[LogLine]:
        """Return log lines, oldest first, with `after < at <= until` where given; `ordinal` None means the whole flow run."""
        with self._lock:
            found = [
                line
                for line in self._logs
                if line.flow_run == flow_run
                and ordinal in {None, line.ordinal}
                and (after is None or line.at > after)
                and (until is None or line.at <= until)
            ]
        return sorted(found, key=lambda line: line.at)

    def metrics(self, flow_run: UUID, ordinal: int | None = None) -> list[Metric]:
        """Return metrics, oldest first."""
        with self._lock:
            found = [each for each in self._metrics if each.flow_run == flow_run and ordinal in {None, each.ordinal}]
        return sorted(found, key=lambda each: each.at)

    def events(self, which: EventFilter) -> list[Event]:
        """Return events of the log with their cursors."""
        with self._lock:
            first = bisect_right(self._events, which.after, key=_cursor_of)
            last = None if which.before is None else bisect_left(self._events, which.before, key=_cursor_of)
            between = islice(self._events, first, last)
            found = (
                event
                for event in (reversed(list(between)) if which.newest_first else between)
                if which.flow_run in {None, event.flow_run}
                and which.ordinal in {None, event.ordinal}
                and _is_of(event, which)
            )
            return list(islice(found, which.limit))

    def iterate_events(self, flow_run: UUID | None = None) -> Iterator[Event]:
        """Yield all events of a flow run, or of the record, oldest first."""
        with self._lock:
            events = self._events[:]
        return (event for event in events if flow_run in {None, event.flow_run})

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
        with self._lock:
            last = len(self._received) if before is None else max(0, before - 1)
            found = self._received[after:last]
        if which is not None:
            found = [each for each in found if which.matches(each)]
        return (found[::-1] if newest_first else found)[:limit]

    def sql_of(self, query: Query | Summary) -> str | None:
        """Return None: this is no database."""

    def expansions(self, flow_run: UUID) -> Sequence[Expansion]:
        """Return how the runs of a flow run were expanded, in order of their first child."""
        with self._lock:
            rows = self._rows.expansions_of(self._rows.keys.get(flow_run, 0))
        return [
            Expansion(row.parent, row.first, row.count, row.task, row.at, from_json(row.plan) if row.plan else None)
            for row in rows
        ]

    def query(self, query: Query | Summary) -> str:
        """Return the JSON that answers a query; raises `QueryError` for what no record has."""
        with self._lock:
            schedules = self._triggers.list_all("", None)
            rows = EntityRows(self._rows, self._events, self._logs, self._projects, schedules, self._given_tags.of)
            return to_json(Evaluation(rows.of).answer(query))

    # ---- task runs

    def _matching(self, which: TaskRunFilter, *, is_page: bool = True) -> Iterator[TaskRunRow]:
        rows, is_oldest_first = self._rows, which.oldest_first
        codes = codes_of(which.states) if which.states else None
        start = (rows.keys.get(which.after[0], 0), which.after[1]) if which.after and is_page else None
        for key in sorted(rows.task_run, reverse=not is_oldest_first):
            if not self._is_in_flow_run(which, key):
                continue
            held = rows.task_run[key]
            ordinals = held.keys() & set(which.ordinals) if which.ordinals else held
            for ordinal in sorted(ordinals, reverse=not is_oldest_first):
                place = key, ordinal
                if start is None or (place > start if is_oldest_first else place < start):
                    row = held[ordinal]
                    if (codes is None or row.state in codes) and self._has(which, row):
                        yield row

    def _is_in_flow_run(self, which: TaskRunFilter, key: int) -> bool:
        row = self._rows.flow_run[key]
        return (
            not (which.without_deleted and _is_deleted(row))
            and which.flow_run in {None, UUID(bytes=row.id)}
            and which.flow_run_name in {None, row.name}
            and which.flow in {None, self._rows.flows[row.flow - 1].name}
        )

    def _is_of_task(self, which: TaskRunFilter, key: int, task: int) -> bool:
        found = self._task(key, task)
        return which.task in {None, found.slug, found.name}

    def _is_tagged(self, which: TaskRunFilter, key: int, task: int) -> bool:
        """Say whether a task has the wanted tags itself."""
        return set(which.tags) <= set(self._task(key, task).tags)

    def _has(self, which: TaskRunFilter, row: TaskRunRow) -> bool:
        return (
            self._is_of_task(which, row.flow_run, row.task)
            and (not which.tags or set(which.tags) <= set(self._tags_of(row)))
            and (not which.map_index or row.map_index in which.map_index)
            and which.is_mapped_child in {None, row.map_index >= 0}
            and which.parent in {None, row.parent}
            and (which.since is None or row.updated >= which.since)
            and (which.until is None or row.updated <= which.until)
            and (which.cache_key is None or _cache_key_of(row) == which.cache_key)
        )

    def _tallied(self, which: TaskRunFilter) -> Iterator[tuple[int, int, int, int]]:
        codes = codes_of(which.states) if which.states else None
        for key, tally in self._rows.tally.items():
            if self._is_in_flow_run(which, key):
                for (task, is_child, state), number in tally.items():
                    if (
                        (codes is None or state in codes)
                        and which.is_mapped_child in {None, is_child}
                        and self._is_of_task(which, key, task)
                        and self._is_tagged(which, key, task)
                    ):
                        yield key, task, state, number

    def _tagged_later(self, which: TaskRunFilter) -> Iterator[tuple[int, int, int, int]]:
        """Yield those that have a wanted tag only because they were given it: tallies know tasks, and no rows."""
        for row in self._matching(which, is_page=False):
            if not self._is_tagged(which, row.flow_run, row.task):
                yield row.flow_run, row.task, row.state, 1

    def _group(self, by: GroupBy | None, key: int, task: int, state: int) -> str:
        row = self._rows.flow_run[key]
        if by == "state":
            return KIND_BY_CODE[state].name
        if by == "task":
            return self._task(key, task).slug
        if by == "flow":
            return self._rows.flows[row.flow - 1].name
        return str(UUID(bytes=row.id)) if by else "count"

    def _task(self, key: int, task: int) -> TaskInfo:
        return self._rows.flows[self._rows.flow_run[key].flow - 1].tasks[task]

    def _view(self, row: TaskRunRow) -> TaskRun:
        run, task = self._rows.flow_run[row.flow_run], self._task(row.flow_run, row.task)
        flow = self._rows.flows[run.flow - 1]
        version = flow.name, flow.id, flow.version
        given = self._given_to(row)
        return task_run_from_row(row, UUID(bytes=run.id), run.name, version, task.slug, task.name, task.tags, given)

    def _given_to(self, row: TaskRunRow) -> list[GivenTag]:
        flow_run = UUID(bytes=self._rows.flow_run[row.flow_run].id)
        return self._given_tags.of(ids.task_run_id(flow_run, row.ordinal))

    def _tags_of(self, row: TaskRunRow) -> tuple[str, ...]:
        return joined(self._task(row.flow_run, row.task).tags, self._given_to(row))

    def _own_tags(self, task_run: UUID) -> tuple[str, ...]:
        """Return the tags of a task run's task; raises `NotOnRecord`."""
        flow_run, ordinal = place_of(task_run)
        key = self._rows.keys.get(flow_run, 0)
        row = self._rows.task_run.get(key, {}).get(ordinal)
        if row is None:
            raise missing(task_run)
        return self._task(key, row.task).tags

    def _task_runs_of(self, flow_run: UUID) -> list[UUID]:
        held = self._rows.task_run.get(self._rows.keys.get(flow_run, 0), {})
        return [ids.task_run_id(flow_run, ordinal) for ordinal in held]

    # ---- flow runs

    def _is_wanted(self, row: FlowRunRow, which: FlowRunFilter) -> bool:
        low, high = id_range(which.id_prefix or "")
        after = None if which.after is None else self._rows.keys.get(which.after, 0)
        return (
            not (which.without_deleted and _is_deleted(row))
            and (after is None or row.key < after)
            and which.id in {None, UUID(bytes=row.id)}
            and low <= row.id <= high
            and which.name in {None, row.name}
            and which.flow in {None, self._rows.flows[row.flow - 1].name}
            and (not which.states or row.state in codes_of(which.states))
            and (which.since is None or row.updated >= which.since)
            and (which.until is None or row.updated <= which.until)
            and (which.started_by is None or starter_of(from_json(row.extra or "{}")) == which.started_by)
        )

    def _flow_run(self, row: FlowRunRow) -> FlowRun:
        flow = self._rows.flows[row.flow - 1]
        counts: Counter[str] = Counter()
        for (_, _, state), number in self._rows.tally.get(row.key, {}).items():
            counts[KIND_BY_CODE[state].name] += number
        parameters, source, extra, details = (
            from_json(text) if text else {} for text in (row.parameters, row.source, row.extra, row.details)
        )
        return FlowRun(
            UUID(bytes=row.id),
            row.name,
            flow.name,
            flow.id or UUID(int=0),
            flow.version,
            row.state,
            row.version,
            row.message,
            row.created,
            row.start_time,
            row.end_time,
            row.scheduled_start_time,
            row.updated,
            parameters,
            source,
            {**extra, **details},
            dict(counts),
        )


def _is_deleted(row: FlowRunRow) -> bool:
    return row.extra is not None and "deleted" in from_json(row.extra)


def _cache_key_of(row: TaskRunRow) -> str | None:
    if row.state != _CACHED or row.details is None:
        return None
    return from_json(row.details).get("cache_key")


def _is_of(event: Event, which: EventFilter) -> bool:
    """Say whether an event is of the states that are asked for, or the first of a task run."""
    is_first = which.with_firsts and event.ordinal > 0 and event.version == _FIRST
    return which.states is None or event.state in which.states or is_first
