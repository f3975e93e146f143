"""Checking: the invariants of the engine, evaluated over a record, page by page."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from runwright.engine.invariants import Tenure, Violation, check_flow_run
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from runwright.result import ResultRef
    from runwright.runs import FlowRun, TaskRun
    from runwright.store import Store

_PAGE = 1_000
_MOST_VIOLATIONS = 1_000
_MOST_LOOKS = 3


def check(
    store: Store, *, is_at_rest: bool = False, find_damage: Callable[[ResultRef], str | None] | None = None
) -> Iterator[Violation]:
    """Yield what is wrong with a record, the first thousand findings of each flow run.

    `is_at_rest` says that no flow run is being run or waits for a lost process to be replaced, so that leases are looked at
    too. `find_damage` looks at a stored result and says what is wrong with it, None for nothing. That rows say what the log
    says, column by column, is compared by `store.rebuild()`.
    """
    for flow_run in _flow_runs(store):
        yield from _check(store, flow_run, is_at_rest=is_at_rest, find_damage=find_damage)


def _check(
    store: Store, flow_run: FlowRun, *, is_at_rest: bool, find_damage: Callable[[ResultRef], str | None] | None
) -> list[Violation]:
    """Look at one flow run, again when it went on meanwhile: its log and its rows were read at different moments."""
    for _ in range(_MOST_LOOKS):
        tenure = _tenure(store, flow_run.id) if is_at_rest else None
        events = store.iterate_events(flow_run.id)
        rows = _task_runs(store, flow_run.id)
        violations = check_flow_run(flow_run, events, rows, tenure=tenure, find_damage=find_damage)
        found = list(islice(violations, _MOST_VIOLATIONS))
        (after,) = store.flow_runs(FlowRunFilter(id=flow_run.id))
        if not found or after.updated == flow_run.updated:
            return found
        flow_run = after
    return []


def _tenure(store: Store, flow_run: UUID) -> Tenure:
    lease = store.find_lease(flow_run)
    return Tenure(lease.expires if lease is not None else None, store.now())


def _flow_runs(store: Store) -> Iterator[FlowRun]:
    after = None
    while page := store.flow_runs(FlowRunFilter(after=after, limit=_PAGE)):
        yield from page
        after = page[-1].id


def _task_runs(store: Store, flow_run: UUID) -> Iterator[TaskRun]:
    after = None
    while page := store.task_runs(TaskRunFilter(flow_run=flow_run, oldest_first=True, after=after, limit=_PAGE)):
        yield from page
        after = flow_run, page[-1].ordinal
