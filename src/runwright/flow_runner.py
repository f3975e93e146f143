"""FlowRunner: the documented pipeline that takes one flow from a state to the next, step by step.

Each step is a public method that a subclass may override: it returns the state to go on with, or raises `ENDRUN` with the
state to stop in. Names, arguments and behaviour of the steps are those of the Prefect 1 `FlowRunner`. How task runs follow
each other is the work of the `FlowLoop` below the step `get_flow_run_state`.
"""

from __future__ import annotations

import functools
import logging
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from runwright import app, clock, ids
from runwright.clock import from_datetime, now, to_datetime
from runwright.context import activate, context as run_context, deactivate
from runwright.errors import FlowError, RecordError
from runwright.result import NoResult
from runwright.runtime import naming
from runwright.runtime.flow_context import flow_context, inherited
from runwright.runtime.given_states import GivenStates
from runwright.runtime.runner import Handler, Runner, call_state_handlers
from runwright.runtime.task_runner import TaskRunner
from runwright.signals import ENDRUN
from runwright.states import Cancelled, Failed, Killed, Mapped, MetaState, Pending, Running, Scheduled, State, Success

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Set as AbstractSet
    from datetime import datetime

    from runwright.runs import FlowRun
    from runwright.runtime.flow_loop import FlowLoop
    from runwright.runtime.root import Root

    Contexts = dict[Any, dict[str, Any]]

_ALWAYS_SET = {"task_name", "task_slug"}
_PLAIN_ID = re.compile(r"\w[\w.:-]*")


class Initialized(NamedTuple):
    """What `initialize_run` returns."""

    state: State
    task_states: dict[Any, State]
    context: dict[str, Any]
    task_contexts: Contexts


class Terms(NamedTuple):
    """What a flow run is run under, beyond the arguments of `run`.

    `record` is where it is recorded, `progress` hears of every task run that is final, `approve` is asked, with its name,
    whether a paused task run may go on. `scheduled_start_time` is when a schedule wanted it to start. A patient run waits for
    what is due later, such as retries; another returns Running instead.
    """

    record: str | None = None
    progress: Callable[[FlowLoop], None] | None = None
    approve: Callable[[str], bool] | None = None
    scheduled_start_time: datetime | None = None
    is_patient: bool = False


