"""Subflows: tasks that run other flows: one, one for each batch of a file, or a Python flow.

A child runs in a thread of its own and takes no slot of its parent's executor: the task only waits for it. What a lost process
began is found again by what started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, Any

from runwright import app, clock
from runwright.clock import from_datetime
from runwright.errors import IllegalTransition, LeaseHeld, LeaseLost, NotOnRecord, RunnableFailed, RunwrightError
from runwright.executions.catalogue import Executions
from runwright.executions.chains import LINK, next_link
from runwright.executions.origin import Origin
from runwright.executions.runner import ExecutionRunner
from runwright.flowables.items import MergeItems, RunItems, SplitItems
from runwright.open_records import open_record
from runwright.runnables import add_runnable
from runwright.runnables.lines import Cut, cut_file
from runwright.runtime.leases import is_left
from runwright.scope import Outcome
from runwright.spec.moments import parse_moment
from runwright.spec.tasks import flow_control, programs

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping
    from uuid import UUID

    from runwright.executions.declared_flow import DeclaredFlow
    from runwright.runs import FlowRun
    from runwright.runtime.attempt_scope import AttemptScope
    from runwright.states import State

AT_ONCE = 16
"""How many children of one task run at the same time."""
LOOK = 0.5
"""Seconds between two looks at a child that somebody else runs."""

_TRANSMITTED = frozenset({"Failed", "Killed", "Warning", "Cancelled"})


async def run_subflow(task: flow_control.Subflow, scope: AttemptScope) -> Outcome:
    """Run another flow, and hand on its id, state and outputs."""
    child = _Child(task, scope, inputs=scope.evaluate(task.inputs))
    row = child.begun()
    if not task.wait:
        child.leave()
        return Outcome({"executionId": str(row.id)})
    scope.hand_on_early({"executionId": str(row.id)})
    ended = await child.ended()
    outputs: dict[str, Any] = {"executionId": str(row.id), "state": ended.kind.execution}
    handed_on = scope.handed_on_by(ended.details)
    if task.outputs:
        try:
            handed_on = scope.evaluate(task.outputs, outputs=_outputs_of(ended, scope))
        except RunwrightError as error:
            raise RunnableFailed(str(error), outputs) from error
    if handed_on:
        outputs["outputs"] = handed_on
    return Outcome(outputs, state=_state_of(ended, transmits=task.transmit_failed), message=ended.message)


def split(task: SplitItems, scope: AttemptScope) -> dict[str, Any]:
    """Cut the file of a `ForEachItem` in batches, and hand on the list of them as a file."""
    batch = task.of.batch
    rows, partitions = (
        None if each is None else int(scope.render(str(each))) for each in (batch.rows, batch.partitions)
    )
    size = None if batch.bytes is None else scope.render(batch.bytes)
    if rows is None and size is None and partitions is None and batch.regex_pattern is None:
        rows = 1
    how = Cut(rows, size, partitions, batch.regex_pattern, batch.separator)
    uris = cut_file(scope, scope.render(task.of.items), how)
    return {"splits": scope.keep("splits.txt", "".join(f"{uri}\n" for uri in uris).encode())}


async def run_items(task: RunItems, scope: AttemptScope) -> Outcome:
    """Run a flow for each batch of a file."""
    declared = task.of
    splits = scope.variables["outputs"][f"{declared.id}_split"]
    for key in _rounds(scope):
        splits = splits[key]
    with scope.drive.open(splits["splits"]) as stream:
        uris = [line for line in stream.read().decode().split("\n") if line]  # a name may have spaces
    if not uris:
        return Outcome()
    free = asyncio.Semaphore(AT_ONCE)
    family = Executions(scope.situation.host.record).children_of(scope.execution_id)
    rows = await _all_of(_run_item(declared, scope, uri, number, free, family) for number, uri in enumerate(uris))
    counts: dict[str, int] = dict.fromkeys(("CREATED", "RUNNING") if declared.wait else ("RUNNING",), 0)
    for row in rows:
        counted = row.kind.execution if declared.wait else "SUCCESS"  # who does not wait is done with what has begun
        counts[counted] = counts.get(counted, 0) + 1
    lines = "".join(json.dumps(scope.handed_on_by(row.details) or {}, ensure_ascii=False) + "\n" for row in rows)
    outputs = {
        "numberOfBatches": len(uris),
        "iterations": counts,
        "subflowOutputsBaseUri": scope.prefix,
        "outputs": scope.keep("outputs.jsonl", lines.encode()),
    }
    states = {_state_of(row, transmits=declared.transmit_failed) for row in rows} if declared.wait else set[Any]()
    worst: Any = next((state for state in ("Killed", "Failed", "Warning") if state in states), "Success")
    return Outcome(outputs, state=worst)


async def _all_of(items: Iterable[Coroutine[Any, Any, FlowRun]]) -> list[FlowRun]:
    """Return the executions when the last of them has ended, or raise then why one could not begin."""
    found = await asyncio.gather(*items, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return [each for each in found if not isinstance(each, BaseException)]


async def _run_item(
    task: flow_control.ForEachItem,
    scope: AttemptScope,
    uri: str,
    number: int,
    free: asyncio.Semaphore,
    family: list[FlowRun],
) -> FlowRun:
    around = {**scope.variables["taskrun"], "items": uri, "iteration": number}
    async with free:
        child = _Child(task, scope, inputs=scope.evaluate(task.inputs, taskrun=around), number=number)
        row = child.begun(family)
        if task.wait:
            return await child.ended()
        child.leave()
        return row


def merge(task: MergeItems, scope: AttemptScope) -> dict[str, Any]:
    """Hand on what the executions of a `ForEachItem` handed on, a line of JSON for each."""
    items = scope.variables["outputs"].get(f"{task.of.id}_items")
    for key in _rounds(scope):
        items = items[key] if items else None
    return {"subflowOutputs": items["outputs"]} if items else {}


async def run_python_flow(task: programs.PythonFlow, scope: AttemptScope) -> Outcome:
    """Run a Python flow as a child, and hand on its id and state."""
    from runwright.flow_files import load_flow  # noqa: PLC0415  only those who have such a task load files

    flow = load_flow(task.flow)
    parameters = scope.evaluate(task.parameters)

    def run() -> State:
        return app.run_flow(flow, parameters=parameters, record=scope.situation.host.record, executor="threads")

    thread = _Thread(run)
    if not task.wait:
        return Outcome()
    state = await thread.ended()
    outputs = {"executionId": state.context.get("flow_run_id"), "state": state.kind.execution}
    is_bad = task.transmit_failed and not state.is_successful()
    return Outcome(outputs, state="Failed" if is_bad else "Success", message=state.message)


class _Thread:
    """Runs something in a thread, awaited by an event loop."""

    def __init__(self, run: Callable[[], Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[Any] = self._loop.create_future()
        self._run = run
        threading.Thread(target=self._work, name="runwright-subflow", daemon=False).start()

    def _work(self) -> None:
        try:
            value, error = self._run(), None
        except BaseException as broken:  # noqa: BLE001  handed to who waits
            value, error = None, broken
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell, value, error)

    def _tell(self, value: Any, error: BaseException | None) -> None:
        if self._future.cancelled():
            return
        if error is None:
            self._future.set_result(value)
        else:
            self._future.set_exception(RunnableFailed(str(error)) if isinstance(error, Exception) else error)

    async def ended(self) -> Any:
        """Wait for it; it goes on when nobody waits any more."""
        return await asyncio.shield(self._future)


class _Child:
    """An execution that a task starts. `number` tells several of one task apart."""

    def __init__(
        self, task: flow_control.ChildFlow, scope: AttemptScope, *, inputs: dict[str, Any], number: int = -1
    ) -> None:
        self._task = task
        self._scope = scope
        self._record = scope.situation.host.record
        self._executions = Executions(self._record)
        self._inputs = inputs
        self._number = number
        self._row: FlowRun | None = None
        self._runner: ExecutionRunner | None = None

    def begun(self, family: list[FlowRun] | None = None) -> FlowRun:
        """Return the execution on record: one that this attempt has had before, as a lost process left it, or a new one.

        An attempt that somebody restarted goes on with the execution of the one before, unless the task wants a new one.
        `family` are the executions that this one had started before the attempt, oldest first, from who has looked already.
        """
        key = f"{self._scope.task_run_id}/{self._scope.situation.attempt}/{self._number}"
        family = (self._executions.children_of(self._scope.execution_id) if family is None else family)[::-1]
        row = next((each for each in family if _key(each) == key), None)
        if row is None and self._scope.situation.is_again and self._task.restart_behavior == "RETRY_FAILED":
            row = self._taken_up(next((each for each in family if self._is_of_this_task(each)), None), key)
        if row is None:
            flow = self._flow()
            flow_run: UUID = ExecutionRunner(flow, record=self._record).create(self._inputs, self._origin(key))
            row = app.find_flow_run(open_record(self._record), flow_run)
        self._runner = ExecutionRunner(self._executions.flow_of(row), record=self._record)
        self._row = row
        return row

    def _is_of_this_task(self, row: FlowRun) -> bool:
        task_run, _, rest = (_key(row) or "").partition("/")
        return task_run == self._scope.task_run_id and rest.endswith(f"/{self._number}")

    def _taken_up(self, row: FlowRun | None, key: str) -> FlowRun | None:
        """Return the execution of an earlier attempt as this one's: restarted where it ended badly; None where that cannot be."""
        from runwright.control import Control  # noqa: PLC0415  only who restarts needs it

        if row is None:
            return None
        row = self._last(row)
        runner = ExecutionRunner(self._executions.flow_of(row), record=self._record)
        runner.annotate(row, {"trigger": {**row.details["trigger"], "key": key}})
        if row.kind.phase.is_final and row.kind.phase.name != "OK":
            try:
                Control(self._record).restart(row.id, by="parent")
            except IllegalTransition:  # none of its tasks failed: it begins anew
                return None
        return app.find_flow_run(open_record(self._record), row.id)

    def leave(self) -> None:
        """Let it run to its end by itself; one that is to start later is for whoever works on the record then."""
        if not self._seconds_left():
            _Thread(self._run)

    def _seconds_left(self) -> float:
        """Return how long it is until the execution is to start."""
        due = None if self._row is None else self._row.scheduled_start_time
        return 0 if due is None else max(0, due - clock.now()) / clock.NANOSECONDS

    async def ended(self) -> FlowRun:
        """Return the execution when it has ended; it is killed when nobody wants it any more."""
        try:
            await asyncio.sleep(self._seconds_left())
            await _Thread(self._run).ended()
            while not (
                row := self._now()
            ).kind.phase.is_final:  # it is paused, or somebody else runs it: no event tells
                await asyncio.sleep(LOOK)
                if is_left(self._executions.store, row.id):  # a lost process had it until now
                    await _Thread(self._run).ended()
        except asyncio.CancelledError:
            self._kill()
            raise
        return self._last(self._now())

    def _run(self) -> None:
        if self._row is None or self._runner is None:
            raise TypeError("A child is begun before it runs.")
        row = self._now()
        if not row.kind.phase.is_final:
            with suppress(LeaseHeld, LeaseLost):  # a worker was faster: it runs there
                self._runner.go_on(row)

    def _now(self) -> FlowRun:
        if self._row is None:
            raise TypeError("A child is begun before it is looked at.")
        return app.find_flow_run(open_record(self._record), self._row.id)

    def _last(self, row: FlowRun) -> FlowRun:
        """Return the execution at the end of a chain of retries."""
        while row.kind.name == "Retried":
            later = self._executions.successors_of(row)
            if not later:
                return row
            row = later[0]
        return row

    def _kill(self) -> None:
        from runwright.control import Control  # noqa: PLC0415  only who kills needs it

        if self._row is not None:
            with contextlib.suppress(IllegalTransition):  # it has just ended
                Control(self._record).kill(self._row.id, by="parent", timeout=0)

    def _flow(self) -> DeclaredFlow:
        namespace, flow_id = self._scope.render(self._task.namespace), self._scope.render(self._task.flow_id)
        try:
            flow = self._executions.flow_named(namespace, flow_id, self._task.revision)
        except NotOnRecord as error:
            raise RunnableFailed(str(error)) from error
        if flow.spec.disabled:
            raise RunnableFailed(f"The flow {namespace}/{flow_id} is disabled: it starts no executions.")
        return flow

    def _origin(self, key: str) -> Origin:
        scope, task = self._scope, self._task
        row = self._executions.find(scope.execution_id)
        own: Mapping[str, str] = row.details.get("labels") or {}
        labels = {name: value for name, value in own.items() if task.inherit_labels or name.startswith("system.")}
        labels |= {scope.render(each.key): scope.render(each.value) for each in _pairs(task, scope)}
        variables = {
            "executionId": scope.execution_id,
            "namespace": scope.namespace,
            "flowId": scope.flow_id,
            "flowRevision": scope.variables["flow"]["revision"],
        }
        if self._number >= 0:
            variables["taskRunIteration"] = self._number
        kind = getattr(task, "full_type", task.type)
        trigger = {"id": task.id, "type": kind, "variables": variables, "key": key, LINK: next_link(row)}
        return Origin(labels=labels, trigger=trigger, due=_due(task, scope))


