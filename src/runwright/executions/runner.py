"""ExecutionRunner: runs one YAML flow on the record: takes its inputs, runs its tasks, renders its outputs, records its end.

It is to executions what `FlowRunner` is to runs of Python flows. How task runs follow each other is the work of the `FlowLoop`,
what they see that of the `Execution`.
"""

from __future__ import annotations

import queue
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from runwright import app, clock, codec, ids
from runwright.clock import to_datetime, to_milliseconds
from runwright.errors import IllegalTransition, InputError
from runwright.executions.checks import Failed as Failing, failed_among, lines_of, refusal_in, refuse_blocked
from runwright.executions.listeners import Ended, concerned
from runwright.executions.origin import Origin
from runwright.executions.registered_flows import registered
from runwright.executions.replaying import Past, check_replayed, copied, replayed
from runwright.executions.revisions import Fit
from runwright.executions.uploads import discard, kept, uploads_for
from runwright.flowable import Children
from runwright.hosting.file_access import Place
from runwright.open_records import open_record, open_to_run
from runwright.results import reader_for
from runwright.runtime import naming
from runwright.runtime.attempt_scope import AttemptScope, Situation, StopSignal
from runwright.runtime.execution import Execution
from runwright.runtime.facts import Facts
from runwright.runtime.promises import PROMISED, Promises, promised
from runwright.spec import resolve
from runwright.spec.labels import nested_labels
from runwright.spec.resolving import look_at
from runwright.states import (
    CLASS_BY_CODE,
    KIND_BY_NAME,
    Cancelled,
    Failed,
    Paused,
    Pending,
    Queued,
    Running,
    State,
)
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from runwright.events import Event
    from runwright.executions.declared_flow import DeclaredFlow
    from runwright.graph import Graph
    from runwright.runs import FlowRun
    from runwright.runtime.flow_loop import FlowLoop
    from runwright.runtime.root import Root
    from runwright.spec.resolving import Look


_LOOK = 0.5
"""Seconds between two looks at whether a slot is free."""

_PLAIN = Origin()


