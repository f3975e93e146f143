"""Executions: the executions, flows and triggers of one record, as tasks and surfaces ask about them.

It reads through the views and asks through `Control`; running one is the `ExecutionRunner`'s work.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from runwright import app, clock, ids
from runwright.clock import to_datetime
from runwright.errors import NotOnRecord
from runwright.executions.declared_flow import DeclaredFlow
from runwright.hosting.file_access import Place
from runwright.open_records import open_record
from runwright.results import InlineResult
from runwright.runtime.attempt_scope import SEALED
from runwright.runtime.outputs import Outputs
from runwright.spec import resolve
from runwright.spec.tasks.flow_control import Loop
from runwright.views import FlowRunFilter, TaskRunFilter
from runwright.vocabularies import kind_from_execution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from uuid import UUID

    from runwright.runs import FlowRun, TaskRun
    from runwright.scope import Selection
    from runwright.store import Store

    Unseal = Callable[[Mapping[str, Any]], dict[str, Any] | None]

_PAGE = 500
_NUMBERS = {
    "TRACE": range(logging.DEBUG),
    "DEBUG": range(logging.DEBUG, logging.INFO),
    "INFO": range(logging.INFO, logging.WARNING),
    "WARN": range(logging.WARNING, logging.ERROR),
    "ERROR": range(logging.ERROR, logging.CRITICAL + 1),
}
"""The numbers of log lines that count as a level."""


class Executions:
    """What is on one record."""

    def __init__(self, record: str | None = None) -> None:
        """Look at the record at a URL; None for the configured one."""
        self._record = record

    @property
    def store(self) -> Store:
        """Return the record."""
        return open_record(self._record)

    # ---- flows

    def flow_named(self, namespace: str, flow_id: str, revision: int | None = None) -> DeclaredFlow:
        """Return a registered flow, the newest revision unless one is given; raises `NotOnRecord`."""
        name = f"{namespace}/{flow_id}"
        versions = self.store.flows(name)
        found = next((each for each in versions if revision in {None, each.version}), None)
        if found is None or "yaml" not in found.source or "deleted" in found.source:
            known = ", ".join(sorted({each.name for each in self.store.flows() if "yaml" in each.source})) or "none"
            which = name if revision is None else f"revision {revision} of {name}"
            raise NotOnRecord(f"There is no flow {which} on this record: its flows are {known}.")
        return DeclaredFlow.from_version(found)

    def flow_of(self, row: FlowRun) -> DeclaredFlow:
        """Return the flow that an execution is of, in the revision that it runs; raises `NotOnRecord` for a Python flow."""
        namespace, _, flow_id = row.flow_name.partition("/")
        return self.flow_named(namespace, flow_id, row.flow_version)

    def flows(self, namespaces: Sequence[str]) -> list[tuple[str, str]]:
        """Return namespace and id of the flows of these namespaces, in order."""
        found = {(each.source["namespace"], each.source["id"]) for each in self.store.flows() if "yaml" in each.source}
        return sorted(each for each in found if each[0] in namespaces)

    # ---- executions

    def find(self, execution_id: str) -> FlowRun:
        """Return an execution; raises `NotOnRecord`."""
        flow_run = ids.flow_run_from_text(execution_id)
        if flow_run is None:
            raise NotOnRecord(f"There is no execution {execution_id!r} on this record: their ids are UUIDs of its own.")
        return app.find_flow_run(self.store, flow_run)

    def count(self, which: Selection) -> int:
        """Return how many executions there are that nobody deleted."""
        return sum(1 for row in self.select(which) if not row.details.get("deleted"))

    def select(self, which: Selection) -> Iterator[FlowRun]:
        """Yield the executions that are meant, newest first."""
        states = tuple(kind_from_execution(word).name for word in which.states)
        flow = f"{which.namespace}/{which.flow_id}" if which.namespace and which.flow_id else None
        after: UUID | None = None
        while True:
            rows = self.store.flow_runs(FlowRunFilter(flow=flow, states=states, after=after, limit=_PAGE))
            yield from (row for row in rows if _is_meant(row, which))
            if len(rows) < _PAGE:
                return
            after = rows[-1].id

    def children_of(self, execution_id: str) -> list[FlowRun]:
        """Return the executions that an execution started, oldest first."""
        return self.store.flow_runs(FlowRunFilter(started_by=str(self.find(execution_id).id)))[::-1]

    def successors_of(self, row: FlowRun) -> list[FlowRun]:
        """Return the executions that replace or repeat one, oldest first."""
        rows = self.store.flow_runs(FlowRunFilter(flow=row.flow_name, since=row.created))
        return [each for each in reversed(rows) if each.details.get("parent") == str(row.id)]

    def outputs_of(self, row: FlowRun, open_sealed: Unseal | None = None) -> dict[str, Any]:
        """Return what the task runs of an execution have handed on, as expressions see it.

        Secrets are hidden in it, unless `open_sealed` opens what the details of a row have of them.
        """
        outputs, loops = Outputs(), self._loops_of(row)
        keys: dict[int, tuple[str, ...]] = {0: ()}
        rounds: set[int] = set()
        for each in self.store.task_runs(TaskRunFilter(flow_run=row.id, oldest_first=True)):
            own = str(each.map_index) if each.parent in rounds else each.value
            keys[each.ordinal] = keys[each.parent] + (() if own is None or each.value is None else (own,))
            if each.slug in loops:
                rounds.add(each.ordinal)
            held = open_sealed(each.details) if open_sealed and SEALED in each.details else handed_on_by(each)
            outputs.keep(each.slug, keys[each.ordinal], held, each.kind.execution)
        return dict(outputs.tree)

    def handed_on_under(self, key: str) -> tuple[dict[str, Any], Mapping[str, Any]] | None:
        """Return what the newest task run handed on that is kept under a key, and the details of its row; None for none."""
        for row in self.store.task_runs(TaskRunFilter(cache_key=key, limit=1)):
            expires, outputs = row.details.get("expires"), handed_on_by(row)
            if outputs is not None and (expires is None or expires > clock.now()):
                return outputs, row.details
        return None

    def _loops_of(self, row: FlowRun) -> set[str]:
        """Return the ids of the tasks whose rounds are told apart by number, as `LoopRounds` has it."""
        versions = self.store.flows(flow_id=row.flow_id)
        tasks = next((each.tasks for each in versions if each.version == row.flow_version), ())
        return {each.slug for each in tasks if each.policies.get("type") == Loop.names[0]}

    def relatives(self, execution_id: str) -> list[Place]:
        """Return the executions that one comes from, and those that it started, however far, as far as files are concerned."""
        row = self.find(execution_id)
        related = [*self._sources_of(row), *self._started_by(row)]
        return [_place_of(each) for each in related if "/" in each.flow_name]

    def _sources_of(self, row: FlowRun) -> Iterator[FlowRun]:
        known, found = {str(row.id)}, [row]
        while found:
            row = found.pop()
            for other in (_starter(row), row.details.get("parent"), row.details.get("original")):
                if other is not None and other not in known:
                    known.add(other)
                    with suppress(NotOnRecord):  # it was purged
                        found.append(self.find(other))
                        yield found[-1]

    def _started_by(self, row: FlowRun) -> Iterator[FlowRun]:
        waiting = [row]
        while waiting:
            children = self.store.flow_runs(FlowRunFilter(started_by=str(waiting.pop().id)))[::-1]
            waiting += children
            yield from children

    def task_states(self, execution_id: str) -> list[dict[str, Any]]:
        """Return the task runs of an execution: `taskId`, `state`, and `value` in a loop."""
        rows = self.store.task_runs(TaskRunFilter(flow_run=self.find(execution_id).id, oldest_first=True))
        return [
            {
                "taskId": row.slug,
                "state": row.kind.execution,
                **({} if row.value is None else {"value": row.value}),
            }
            for row in rows
        ]

    def states_of_retried(self, row: FlowRun) -> Iterator[str]:
        """Yield the states of the attempts of those task runs of an execution that were tried again."""
        for each in self.store.task_runs(TaskRunFilter(flow_run=row.id, oldest_first=True)):
            if each.attempt > 1:
                for attempt in self.store.attempts(row.id, each.ordinal):
                    # What waits for its next attempt is on record as the end of the one that failed.
                    yield "FAILED" if attempt.kind.name == "Retrying" else attempt.kind.execution

    def log_entries(self, execution_id: str) -> Iterator[dict[str, Any]]:
        """Yield the log lines of an execution so far, oldest first, as documents of the execution vocabulary."""
        row = self.find(execution_id)
        namespace, _, flow_id = row.flow_name.partition("/")
        tasks = {each.ordinal: each for each in self.store.task_runs(TaskRunFilter(flow_run=row.id))}
        for line in self.store.logs(row.id):
            task_run = tasks.get(line.ordinal)
            yield {
                "namespace": namespace,
                "flowId": flow_id,
                "executionId": execution_id,
                **({} if task_run is None else _about(task_run, line.attempt)),
                "timestamp": to_datetime(line.at).isoformat().replace("+00:00", "Z"),
                "level": _level(line.level),
                "message": line.message,
            }

    def error_logs(self, execution_id: str) -> list[dict[str, Any]]:
        """Return the error lines of the failed tasks of an execution."""
        return [entry for entry in self.log_entries(execution_id) if entry["level"] == "ERROR" and "taskId" in entry]

    def given(self, row: FlowRun, inputs: Mapping[str, Any], ordinal: int = 0) -> dict[str, Any]:
        """Return what is given for a pause (0: all that wait) as the record keeps it: secrets encrypted.

        Raises `InputError` when that is not what the pause asks for.
        """
        tasks = {task.id: task for _, task in self.flow_of(row).spec.all_tasks()}
        kept = dict(inputs)
        for each in self.store.task_runs(TaskRunFilter(flow_run=row.id, states=("Paused",))):
            declared = getattr(tasks.get(each.slug), "on_resume", ())
            if declared and ordinal in {0, each.ordinal}:
                resolve(declared, inputs)
                kept = app.execution_host(self._record).sealed(declared, kept)
        return kept

    def resume(self, execution_id: str, inputs: Mapping[str, Any]) -> None:
        """Let a paused execution go on; raises `NotOnRecord`, and `RunwrightError` for one that is not paused."""
        from runwright.control import Control  # noqa: PLC0415  only who asks needs it

        Control(self._record).resume(self.find(execution_id).id, inputs=dict(inputs))

    def purge(self, which: Selection, what: Sequence[str]) -> dict[str, int]:
        """Delete what belongs to executions that have ended, before the end of `which`; returns how much of each it was."""
        from runwright.purging import purge  # noqa: PLC0415  only who purges needs it

        rows = (row for row in self.select(which) if which.end is None or (row.end_time or which.end) < which.end)
        return purge(self.store, rows, app.execution_host(self._record).drive, what)

    def purge_logs(self, which: Selection, execution_id: str | None, levels: Sequence[str]) -> int:
        """Delete log lines written in the time of `which`, of these levels, and return how many."""
        numbers = None if set(levels) >= set(_NUMBERS) else [number for each in levels for number in _NUMBERS[each]]
        rows = self.select(replace(which, start=None, end=None)) if execution_id is None else [self.find(execution_id)]
        return sum(
            self.store.purge_log_lines(flow_run, levels=numbers, since=which.start, until=which.end)
            for flow_run in [row.id for row in rows if which.start is None or row.updated >= which.start]
        )

    def toggle(self, namespace: str, flow_id: str, trigger_id: str, *, is_enabled: bool) -> None:
        """Turn a trigger on or off; raises `NotOnRecord`, and `IllegalTransition` to turn on what its flow turns off."""
        from runwright.triggering.trigger_service import TriggerService  # noqa: PLC0415  only who turns one needs it

        TriggerService(self.store).switch((namespace, flow_id, trigger_id), is_disabled=not is_enabled)


def handed_on_by(row: TaskRun) -> dict[str, Any] | None:
    """Return the outputs of a task run of an execution as they are shown, None where it has none."""
    if row.result is None:
        return row.details.get("outputs")
    return InlineResult().read_ref(row.result).value


def _place_of(row: FlowRun) -> Place:
    namespace, _, flow_id = row.flow_name.partition("/")
    return Place(namespace, flow_id, str(row.id))


def _is_meant(row: FlowRun, which: Selection) -> bool:
    namespace, _, flow_id = row.flow_name.partition("/")
    began = row.start_time or row.created
    return (
        which.namespace in {None, namespace}
        and which.flow_id in {None, flow_id}
        and (which.start is None or began >= which.start)
        and (which.end is None or began < which.end)
    )


def _starter(row: FlowRun) -> str | None:
    """Return the execution that started one."""
    trigger: dict[str, Any] = row.details.get("trigger") or {}
    return (trigger.get("variables") or {}).get("executionId")


def _about(task_run: TaskRun, attempt: int) -> dict[str, Any]:
    return {"taskId": task_run.slug, "taskRunId": str(task_run.id), "attemptNumber": max(attempt - 1, 0)}


def _level(number: int) -> str:
    name = logging.getLevelName(number) if number >= logging.DEBUG else "TRACE"
    return {"WARNING": "WARN", "CRITICAL": "ERROR"}.get(name, name)
