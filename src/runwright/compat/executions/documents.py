"""Documents: executions, task runs, log lines and metrics as clients of executions know them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from runwright import clock, ids
from runwright.executions.chains import LINK
from runwright.executions.histories import Histories, RunHistory, date_text
from runwright.ids import MAX_VERSION
from runwright.results import InlineResult
from runwright.views import EventFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runwright.events import Event, LogLine, Metric
    from runwright.runs import FlowRun, FlowVersion, TaskRun
    from runwright.views import Views

_LEVELS = {"WARNING": "WARN", "CRITICAL": "ERROR"}


class ExecutionDocuments:
    """Builds documents from a record."""

    def __init__(self, views: Views) -> None:
        """Read from `views`."""
        self._views = views
        self._flows: dict[tuple[Any, int], FlowVersion] = {}

    def execution(self, row: FlowRun, *, with_task_runs: bool = True) -> dict[str, Any]:
        """Return an execution; fields that have no value are left out."""
        if not with_task_runs:
            own = EventFilter(flow_run=row.id, ordinal=0, limit=MAX_VERSION)
            return self._execution(row, _histories(row, self._views.events(own)))
        histories = _histories(row, self._views.iterate_events(row.id))
        return {**self._execution(row, histories), "taskRunList": list(self._task_runs(row, histories))}

    def task_runs(self, row: FlowRun) -> list[dict[str, Any]]:
        """Return the task runs of an execution, in the order in which they were created."""
        return list(self._task_runs(row, _histories(row, self._views.iterate_events(row.id))))

    def task_run(self, row: TaskRun, flow_run: FlowRun) -> dict[str, Any]:
        """Return one task run by itself."""
        own = EventFilter(flow_run=row.flow_run, ordinal=row.ordinal, limit=MAX_VERSION)
        history = Histories(row.created).add(self._views.events(own)).runs.get(row.ordinal) or RunHistory(row.created)
        return self._task_run(row, history, self._flow_of(flow_run))

    def _execution(self, row: FlowRun, histories: Histories) -> dict[str, Any]:
        namespace, _, flow_id = row.flow_name.partition("/")
        details = row.details
        document: dict[str, Any] = {
            "id": str(row.id),
            "namespace": namespace,
            "flowId": flow_id,
            "flowRevision": row.flow_version,
            "inputs": row.parameters or None,
            "outputs": details.get("outputs"),
            "labels": [{"key": key, "value": value} for key, value in (details.get("labels") or {}).items()],
            "state": histories.runs[0].states.document(clock.now()),
            "parentId": details.get("parent"),
            "originalId": details.get("original") or str(row.id),
            "trigger": _shown_trigger(details.get("trigger")),
            "deleted": bool(details.get("deleted")),
            "metadata": {
                "attemptNumber": details.get("attempt", 1),
                "originalCreatedDate": date_text(details.get("began") or row.created),
            },
            "scheduleDate": None if row.scheduled_start_time is None else date_text(row.scheduled_start_time),
        }
        return {name: value for name, value in document.items() if value is not None}

    def _task_runs(self, row: FlowRun, histories: Histories) -> Iterator[dict[str, Any]]:
        flow = self._flow_of(row)
        rows = self._views.task_runs(TaskRunFilter(flow_run=row.id, oldest_first=True))
        for each in sorted(rows, key=lambda each: (each.created, each.ordinal)):
            history = histories.runs.get(each.ordinal)  # a row may be newer than the events
            if history is not None and not histories.is_hidden(each.ordinal):
                yield self._task_run(each, history, flow)

    def _task_run(self, row: TaskRun, history: RunHistory, flow: FlowVersion | None) -> dict[str, Any]:
        namespace, _, flow_id = row.flow_name.partition("/")
        policies = {} if flow is None else flow.tasks[row.task_index].policies
        now = clock.now()
        attempts = [] if policies.get("is_flowable") else history.attempts
        execution_id = str(row.flow_run)
        document: dict[str, Any] = {
            "id": ids.task_run_text(execution_id, row.ordinal),
            "executionId": execution_id,
            "namespace": namespace,
            "flowId": flow_id,
            "taskId": row.slug,
            "parentTaskRunId": ids.task_run_text(execution_id, row.parent) if row.parent else None,
            "value": row.value,
            "attempts": [{"state": attempt.document(now)} for attempt in attempts] or None,
            "state": history.states.document(now),
            "iteration": row.map_index if row.map_index >= 0 else None,
            "outputs": outputs_of(row) or {},
        }
        return {name: value for name, value in document.items() if value is not None}

    def log(self, row: FlowRun, line: LogLine, task_run: TaskRun | None) -> dict[str, Any]:
        """Return a log line of an execution, of one of its task runs where there is one."""
        document: dict[str, Any] = {
            **_place(row),
            "timestamp": date_text(line.at),
            "level": level_of(line.level),
            "thread": line.logger,
            "message": line.message,
            "deleted": False,
        }
        if task_run is not None:
            document |= {
                "taskId": task_run.slug,
                "taskRunId": str(task_run.id),
                "attemptNumber": max(line.attempt - 1, 0),
            }
        return document

    def metric(self, row: FlowRun, metric: Metric, task_run: TaskRun | None) -> dict[str, Any]:
        """Return a number that a task run measured; timers are in milliseconds."""
        document: dict[str, Any] = {
            **_place(row),
            "type": metric.kind,
            "name": metric.name,
            "value": metric.value * 1000 if metric.kind == "timer" else metric.value,
            "timestamp": date_text(metric.at),
            "tags": metric.tags,
        }
        if task_run is not None:
            document |= {"taskId": task_run.slug, "taskRunId": str(task_run.id)}
        return document

    def _flow_of(self, row: FlowRun) -> FlowVersion | None:
        key = row.flow_id, row.flow_version
        if key not in self._flows:
            found = next(
                (each for each in self._views.flows(flow_id=row.flow_id) if each.version == row.flow_version), None
            )
            if found is None:
                return None
            self._flows[key] = found
        return self._flows[key]


def _place(row: FlowRun) -> dict[str, Any]:
    """Say which execution a line or a number belongs to, as both documents begin."""
    namespace, _, flow_id = row.flow_name.partition("/")
    return {"namespace": namespace, "flowId": flow_id, "executionId": str(row.id)}


def _histories(row: FlowRun, events: Iterable[Event]) -> Histories:
    """Return what the log says up to the moment of the row, so that both tell of the same."""
    return Histories(row.created).add(event for event in events if event.at <= row.updated)


def line_document(found: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the entity `log`, with its `flow_run` and `task_run`, as a log line."""
    namespace, _, flow_id = found["flow_run"]["flow"]["name"].partition("/")
    document: dict[str, Any] = {
        "namespace": namespace,
        "flowId": flow_id,
        "executionId": found["flow_run_id"],
        "timestamp": found["timestamp"].replace("+00:00", "Z"),
        "level": _LEVELS.get(found["level"], "TRACE" if found["level"].isdigit() else found["level"]),
        "thread": found["name"],
        "message": found["message"],
        "deleted": False,
    }
    if found["task_run"] is not None:
        document |= {
            "taskId": found["task_run"]["task"]["slug"],
            "taskRunId": found["task_run_id"],
            "attemptNumber": max(found["attempt"] - 1, 0),
        }
    return document


def outputs_of(row: TaskRun) -> dict[str, Any] | None:
    """Return what a task run has handed on, None for nothing."""
    if row.result is None:
        return row.details.get("outputs")
    return InlineResult().read_ref(row.result).value


def level_of(number: int) -> str:
    """Return the word for a level of log lines."""
    name = logging.getLevelName(number) if number >= logging.DEBUG else "TRACE"
    return _LEVELS.get(name, name)


def _shown_trigger(trigger: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what clients see of a trigger: nothing of what only the record needs."""
    return None if trigger is None else {name: value for name, value in trigger.items() if name not in {"key", LINK}}
