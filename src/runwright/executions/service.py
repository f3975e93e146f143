"""ExecutionService: what surfaces do with executions of one record: create, read, ask, delete. It runs none: a worker does.

It speaks in rows and ids; documents are the business of the surface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright import app
from runwright.control import Control
from runwright.errors import IllegalTransition, NotOnRecord
from runwright.executions.catalogue import Executions
from runwright.executions.looking_back import evaluate, evaluate_outside
from runwright.executions.runner import ExecutionRunner
from runwright.executions.uploads import as_if_kept
from runwright.ids import flow_run_of
from runwright.spec.inputs import SecretInput
from runwright.spec.resolving import MASK
from runwright.views import TaskRunFilter
from runwright.vocabularies import kind_from_execution

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runwright.executions.origin import Origin
    from runwright.runs import FlowRun, TaskRun
    from runwright.spec.inputs import Input
    from runwright.store import Store

_PATIENCE = 10.0


class ExecutionService:
    """The executions of a record; `run` is told of each that is to be run now."""

    def __init__(self, record: Store, run: Callable[[UUID], None]) -> None:
        """Serve a record."""
        self.record = record
        self.executions = Executions(record.url)
        self.host = app.execution_host(record.url)
        self._control = Control(record)
        self._run = run

    # ---- reading

    def find(self, execution_id: str) -> FlowRun:
        """Return an execution that is not deleted; raises `NotOnRecord`."""
        row = self.executions.find(execution_id)
        if row.details.get("deleted"):
            raise NotOnRecord(f"Execution {execution_id} is deleted.")
        return row

    def task_runs(self, row: FlowRun) -> list[TaskRun]:
        """Return the task runs of an execution, hidden ones too."""
        return self.record.task_runs(TaskRunFilter(flow_run=row.id, oldest_first=True))

    def evaluate(self, row: FlowRun, expression: str, task_run: str | None = None) -> str:
        """Return what an expression yields, at a task run if one is named; raises `NotOnRecord`, `ExpressionError`."""
        if task_run is None:
            return evaluate_outside(row.id, expression, record=self.record.url)
        wanted = _task_run_id(task_run)
        if flow_run_of(wanted) != row.id:
            raise NotOnRecord(f"Execution {row.id} has no task run {task_run}.")
        return evaluate(wanted, expression, record=self.record.url)

    # ---- creating

    def create(
        self, namespace: str, flow_id: str, inputs: Mapping[str, Any], origin: Origin, revision: int | None = None
    ) -> FlowRun:
        """Record a new execution and have it run; raises `NotOnRecord`, `InputError`, `IllegalTransition` for a disabled flow."""
        flow = self.executions.flow_named(namespace, flow_id, revision)
        if flow.spec.disabled:
            raise IllegalTransition("The flow is disabled: it starts no executions.")
        flow_run = ExecutionRunner(flow, record=self.record.url).create(inputs, origin)
        self._run(flow_run)
        return app.find_flow_run(self.record, flow_run)

    def examine(self, namespace: str, flow_id: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the inputs of a flow in order: `input`, its `value`, and `errors` for what is missing or refused.

        One that is not asked for, by a condition on others, is not `enabled`. Secrets are hidden.
        """
        flow = self.executions.flow_named(namespace, flow_id)
        plain = as_if_kept(given)
        found = ExecutionRunner(flow, record=self.record.url).looked_at(plain)
        return [
            {
                "input": {"id": each.id, "type": each.type, "required": each.required},
                "value": _value_shown(
                    each, plain.get(each.id) if each.id in found.problems else found.value_of(each.id)
                ),
                "enabled": each.id not in found.dropped,
                "isDefault": each.id not in plain,
                "errors": [{"message": found.problems[each.id]}] if each.id in found.problems else [],
            }
            for each in flow.spec.inputs
        ]

    def failed_checks(self, namespace: str, flow_id: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the checks of a flow that these inputs would fail; none while the inputs themselves are not right."""
        runner = ExecutionRunner(self.executions.flow_named(namespace, flow_id), record=self.record.url)
        found = runner.looked_at(as_if_kept(given))
        return [] if found.problems else [each.document() for each in runner.failed_checks(found.values)]

    def replay(
        self,
        row: FlowRun,
        task_run: str | None = None,
        revision: int | None = None,
        inputs: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> FlowRun:
        """Record an execution that repeats another, with other inputs where they are given, and have it run.

        For each `key` there is one execution of a flow. Raises `NotOnRecord`, `InputError`, and `IllegalTransition` for one that
        is at work, or where what ran before the task run is not the same in the revision.
        """
        runner, before = self._runner(row, revision), None
        if revision not in {None, row.flow_version}:
            before = self.executions.flow_of(row).compile()
        chosen = None if task_run is None else _task_run_id(task_run)
        flow_run = runner.replay(row, chosen, inputs=inputs, key=key, before=before, revision=revision)
        created = app.find_flow_run(self.record, flow_run)
        self._run(flow_run)
        return created

    # ---- asking

    def kill(self, row: FlowRun, *, cascade: bool = True) -> FlowRun:
        """Kill an execution, and with `cascade` those that it started; raises `IllegalTransition` when there is none to kill."""
        children = self.executions.children_of(str(row.id)) if cascade else []
        if row.kind.phase.is_final and not any(not child.kind.phase.is_final for child in children):
            raise IllegalTransition("Execution is already finished, can't kill it")
        return self._control.kill(row.id, by="api", timeout=0, cascade=cascade)

    def restart(self, row: FlowRun, revision: int | None = None) -> FlowRun:
        """Have what failed run again, in another revision as a new execution.

        Raises `IllegalTransition` for what has not ended, where nothing failed, or where what has run is not the same in the
        revision.
        """
        if row.kind.name == "Paused":
            return self.resume(row, {})
        if not row.kind.phase.is_final:
            raise IllegalTransition(f"Execution must be terminated to be restarted: it is {row.kind.execution}.")
        flow_run = row.id
        if revision is not None and revision != row.flow_version:
            flow_run = self._runner(row, revision).copy(row, self.executions.flow_of(row).compile(), revision)
        try:
            restarted = self._control.restart(flow_run, by="api", timeout=_PATIENCE)
        except IllegalTransition:
            if flow_run != row.id:  # there was nothing to restart in the copy either
                self.delete(app.find_flow_run(self.record, flow_run))
            raise
        self._run(flow_run)
        return restarted

    def mark(self, row: FlowRun, task_run: str, state: str) -> FlowRun:
        """Put a task run into a state of executions, and have the execution go on from there."""
        kind = kind_from_execution(state)
        marked = self._control.mark(row.id, _task_run_id(task_run), kind.name, by="api", timeout=_PATIENCE)
        self._run(row.id)
        return marked

    def change_state(self, row: FlowRun, state: str) -> FlowRun:
        """Put an execution that has ended into another final state."""
        kind = kind_from_execution(state)
        if not row.kind.phase.is_final or not kind.phase.is_final:
            raise IllegalTransition("You can only change the state of a terminated execution to a terminal one.")
        return self._control.mark(row.id, None, kind.name, by="api", timeout=_PATIENCE)

    def pause(self, row: FlowRun) -> FlowRun:
        """Let nothing new of an execution begin."""
        if row.kind.name != "Running":
            raise IllegalTransition("Execution is not running, can't pause it")
        return self._control.pause(row.id, by="api", timeout=_PATIENCE)

    def resume(self, row: FlowRun, inputs: Mapping[str, Any]) -> FlowRun:
        """Let a paused execution go on; raises `InputError` for inputs that its pause does not take."""
        if row.kind.name != "Paused":
            raise IllegalTransition("Execution is not paused, can't resume it")
        self.executions.given(row, inputs)
        given = ExecutionRunner(self.executions.flow_of(row), record=self.record.url).stored(dict(inputs), row.id)
        self._control.ask(row.id, "resume", data=given, by="api")
        self._run(row.id)
        return row

    def start_now(self, row: FlowRun) -> FlowRun:
        """Run an execution that waits for its time or for a slot, at once."""
        if row.kind.phase.is_final:
            raise IllegalTransition("Only running, queued or paused executions can be forced to run")
        if row.kind.name == "Paused":
            return self.resume(row, {})
        self._runner(row).annotate(row, {"forced": True})
        self._run(row.id)
        return app.find_flow_run(self.record, row.id)

    def unqueue(self, row: FlowRun) -> FlowRun:
        """Let an execution out of the queue of its flow."""
        if row.kind.name != "Queued":
            raise IllegalTransition("Only QUEUED execution can be unqueued")
        return self.start_now(row)

    def label(self, row: FlowRun, labels: Mapping[str, str]) -> FlowRun:
        """Give labels to an execution that has ended."""
        if not row.kind.phase.is_final:
            raise IllegalTransition("The execution is not terminated")
        self._runner(row).annotate(row, {"labels": {**(row.details.get("labels") or {}), **labels}})
        return app.find_flow_run(self.record, row.id)

    def delete(self, row: FlowRun) -> None:
        """Delete an execution that has ended: it is on record no more for whoever looks for it."""
        if not row.kind.phase.is_final:
            raise IllegalTransition("Only an execution that has ended can be deleted: kill it first.")
        self._runner(row).annotate(row, {"deleted": True})

    # ---- what they share

    def _runner(self, row: FlowRun, revision: int | None = None) -> ExecutionRunner:
        namespace, _, flow_id = row.flow_name.partition("/")
        flow = self.executions.flow_named(namespace, flow_id, revision or row.flow_version)
        return ExecutionRunner(flow, record=self.record.url)


def _value_shown(each: Input, value: Any) -> Any:
    return MASK if isinstance(each, SecretInput) and value is not None else value


def _task_run_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotOnRecord("No task found to restart execution from!") from None
