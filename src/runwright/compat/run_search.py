"""Run search: the flows, flow runs and task runs that clients of Prefect 3 ask for, found with the views of the record.

What the views can decide (ids, flow runs, states) narrows what is read; everything else is decided on the documents. Rows come
newest first and are read in pages, as far as the answer needs them.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import msgspec

from runwright import ids
from runwright.compat.run_documents import RunDocuments, flow_document
from runwright.compat.run_filters import FlowFilter, FlowRunFilter, TaskRunFilter
from runwright.states import KIND_BY_NAME
from runwright.views import FlowRunFilter as FlowRunsWanted, TaskRunFilter as TaskRunsWanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from runwright.compat.flow_facts import KnownFlows
    from runwright.runs import TaskRun
    from runwright.views import Views

    Found = TypeVar("Found")

_FIRST_PAGE, _PAGE = 50, 1_000
_RENAMED = frozenset({"Running", "Scheduled", "Paused"})


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
        return {UUID(each["flow_run_id"]) for each in self.task_runs(Wanted(task_runs=which))}

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

    def task_runs(self, wanted: Wanted) -> Iterator[dict[str, Any]]:
        """Yield task runs, newest first."""
        which = wanted.task_runs
        for row in self._task_run_rows(wanted, _FIRST_PAGE):
            document = self.documents.task_run(row)
            if which is None or which.matches(document):
                yield document

    def task_run_page(self, wanted: Wanted, offset: int, limit: int) -> list[dict[str, Any]]:
        """Return a page of task runs, newest first; where rows decide, no document is made but those of the page."""
        which = wanted.task_runs
        if not _is_decided_by_rows(which):
            return page_of(self.task_runs(wanted), offset, limit)
        rows: Iterable[TaskRun] = self._task_run_rows(wanted, min(offset + limit, _PAGE))
        if (
            which is not None and which.state is not None
        ):  # the views find the kinds of a state too: TimedOut for Failed
            names = frozenset(which.state.kinds)
            rows = (row for row in rows if row.kind.name in names)
        return [self.documents.task_run(row) for row in page_of(rows, offset, limit)]

    def _task_run_rows(self, wanted: Wanted, first_page: int) -> Iterator[TaskRun]:
        for place in self._places(wanted):
            after, size = None, first_page
            while page := self._views.task_runs(msgspec.structs.replace(place, limit=size, after=after)):
                yield from page
                if len(page) < size:
                    break
                after, size = (page[-1].flow_run, page[-1].ordinal), min(4 * size, _PAGE)

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
            return sum(1 for _ in self.task_runs(wanted))
        counts: Counter[str] = Counter()
        for place in self._places(wanted):
            is_of_all = self._counts is not None and place == TaskRunsWanted(states=place.states, without_deleted=True)
            counts.update(self._counts() if self._counts and is_of_all else self._views.count_task_runs(place, "state"))
        return sum(number for name, number in counts.items() if _is_wanted_kind(name, which))


def page_of(found: Iterable[Found], offset: int, limit: int) -> list[Found]:
    """Return a page of what was found."""
    return list(islice(found, offset, offset + limit))


def uuids_in(texts: list[str]) -> set[UUID]:
    """Return the ids among texts: what is no id cannot be one of a run."""
    found = set()
    for text in texts:
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return found


def _by_flow_run(task_runs: set[UUID]) -> list[tuple[UUID, tuple[int, ...]]]:
    places: dict[UUID, list[int]] = {}
    for each in sorted(task_runs, reverse=True):
        places.setdefault(ids.flow_run_of(each), []).append(ids.ordinal_of(each))
    return [(flow_run, tuple(ordinals)) for flow_run, ordinals in places.items()]


def _is_decided_by_rows(which: TaskRunFilter | None) -> bool:
    """Say whether the place and the state of a row are all that a filter asks about."""
    return which is None or (which.is_about_states_only and _keeps_names(which))


def _keeps_names(which: TaskRunFilter) -> bool:
    """Say whether the state of the table decides: a name that follows from more than that is not asked for."""
    return which.state is None or which.state.name is None or _RENAMED.isdisjoint(which.state.kinds)


def _is_wanted_kind(name: str, which: TaskRunFilter | None) -> bool:
    kind = KIND_BY_NAME[name]
    return which is None or which.state is None or which.state.matches(kind.event_type, kind.event_name)
