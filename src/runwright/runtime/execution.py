"""Execution: what a flow run of a YAML flow adds to the loop: how its flowables go on, what its tasks get and hand on.

The loop asks; nothing here feeds the machine by itself. What expressions see is held here: the outputs and states of the task
runs that have ended, and where in loops each stands.
"""

from __future__ import annotations

import logging
import shutil
from typing import TYPE_CHECKING, Any

from runwright import clock, codec, ids
from runwright.clock import to_milliseconds
from runwright.engine.branches import Branch
from runwright.engine.cells import Cell
from runwright.engine.stimuli import FinishRun, Opened, Reported, Requested
from runwright.events import LogLine
from runwright.executor import TaskCall
from runwright.expression import is_true
from runwright.flowable import Answer, Children, Settled, Waiting
from runwright.runtime.attempt_scope import SEALED, AttemptScope, Situation, StopSignal
from runwright.runtime.flowable_scope import FlowableScope, worst_of
from runwright.runtime.loop_rounds import LoopRounds
from runwright.runtime.outputs import Outputs
from runwright.runtime.runnable_runner import LABELS, OUTPUTS, RunnableRunner
from runwright.spec import handed_on
from runwright.spec.labels import nested_labels
from runwright.states import CLASS_BY_CODE, KIND_BY_NAME, Skipped, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from runwright.engine.machine import Machine
    from runwright.engine.stimuli import Resolve, Stimulus, Submit
    from runwright.graph import Graph, Node
    from runwright.result import Result
    from runwright.runs import TaskRun
    from runwright.runtime.attempt_scope import Host, Shown
    from runwright.runtime.declared_task import DeclaredTask
    from runwright.runtime.facts import Facts

_RUNNING, _PAUSED = KIND_BY_NAME["Running"].code, KIND_BY_NAME["Paused"].code


