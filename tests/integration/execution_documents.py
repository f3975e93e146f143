"""Execution documents in short: how a test says a whole document, and how it takes one so that two runs give the same."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from runwright.compat.executions.documents import ExecutionDocuments
from runwright.open_records import open_record
from runwright.spec.durations import parse_duration

if TYPE_CHECKING:
    from .executions import Ended

_ENDED = {"SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "RETRIED", "SKIPPED", "PAUSED"}
_DATE = re.compile(r"2026-01-01T(\d\d):\d\d:\d\d\.\d{6}Z")


def document(found: Ended) -> dict[str, Any]:
    """Return the document of an execution as clients get it now."""
    return ExecutionDocuments(open_record()).execution(found.row)


def shown(found: Ended) -> dict[str, Any]:
    """Return the document of an execution with ids by name and times by the hour: what the fake clock has jumped."""
    return _plain(document(found), _names(found))


def _names(found: Ended) -> dict[str, str]:
    """Return what stands for each id: `run` for the execution, its task and value for a task run."""
    names = {str(row.id): row.slug if row.value is None else f"{row.slug}[{row.value}]" for row in found.task_runs}
    return {**names, str(found.row.id): "run"}


def _plain(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _by_the_hour(each) if key == "duration" else _plain(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, names) for each in value]
    if isinstance(value, str):
        at = _DATE.fullmatch(value)
        return names.get(value, value) if at is None else f"{int(at[1])}h"
    return value


def _by_the_hour(text: str) -> str:
    """Return a duration in hours: the clock ticks by microseconds, which are nothing here."""
    return f"{round(parse_duration(text) / timedelta(hours=1))}h"


def state(*steps: str) -> dict[str, Any]:
    """Return a state object: each step is a state, and after a blank the hour at which it began, 0 unless it is said."""
    histories = [{"state": word, "date": hour or "0h"} for word, _, hour in (step.partition(" ") for step in steps)]
    hours = [int(step["date"][:-1]) for step in histories]
    found: dict[str, Any] = {
        "current": histories[-1]["state"],
        "histories": histories,
        "duration": f"{hours[-1] - hours[0]}h",
        "startDate": histories[0]["date"],
    }
    if found["current"] in _ENDED:
        found["endDate"] = histories[-1]["date"]
    return found


def execution(*steps: str, task_runs: list[dict[str, Any]], flow: str = "main", **more: Any) -> dict[str, Any]:
    """Return the document of an execution; `more` are fields that not every one has."""
    return {
        "id": "run",
        "namespace": "tests",
        "flowId": flow,
        "flowRevision": 1,
        "labels": [{"key": "system.correlationId", "value": "run"}],
        "state": state(*steps),
        "originalId": "run",
        "deleted": False,
        "metadata": {"attemptNumber": 1, "originalCreatedDate": "0h"},
        "taskRunList": [{**each, "flowId": flow} for each in task_runs],
        **more,
    }


def task_run(task: str, *steps: str, **more: Any) -> dict[str, Any]:
    """Return the document of a task run that hands nothing on and has no attempt, unless `more` says otherwise.

    `attempts` are lists of steps, `value` and `parent` say where it stands.
    """
    value, parent, attempts = more.pop("value", None), more.pop("parent", None), more.pop("attempts", ())
    found: dict[str, Any] = {
        "id": task if value is None else f"{task}[{value}]",
        "executionId": "run",
        "namespace": "tests",
        "taskId": task,
        "state": state(*steps),
        "outputs": {},
        **more,
    }
    if value is not None:
        found["value"] = value
    if parent is not None:
        found["parentTaskRunId"] = parent
    if attempts:
        found["attempts"] = [{"state": state(*each)} for each in attempts]
    return found


def ended(task: str, last: str = "SUCCESS", hour: str = "", **more: Any) -> dict[str, Any]:
    """Return the document of a task run that took one attempt, all of it at one hour."""
    at = f" {hour}" if hour else ""
    steps = [f"CREATED{at}", f"RUNNING{at}", f"{last}{at}"]
    return task_run(task, *steps, attempts=[steps], **more)


def over(task: str, last: str = "SUCCESS", **more: Any) -> dict[str, Any]:
    """Return the document of a task run that stood for others."""
    return task_run(task, "CREATED", "RUNNING", last, **more)
