"""RunnableRunner: the documented way of one attempt of a task of a YAML flow: run it, then see what its end counts as.

A success after another attempt may be a warning; a failure is tried again while its retry says so; what is left of it may be
allowed. It is to tasks of YAML flows what `TaskRunner` is to those of Python flows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.clock import to_datetime
from runwright.codec import shorten
from runwright.context import activate, deactivate
from runwright.errors import RunnableFailed, RunwrightError
from runwright.runtime.attempt_scope import AttemptScope
from runwright.runtime.output_cache import OutputCache
from runwright.runtime.retries import next_try
from runwright.runtime.timeouts import TaskTimeout, call_within
from runwright.scope import Outcome
from runwright.states import (
    CLASS_BY_CODE,
    KIND_BY_NAME,
    Failed,
    Retried,
    Retrying,
    Running,
    State,
    Success,
    TimedOut,
    Warning as Warned,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.result import Result
    from runwright.runtime.attempt_scope import Situation

LABELS, OUTPUTS = "_labels", "_outputs"
"""What a state's context may carry beside it: labels for the execution, and what a failure hands on all the same."""


class RunnableRunner:
    """Runs one task of a YAML flow once. The context has its `situation`, and its `limit` in seconds if there is one."""

    announce: Callable[[State], None] | None = None
    failed: State | None = None

    def __init__(self, task: Any, flow_result: Result) -> None:
        """Prepare to run a `DeclaredTask`; its outputs are kept as `flow_result` keeps them."""
        self.task = task
        self.result = flow_result
        self.context: dict[str, Any] = {}

    def run_in(self, context: dict[str, Any], state: State | None, upstream: Any, is_mapped_parent: bool) -> State:  # noqa: FBT001  as every runner of attempts has it
        """Run the task and return the state that its run is in then."""
        del state, upstream, is_mapped_parent
        self.context = context
        token = activate(context)
        scope = AttemptScope(context["situation"])
        try:
            self._announce_running()
            declared = self.task.spec.task_cache
            cache = OutputCache(self.task.spec, scope) if declared is not None and declared.enabled else None
            found = None if cache is None else cache.find(self.result)
            if found is not None:
                return found
            state = self._concluded(self._outcome(scope), scope)
            return state if cache is None or type(state) is not Success else cache.kept(state)
        finally:
            scope.close()
            deactivate(token)

    async def run_async(self, state: State | None, upstream: Any) -> State:
        """Run a task that only waits, on the current event loop; as `run_in` otherwise."""
        from asyncio import timeout  # noqa: PLC0415  who runs on an event loop has loaded it

        from runwright.context import current  # noqa: PLC0415  the attempt has activated it

        del state, upstream
        self.context = current() or {}
        scope = AttemptScope(self.context["situation"])
        try:
            self._announce_running()
            limit = timeout(self.context.get("limit"))
            try:
                async with limit:
                    reached = self._reached(await self.task.run(self.task.spec, scope), scope)
            except Exception as error:  # noqa: BLE001  what a task does
                reached = self._late(scope) if limit.expired() else self._broken(error, scope)
            return self._concluded(reached, scope)
        finally:
            scope.close()

    def handle_state_change(self, old_state: State, new_state: State) -> State:
        """Return the new state: tasks of YAML flows have no handlers."""
        del old_state
        return new_state

    def check_for_retry(self, state: State, inputs: Any) -> State:
        """Return what a failure counts as that ended the attempt from outside."""
        del inputs
        return self._counted(state)

    # ---- the steps

    def _announce_running(self) -> None:
        if self.announce is not None:
            self.announce(Running("Starting task run."))

    def _outcome(self, scope: AttemptScope) -> State:
        limit = self.context.get("limit")
        try:
            if limit is None:
                return self._reached(self.task.run(self.task.spec, scope), scope)
            return self._reached(call_within(limit, self.task.run, {"task": self.task.spec, "scope": scope}), scope)
        except TaskTimeout:
            return self._late(scope)
        except Exception as error:  # noqa: BLE001  what a task does
            return self._broken(error, scope)

    def _late(self, scope: AttemptScope) -> State:
        """Return the state of an attempt that took longer than it may, after it was told to end."""
        scope.stopping.set()
        text = f"Timeout after {self.context['limit']:g} s: the task took longer than it may."
        scope.logger.error(text)
        return TimedOut(text)

    def _reached(self, came: Outcome | dict[str, Any] | None, scope: AttemptScope) -> State:
        """Return the state of what a runnable answered."""
        outcome = came if isinstance(came, Outcome) else Outcome(came)
        kind = CLASS_BY_CODE[KIND_BY_NAME[outcome.state].code]
        message = outcome.message and scope.situation.host.masked(outcome.message)
        state = kind(message or ("Task run succeeded." if kind is Success else None))
        if outcome.outputs is not None:
            published = scope.published(outcome.outputs)
            state.context.update(published.extra)
            if kind is Failed:
                state.context[OUTPUTS] = published.outputs
            else:
                state.result = self.result.write(published.outputs)
        if outcome.labels:
            state.context[LABELS] = scope.published(dict(outcome.labels)).outputs
        return state

    def _broken(self, error: Exception, scope: AttemptScope) -> State:
        """Return the state of a failure, after a line about it in the log."""
        told = str(error) or type(error).__name__
        text = shorten(masked := scope.situation.host.masked(told))
        if isinstance(error, RunwrightError):
            scope.logger.error(text)
        else:
            scope.logger.error("%s: %s", type(error).__name__, text, exc_info=error)
        # The record keeps an error with its text: one that tells a secret is not the one to keep.
        state = Failed(text, result=error if masked == told else RunnableFailed(text))
        outputs = getattr(error, "outputs", None)
        if isinstance(outputs, dict):
            published = scope.published(outputs)
            state.context.update({OUTPUTS: published.outputs, **published.extra})
        return state

    def _concluded(self, state: State, scope: AttemptScope) -> State:
        """Return what the end of an attempt counts as."""
        del scope
        retry = self.task.retry
        is_plain = type(state) is Success and (retry is None or not retry.warning_on_retry)
        return state if is_plain else self._counted(state)

    def _counted(self, state: State) -> State:
        situation: Situation = self.context["situation"]
        spec, retry = self.task.spec, self.task.retry
        if type(state) is Success and retry is not None and retry.warning_on_retry and situation.attempt > 1:
            state = _as(Warned, state)
        if isinstance(state, Failed):
            again = None if retry is None else self._tried_again(state, situation)
            if again is not None:
                return again
            if spec.allow_failure:
                state = _as(Warned, state)
                if state.context.get(OUTPUTS) is not None:
                    state.result = self.result.write(state.context[OUTPUTS])
        if isinstance(state, Warned) and spec.allow_warning:
            state = _as(Success, state)
        return state

    def _tried_again(self, state: State, situation: Situation) -> State | None:
        """Return Retrying, or Retried where the whole execution is to run again; None when that was enough."""
        retry, now = self.task.retry, clock.now()
        if retry.behavior == "CREATE_NEW_EXECUTION":
            attempts, began = self.context["execution_attempt"]
        else:
            attempts, began = situation.attempt, self.context["first_began"] or now
        due = next_try(retry, attempts, began, now, is_linear=self.context["is_linear"])
        if due is None:
            return None
        if retry.behavior == "CREATE_NEW_EXECUTION":
            replaced = _as(Retried, state)
            replaced.context["_due"] = due
            return replaced
        self.failed = state
        return Retrying(f"Retrying after attempt {attempts}.", start_time=to_datetime(due), run_count=attempts)


def _as(kind: type[State], state: State) -> State:
    """Return a state with the same message, result and context, of another kind."""
    twin = kind(state.message, result=None if isinstance(state.result, BaseException) else state._result)  # noqa: SLF001  public by custom
    twin.context.update(state.context)
    return twin
