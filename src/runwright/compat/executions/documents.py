"""Documents: executions, task runs, log lines and metrics as clients of executions know them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.executions.histories import Histories, date_text
from runwright.results import InlineResult
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.events import LogLine, Metric
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
        namespace, _, flow_id = row.flow_name.partition("/")
        details = row.details
        histories = self._histories(row)
        document: dict[str, Any] = {
            "id": str(row.id),
            "namespace": namespace,
            "flowId": flow_id,
            "flowRevision": row.flow_version,
            "inputs": _shown_inputs(row.parameters),
            "outputs": details.get("outputs"),
            "labels": [{"key": key, "value": value} for key, value in (details.get("labels") or {}).items()],
            "state": histories.runs[0].states.document(clock.now()),
            "parentId": details.get("parent"),
            "originalId": details.get("original") or str(row.id),
            "trigger": _shown_trigger(details.get("trigger")),
            "deleted": False,
            "metadata": {
                "attemptNumber": details.get("attempt", 1),
                "originalCreatedDate": date_text(details.get("began") or row.created),
            },
            "scheduleDate": None if row.scheduled_start_time is None else date_text(row.scheduled_start_time),
        }
        if with_task_runs:
            document["taskRunList"] = list(self._task_runs(row, histories))
        return {name: value for name, value in document.items() if value is not None}

    def task_runs(self, row: FlowRun) -> list[dict[str, Any]]:
        """Return the task runs of an execution, in the order in which they were created."""
        return list(self._task_runs(row, self._histories(row)))

    def _histories(self, row: FlowRun) -> Histories:
        """Return what the log says up to the moment of the row, so that both tell of the same."""
        events = (event for event in self._views.iterate_events(row.id) if event.at <= row.updated)
        return Histories(row.created).add(events)

    def _task_runs(self, row: FlowRun, histories: Histories) -> Iterator[dict[str, Any]]:
        flow = self._flow_of(row)
        rows = self._views.task_runs(TaskRunFilter(flow_run=row.id, oldest_first=True))
        parents = {each.ordinal: each for each in rows}
        for each in sorted(rows, key=lambda each: (each.created, each.ordinal)):
            if each.ordinal in histories.runs and not histories.is_hidden(
                each.ordinal
            ):  # it may be newer than the events
                yield self._task_run(each, parents.get(each.parent), histories, flow)

    def _task_run(
        self, row: TaskRun, parent: TaskRun | None, histories: Histories, flow: FlowVersion | None
    ) -> dict[str, Any]:
        namespace, _, flow_id = row.flow_name.partition("/")
        history = histories.runs[row.ordinal]
        policies = {} if flow is None else flow.tasks[row.task_index].policies
        now = clock.now()
        document: dict[str, Any] = {
            "id": str(row.id),
            "executionId": str(row.flow_run),
            "namespace": namespace,
            "flowId": flow_id,
            "taskId": row.slug,
            "parentTaskRunId": None if parent is None else str(parent.id),
            "value": row.value,
            "attempts": [{"state": attempt.document(now)} for attempt in history.attempts] or None,
            "state": history.states.document(now),
            "iteration": row.map_index if row.value is None and row.map_index >= 0 else None,
        }
        if policies.get("is_flowable"):
            document["attempts"] = None
        document = {name: value for name, value in document.items() if value is not None}
        document["outputs"] = outputs_of(row) or {}
        return document

    def log(self, row: FlowRun, line: LogLine, task_run: TaskRun | None) -> dict[str, Any]:
        """Return a log line of an execution, of one of its task runs where there is one."""
        namespace, _, flow_id = row.flow_name.partition("/")
        document: dict[str, Any] = {
            "namespace": namespace,
            "flowId": flow_id,
            "executionId": str(row.id),
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
        namespace, _, flow_id = row.flow_name.partition("/")
        document: dict[str, Any] = {
            "namespace": namespace,
            "flowId": flow_id,
            "executionId": str(row.id),
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


def outputs_of(row: TaskRun) -> dict[str, Any] | None:
    """Return what a task run has handed on, None for nothing."""
    if row.result is None:
        return row.details.get("outputs")
    return InlineResult().read_ref(row.result).value


def level_of(number: int) -> str:
    """Return the word for a level of log lines."""
    name = logging.getLevelName(number) if number >= logging.DEBUG else "TRACE"
    return _LEVELS.get(name, name)


def _shown_inputs(inputs: dict[str, Any]) -> dict[str, Any] | None:
    return inputs or None


def _shown_trigger(trigger: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if trigger is None else {name: value for name, value in trigger.items() if name != "key"}
