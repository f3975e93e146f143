"""Looking back: what an expression yields for a task run that is on record, whether or not its execution still runs.

It sees the variables of the task run, with the outputs that there are by now. Nothing runs and nothing is recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright import app, ids
from runwright.errors import NotOnRecord
from runwright.executions.catalogue import Executions
from runwright.executions.runner import ExecutionRunner
from runwright.open_records import open_record
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.runtime.attempt_scope import AttemptScope


def evaluate(task_run: UUID, expression: str, *, record: str | None = None) -> str:
    """Return the text that an expression yields for a task run of an execution; secrets in it are hidden.

    Raises `NotOnRecord` for a task run that there is not or that is one of a Python flow, and `ExpressionError`.
    """
    store, ordinal = open_record(record), ids.ordinal_of(task_run)
    row = app.find_flow_run(store, ids.flow_run_of(task_run))
    rows = store.task_runs(TaskRunFilter(flow_run=row.id, ordinals=(ordinal,))) if ordinal else []
    if not rows:
        raise NotOnRecord(f"There is no task run {task_run} on the record.")
    if "/" not in row.flow_name:
        raise NotOnRecord(
            f"Task run {task_run} is one of the Python flow {row.flow_name}: only YAML flows have expressions."
        )
    runner = ExecutionRunner(Executions(record).flow_of(row), record=record)
    return _rendered(runner, runner.recalled(row).scope_of(rows[0]), expression)


def evaluate_outside(flow_run: UUID, expression: str, *, record: str | None = None) -> str:
    """Return the text that an expression yields for an execution, at none of its task runs; secrets in it are hidden.

    Raises `NotOnRecord` for one that there is not, and `ExpressionError`.
    """
    row = app.find_flow_run(open_record(record), flow_run)
    runner = ExecutionRunner(Executions(record).flow_of(row), record=record)
    return _rendered(runner, runner.recalled(row).scope_outside(), expression)


def _rendered(runner: ExecutionRunner, scope: AttemptScope, expression: str) -> str:
    text = str(scope.published({"text": scope.render(expression)}).outputs["text"])
    return runner.host.masked(text)
