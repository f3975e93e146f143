"""Log: tasks that write log lines, and those that fetch or delete what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.runnables.rendering import LEVELS, level_number, level_of, moment_of, text_of
from runwright.scope import Selection

if TYPE_CHECKING:
    from pathlib import Path

    from runwright.scope import Scope
    from runwright.spec.tasks import plain


def write(task: plain.Log, scope: Scope) -> None:
    """Write each message as one entry, however many lines it has."""
    level = level_of(scope, task.level)
    for message in task.message:
        scope.logger.log(level, scope.render(message))


def echo(task: plain.Echo, scope: Scope) -> None:
    """Write one line."""
    scope.logger.log(level_of(scope, task.level), scope.render(task.format))


def fetch(task: plain.FetchLogs, scope: Scope) -> dict[str, Any]:
    """Write the lines of an execution to a file on the drive, one JSON document a line."""
    least = level_of(scope, task.level)
    tasks = {scope.render(each) for each in task.tasks_id}
    path, size = scope.folder / f"{scope.task_run_id}-logs.ion", 0
    with path.open("wb") as file:
        for entry in scope.executions.log_entries(text_of(scope, task.execution_id) or scope.execution_id):
            if level_number(entry["level"]) >= least and (not tasks or entry.get("taskId") in tasks):
                file.write(msgspec.json.encode(entry) + b"\n")
                size += 1
    return {"size": size, "uri": _kept(scope, path)}


def _kept(scope: Scope, path: Path) -> str:
    try:
        return scope.keep("logs.ion", path)
    finally:
        path.unlink()


def purge(task: plain.PurgeLogs, scope: Scope) -> dict[str, Any]:
    """Delete log lines."""
    levels = [scope.render(each).upper() for each in task.log_levels]
    for each in levels:
        level_number(each)
    which = Selection(
        text_of(scope, task.namespace),
        text_of(scope, task.flow_id),
        start=moment_of(scope, task.start_date),
        end=moment_of(scope, task.end_date),
    )
    count = scope.executions.purge_logs(which, text_of(scope, task.execution_id), levels or list(LEVELS))
    return {"count": count}
