"""Executions: whole YAML flows, run in this process on the record of the test, and what became of them in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright import app
from runwright.executions.catalogue import handed_on_by
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.registered_flows import registered
from runwright.executions.runner import ExecutionRunner
from runwright.open_records import open_record
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runwright.runs import FlowRun, TaskRun


class Ended(NamedTuple):
    """How an execution ended: its row, and those of its task runs in the order in which they began to exist."""

    row: FlowRun
    task_runs: list[TaskRun]

    @property
    def state(self) -> str:
        """Return its state in the words of executions."""
        return self.row.kind.execution

    @property
    def states(self) -> list[str]:
        """Return `task[value] STATE` of every task run."""
        rows = sorted(self.task_runs, key=lambda row: (row.created, row.ordinal))
        return [f"{_name(row)} {row.kind.execution}" for row in rows]

    @property
    def outputs(self) -> dict[str, Any]:
        """Return what every task run that hands something on does, by name."""
        return {_name(row): handed for row in self.task_runs if (handed := handed_on_by(row)) is not None}

    @property
    def attempts(self) -> dict[str, int]:
        """Return the number of attempts by name."""
        return {_name(row): row.attempt for row in self.task_runs}

    @property
    def logs(self) -> list[str]:
        """Return the messages of the log."""
        return [line.message for line in open_record().logs(self.row.id)]


def declared(tasks: str, more: str = "", flow_id: str = "main") -> DeclaredFlow:
    """Return a flow of these tasks, a list in YAML."""
    return DeclaredFlow.from_text(f"id: {flow_id}\nnamespace: tests\n{more}\ntasks:\n{tasks}\n")


def register(tasks: str, more: str = "", flow_id: str = "child") -> None:
    """Put a flow on record, for others to start."""
    registered(open_record(), declared(tasks, more, flow_id))


def run(tasks: str, more: str = "", inputs: Mapping[str, Any] | None = None, **options: Any) -> Ended:
    """Run a flow as far as it goes by itself."""
    ExecutionRunner(declared(tasks, more), executor="threads:2", **options).start(inputs)
    return latest()


def latest(flow: str = "tests/main") -> Ended:
    """Return the newest execution of a flow as it is on record now."""
    (row,) = open_record().flow_runs(FlowRunFilter(flow=flow, limit=1))
    return ended(row)


def ended(row: FlowRun) -> Ended:
    """Return an execution as it is on record now."""
    store = open_record()
    rows = store.task_runs(TaskRunFilter(flow_run=row.id, oldest_first=True))
    return Ended(app.find_flow_run(store, row.id), rows)


def _name(row: TaskRun) -> str:
    return row.slug if row.value is None else f"{row.slug}[{row.value}]"
