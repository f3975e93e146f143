"""TaskRunner: the documented pipeline that takes one task from a state to the next, step by step.

Each step is a public method that a subclass may override. A step returns the state to go on with, or raises `ENDRUN` with
the state to stop in. Which steps a task needs at all is decided once, in `runwright.runtime.pipeline`. Names, arguments and
behaviour of the steps are those of the Prefect 1 `TaskRunner`.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.clock import has_come, utcnow
from runwright.context import activate, context as run_context, current, deactivate
from runwright.errors import ResultUnavailable
from runwright.result import Result
from runwright.runtime import caching, upstream
from runwright.runtime.calling import await_task, call_task
from runwright.runtime.journal import ChildLogger
from runwright.runtime.pipeline import Pipeline, pipeline_of
from runwright.runtime.runner import Handler, Runner, call_state_handlers
from runwright.runtime.storing import aimed, keywords_of, store
from runwright.runtime.timeouts import TaskTimeout
from runwright.runtime.turns import NextTurn, entered_anew
from runwright.signals import ENDRUN, LOOP, SUCCESS, TRIGGERFAIL, PipelineSignal
from runwright.states import (
    Cached,
    Failed,
    Looped,
    Mapped,
    MetaState,
    Paused,
    Pending,
    Resume,
    Retrying,
    Running,
    Scheduled,
    Skipped,
    State,
    Success,
    TimedOut,
    TriggerFailed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    UpstreamStates = Mapping[Any, State]
    Inputs = dict[str, Result]


class Initialized(NamedTuple):
    """What `initialize_run` returns."""

    state: State
    context: dict[str, Any]


class TaskRunner(Runner):
    """Runs one task once: `run` returns the state it ends in, and raises nothing unless told to by the context."""

    logger = logging.getLogger("runwright.TaskRunner")
    announce: Callable[[State], None] | None = None
    failed: State | None = None
    _outcome: tuple[bool, Any] | None = None
    _is_in_run = False
    _is_run_overridden = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let a `run` of a subclass be entered anew at each turn of a loop, so that it sees them all."""
        super().__init_subclass__(**kwargs)
        if "run" in cls.__dict__:
            cls._is_run_overridden = True
            cls.run = entered_anew(cls.__dict__["run"])

    def __init__(
        self, task: Any, state_handlers: Sequence[Handler] | None = None, flow_result: Result | None = None
    ) -> None:
        """Prepare to run `task`; `flow_result` is the result it writes to when it has none of its own."""
        super().__init__(state_handlers)
        self.task = task
        self.result: Result = task.result or flow_result or Result()
        self.context: dict[str, Any] = current() or {}  # never changed in place: a snapshot without a copy
        self.upstream_states: UpstreamStates = {}
        self.inputs: Inputs = {}

    @property
    def task_full_name(self) -> str:
        """Return the task's name, with the map index for a mapped child."""
        return run_context.get("task_full_name") or self.task.name

    def handle_state_change(self, old_state: State, new_state: State) -> State:
        """Call the task's handlers, then the runner's; see `Runner`."""
        is_heard = self.task.state_handlers or self.state_handlers or type(self) is not TaskRunner
        if is_heard or self.logger.isEnabledFor(logging.DEBUG):
            return super().handle_state_change(old_state, new_state)
        return new_state

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Call the task's own handlers, `handler(task, old_state, new_state)`; returns the state they agree on."""
        if self.logger.isEnabledFor(logging.DEBUG):
            names = type(old_state).__name__, type(new_state).__name__
            self.logger.debug("Task '%s': Handling state change from %s to %s", self.task_full_name, *names)
        for handler in self.task.state_handlers:
            new_state = handler(self.task, old_state, new_state) or new_state
        return new_state

    # ---- the run

    def run(
        self,
        state: State | None = None,
        upstream_states: UpstreamStates | None = None,
        context: dict[str, Any] | None = None,
        is_mapped_parent: bool = False,  # noqa: FBT001, FBT002  the documented signature
    ) -> State:
        """Run the task if upstream, trigger and caches let it; returns the state it ends in.

        `state` is where it starts (default Pending), `upstream_states` maps the edges that lead here to their states,
        `context` adds to the current context. With `is_mapped_parent` the task's children are counted, nothing runs.
        """
        context = {**run_context.to_dict(), **(context or {})}
        return self._run(context, state, upstream_states, is_mapped_parent)

    def run_in(
        self,
        context: dict[str, Any],
        state: State | None,
        upstream_states: UpstreamStates,
        is_mapped_parent: bool,  # noqa: FBT001  as in `run`
    ) -> State:
        """Run the task in a whole `context` that is this run's own: what attempts call; a subclass's `run` is asked."""
        if not self._is_run_overridden:
            return self._run(context, state, upstream_states, is_mapped_parent)
        token = activate(context)
        try:
            return self.run(state, upstream_states, is_mapped_parent=is_mapped_parent)
        finally:
            deactivate(token)

    def _run(
        self,
        context: dict[str, Any],
        state: State | None,
        upstream_states: UpstreamStates | None,
        is_mapped_parent: bool,  # noqa: FBT001  as in `run`
    ) -> State:
        first = context
        while True:
            token = self._enter(context)
            try:
                state, pipeline = self._begin(state, upstream_states, context)
                for step in pipeline.steps(self, state, is_mapped_parent):
                    state = step(self, state)
                return self._end(state, first)
            except (ENDRUN, PipelineSignal) as end:
                return self._end(self._ended_by(end), first)
            except NextTurn as turn:
                if self._is_run_overridden:
                    raise
                state, context = turn.state, turn.context
            except Exception as error:  # noqa: BLE001  any error of a step or a hook fails the run
                return self._end(self._failed_unexpectedly(error), first)
            finally:
                self._is_in_run = False
                deactivate(token)

    async def run_async(
        self,
        state: State | None = None,
        upstream_states: UpstreamStates | None = None,
        context: dict[str, Any] | None = None,
    ) -> State:
        """Run a task whose body is a coroutine on the current event loop; as `run` otherwise."""
        context = first = {**run_context.to_dict(), **(context or {})}
        while True:
            token = self._enter(context)
            try:
                state, pipeline = self._begin(state, upstream_states, context)
                for step in pipeline.steps(self, state):
                    if step is Pipeline.body and isinstance(state, Running):
                        await self._await_body()
                    state = step(self, state)
                return self._end(state, first)
            except (ENDRUN, PipelineSignal) as end:
                return self._end(self._ended_by(end), first)
            except NextTurn as turn:
                state, context = turn.state, turn.context
            except Exception as error:  # noqa: BLE001  any error of a step or a hook fails the run
                return self._end(self._failed_unexpectedly(error), first)
            finally:
                self._is_in_run = False
                deactivate(token)

    def _enter(self, context: dict[str, Any]) -> Any:
        index = context.setdefault("map_index", None)
        context["task_full_name"] = self.task.name if index is None else f"{self.task.name}[{index}]"
        self._is_in_run = True
        return activate(context)

    def _begin(
        self, state: State | None, upstream_states: UpstreamStates | None, context: dict[str, Any]
    ) -> tuple[State, Pipeline]:
        self.upstream_states = upstream_states or {}
        state, self.context = self.initialize_run(state, context)
        if self.logger.isEnabledFor(logging.INFO) and "task_loop_count" not in context:
            self.logger.info("Task '%s': Starting task run...", context["task_full_name"])
        return state, pipeline_of(type(self), self.task)

    def _end(self, state: State, first: dict[str, Any]) -> State:
        # Told by the context of the first turn: all turns of a loop end as one run.
        if self.logger.isEnabledFor(logging.INFO) and "task_loop_count" not in first:
            self.logger.info(
                "Task '%s': Finished task run for task with final state: '%s'",
                first["task_full_name"],
                type(state).__name__,
            )
        return state

    def _ended_by(self, end: ENDRUN | PipelineSignal) -> State:
        if isinstance(end, PipelineSignal) and run_context.get("raise_on_exception"):
            raise end
        return end.state

    def _failed_unexpectedly(self, error: Exception) -> State:
        if run_context.get("raise_on_exception"):
            raise error
        message = f"Task '{self.task_full_name}': Unexpected error while running task: {error!r}"
        self.logger.exception(message)  # noqa: LOG004  only called while an error is handled
        try:
            return self.handle_state_change(Pending(), Failed(message, result=error))
        except (ENDRUN, PipelineSignal) as end:
            return end.state

    async def _await_body(self) -> None:
        """Run the coroutine here; `get_task_run_state` then takes the outcome as if it had called the task."""
        try:
            value = await await_task(self.task, {key: held.value for key, held in self.inputs.items()})
            self._outcome = True, value
        except (Exception, PipelineSignal, TaskTimeout) as error:  # noqa: BLE001  user code
            self._outcome = False, error

    # ---- the steps, in order

    def initialize_run(self, state: State | None, context: dict[str, Any]) -> Initialized:
        """Unwrap the first state and complete the context.

        A wrapped state counts as what it wraps, None as Pending. The context gets `task_run_count` (one more than a
        Retrying state's), `resume` for a state that was paused, loop count and result of a loop under way, the task's
        name and tags, its logger, and `checkpointing` as `config["flows"]` says unless it is there.
        """
        if state is None:
            state = Pending()
            context["task_run_count"] = 1
        else:
            state = self._go_on_from(state, context)
        context["task_name"] = self.task.name
        context["task_tags"] = self.task.tags
        logger = self.task.logger
        if context.get("map_index") is not None:
            logger = ChildLogger(context["task_full_name"], logger)
        context["logger"] = logger
        if "checkpointing" not in context and context.get("config"):
            context["checkpointing"] = context["config"].get("flows", {}).get("checkpointing")
        if self.task.target:
            self.result = aimed(self.result, self.task.target)
        return Initialized(state, context)

    def _go_on_from(self, given: State, context: dict[str, Any]) -> State:
        """Return what a given state stands for, and let the context tell what it carries from earlier attempts."""
        unwrapped: State | None = given
        while isinstance(unwrapped, MetaState):
            unwrapped = unwrapped.state
        state = unwrapped or Pending()
        is_retry = isinstance(state, Retrying)
        context["task_run_count"] = state.run_count + 1 if is_retry else state.context.get("task_run_count", 1)
        if isinstance(state, Resume) or (isinstance(state, Paused) and has_come(state.start_time)):
            context["resume"] = True
        if "_loop_count" in state.context:
            context["task_loop_count"] = state.context.pop("_loop_count")
            context["task_loop_result"] = state.load_result(self.result).result
        return state

    @call_state_handlers
    def check_task_is_ready(self, state: State) -> State:
        """Check that the task may run at all: Pending, Mapped and Cached pass, anything else ends the run."""
        if isinstance(state, Pending | Mapped | Cached):
            return state
        raise ENDRUN(state)

    @call_state_handlers
    def check_task_reached_start_time(self, state: State) -> State:
        """Check that a scheduled task's time has come; no start time means it never does by itself."""
        if isinstance(state, Scheduled) and not has_come(state.start_time):
            raise ENDRUN(state)
        return state

    @call_state_handlers
    def check_upstream_finished(self, state: State, upstream_states: UpstreamStates) -> State:
        """Check that every upstream task is final, a mapped one by its children; ends the run otherwise."""
        if all(each.is_finished() for each in upstream.expanded(upstream_states)):
            return state
        raise ENDRUN(state)

    @call_state_handlers
    def check_upstream_skipped(self, state: State, upstream_states: UpstreamStates) -> State:
        """Skip the task when any upstream was skipped, unless it says `skip_on_upstream_skip=False`."""
        if self.task.skip_on_upstream_skip and any(each.is_skipped() for each in upstream.expanded(upstream_states)):
            raise ENDRUN(
                Skipped(
                    "Upstream task was skipped; if this was not the intended behavior, consider changing "
                    "`skip_on_upstream_skip=False` for this task."
                )
            )
        return state

    def load_results(self, state: State, upstream_states: UpstreamStates) -> tuple[State, UpstreamStates]:
        """Read the upstream values that are not in memory; a value that was never stored raises `ResultUnavailable`."""
        for edge, each in upstream_states.items():
            held = each._result  # noqa: SLF001  public by custom
            if held.kind == "lost":
                raise ResultUnavailable(
                    f"The result of {edge!r} was not stored and its process is gone: run the flow again, or give the "
                    "task checkpoint=True."
                )
            if held.value is None and held.location is not None:
                reader = held if held.can_store else self.result
                if reader.can_store:
                    each.load_result(reader)
        return state, upstream_states

    def get_task_inputs(self, state: State, upstream_states: UpstreamStates) -> Inputs:
        """Return the upstream results by the argument of `run` that they feed."""
        del state
        return {edge.key: each._result for edge, each in upstream_states.items() if edge.key is not None}  # noqa: SLF001  public by custom

    @call_state_handlers
    def check_task_ready_to_map(self, state: State, upstream_states: UpstreamStates) -> State:
        """End a mapped parent's run: Mapped with the number of children, or Failed when nothing can be mapped over."""
        raise ENDRUN(upstream.parent_state(state, upstream_states))

    def set_task_run_name(self, task_inputs: Inputs) -> None:
        """Give the task run its name, from a template or function of the context and the inputs."""
        naming = self.task.task_run_name
        if naming:
            keywords = keywords_of(task_inputs)
            name = str(naming(**keywords) if callable(naming) else naming.format(**keywords))
            self.context = {**self.context, "task_run_name": name}
            run_context.update(task_run_name=name)

    @call_state_handlers
    def check_target(self, state: State, inputs: Inputs) -> State:
        """Return Cached with the value stored at the task's target, if there is one."""
        if not self.task.target:
            return state
        found = caching.find_target(aimed(self.result, self.task.target), keywords_of(inputs))
        if found is None:
            return state
        return Cached(
            f"Result found at task target {found.location}",
            result=found,
            hashed_inputs=caching.hash_inputs(inputs),
            cached_parameters=run_context.get("parameters"),
        )

    @call_state_handlers
    def check_task_is_cached(self, state: State, inputs: Inputs) -> State:
        """Return a Cached state that is still valid: the one given, or one of an earlier run; else Pending."""
        return caching.find(self.task, state, inputs, self.result, lambda: keywords_of(inputs))

    @call_state_handlers
    def check_task_trigger(self, state: State, upstream_states: UpstreamStates) -> State:
        """Check that the task's trigger passes; ends the run as TriggerFailed, or as the signal says, otherwise."""
        try:
            if not self.task.trigger(upstream_states):
                raise TRIGGERFAIL("Trigger failed")  # noqa: TRY301  one path for both ways to fail
        except PipelineSignal as signal:
            if run_context.get("raise_on_exception"):
                raise
            raise ENDRUN(signal.state) from signal
        except Exception as error:
            if run_context.get("raise_on_exception"):
                raise
            message = f"Unexpected error while checking task trigger: {error!r}"
            self.logger.exception("Task '%s': %s", self.task_full_name, message)
            raise ENDRUN(TriggerFailed(message, result=error)) from error
        return state

    @call_state_handlers
    def set_task_to_running(self, state: State, inputs: Inputs) -> State:
        """Set a pending task to Running; ends the run in any other state, such as a valid Cached one."""
        del inputs
        if not isinstance(state, Pending):
            raise ENDRUN(state)
        return Running("Starting task run.")

    @call_state_handlers
    def get_task_run_state(self, state: State, inputs: Inputs) -> State:
        """Call the task and return what became of it; the value is stored before Success is returned.

        Ends the run unless the state is Running. Signals give their own states; a late call is TimedOut.
        """
        if not isinstance(state, Running):
            raise ENDRUN(state)
        try:
            value = self._call_task(inputs)
        except TaskTimeout as late:
            if run_context.get("raise_on_exception"):
                raise
            return TimedOut("Task timed out during execution.", result=late)
        except LOOP as signal:
            turn = signal.state
            turn.message = turn.message or f"Task is looping ({turn.loop_count})"  # type: ignore[attr-defined]  LOOP carries a Looped
            turn.result = store(turn.result, self.task, self.result, inputs)
            return turn
        except SUCCESS as signal:
            signal.state.result = store(signal.state.result, self.task, self.result, inputs)
            return signal.state
        except PipelineSignal:
            raise
        except Exception as error:
            if run_context.get("raise_on_exception"):
                raise
            self.task.logger.exception("Task '%s': Exception encountered during task execution!", self.task_full_name)
            return Failed(f"Error during execution of task: {error!r}", result=error)
        return Success("Task run succeeded.", store(value, self.task, self.result, inputs))

    @call_state_handlers
    def cache_result(self, state: State, inputs: Inputs) -> State:
        """Return Cached for a success (a skip is none) of a task with `cache_for`."""
        if not isinstance(state, Success) or isinstance(state, Skipped) or self.task.cache_for is None:
            return state
        return Cached(
            state.message,
            result=state._result,  # noqa: SLF001  public by custom
            hashed_inputs=caching.hash_inputs(inputs),
            cached_result_expiration=utcnow() + self.task.cache_for,
            cached_parameters=run_context.get("parameters"),
            context={caching.KEY: caching.key_of(self.task, lambda: keywords_of(inputs))},
        )

    @call_state_handlers
    def check_for_retry(self, state: State, inputs: Inputs) -> State:
        """Return Retrying for a failure that the task's policy lets be tried again."""
        policy = self.task.retry_policy
        if not isinstance(state, Failed) or not policy.limit:
            return state
        attempts = run_context.get("task_run_count", 1)
        error = state.result
        if policy.retry_on and error is not None and not isinstance(error, policy.retry_on):
            self.logger.info(
                "Skipping retry. Exception of type %r is not an instance of the retry on exception types.",
                type(error).__name__,
            )
            return state
        if attempts > policy.limit or (policy.condition is not None and not policy.condition(self.task, state)):
            return state
        self.failed = state
        return self._retrying(policy.delay(attempts), attempts, inputs)

    def check_task_is_looping(
        self,
        state: State,
        inputs: Inputs | None = None,
        upstream_states: UpstreamStates | None = None,
        context: dict[str, Any] | None = None,
    ) -> State:
        """Run the task again when its state is Looped, with the loop count one higher; returns other states as they are."""
        del inputs
        if not isinstance(state, Looped):
            return state
        again = {**(context or self.context), "task_loop_result": state.result, "task_loop_count": state.loop_count + 1}
        fresh = Pending(f"Looping task (on loop index {state.loop_count})")
        if self._is_in_run:
            raise NextTurn(fresh, upstream_states or {}, again)
        return self.run(fresh, upstream_states, again)

    # ---- what the steps share

    def _call_task(self, inputs: Inputs) -> Any:
        if self._outcome is None:
            return call_task(self.task, {key: held.value for key, held in inputs.items()})
        (worked, value), self._outcome = self._outcome, None
        if not worked:
            raise value
        return value

    def _retrying(self, delay: float, attempts: int, inputs: Inputs) -> Retrying:
        start_time = utcnow() + timedelta(seconds=delay)
        limit = self.task.retry_policy.limit
        again = Retrying(
            f"Retrying Task (after attempt {attempts} of {limit + 1})", start_time=start_time, run_count=attempts
        )
        turn = run_context.get("task_loop_count")
        if turn is not None:
            again.result = store(run_context.get("task_loop_result"), self.task, self.result, inputs)
            again.context["_loop_count"] = turn
        return again