class ExecutionRunner:
    """Runs one flow: `start` a new execution, or `go_on` with one that is on record.

    `record` is where it is recorded, `progress` hears of every task run that is final. A patient runner waits for a slot where
    the flow limits how many of its executions run at once; another leaves the execution Queued.
    """

    def __init__(
        self,
        flow: DeclaredFlow,
        *,
        record: str | None = None,
        executor: Any = None,
        progress: Callable[[FlowLoop], None] | None = None,
        is_patient: bool = True,
    ) -> None:
        """Prepare to run `flow`; tasks run in threads unless told otherwise."""
        self.flow = flow
        self.record = record
        self.executor = executor
        self.progress = progress
        self.is_patient = is_patient
        self.host = app.execution_host(record)

    def start(
        self, inputs: Mapping[str, Any] | None = None, origin: Origin = _PLAIN, *, name: str | None = None
    ) -> State:
        """Run a new execution as far as it goes by itself, and those that replace it after a failure; returns the last state.

        Raises `InputError` before anything is recorded, the errors of the record, and `KeyboardInterrupt` after the killed
        execution is on record.
        """
        flow_run = self.create(inputs, origin, name=name)
        return self.go_on(app.find_flow_run(open_record(self.record), flow_run))

    def create(
        self,
        inputs: Mapping[str, Any] | None = None,
        origin: Origin = _PLAIN,
        *,
        name: str | None = None,
        flow_run: UUID | None = None,
    ) -> UUID:
        """Record a new execution, for anybody to run; raises `InputError` when its inputs are missing or refused.

        `flow_run` is the id that it gets, which no other execution has.
        """
        if self.flow.fingerprint is None:
            self.flow = registered(open_to_run(self.record), self.flow)
        flow_run = flow_run or ids.new_flow_run_id(clock.now())
        values, facts = self._values(inputs or {}, flow_run, origin), self._facts(flow_run, origin, {})
        failed = [] if origin.attempt > 1 else self.failed_checks(values, facts)
        refuse_blocked(failed)
        with app.Assembly(self.flow, self.record, self._executor) as assembly:
            root = assembly.create(
                flow_run,
                name or naming.run_name(flow_run),
                self.host.sealed(self.flow.spec.inputs, values),
                known_as=str(flow_run),
                more=self._born(flow_run, origin, self.host.secrets_in(self.flow.spec.inputs, values)),
                scheduled_start_time=None if origin.due is None else to_datetime(origin.due),
            )
            refusal = refusal_in(failed)
            if refusal is not None:
                root.annotate({"refused": refusal})
            if failed:
                root.writer.emit((), lines_of(failed, flow_run, f"runwright.flow.{facts.flow_id}", clock.now()))
            if origin.due is not None:
                root.schedule(origin.due)
        return flow_run

    def failed_checks(self, values: dict[str, Any], facts: Facts | None = None) -> list[Failing]:
        """Return the checks of the flow that do not hold of the values of its inputs; raises `CheckFailed`."""
        if not self.flow.spec.checks:
            return []
        facts = facts or self._facts(ids.new_flow_run_id(clock.now()), _PLAIN, {})
        scope = self._scope(facts)
        return failed_among(self.flow.spec.checks, lambda text: scope.render(text, inputs=values), self.host.masked)

    def _values(self, inputs: Mapping[str, Any], flow_run: UUID, origin: Origin) -> dict[str, Any]:
        """Return the values of all inputs: files on the drive, defaults filled in; raises `InputError`."""
        declared = self.flow.spec.inputs
        given = uploads_for((each.id for each in declared), inputs)
        stored = self.stored(given, flow_run)
        if origin.is_automatic:
            declared = tuple(replace(each, required=False) for each in declared)
        try:
            return resolve(declared, stored, self._rendered(self._facts(flow_run, origin, {})))
        except InputError:
            discard(self.host.drive, given, stored)
            raise

    def take_over(self, row: FlowRun, *, releases: bool = True) -> State:
        """Go on with an execution in the place of a process that is gone, or of whoever paused or reopened it.

        With `releases` everything that is paused goes on, otherwise only what was asked for on the record. Raises
        `IllegalTransition` for one that has ended.
        """
        if row.kind.phase.is_final and not self.has_aftermath(row):
            text = f"Execution {row.name} ({row.id}) has ended: it is {row.kind.execution}. Restart or replay it."
            raise IllegalTransition(text)
        return self.go_on(row, releases=releases)

    def go_on(self, row: FlowRun, *, releases: bool = False) -> State:
        """Run an execution that is on record to its end, or until it waits for somebody; see `start`."""
        while True:
            if not row.details.get("forced"):
                self._wait_until(row.scheduled_start_time)
            state, successor = self._run(row, () if releases else None)
            state.context["flow_run_id"] = str(row.id)
            releases = False
            if isinstance(state, Queued) and self.is_patient:
                clock.wait(queue.SimpleQueue(), _LOOK)
                continue
            if successor is None:
                return state
            row = app.find_flow_run(open_record(self.record), successor)

    def replay(
        self,
        row: FlowRun,
        task_run: UUID | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        key: str | None = None,
        before: Graph | None = None,
        revision: int | None = None,
    ) -> UUID:
        """Record an execution that repeats another, from one of its task runs on or from the start; returns its id.

        `key` is that of `Origin`, `inputs` take the place of its own. `before` is what it ran, where this runner has another
        `revision` of the flow. Raises `NotOnRecord` for a task run that the execution does not have, `InputError`, and
        `IllegalTransition` for a task run of one that is still at work, or where the revisions differ before it.
        """
        origin = Origin.from_earlier(row, key=key)
        if task_run is None:
            return self.create(self.host.opened(row.parameters) if inputs is None else inputs, origin)
        check_replayed(row, task_run)
        now = clock.now()
        flow_run = ids.new_flow_run_id(now)
        more = origin.of_copy(naming.run_name(flow_run), revision)
        if inputs is not None:
            values = self._values(inputs, flow_run, origin)
            more["parameters"] = codec.to_plain(self.host.sealed(self.flow.spec.inputs, values))
        past = self._past(row, before, revision)
        return self._write(flow_run, replayed(past, ids.ordinal_of(task_run), flow_run, now, more))

    def copy(self, row: FlowRun, before: Graph, revision: int) -> UUID:
        """Record an execution of this revision that has come to the end that another one came to; returns its id.

        It can be restarted then. Raises `IllegalTransition` where the revisions differ in what has run.
        """
        flow_run = ids.new_flow_run_id(clock.now())
        more = Origin.from_earlier(row).of_copy(naming.run_name(flow_run), revision)
        return self._write(flow_run, copied(self._past(row, before, revision), flow_run, more))

    def _past(self, row: FlowRun, before: Graph | None, revision: int | None) -> Past:
        graph = self.flow.compile()
        return Past.of(open_record(self.record), row, Fit(before or graph, graph, revision or row.flow_version))

    def _write(self, flow_run: UUID, events: list[Event]) -> UUID:
        with app.Assembly(self.flow, self.record, self._executor) as assembly:
            assembly.write(flow_run, events)
        return flow_run

    def annotate(self, row: FlowRun, data: dict[str, Any]) -> None:
        """Note what became known of an execution that nobody runs, such as labels."""
        with app.Assembly(self.flow, self.record, self._executor) as assembly:
            assembly.take_over(row).annotate(data)

    def recalled(self, row: FlowRun) -> Execution:
        """Return an execution as its record has it, to look at: somebody else may run it meanwhile."""
        store, graph = open_record(self.record), self.flow.compile()
        rows = store.task_runs(TaskRunFilter(flow_run=row.id, oldest_first=True))
        machine = app.machine_of(row.id, graph).restore(store.iterate_events(row.id))
        execution = self._execution(graph, machine, row)
        for each in rows:
            execution.restore(each, app.state_of(each, lambda ref: reader_for(ref, own=self.flow.result)))
        return execution

    # ---- one execution

    def _run(self, row: FlowRun, released: tuple[int, ...] | None = None) -> tuple[State, UUID | None]:
        """Return the state that an execution is left in, and the one that replaces it."""
        with app.Assembly(self.flow, self.record, self._executor) as assembly:
            root = assembly.take_over(row)
            refused = self._refused_by_check(root, row) or self._refused_by_limit(assembly, root, row)
            if refused is not None:
                return refused, None
            execution = self._execution(assembly.graph, root.machine, row)
            self._restore(assembly, root, row, execution)
            loop = assembly.loop(root, execution, on_progress=self.progress)
            promises = Promises(self.flow.spec.sla, execution, loop, row)
            refused = promises.refusal(root)
            if refused is not None:
                root.end(refused)
                return refused, None
            try:
                with promises:
                    has_run_through = loop.run(Running("Running flow."), released)
                promises.settle(root)
                state = self._ended(loop, root, execution, row)
                if isinstance(state, Paused):
                    assembly.keep_slot()
            finally:
                execution.close()
            successor = self._replaced(row, execution) if state.kind.name == "Retried" else None
            if not has_run_through:
                raise KeyboardInterrupt
            return state, successor

    @staticmethod
    def _refused_by_check(root: Root, row: FlowRun) -> State | None:
        """Return the state of an execution that fails before it runs anything, because a check says so; else None."""
        if root.has_begun or not row.details.get("refused"):
            return None
        state = Failed(row.details["refused"])
        root.end(state)
        return state

    def _refused_by_limit(self, assembly: app.Assembly, root: Root, row: FlowRun) -> State | None:
        """Return the state of an execution that may not run now, because as many as its flow allows do; None for one that may."""
        declared = self.flow.spec.concurrency
        if declared is None:
            return None
        limit = assembly.limit(self.flow.name, declared.limit)
        is_under_way = root.has_begun and row.kind.name not in {"Resume", "Queued"}
        if limit.enter() or is_under_way or row.details.get("forced"):
            return None
        text = f"{declared.limit} executions of the flow run already."
        if declared.behavior == "QUEUE":
            if row.kind.name != "Queued":
                root.queue(text)
            return Queued(text)
        state = Cancelled(text) if declared.behavior == "CANCEL" else Failed(text)
        root.end(state)
        return state

    def has_aftermath(self, row: FlowRun) -> bool:
        """Say whether a lost process has left what runs after the end of an execution."""
        graph = self.flow.compile()
        if not any(graph.flowable.bodies.others.values()):
            return False
        events = open_record(self.record).iterate_events(row.id)
        return not app.machine_of(row.id, graph).restore(events).is_over

    def _ended(self, loop: FlowLoop, root: Root, execution: Execution, row: FlowRun) -> State:
        """Record the end of an execution, or leave it where it waits; returns the state that it is in."""
        if row.kind.phase.is_final:  # what runs after its end did, which a lost process had left
            root.writer.flush()
            return CLASS_BY_CODE[row.state](row.message)
        if root.machine.is_finished:
            return Pending()
        if loop.finish is None:
            root.writer.flush()
            return Paused("Everything that is open is paused.")
        state = self._final(loop.finish.state, loop.finish.message, execution)
        after = self._after(root, execution, state, row)
        if after is not None and state.kind.name not in {"Killed", "Cancelled"}:
            root.open_aftermath(after)
        root.writer.emit((), execution.lines(clock.now()))
        root.end(state, state.context.get("handed_on"))
        if not root.machine.is_over:
            loop.run_on()
            root.writer.flush()
        return state

    def _final(self, name: str, message: str, execution: Execution) -> State:
        """Return the final state, with the outputs of the flow where it ended well; one that cannot be rendered is a failure."""
        state: State = CLASS_BY_CODE[KIND_BY_NAME[name].code](message)
        declared = self.flow.spec.outputs
        if state.is_successful() and declared:
            try:
                shown = execution.shown(execution.rendered_outputs(declared))
                state.context["handed_on"] = {"outputs": shown.outputs, **shown.extra}
            except Exception as error:  # noqa: BLE001  whatever a declared text says
                execution.complain(0, 0, str(error))
                return Failed(f"The outputs cannot be rendered: {self.host.masked(str(error))}")
        return state

    def _after(self, root: Root, execution: Execution, state: State, row: FlowRun) -> Children | None:
        """Return what runs after the end: the tasks of the listeners that it concerns, and those of `afterExecution`."""
        bodies, listeners = execution.graph.flowable.bodies.others, self.flow.spec.listeners
        execution.say_ended(state.kind.execution)
        names = ["afterExecution"]
        if listeners:
            root.writer.flush()  # what they ask is read from the record
            outputs = (state.context.get("handed_on") or {}).get("outputs") or {}
            ended = Ended(self.host.executions, row, state.kind.execution, execution.labels, outputs)
            names = [f"listeners.{number}" for number in concerned(listeners, execution, ended)] + names
        body = tuple(index for name in names for index in bodies[name])
        return Children(body=body, branch="afterExecution") if body else None

    def _replaced(self, row: FlowRun, execution: Execution) -> UUID:
        """Record the execution that runs again what has failed, and return its id."""
        facts = execution.facts
        origin = Origin.from_earlier(row, attempt=facts.attempt + 1, began=facts.began, due=execution.retried_at)
        return self.create(self.host.opened(row.parameters), origin)

    # ---- its parts

    def _execution(self, graph: Graph, machine: Any, row: FlowRun) -> Execution:
        details = row.details
        origin = Origin(
            labels=details.get("labels") or {},
            trigger=details.get("trigger"),
            parent=details.get("parent"),
            original=details.get("original"),
            attempt=details.get("attempt", 1),
            began=details.get("began") or row.created,
        )
        facts = self._facts(row.id, origin, self.host.opened(row.parameters), row)

        def resumed(inputs: Any, given: dict[str, Any]) -> dict[str, Any]:
            values = resolve(inputs, self.host.opened(given), self._rendered(facts))
            execution.hide(*self.host.secrets_in(inputs, values))
            return values

        execution = Execution(
            graph,
            machine,
            facts,
            self.host,
            self.flow.result,
            resume=resumed,
            folder=lambda name: str(Path(app.settings.load().home) / "working" / name),
        )
        return execution

    def _restore(self, assembly: app.Assembly, root: Root, row: FlowRun, execution: Execution) -> None:
        """Take what earlier owners of the execution have left on record."""
        if not root.has_begun:
            return
        for task_run in assembly.store.task_runs(TaskRunFilter(flow_run=row.id, oldest_first=True)):
            execution.restore(task_run, assembly.state_of(task_run))

    def _facts(self, flow_run: UUID, origin: Origin, inputs: dict[str, Any], row: FlowRun | None = None) -> Facts:
        spec, execution_id = self.flow.spec, str(flow_run)
        created = clock.now() if row is None else row.created
        labels = {**spec.label_map, **origin.labels}
        labels.setdefault("system.correlationId", execution_id)
        variables: dict[str, Any] = {
            "flow": {
                "id": spec.id,
                "namespace": spec.namespace,
                "revision": 1 if row is None else row.flow_version,
            },
            "execution": {
                "id": execution_id,
                "startDate": to_milliseconds(created),
                "originalId": origin.original or execution_id,
                "state": KIND_BY_NAME["Running"].execution,
            },
            "inputs": inputs,
            "vars": spec.variables,
            "labels": nested_labels(labels),
            "envs": self.host.envs,
            "globals": self.host.globals,
        }
        if origin.trigger is not None:
            variables["trigger"] = origin.trigger.get("variables") or {}
        return Facts(
            spec.namespace,
            spec.id,
            execution_id,
            variables,
            attempt=origin.attempt,
            began=origin.began or created,
            labels=labels,
            secrets=self.host.secrets_in(spec.inputs, inputs),
            is_linear=app.settings.load().retry_growth == "linear",
        )

    def _born(self, flow_run: UUID, origin: Origin, secrets: list[str]) -> dict[str, Any]:
        """Return what the record keeps of how an execution came to be."""
        labels = self.host.shown({**self.flow.spec.label_map, **origin.labels}, secrets).outputs
        labels.setdefault("system.correlationId", str(flow_run))
        found: dict[str, Any] = {"labels": labels}
        for name in ("trigger", "parent", "original"):
            if getattr(origin, name) is not None:
                found[name] = getattr(origin, name)
        limits = promised(self.flow.spec.sla)
        if limits:
            found[PROMISED] = limits
        if origin.began:
            found["began"] = origin.began
        if origin.attempt > 1:
            found["attempt"] = origin.attempt
        if origin.key is not None:
            found["idempotency_key"] = origin.key
        return found

    def looked_at(self, given: Mapping[str, Any]) -> Look:
        """Return what would become of what is given for the inputs of an execution; nothing is recorded."""
        facts = self._facts(ids.new_flow_run_id(clock.now()), _PLAIN, {})
        return look_at(self.flow.spec.inputs, given, self._rendered(facts))

    def _rendered(self, facts: Facts) -> Callable[[str, dict[str, Any]], Any]:
        """Return how the expressions of inputs are rendered."""
        scope = self._scope(facts)
        return lambda template, variables: scope.evaluate(template, **variables)

    def _scope(self, facts: Facts) -> AttemptScope:
        situation = Situation(
            task=None,
            namespace=facts.namespace,
            flow_id=facts.flow_id,
            execution_id=facts.execution_id,
            task_id="",
            task_run_id="",
            variables=facts.variables,
            host=self.host,
            prefix=facts.prefix,
            stopping=StopSignal(),
        )
        return AttemptScope(situation)

    def stored(self, given: dict[str, Any], flow_run: UUID) -> dict[str, Any]:
        """Return what was given, with files put on the drive in the place of their content."""
        return kept(self.host.drive, Place(self.flow.spec.namespace, self.flow.spec.id, str(flow_run)), given)

    @property
    def _executor(self) -> Any:
        return self.executor or "threads"

    @staticmethod
    def _wait_until(due: int | None) -> None:
        if due is not None and due > clock.now():
            clock.wait(queue.SimpleQueue(), (due - clock.now()) / 1e9)