class FlowRunner(Runner):
    """Runs one flow: `run` returns the state it is in afterwards, and raises nothing unless told to by the context.

    `task_runner_cls` makes the task runners, `state_handlers` are called `handler(runner, old_state, new_state)` after the
    flow's own. `terms` is for who runs flows for others, such as `Flow.run`.
    """

    logger = logging.getLogger("runwright.FlowRunner")

    def __init__(
        self, flow: Any, task_runner_cls: type[Any] | None = None, state_handlers: Sequence[Handler] | None = None
    ) -> None:
        """Prepare to run `flow`."""
        super().__init__(state_handlers)
        self.flow = flow
        self.task_runner_cls: type[Any] = task_runner_cls or TaskRunner
        self.terms = Terms()
        self._assembly: app.Assembly | None = None
        self._root: Root | None = None
        self._resumed: tuple[int, ...] | None = None
        self._is_interrupted = False
        self._reached: State = Pending()
        self._return_states: dict[Any, State] | None = None

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Call the flow's own handlers, `handler(flow, old_state, new_state)`; returns the state they agree on."""
        names = type(old_state).__name__, type(new_state).__name__
        self.logger.debug("Flow '%s': Handling state change from %s to %s", self.flow.name, *names)
        for handler in self.flow.state_handlers:
            new_state = handler(self.flow, old_state, new_state) or new_state
        return new_state

    # ---- the run

    def run(
        self,
        state: State | None = None,
        task_states: Mapping[Any, State] | None = None,
        return_tasks: Iterable[Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        task_runner_state_handlers: Sequence[Handler] | None = None,
        executor: Any = None,
        context: Mapping[str, Any] | None = None,
        task_contexts: Mapping[Any, Mapping[str, Any]] | None = None,
    ) -> State:
        """Run the flow as far as it goes by itself now, on the record; returns the state it is in then.

        `state` and `task_states` are where it starts (default Pending): what is final there is not run. The result of the
        state is a dict with the states of `return_tasks`. `parameters`, `context` and `task_contexts` (by task) are what
        tasks see, `task_runner_state_handlers` are called after a task's own. When retries or pauses are left, the state is
        Running: run again with `task_states=state.result`. Raises the errors of the record, and `KeyboardInterrupt` after
        the cancelled run is on record.
        """
        known = {**_identity(context), **(context or {})}
        token = activate({**inherited(), **known})
        try:
            self._reached = state or Pending()
            start: State | Initialized = self._guarded(
                lambda: self.initialize_run(
                    state,
                    dict(task_states or {}),
                    known,
                    {task: dict(values) for task, values in (task_contexts or {}).items()},
                    dict(parameters or {}),
                ),
            )
            run_context.update(known if isinstance(start, State) else start.context)
            with self._on_record(executor) as root:
                if isinstance(start, State):
                    return self._ended(start, root)
                steps = functools.partial(self._steps, start, return_tasks, task_runner_state_handlers, executor)
                return self._ended(self._guarded(steps), root)
        finally:
            deactivate(token)

    def resume(self, flow_run: FlowRun, executor: Any = None, *, releases: bool = True) -> State:
        """Go on with a flow run that is on record, in the place of a process that is gone or of whoever paused it.

        What is paused goes on too, unless `releases` is False.
        """
        identity = {"flow_run_id": str(flow_run.id), "flow_run_name": flow_run.name}
        given: dict[str, Any] = flow_run.details.get("context") or {}
        context = {**given, **identity, "date": to_datetime(flow_run.created), "parameters": flow_run.parameters}
        if flow_run.scheduled_start_time is not None:
            context["scheduled_start_time"] = to_datetime(flow_run.scheduled_start_time)
        token = activate(inherited())
        try:
            start = self.initialize_run(None, {}, context, {}, {})
            run_context.update(start.context)
            with self._on_record(executor, flow_run) as root:
                is_parked = any(cell.parked for cell in root.machine.open_cells())
                self._resumed = () if is_parked and releases else None
                if root.has_begun:
                    start = start._replace(state=Running("Running flow."))
                elif flow_run.details.get("keeps_successes") and self._assembly is not None:
                    kept = self._assembly.successes_of(UUID(flow_run.details["parent"]))
                    start = start._replace(task_states=kept)
                steps = functools.partial(self._steps, start, self.flow.tasks, None, executor)
                return self._ended(self._guarded(steps), root)
        finally:
            deactivate(token)

    def _steps(
        self,
        start: Initialized,
        return_tasks: Iterable[Any] | None,
        task_runner_state_handlers: Sequence[Handler] | None,
        executor: Any,
    ) -> State:
        self._reached = start.state
        self._reached = self.check_flow_is_pending_or_running(self._reached)
        self._reached = self.check_flow_reached_start_time(self._reached)
        self._reached = self.set_flow_to_running(self._reached)
        return self.get_flow_run_state(
            self._reached,
            task_states=start.task_states,
            task_contexts=start.task_contexts,
            return_tasks=set(return_tasks or ()),
            task_runner_state_handlers=task_runner_state_handlers,
            executor=executor,
        )

    def _guarded(self, step: Callable[[], Any]) -> Any:
        """Return what a step returns, or the state that it ends the run with, which is Failed where it raises."""
        try:
            return step()
        except ENDRUN as end:
            return end.state
        except Exception as error:
            if run_context.get("raise_on_exception") or self._is_of_record(error):
                raise
            message = f"Unexpected error while running flow: {error!r}"
            self.logger.exception(message)
            try:
                return self.handle_state_change(self._reached, Failed(message, result=error))
            except ENDRUN as end:
                return end.state

    def _is_of_record(self, error: Exception) -> bool:
        """Say whether nothing can be recorded any more: the record's own errors, and those of what goes into a commit."""
        return isinstance(error, RecordError) or (self._root is not None and error is self._root.writer.error)

    def _ended(self, state: State, root: Root) -> State:
        """Record the state that the run is left in, and return it with what its task runs are in."""
        held = state._result  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  public by custom
        if held is NoResult and self._return_states is not None:
            state.result = self._return_states
        root.end(state)
        state.context["flow_run_id"] = str(root.machine.flow_run)
        if self._is_interrupted:
            raise KeyboardInterrupt
        return state

    @contextmanager
    def _on_record(self, executor: Any, flow_run: FlowRun | None = None) -> Generator[Root]:
        """Hold the flow run's lease and its record open: of the run under way, of `flow_run`, or of a new one."""
        if self._root is not None:
            yield self._root
            return
        with app.Assembly(self.flow, self.terms.record, executor) as assembly:
            root = assembly.restore(flow_run) if flow_run is not None else self._created(assembly)
            self.logger.info("Beginning Flow run for '%s'", self.flow.name)
            self._assembly, self._root, self._return_states = assembly, root, None
            self._is_interrupted = False
            try:
                yield root
            except _RecordFailed as failed:
                raise failed.error from failed.error.__cause__
            except KeyboardInterrupt:
                root.end(Cancelled("The flow run was cancelled."))
                raise
            except Exception as error:
                if not self._is_of_record(error):
                    root.end(Failed(f"Unexpected error while running flow: {error!r}", result=error))
                raise
            finally:
                self._assembly = self._root = self._resumed = None

    def _created(self, assembly: app.Assembly) -> Root:
        known_as = str(run_context.get("flow_run_id") or "")
        parameters: dict[str, Any] = run_context.get("parameters") or {}
        flow_run = ids.flow_run_from_text(known_as) or ids.new_flow_run_id(clock.now())
        name = run_context.get("flow_run_name") or naming.run_name(flow_run)
        due = self.terms.scheduled_start_time
        return assembly.create(flow_run, name, parameters, known_as=known_as or str(flow_run), scheduled_start_time=due)

    # ---- the steps, in order

    def initialize_run(
        self,
        state: State | None,
        task_states: dict[Any, State],
        context: dict[str, Any],
        task_contexts: Contexts,
        parameters: Mapping[str, Any] | None,
    ) -> Initialized:
        """Unwrap the first state and complete the contexts.

        A wrapped state counts as what it wraps, None as Pending. The flow run's context gets dates, names and the values of
        the parameters, each task's its `task_name` and `task_slug`.
        """
        while isinstance(state, MetaState):
            state = state.state
        slugs = self.flow.slugs
        for task in self.flow.tasks:
            task_contexts.setdefault(task, {}).update(task_name=task.name, task_slug=slugs[task])
        return Initialized(state or Pending(), task_states, flow_context(self.flow, context, parameters), task_contexts)

    @call_state_handlers
    def check_flow_is_pending_or_running(self, state: State) -> State:
        """Check that the flow may run at all: Pending and Running pass, anything else ends the run."""
        if state.is_pending() or state.is_running():
            return state
        self.logger.info("Flow is not ready to run: it is %s.", type(state).__name__)
        raise ENDRUN(state)

    @call_state_handlers
    def check_flow_reached_start_time(self, state: State) -> State:
        """Check that a scheduled flow's time has come; ends the run otherwise."""
        if isinstance(state, Scheduled) and state.start_time is not None and from_datetime(state.start_time) > now():
            self.logger.debug("Flow '%s': start_time has not been reached; ending run.", self.flow.name)
            raise ENDRUN(state)
        return state

    @call_state_handlers
    def set_flow_to_running(self, state: State) -> State:
        """Set a pending flow to Running; one that runs stays as it is, anything else ends the run."""
        if state.is_pending():
            return Running("Running flow.")
        if state.is_running():
            return state
        raise ENDRUN(state)

    @call_state_handlers
    def get_flow_run_state(
        self,
        state: State,
        task_states: Mapping[Any, State],
        task_contexts: Mapping[Any, Mapping[str, Any]],
        return_tasks: AbstractSet[Any],
        task_runner_state_handlers: Sequence[Handler] | None,
        executor: Any,
    ) -> State:
        """Run the flow's tasks and return the state that follows; ends the run unless the state is Running."""
        if not state.is_running():
            self.logger.info("Flow is not in a Running state.")
            raise ENDRUN(state)
        if not set(return_tasks or ()) <= self.flow.tasks:
            raise FlowError("Some tasks in return_tasks were not found in the flow: each must be one of flow.tasks.")
        is_alone = self._root is None
        with self._on_record(executor) as root:
            loop = self._loop(root, task_states, task_contexts, task_runner_state_handlers)
            try:
                self._is_interrupted = not loop.run(state, self._resumed)
            except Exception as error:
                if self._is_of_record(error):
                    raise _RecordFailed(error) from error
                raise
            states = loop.task_states()
            self._return_states = {task: states[task] for task in return_tasks or ()}
            if loop.finish is not None and loop.finish.state in {"Cancelled", "Killed"}:
                stopped = Killed if loop.finish.state == "Killed" else Cancelled
                final: State = stopped(loop.finish.message, result=self._return_states)
            else:
                final = self.determine_final_state(
                    state,
                    key_states=_counted(states, self.flow.reference_tasks()),
                    return_states=self._return_states,
                    terminal_states=_counted(states, self.flow.terminal_tasks()),
                )
            if is_alone:
                root.end(final)
            return final

    def determine_final_state(
        self,
        state: State,
        key_states: set[State],
        return_states: dict[Any, State],
        terminal_states: set[State],
    ) -> State:
        """Return the state that a flow is in: the same while terminal tasks are unfinished, else as its reference tasks say.

        `key_states` are those of the reference tasks, with a mapped one's children in its place; likewise
        `terminal_states`. `return_states` becomes the result. The flow's `terminal_state_handler` has the last word.
        """
        if not all(each.is_finished() for each in terminal_states):
            self.logger.info("Flow run RUNNING: terminal tasks are incomplete.")
            state.result = return_states
            return state
        if any(each.is_failed() for each in key_states):
            self.logger.info("Flow run FAILED: some reference tasks failed.")
            state = Failed("Some reference tasks failed.", result=return_states)
        elif all(each.is_successful() for each in key_states):
            self.logger.info("Flow run SUCCESS: all reference tasks succeeded")
            state = Success("All reference tasks succeeded.", result=return_states)
        else:
            self.logger.info("Flow run SUCCESS: no reference tasks failed")
            state = Success("No reference tasks failed.", result=return_states)
        handler = self.flow.terminal_state_handler
        return state if handler is None else handler(self.flow, state, key_states) or state

    # ---- what the steps share

    def _loop(
        self,
        root: Root,
        task_states: Mapping[Any, State],
        task_contexts: Mapping[Any, Mapping[str, Any]],
        task_runner_state_handlers: Sequence[Handler] | None,
    ) -> FlowLoop:
        assembly = self._assembly
        if assembly is None:
            raise TypeError("There is no loop without a record.")
        context = {**run_context.to_dict(), **assembly.recall()}
        context["_origin"] = self.terms.record, self.flow.source.get("file")
        runner: Callable[..., Any] | None = None if self.task_runner_cls is TaskRunner else self.task_runner_cls
        if task_runner_state_handlers:
            runner = functools.partial(self.task_runner_cls, state_handlers=list(task_runner_state_handlers))
        contexts = {
            node.index: {**context, **task_contexts[node.task]}
            for node in assembly.graph.nodes
            if task_contexts.get(node.task, {}).keys() - _ALWAYS_SET
        }
        given = GivenStates(assembly.graph, task_states)
        return assembly.loop(
            root,
            assembly.tasks(root, context, given, contexts=contexts, task_runner=runner),
            is_patient=self.terms.is_patient,
            raises=bool(context.get("raise_on_exception")),
            on_progress=self.terms.progress,
            approve=self.terms.approve,
        )


class _RecordFailed(BaseException):
    """Carries an error of the record past the steps, which would make a state of it that nobody could record."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


def _counted(states: Mapping[Any, State], tasks: Iterable[Any]) -> set[State]:
    """Return the states that count for a flow's: those of tasks, and in a mapped task's place its children's."""
    counted: set[State] = set()
    for task in tasks:
        state = states[task]
        if isinstance(state, Mapped):
            children = getattr(state.map_states, "kinds", state.map_states)
            counted.update(child or Pending("Task not run.") for child in children)
        else:
            counted.add(state)
    return counted


def _identity(context: Mapping[str, Any] | None) -> dict[str, str]:
    """Return id and name of a flow run, new unless they are given; raises `FlowError` for an id that is no plain word."""
    given = context or {}
    known_as = given.get("flow_run_id")
    if known_as is not None and not _PLAIN_ID.fullmatch(str(known_as)):
        raise FlowError(f"flow_run_id={known_as!r} is no id: use letters, digits, points, colons, hyphens.")
    flow_run = ids.new_flow_run_id(clock.now())
    known_as = str(known_as or flow_run)
    return {
        "flow_run_id": known_as,
        "flow_run_name": given.get("flow_run_name") or naming.run_name(ids.flow_run_from_text(known_as) or flow_run),
    }
