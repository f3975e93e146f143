"""Replays and restarts in short: each comes an hour after what it repeats, and runs when a test says so."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any

from runwright import app, clock
from runwright.control import Control
from runwright.executions.catalogue import Executions
from runwright.executions.runner import ExecutionRunner
from runwright.open_records import open_record

from .execution_documents import document
from .executions import Ended, ended as now_of

if TYPE_CHECKING:
    from runwright.runs import TaskRun

HOUR = 3_600


def an_hour_later() -> None:
    """Let the clock of the test jump."""
    clock.wait(queue.SimpleQueue(), HOUR)


def replay(found: Ended, task_run: TaskRun | None = None, **options: Any) -> Ended:
    """Record a replay, an hour later, that nobody runs yet."""
    an_hour_later()
    runner = ExecutionRunner(Executions().flow_of(found.row))
    new = runner.replay(found.row, None if task_run is None else task_run.id, **options)
    return now_of(app.find_flow_run(open_record(), new))


def go_on(found: Ended) -> Ended:
    """Run an execution as far as it goes."""
    app.resume_flow_run(found.row.id, releases=False)
    return now_of(found.row)


def restart(found: Ended) -> Ended:
    """Run again what failed, an hour later."""
    an_hour_later()
    Control().restart(found.row.id)
    return go_on(found)


def one(found: Ended, task: str, *values: str) -> TaskRun:
    """Return the last task run of a task, in the rounds of these values, outermost first."""
    by_ordinal = {row.ordinal: row for row in found.task_runs}

    def rounds(row: TaskRun) -> tuple[str, ...]:
        above = rounds(by_ordinal[row.parent]) if row.parent else ()
        return above if row.value is None else (*above, row.value)

    return [row for row in found.task_runs if row.slug == task and rounds(row) == values][-1]


def kept(found: Ended) -> list[str]:
    """Return `task[value] STATE` of the task runs that a document shows."""
    told = document(found)["taskRunList"]
    names = [each["taskId"] + (f"[{each['value']}]" if "value" in each else "") for each in told]
    return [f"{name} {each['state']['current']}" for name, each in zip(names, told, strict=True)]