class Execution:
    """The flow run of `machine`; `resume` takes what was given for the inputs of a pause, `folder` gives a shared one its path."""

    def __init__(
        self,
        graph: Graph,
        machine: Machine,
        facts: Facts,
        host: Host,
        result: Result,
        *,
        resume: Callable[[Any, dict[str, Any]], dict[str, Any]],
        folder: Callable[[str], str],
    ) -> None:
        """Hold the parts; nothing has run."""
        self.facts = facts
        self.outputs = Outputs()
        self.labels: dict[str, str] = facts.labels
        self._news: dict[str, Any] = {}
        self.look_at_promises: Callable[[], None] | None = None
        self.resumed_by = "Resumed."
        self._lines: list[LogLine] = []
        self.retried_at = 0
        self.graph = self._graph = graph
        self._machine = machine
        self._host = host
        self._result = result
        self._resume = resume
        self._folder = folder
        self._root = str(machine.flow_run)
        self._started: dict[int, int] = {}
        self._own: dict[int, dict[str, Any]] = {}
        self._past: dict[int, Cell] = {}
        self._lineages: dict[int, tuple[str, ...]] = {}
        self._stops: dict[int, StopSignal] = {}
        self._folders: set[str] = set()
        self._secrets = facts.secrets
        self._rounds = LoopRounds(graph, self.outputs, self._own, self._values_of)
        self._variables = {**facts.variables, "outputs": self.outputs.tree, "tasks": self.outputs.states}
        self._context: dict[str, Any] = {
            "flow_run_id": self._root,
            "flow_name": facts.flow_id,
            "execution_attempt": (facts.attempt, facts.began),
            "is_linear": facts.is_linear,
        }

    # ---- flowables

    def answer(self, resolve: Resolve, at: int) -> Iterator[tuple[Stimulus | FinishRun, Sequence[LogLine]]]:
        """Yield what is to be told of a run that stands for others, with lines for the log; a `FinishRun` for the flow run."""
        node = self._graph.nodes[resolve.node] if resolve.ordinal else None
        if node is None and self._machine.is_finished:
            return
        try:
            found = self._asked(resolve, node, at)
        except Exception as error:  # noqa: BLE001  whatever a declared text says
            self.complain(resolve.ordinal, resolve.attempt, str(error))
            state = "Failed" if node is None else _failed(node.task)
            found = Settled(state, self._host.masked(str(error)))
        for told in self._told(resolve, node, found, at):
            yield told, self.lines(at)

    def rendered(self, text: Any) -> str:
        """Return a text of the flow itself, rendered as things stand; raises `ExpressionError`."""
        return AttemptScope(self._situation(0, None, 0, StopSignal())).render(text)

    def add_labels(self, labels: dict[str, str]) -> None:
        """Give the execution labels, which expressions see from now on."""
        self.labels = {**self.labels, **self.shown(labels).outputs}
        self._variables["labels"] = nested_labels(self.labels)
        self.note("labels", self.labels)

    def note(self, name: str, value: Any) -> None:
        """Let the row of the execution have something under a name from now on, for whoever runs it later."""
        self._news[name] = value

    def rendered_outputs(self, declared: Any) -> dict[str, Any]:
        """Return the outputs that a flow declares, rendered when all its tasks have ended."""
        scope = AttemptScope(self._situation(0, None, 0, StopSignal()))
        try:
            return handed_on(declared, scope.evaluate)
        finally:
            self.hide(*scope.secrets_handed)

    def shown(self, outputs: dict[str, Any]) -> Shown:
        """Return outputs as the record has them, without the secrets that are known so far."""
        return self._host.shown(outputs, self._secrets)

    def hide(self, *secrets: str) -> None:
        """Hide secrets that became known, in what is handed on from now on."""
        self._secrets = tuple(dict.fromkeys((*self._secrets, *secrets)))

    def _opened(self, sealed: str | None, shown: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return what was handed on as it is; what is hidden of it stays hidden in what comes of it."""
        if sealed is None:
            return shown
        found = self._host.unsealed(sealed)
        self.hide(*found.secrets)
        return found.outputs

    def say_ended(self, state: str) -> None:
        """Let expressions see the state that the execution has ended in."""
        self._variables["execution"]["state"] = state

    def complain(self, ordinal: int, attempt: int, text: str) -> None:
        """Note a line for the log of a run."""
        name = f"runwright.flow.{self.facts.flow_id}"
        flow_run, hidden = self._machine.flow_run, self._host.masked(text)
        self._lines.append(LogLine(clock.now(), flow_run, ordinal, attempt, logging.ERROR, name, hidden))

    def lines(self, at: int) -> Sequence[LogLine]:
        """Return the lines for the log that nobody has taken yet."""
        del at
        lines, self._lines = self._lines, []
        return lines

    def news(self) -> dict[str, Any] | None:
        """Return what became known since the last call: labels that tasks have set, and broken promises."""
        if self.look_at_promises is not None:
            self.look_at_promises()
        news, self._news = self._news, {}
        return news or None

    # ---- what only Python flows have

    def over(self) -> tuple[()]:
        """Return nothing: all of an execution runs."""
        return ()

    def keep(self, call: TaskCall, state: State) -> None:
        """Do nothing: `take` has what expressions see."""

    def wait_in(self, call: TaskCall, state: State) -> None:
        """Do nothing: an attempt of a YAML task starts afresh."""

    def expect_children(self, call: TaskCall, state: State) -> int:
        """Return none: what a flowable opens the machine counts."""
        del call, state
        return 0

    def states(self) -> dict[Any, State]:
        """Return none: executions are read from their record."""
        return {}

    def _asked(self, resolve: Resolve, node: Node | None, at: int) -> Answer:
        flowable = self._graph.flowable if node is None else node.flowable
        scope = AttemptScope(self._situation(resolve.ordinal, node, resolve.attempt, StopSignal()))
        if node is not None and resolve.tallies is None and not resolve.resumed and not self._is_asked_for(node, scope):
            return Settled("Skipped", "Its condition does not hold.")
        seen = FlowableScope(
            scope,
            turn=resolve.turn,
            was_paused=resolve.resumed,
            given=resolve.data,
            now=at,
            started=resolve.since or self._started.setdefault(resolve.ordinal, at),
            turns_before=resolve.turns_before,
            state="Success" if resolve.tallies is None else worst_of(resolve.tallies),
            resume=self._resume,
            own=self._own.get(resolve.ordinal),
            round_of=lambda number: self._rounds.variables_in(self._cell(resolve.ordinal), number),
        )
        try:
            return flowable.expand(seen) if resolve.tallies is None else flowable.settle(resolve.tallies, seen)
        finally:
            if scope.secrets_handed:
                self.hide(*scope.secrets_handed)

    def _told(self, resolve: Resolve, node: Node | None, found: Answer, at: int) -> Iterator[Stimulus | FinishRun]:
        ordinal, attempt = resolve.ordinal, resolve.attempt
        if isinstance(found, Children):
            data = self._own_outputs(resolve, node, found.outputs)
            yield Opened(ordinal, attempt, found, data)
            return
        if node is None:
            if isinstance(found, Settled):
                yield FinishRun(found.state, found.message)
            return
        if isinstance(found, Settled) and found.state == "Cancelled":
            return (yield Requested("cancel", by=node.slug))
        cell = self._machine.cell_of(ordinal)
        is_begun = cell is None or cell.code == _RUNNING
        is_skipped = isinstance(found, Settled) and found.state == "Skipped"
        fails_waiting = isinstance(found, Settled) and found.state in {"Failed", "Killed"} and resolve.resumed
        if not (is_begun or is_skipped or fails_waiting):
            yield Reported(ordinal, attempt, _RUNNING)
        if isinstance(found, Waiting):
            due = None if found.seconds is None else at + int(found.seconds * clock.NANOSECONDS)
            data = {"message": found.message, **({} if due is None else {"due": due})}
            yield Reported(ordinal, attempt, _PAUSED, data, due=due)
            return
        state = self._settled(resolve, found)
        data = {**(codec.data_from_state(state) or {}), **state.context}
        yield Reported(ordinal, attempt, state.kind.code, data or None)

    def _own_outputs(
        self, resolve: Resolve, node: Node | None, outputs: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        """Keep what a flowable hands on while it is under way, and return the data of its state Running for it."""
        if outputs is None or node is None:
            return None
        self._own[resolve.ordinal] = outputs
        self.outputs.keep(node.task.name, self._values_of(self._cell(resolve.ordinal)), outputs, "RUNNING")
        shown = self.shown(outputs)
        return {"outputs": shown.outputs, **shown.extra}

    def _settled(self, resolve: Resolve, found: Settled) -> State:
        """Return the final state of a flowable, with what it hands on, and keep that for expressions."""
        cell = self._cell(resolve.ordinal)
        outputs = found.outputs if found.outputs is not None else self._own.pop(resolve.ordinal, None)
        state: State = CLASS_BY_CODE[KIND_BY_NAME[found.state].code](found.message and self._host.masked(found.message))
        if outputs is not None:
            shown = self.shown(outputs)
            state.result = self._result.write(shown.outputs)
            state.context.update(shown.extra)
        self.outputs.keep(cell.node.task.name, self._values_of(cell), outputs, state.kind.execution)  # type: ignore[union-attr]  it has a node
        return state

    # ---- tasks that do work

    def call(self, submit: Submit, node: Node) -> TaskCall | State:
        """Return the call of an attempt, or the state that its task run ends in without one."""
        stopping = self._stops[submit.ordinal] = StopSignal()
        task: DeclaredTask = node.task
        situation = self._situation(submit.ordinal, node, submit.attempt, stopping, submit.run_count)
        situation.is_again = submit.resumed
        limit: float | None = None
        if task.has_condition or task.spec.timeout is not None:
            scope = AttemptScope(situation)
            try:
                if submit.run_count == 1 and not self._is_asked_for(node, scope):
                    return Skipped("Its condition does not hold.")
                limit = None if task.spec.timeout is None else self._limit(task, scope)
            except Exception as error:  # noqa: BLE001  whatever a declared text says
                self.complain(submit.ordinal, submit.attempt, str(error))
                return CLASS_BY_CODE[KIND_BY_NAME[_failed(task)].code](self._host.masked(str(error)))
        first = self._started.setdefault(submit.ordinal, clock.now())
        return TaskCall(
            ordinal=submit.ordinal,
            node=submit.node,
            slug=node.slug,
            task=task,
            task_run_id=situation.task_run_id,
            context={**self._context, "situation": situation, "limit": limit, "first_began": first},
            upstream={},
            attempt=submit.attempt,
            run_count=submit.run_count,
            map_index=submit.map_index,
            timeout=limit,
            runner=RunnableRunner,
            result=self._result,
        )

    def stop(self, ordinal: int) -> None:
        """Tell an attempt that it is to end."""
        stopping = self._stops.get(ordinal)
        if stopping is not None:
            stopping.set()

    def take(self, ordinal: int, state: State, data: dict[str, Any] | None) -> dict[str, Any] | None:
        """Take the end of an attempt, and return what its event keeps, with what goes beyond the state."""
        self.stop(ordinal)
        self._stops.pop(ordinal, None)
        extra: dict[str, Any] = {}
        if state.context.get(OUTPUTS) is not None and state.is_failed():
            extra["outputs"] = codec.to_plain(state.context[OUTPUTS])
        sealed = state.context.get(SEALED)
        if sealed is not None:
            extra[SEALED] = sealed
        if state.context.get(LABELS):
            self.add_labels(state.context[LABELS])
        if "_due" in state.context:
            self.retried_at = state.context["_due"]
            extra["due_again"] = self.retried_at
        cell = self._machine.cell_of(ordinal)  # None for one that was marked meanwhile
        if state.is_finished() and cell is not None and cell.node is not None:
            held = state.context.get(OUTPUTS) if state.is_failed() else state.result
            outputs = self._opened(sealed, held if isinstance(held, dict) else None)
            self.outputs.keep(cell.node.task.name, self._values_of(cell), outputs, state.kind.execution)
        return {**(data or {}), **extra} if extra else data

    def close(self, *, is_kept: bool = False) -> None:
        """Remove the folders that tasks shared."""
        del is_kept
        for path in self._folders:
            shutil.rmtree(path, ignore_errors=True)

    def restore(self, row: TaskRun, state: State) -> None:
        """Take what a task run on record has handed on; rows come in the order of their ordinals."""
        node = self._graph.nodes[row.task_index]
        branch = self._machine.branch_around(row.ordinal)
        if row.start_time is not None:
            self._started[row.ordinal] = row.start_time
        shown = row.details.get("outputs") if row.result is None else state.load_result().result
        held = self._opened(row.details.get(SEALED), shown)
        key = self._rounds.key_of(branch, row.ordinal - branch.first)
        values = (*self._values_above(branch), *([] if key is None else [key]))
        if not row.kind.phase.is_final and held is not None:
            self._own[row.ordinal] = held
        self.outputs.keep(node.task.name, values, held, row.kind.execution)

    def scope_of(self, row: TaskRun) -> AttemptScope:
        """Return what a task run sees that is on record and was restored, with the outputs that there are by now."""
        node = self._graph.nodes[row.task_index]
        branch = self._machine.branch_around(row.ordinal)
        number = branch.round_of(row.ordinal - branch.first)
        self._past[row.ordinal] = Cell(row.ordinal, node, number, branch, opened=row.created)
        return AttemptScope(self._situation(row.ordinal, node, row.attempt, StopSignal(), max(row.attempt, 1)))

    def scope_outside(self) -> AttemptScope:
        """Return what is seen where no task run stands, with the outputs that there are by now."""
        return AttemptScope(self._situation(0, None, 0, StopSignal()))

    # ---- where a run stands

    def _limit(self, task: DeclaredTask, scope: AttemptScope) -> float:
        seen = FlowableScope(scope, turn=0, was_paused=False, given=None, now=0, started=0, resume=self._resume)
        return seen.seconds(task.spec.timeout)

    @staticmethod
    def _is_asked_for(node: Node, scope: AttemptScope) -> bool:
        return not node.task.has_condition or is_true(scope.render(node.task.spec.run_if))

    def _situation(
        self, ordinal: int, node: Node | None, attempt: int, stopping: StopSignal, run_count: int = 1
    ) -> Situation:
        facts = self.facts
        task_run_id = ids.task_run_text(self._root, ordinal)
        task = None if node is None else node.task
        task_id = "" if task is None else task.name
        folder = None if task is None else self._folder_of(ordinal, task)
        return Situation(
            task=None if task is None else task.spec,
            namespace=facts.namespace,
            flow_id=facts.flow_id,
            execution_id=facts.execution_id,
            task_id=task_id,
            task_run_id=task_run_id,
            variables=self._variables if task is None else self._variables_of(ordinal, task, task_run_id, run_count),
            host=self._host,
            prefix=f"{facts.prefix}/tasks/{_folder_named(task_id)}/{task_run_id}",
            stopping=stopping,
            attempt=run_count,
            folder=folder,
            secrets=self._secrets,
        )

    def _folder_of(self, ordinal: int, task: DeclaredTask) -> str | None:
        """Return the folder of the `WorkingDirectory` that a run is, or that is around it; None where there is none."""
        if task.folder_of is None:
            return None
        owner = ordinal
        if task.folder_of != task.name:
            branch = self._cell(ordinal).group
            owner = branch.parent.ordinal if isinstance(branch, Branch) else 0
        path = self._folder(ids.task_run_text(self._root, owner))
        self._folders.add(path)
        return path

    def _variables_of(self, ordinal: int, task: DeclaredTask, task_run_id: str, run_count: int) -> dict[str, Any]:
        cell = self._cell(ordinal)
        began = self._started.get(ordinal) or cell.opened
        task_run: dict[str, Any] = {
            "id": task_run_id,
            "startDate": to_milliseconds(began),
            "attemptsCount": run_count - 1,
        }
        branch = cell.group
        variables = {**self._variables, "task": {"id": task.name, "type": task.spec.full_type}, "taskrun": task_run}
        if isinstance(branch, Branch):
            if branch.parent.ordinal:
                task_run["parentId"] = ids.task_run_text(self._root, branch.parent.ordinal)
            self._add_rounds(cell, branch, task_run, variables)
            if self._rounds.are_any:
                variables |= self._rounds.variables_of(cell)
        return variables

    def _add_rounds(self, cell: Cell, branch: Branch, task_run: dict[str, Any], variables: dict[str, Any]) -> None:
        """Say which round of which loop a task run belongs to, and those around it."""
        value = branch.value_of(cell.ordinal - branch.first)
        if value is not None:
            task_run["value"] = value
        if cell.index >= 0:
            task_run["iteration"] = cell.index
        parents = list(self._parents_of(branch))
        if parents:
            variables["parents"] = parents
            variables["parent"] = parents[0]
        if cell.node is not None and cell.node.task.folder_of not in {None, cell.node.task.name}:
            self._add_directory(branch, task_run, variables)

    def _add_directory(self, branch: Branch, task_run: dict[str, Any], variables: dict[str, Any]) -> None:
        """Let a task in a `WorkingDirectory` stand in the round that the directory stands in."""
        outer = branch.parent.group
        value = outer.value_of(branch.parent.ordinal - outer.first) if isinstance(outer, Branch) else None
        values = self._values_of(branch.parent)
        if values:
            task_run.setdefault("value", values[-1])
        variables["workerTaskrun"] = {} if value is None else {"value": value}

    def _parents_of(self, branch: Branch) -> Iterator[dict[str, Any]]:
        """Yield the rounds around a branch, the nearest first."""
        cell = branch.parent
        while isinstance(cell.group, Branch):
            outer = cell.group
            value = outer.value_of(cell.ordinal - outer.first)
            around: dict[str, Any] = {}
            if value is not None:
                around["value"] = value
            elif cell.index >= 0:
                around["iteration"] = cell.index
            own = self._own.get(cell.ordinal)
            if around or own:
                yield {**({"taskrun": around} if around else {}), **({"outputs": own} if own else {})}
            cell = outer.parent

    def _values_of(self, cell: Cell) -> tuple[str, ...]:
        """Return what tells the rounds that a run stands in from others, outermost first: values, or numbers of a `Loop`."""
        branch = cell.group
        if not isinstance(branch, Branch):
            return ()
        value = self._rounds.key_of(branch, cell.ordinal - branch.first)
        above = self._values_above(branch)
        return above if value is None else (*above, value)

    def _values_above(self, branch: Branch) -> tuple[str, ...]:
        known = self._lineages.get(branch.first)
        if known is None:
            known = self._lineages[branch.first] = self._values_of(branch.parent)
        return known

    def _cell(self, ordinal: int) -> Cell:
        cell = self._machine.cell_of(ordinal) or self._past.get(ordinal)
        if cell is None:
            raise LookupError(f"Task run {ordinal} is not open.")
        return cell


def _folder_named(task_id: str) -> str:
    """Return what the folder of a task is called on the drive, as clients know it; the task run's own is in it."""
    return task_id.lower().replace("_", "-")


def _failed(task: DeclaredTask) -> str:
    """Return the state of a task run whose task cannot even begin: failures and warnings may be allowed."""
    if not task.spec.allow_failure:
        return "Failed"
    return "Success" if task.spec.allow_warning else "Warning"
