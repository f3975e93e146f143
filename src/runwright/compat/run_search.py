"""Run search: the flows, flow runs and task runs that clients of Prefect 3 ask for, found with the views of the record.

What a query of the record can say (`run_questions`) it answers. Of everything else the views narrow what is read (ids, flow runs,
states, tags), and the documents decide: rows come newest first and are read in pages, as far as the answer needs them.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from runwright import ids
from runwright.compat.run_documents import RunDocuments, flow_document
from runwright.compat.run_filters import FlowFilter, FlowRunFilter, TaskRunFilter
from runwright.compat.run_questions import RENAMED, Sort, condition_of, is_any, uuids_in
from runwright.errors import QueryError
from runwright.query import Aggregate, And, Compare, Exists, Not, Or, Query, Summary, Value, columns
from runwright.states import KIND_BY_NAME
from runwright.views import FlowRunFilter as FlowRunsWanted, TaskRunFilter as TaskRunsWanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from runwright.compat.flow_facts import KnownFlows
    from runwright.query import Condition, Order
    from runwright.runs import TaskRun
    from runwright.views import Views

    Found = TypeVar("Found")

_FIRST_PAGE, _PAGE = 50, 1_000
_NEWEST_FIRST = Sort("id", is_descending=True, is_shown=And())

LOOKS_AT = 50_000
"""Task runs that one search looks at that no query of the database answers, the newest first."""

_TOO_FAR = (
    f"This search has looked at {LOOKS_AT:,} task runs, the newest first, and not come to its end: ask for a state, a flow run, "
    "a time or a name besides, or for fewer."
)


class Wanted(msgspec.Struct):
    """The conditions of one request, by what they are about."""

    flows: FlowFilter | None = None
    flow_runs: FlowRunFilter | None = None
    task_runs: TaskRunFilter | None = None
    deployments: dict[str, Any] | None = None
    work_pools: dict[str, Any] | None = None
    work_pool_queues: dict[str, Any] | None = None

    @property
    def is_about_nothing_here(self) -> bool:
        """Say whether it asks for deployments or work pools: a record has none."""
        asked = self.deployments, self.work_pools, self.work_pool_queues
        return any(value not in (None, "and_", "or_") for each in asked for value in (each or {}).values())

    @property
    def is_served_by_index(self) -> bool:
        """Say whether the newest task runs that it asks for are found without a look at others."""
        return _is_decided_by_rows(self.task_runs) or (self.task_runs is not None and self.task_runs.id is not None)


class Expected(NamedTuple):
    """How many runs in one state were expected at a time, which is ISO text."""

    at: str
    state_type: str
    state_name: str
    count: int = 1

    @classmethod
    def of(cls, document: dict[str, Any]) -> Expected:
        """Return when a run was expected."""
        return cls(document["expected_start_time"], document["state_type"], document["state_name"])


class RunSearch:
    """Searches over one record."""

    def __init__(
        self,
        views: Views,
        counts: Callable[[], Mapping[str, int]] | None = None,
        flows: KnownFlows | None = None,
    ) -> None:
        """Read from `views`; `counts` says how many task runs of the record are in each state, where somebody keeps count.

        `flows` are those known from earlier searches.
        """
        self._views = views
        self._counts = counts
        self.documents = RunDocuments(views, flows)

    def flows(self, wanted: Wanted) -> list[dict[str, Any]]:
        """Return the newest version of each flow, newest first; versions that are asked for by id as they are."""
        flows = self._views.flows()
        if wanted.flows is None or wanted.flows.id is None:
            flows = {each.name: each for each in reversed(flows)}.values()
        found = [flow_document(each) for each in flows if not wanted.is_about_nothing_here]
        return [each for each in found if wanted.flows is None or wanted.flows.matches(each["id"], each["name"])]

    def flow_runs(self, wanted: Wanted) -> Iterator[dict[str, Any]]:
        """Yield flow runs, newest first."""
        which = wanted.flow_runs
        of_task_runs = self._flow_runs_of(wanted.task_runs)
        if wanted.is_about_nothing_here:
            return
        for row in self._flow_run_rows(which):
            if wanted.flows is not None and not wanted.flows.matches(str(row.flow_id), row.flow_name):
                continue
            document = self.documents.flow_run(row)
            if (which is None or which.matches(document)) and (of_task_runs is None or row.id in of_task_runs):
                yield document

    def _flow_runs_of(self, which: TaskRunFilter | None) -> set[UUID] | None:
        """Return the flow runs of task runs that are asked for, None when none are."""
        if which is None:
            return None
        condition = condition_of(which)
        if condition is None:
            return {UUID(each["flow_run_id"]) for each in self.task_runs(Wanted(task_runs=which))}
        asked = Query("flow_run", columns("id"), Exists("task_runs", condition), without_deleted=True)
        return {UUID(each["id"]) for each in msgspec.json.decode(self._views.query(asked))}

    def _flow_run_rows(self, which: FlowRunFilter | None) -> Iterator[Any]:
        if which is not None and which.operator == "and_" and which.id is not None and which.id.any_ is not None:
            for identity in sorted(uuids_in(which.id.any_), reverse=True):
                yield from self._views.flow_runs(FlowRunsWanted(id=identity, without_deleted=True))
            return
        states = which.state.kinds if which and which.state and which.operator == "and_" else ()
        if which and which.state and which.operator == "and_" and not states:
            return
        after, size = None, _FIRST_PAGE
        while page := self._views.flow_runs(
            FlowRunsWanted(states=states, limit=size, after=after, without_deleted=True)
        ):
            yield from page
            if len(page) < size:
                return
            after, size = page[-1].id, min(4 * size, _PAGE)

    def task_runs(self, wanted: Wanted, since: int = 0, *, renamed_only: bool = False) -> Iterator[dict[str, Any]]:
        """Yield task runs, newest first; with `since` (ns) only those that changed then or later.

        `renamed_only` leaves out those whose state the table names. Raises `QueryError` when more than `LOOKS_AT` of them would have
        to be looked at.
        """
        which = wanted.task_runs
        for number, row in enumerate(self._task_run_rows(wanted, _FIRST_PAGE, since, renamed_only=renamed_only)):
            if number == LOOKS_AT:
                raise QueryError(_TOO_FAR)
            document = self.documents.task_run(row)
            if which is None or which.matches(document):
                yield document

    def expected(self, wanted: Wanted, start: int, end: int) -> Iterator[Expected]:
        """Yield how many task runs were expected at a time between two (ns), by state.

        Raises `QueryError` when there are more than `LOOKS_AT` such times.
        """
        condition = self._condition_of(wanted)
        if condition is not None:
            span = And((condition, Compare("created", "gte", start), Compare("created", "lt", end)))
            if self._count(span, "created") > LOOKS_AT:
                raise QueryError(_TOO_FAR)
            where = And((span, Compare("state", "nin", tuple(RENAMED))))
            fields = Value("created"), Value("state"), Aggregate("count", "count")
            asked = Summary("task_run", fields, where, ("created", "state"), without_deleted=True)
            for each in msgspec.json.decode(self._views.query(asked)):
                kind = KIND_BY_NAME[each["state"]]
                yield Expected(each["created"], kind.event_type, kind.event_name, each["count"])
        for each in self.task_runs(wanted, start, renamed_only=condition is not None):
            yield Expected.of(each)

    def task_run_page(self, wanted: Wanted, offset: int, limit: int) -> list[dict[str, Any]]:
        """Return a page of task runs, newest first; where rows decide, no document is made but those of the page."""
        which = wanted.task_runs
        if not _is_decided_by_rows(which):
            found = self.ordered_page(wanted, _NEWEST_FIRST, offset, limit)
            return page_of(self.task_runs(wanted), offset, limit) if found is None else found
        rows: Iterable[TaskRun] = self._task_run_rows(wanted, min(offset + limit, _PAGE))
        if (
            which is not None and which.state is not None
        ):  # the views find the kinds of a state too: TimedOut for Failed
            names = frozenset(which.state.kinds)
            rows = (row for row in rows if row.kind.name in names)
        return [self.documents.task_run(row) for row in page_of(rows, offset, limit)]

    def ordered_page(self, wanted: Wanted, sort: Sort, offset: int, limit: int) -> list[dict[str, Any]] | None:
        """Return a page of task runs in an order, as the database finds it; None where no query says what is asked for."""
        condition = self._condition_of(wanted)
        if condition is None:
            return None
        shown = And((condition, sort.is_shown))
        found = self._ids_of(shown, sort.order, offset, limit)
        if len(found) < limit:
            before = offset + len(found) if found else self._count(shown)
            hidden = And((condition, Not(sort.is_shown)))
            found += self._ids_of(hidden, _NEWEST_FIRST.order, max(0, offset - before), limit - len(found))
        return self._documents_of(found)

    def _condition_of(self, wanted: Wanted) -> Condition | None:
        """Return all that is asked for of task runs as a condition, None where no query says that."""
        if wanted.is_about_nothing_here:
            return Or()
        condition = condition_of(wanted.task_runs)
        if condition is None or (wanted.flow_runs is None and wanted.flows is None):
            return condition
        of_flow_runs = is_any(self._wanted_flow_runs(wanted) or set())
        return None if of_flow_runs is None else And((condition, of_flow_runs))

    def _ids_of(self, where: Condition, order: tuple[Order, ...], offset: int, limit: int) -> list[UUID]:
        asked = Query("task_run", columns("id"), where, order, limit, offset, without_deleted=True)
        return [UUID(each["id"]) for each in msgspec.json.decode(self._views.query(asked))]

    def _count(self, where: Condition, *distinct: str) -> int:
        number = Aggregate("count", "count", distinct, is_distinct=bool(distinct))
        asked = Summary("task_run", (number,), where, without_deleted=True)
        return msgspec.json.decode(self._views.query(asked))["count"]

    def _documents_of(self, task_runs: list[UUID]) -> list[dict[str, Any]]:
        places = _by_flow_run(set(task_runs))
        rows = [
            row
            for flow_run, ordinals in places
            for row in self._views.task_runs(TaskRunsWanted(flow_run=flow_run, ordinals=ordinals))
        ]
        found = {row.id: row for row in rows}
        return [self.documents.task_run(found[each]) for each in task_runs if each in found]

    def _task_run_rows(
        self, wanted: Wanted, first_page: int, since: int = 0, *, renamed_only: bool = False
    ) -> Iterator[TaskRun]:
        tags = _tags_of(wanted.task_runs)
        for place in self._places(wanted):
            if renamed_only:
                yield from self._renamed_rows(place, since)
                continue
            after, size = None, first_page
            while page := self._views.task_runs(
                msgspec.structs.replace(place, limit=size, after=after, since=since or None, tags=tags)
            ):
                yield from page
                if len(page) < size:
                    break
                after, size = (page[-1].flow_run, page[-1].ordinal), min(4 * size, _PAGE)

    def _renamed_rows(self, place: TaskRunsWanted, since: int) -> Iterator[TaskRun]:
        """Yield the task runs of a place whose state the table does not name: they are open, and there are few of them."""
        states = tuple(RENAMED.intersection(place.states) if place.states else RENAMED)
        if states:
            found = self._views.task_runs(
                msgspec.structs.replace(place, states=states, since=since, limit=LOOKS_AT + 1)
            )
            yield from (row for row in found if row.kind.name in RENAMED)

    def _places(self, wanted: Wanted) -> Iterator[TaskRunsWanted]:
        """Yield the parts of the record where task runs that are asked for may be, newest first."""
        which = wanted.task_runs
        if wanted.is_about_nothing_here:
            return
        narrowing = which if which is not None and which.operator == "and_" else TaskRunFilter()
        states = narrowing.state.kinds if narrowing.state is not None else ()
        if narrowing.state is not None and not states:
            return
        if narrowing.id is not None and narrowing.id.any_ is not None:
            for flow_run, ordinals in _by_flow_run(uuids_in(narrowing.id.any_)):
                if self._is_in_wanted(flow_run, wanted):
                    yield TaskRunsWanted(flow_run=flow_run, ordinals=ordinals, states=states, without_deleted=True)
            return
        flow_runs = self._wanted_flow_runs(wanted)
        if flow_runs is None:
            yield TaskRunsWanted(states=states, without_deleted=True)
            return
        for flow_run in sorted(flow_runs, reverse=True):
            yield TaskRunsWanted(flow_run=flow_run, states=states, without_deleted=True)

    def _is_in_wanted(self, flow_run: UUID, wanted: Wanted) -> bool:
        flow_runs = self._wanted_flow_runs(wanted)
        return flow_runs is None or flow_run in flow_runs

    def _wanted_flow_runs(self, wanted: Wanted) -> set[UUID] | None:
        """Return the flow runs whose task runs may be asked for, None for all."""
        found: set[UUID] | None = None
        which = wanted.task_runs
        if which is not None and which.operator == "and_" and which.flow_run_id and which.flow_run_id.any_ is not None:
            found = uuids_in(which.flow_run_id.any_)
        if wanted.flow_runs is not None or wanted.flows is not None:
            about = Wanted(flows=wanted.flows, flow_runs=wanted.flow_runs)
            of_runs = {UUID(each["id"]) for each in self.flow_runs(about)}
            found = of_runs if found is None else found & of_runs
        return found

    def count_task_runs(self, wanted: Wanted) -> int:
        """Return how many task runs are asked for; by state alone, children without a row are counted too."""
        which = wanted.task_runs
        if not _is_decided_by_rows(which):
            condition = self._condition_of(wanted)
            return sum(1 for _ in self.task_runs(wanted)) if condition is None else self._count(condition)
        counts: Counter[str] = Counter()
        for place in self._places(wanted):
            is_of_all = self._counts is not None and place == TaskRunsWanted(states=place.states, without_deleted=True)
            counts.update(self._counts() if self._counts and is_of_all else self._views.count_task_runs(place, "state"))
        return sum(number for name, number in counts.items() if _is_wanted_kind(name, which))


def page_of(found: Iterable[Found], offset: int, limit: int) -> list[Found]:
    """Return a page of what was found."""
    return list(islice(found, offset, offset + limit))


def _by_flow_run(task_runs: set[UUID]) -> list[tuple[UUID, tuple[int, ...]]]:
    places: dict[UUID, list[int]] = {}
    for each in sorted(task_runs, reverse=True):
        places.setdefault(ids.flow_run_of(each), []).append(ids.ordinal_of(each))
    return [(flow_run, tuple(ordinals)) for flow_run, ordinals in places.items()]


def _tags_of(which: TaskRunFilter | None) -> tuple[str, ...]:
    """Return the tags that task runs must have, which the views know by themselves."""
    if which is None or which.tags is None or "or_" in {which.operator, which.tags.operator}:
        return ()
    return tuple(which.tags.all_ or ())


def _is_decided_by_rows(which: TaskRunFilter | None) -> bool:
    """Say whether the place and the state of a row are all that a filter asks about."""
    return which is None or (which.is_about_states_only and _keeps_names(which))


def _keeps_names(which: TaskRunFilter) -> bool:
    """Say whether the state of the table decides: a name that follows from more than that is not asked for."""
    return which.state is None or which.state.name is None or RENAMED.isdisjoint(which.state.kinds)


def _is_wanted_kind(name: str, which: TaskRunFilter | None) -> bool:
    kind = KIND_BY_NAME[name]
    return which is None or which.state is None or which.state.matches(kind.event_type, kind.event_name)
