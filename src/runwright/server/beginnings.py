"""Beginnings: runs of flows, and runs that go on from others, that the command line elsewhere asks for. A worker runs them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from runwright import app
from runwright.child_runs import ChildRuns, Order
from runwright.errors import IllegalTransition
from runwright.executions.service import ExecutionService

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from runwright.store import Store


class Beginnings:
    """What is begun on one record; `run` is told of each run. The methods are calls of the wire."""

    def __init__(self, record: Store, run: Callable[[UUID], None]) -> None:
        """Begin nothing yet."""
        self._record = record
        self._run = run

    @cached_property
    def _executions(self) -> ExecutionService:
        return ExecutionService(self._record, self._run)

    def start(self, flow: str, key: str, parameters: dict[str, Any], labels: list[str], run_name: str | None) -> UUID:
        """Return a new run of a flow by its name; one for each key."""
        children = ChildRuns(self._record.url)
        new = children.create(children.flow_named(flow), Order(key, parameters, {}, labels=labels, name=run_name))
        self._run(new)
        return new

    def repeat(self, flow_run: UUID, key: str) -> UUID:
        """Return a new run of a Python flow that keeps what went well in one that has ended; one for each key."""
        row = app.find_flow_run(self._record, flow_run)
        if not row.kind.phase.is_final:
            raise IllegalTransition(f"Flow run {row.name} ({row.id}) is {row.kind.name}: restart it when it has ended.")
        children = ChildRuns(self._record.url)
        order = Order(key, dict(row.parameters), {}, parent=row.id, keeps_successes=True)
        new = children.create(children.flow_named(row.flow_name), order)
        self._run(new)
        return new

    def replay(
        self, flow_run: UUID, key: str, task_run: UUID | None, revision: int | None, inputs: dict[str, Any]
    ) -> UUID:
        """Return a new execution that repeats another, with the inputs given in the place of its own; one for each key."""
        row = self._executions.find(str(flow_run))
        values = {**self._executions.host.opened(row.parameters), **inputs} if inputs else None
        chosen = None if task_run is None else str(task_run)
        return self._executions.replay(row, chosen, revision, values, key).id

    def restart_in(self, flow_run: UUID, revision: int) -> UUID:
        """Return a new execution that goes on, in another revision of its flow, with one that has ended."""
        return self._executions.restart(self._executions.find(str(flow_run)), revision).id
