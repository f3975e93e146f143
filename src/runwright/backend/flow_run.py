"""FlowRunView: one flow run as its record shows it, and the way to its task runs and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright import clock, codec, ids
from runwright.backend import record as reading
from runwright.backend.flow import FlowView
from runwright.backend.flow_run_log import FlowRunLog
from runwright.backend.task_run import TaskRunView
from runwright.events import EventKind
from runwright.states import KIND_BY_NAME
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from runwright.backend.record import Record
    from runwright.runs import FlowRun, TaskRun
    from runwright.states import State
    from runwright.store import Store

MOST_TASK_RUNS = 1_000
"""How many task runs `get_all_task_runs` returns at most; larger flow runs are read by id or through `TaskRunView`."""


class TimedState(NamedTuple):
    """A state a flow run was in, and since when."""

    timestamp: datetime
    state: State


class FlowRunView:
    """One flow run, as it was when it was looked up: `get_latest` looks again. Make one with `from_flow_run_id`.

    `states` are all states so far, oldest first. Finished task runs are kept once they were looked up. Ids are text.
    """

    def __init__(
        self, row: FlowRun, states: list[TimedState], cached_task_runs: Iterable[TaskRunView], record: Record
    ) -> None:
        """Hold what was read."""
        self.flow_run_id = str(row.id)
        self.name = row.name
        self.flow_id = str(row.flow_id)
        self.flow_name = row.flow_name
        self.flow_version = row.flow_version
        self.state = reading.state_of_flow_run(row)
        self.states = states
        self.parameters: dict[str, Any] = row.parameters
        self.context: dict[str, Any] = row.details.get("context") or {}
        self.labels: set[str] = set(row.details.get("labels") or ())
        self.counts = row.counts
        self.updated_at = clock.to_datetime(row.updated)
        self._row = row
        self._record = record
        self._finished: dict[str, TaskRunView] = {}
        for task_run in cached_task_runs:
            self._keep(task_run)

    @classmethod
    def from_flow_run_id(
        cls,
        flow_run_id: str | UUID,
        load_static_tasks: bool = False,  # noqa: FBT001, FBT002  the documented signature
        *,
        record: Record = None,
        cached_task_runs: Iterable[TaskRunView] = (),
    ) -> FlowRunView:
        """Return the flow run with an id; raises `ValueError` when there is none.

        With `load_static_tasks` its finished task runs that are no mapped children are looked up at once.
        """
        wanted = reading.uuid_from(flow_run_id, "flow run")
        store = reading.open_for_reading(record)
        row = reading.only(store.flow_runs(FlowRunFilter(id=wanted)), "flow runs", f"id is {wanted}")
        view = cls(row, _states_of(store, wanted), cached_task_runs, record)
        if load_static_tasks:
            for task_run in store.task_runs(TaskRunFilter(flow_run=wanted, is_mapped_child=False)):
                view._view_of(task_run)
        return view

    def get_latest(self, load_static_tasks: bool = False) -> FlowRunView:  # noqa: FBT001, FBT002  as documented
        """Return the flow run as it is now; the finished task runs that were looked up are kept."""
        return type(self).from_flow_run_id(
            self.flow_run_id, load_static_tasks, record=self._record, cached_task_runs=self._finished.values()
        )

    def get_flow_metadata(self) -> FlowView:
        """Return the flow at the version that ran."""
        return FlowView.from_flow_id(self.flow_id, version=self.flow_version, record=self._record)

    def get_logs(self, start_time: datetime | None = None, end_time: datetime | None = None) -> list[FlowRunLog]:
        """Return what the task runs logged after `start_time` and not after `end_time` (default now), oldest first."""
        if start_time is not None and end_time is not None and start_time > end_time:
            raise ValueError("`start_time` must not be after `end_time`: exchange them.")
        lines = self._store().logs(
            self._row.id,
            after=None if start_time is None else clock.from_datetime(start_time),
            until=None if end_time is None else clock.from_datetime(end_time),
        )
        return [FlowRunLog.from_line(line) for line in lines]

    def get_task_run(
        self, task_slug: str | None = None, task_run_id: str | UUID | None = None, map_index: int = -1
    ) -> TaskRunView:
        """Return one task run, by its id or its task's slug (and map index); raises `ValueError` when there is none.

        Given both, they must mean the same task run, else `ValueError`; so too with neither.
        """
        if task_slug is None and task_run_id is None:
            raise ValueError("get_task_run needs a `task_slug` or a `task_run_id`.")
        if task_run_id is None:
            which = TaskRunFilter(flow_run=self._row.id, task=task_slug, map_index=(map_index,))
            known = self._known(task_slug, map_index)
            condition = f"task slug is {task_slug!r}, flow run is {self.flow_run_id} and map index is {map_index}"
        else:
            wanted = reading.uuid_from(task_run_id, "task run")
            which = TaskRunFilter(flow_run=self._row.id, ordinals=(ids.ordinal_of(wanted),))
            known = self._finished.get(str(wanted))
            condition = f"id is {wanted} and flow run is {self.flow_run_id}"
            self._check_same_flow_run(wanted, condition)
        found = known or self._view_of(self._find(which, condition))
        _check_same_task(found, task_slug, map_index)
        return found

    def get_all_task_runs(self) -> list[TaskRunView]:
        """Return every task run, children included; raises `ValueError` for more than 1,000."""
        count = len(self.get_task_run_ids())
        if count > MOST_TASK_RUNS:
            raise ValueError(
                f"Flow run {self.flow_run_id} has {count} task runs; {MOST_TASK_RUNS} are loaded at once at most: "
                "use get_task_run_ids and get_task_run, or TaskRunView.iter_mapped."
            )
        rows = self._store().task_runs(TaskRunFilter(flow_run=self._row.id, oldest_first=True))
        return [self._finished.get(str(row.id)) or self._view_of(row) for row in rows]

    def get_task_run_ids(self) -> list[str]:
        """Return the ids of the task runs, children included, in the order they were created."""
        rows = self._store().task_runs(TaskRunFilter(flow_run=self._row.id, oldest_first=True))
        return [str(row.id) for row in rows]

    def _store(self) -> Store:
        return reading.open_for_reading(self._record)

    def _find(self, which: TaskRunFilter, condition: str) -> TaskRun:
        rows = [row for row in self._store().task_runs(which) if which.task in {None, row.slug}]
        return reading.only(rows, "task runs", condition)

    def _known(self, task_slug: str | None, map_index: int) -> TaskRunView | None:
        for each in self._finished.values():
            if each.task_slug == task_slug and each.map_index == map_index:
                return each
        return None

    def _view_of(self, row: TaskRun) -> TaskRunView:
        view = TaskRunView.from_row(row, self._row.flow_id, record=self._record)
        self._keep(view)
        return view

    def _keep(self, task_run: TaskRunView) -> None:
        """Remember a task run that can change no more."""
        if task_run.state.is_finished():
            self._finished[task_run.task_run_id] = task_run

    def _check_same_flow_run(self, wanted: UUID, condition: str) -> None:
        if ids.flow_run_of(wanted) != self._row.id:
            reading.only((), "task runs", condition)

    def __repr__(self) -> str:
        """Return id, name, state and how many task runs are kept."""
        return (
            f"FlowRunView(flow_run_id={self.flow_run_id!r}, name={self.name!r}, state={self.state!r}, "
            f"cached_task_runs={len(self._finished)})"
        )


def _check_same_task(found: TaskRunView, task_slug: str | None, map_index: int) -> None:
    if task_slug is not None and found.task_slug != task_slug:
        raise ValueError(
            f"Task run {found.task_run_id} is a run of {found.task_slug!r}, not of {task_slug!r}: give one of the two."
        )
    if map_index not in {-1, found.map_index}:
        raise ValueError(
            f"Task run {found.task_run_id} has the map index {found.map_index}, not {map_index}: give one of the two."
        )


def _states_of(store: Store, flow_run: UUID) -> list[TimedState]:
    states: list[TimedState] = []
    for event in store.events(EventFilter(flow_run=flow_run, ordinal=0)):
        if event.kind == EventKind.STATE:
            states.append(TimedState(clock.to_datetime(event.at), codec.state_from_data(event.state, event.data)))
        elif event.kind == EventKind.CREATED:
            states.append(TimedState(clock.to_datetime(event.at), codec.state_from_data(_PENDING, None)))
    return states


_PENDING = KIND_BY_NAME["Pending"].code