def _pairs(task: flow_control.ChildFlow, scope: AttemptScope) -> Any:
    if isinstance(task.labels, str):
        found = scope.evaluate(task.labels)
        if not isinstance(found, dict):
            raise RunnableFailed("The labels of a subflow are a mapping.")
        from runwright.spec.labels import Label  # noqa: PLC0415  labels as one text are rare

        return [Label(str(key), str(value)) for key, value in found.items()]
    return task.labels


def _due(task: flow_control.ChildFlow, scope: AttemptScope) -> int | None:
    """Return when (ns) a child is to start, None for at once."""
    if task.schedule_date is None:
        return None
    text = scope.render(task.schedule_date)
    try:
        return from_datetime(parse_moment(text).astimezone(UTC))
    except (ValueError, OverflowError):
        raise RunnableFailed(f"scheduleDate is no moment: {text!r:.100}. Write one as 2026-01-31T12:30:00Z.") from None


def _key(row: FlowRun) -> str | None:
    return (row.details.get("trigger") or {}).get("key")


def _rounds(scope: AttemptScope) -> list[str]:
    """Return the values of the loops around a `ForEachItem`, outermost first."""
    parents: list[dict[str, Any]] = list(scope.variables.get("parents") or ())
    return [each["taskrun"]["value"] for each in reversed(parents) if "value" in each.get("taskrun", {})]


def _state_of(row: FlowRun, *, transmits: bool) -> Any:
    name = row.kind.name if transmits and row.kind.name in _TRANSMITTED else "Success"
    if transmits and row.kind.phase.is_final and row.kind.phase.name != "OK" and name == "Success":
        name = "Failed"
    return name


def _outputs_of(row: FlowRun, scope: AttemptScope) -> dict[str, Any]:
    """Return what the tasks of an execution have handed on, for the older way to declare outputs of a subflow."""
    return Executions(scope.situation.host.record).outputs_of(row, scope.handed_on_by)


add_runnable(flow_control.Subflow, run_subflow)
add_runnable(SplitItems, split)
add_runnable(RunItems, run_items)
add_runnable(MergeItems, merge)
add_runnable(programs.PythonFlow, run_python_flow)
