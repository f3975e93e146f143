"""Attempt: one call of a task, from the executor's thread to its reports.

Whatever user code does, exactly one final report comes of an attempt that its process survives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright import clock
from runwright.context import activate, deactivate
from runwright.executor import Report, TaskCall
from runwright.metrics import JOURNAL
from runwright.runtime.journal import Journal
from runwright.runtime.task_runner import TaskRunner
from runwright.runtime.timeouts import TaskTimeout
from runwright.signals import PipelineSignal
from runwright.states import Crashed, Failed, Killed, Pending, Retrying, Running, State, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NOTHING: tuple[tuple[()], tuple[()]] = (), ()


def make_attempt(call: TaskCall, report: Callable[[Report], None]) -> None:
    """Run the whole pipeline for `call` on this thread, reporting Running when the body starts and the end at the end."""
    attempt = _Attempt(call, report)
    is_cut_short = False
    try:
        state = attempt.runner.run_in(attempt.context, attempt.state, call.upstream, call.is_mapped_parent)
    except BaseException as error:  # noqa: BLE001  SystemExit and its like end the attempt, not the flow run
        state, is_cut_short = attempt.ended_by(error), True
    attempt.finish(state, is_cut_short=is_cut_short)


async def make_attempt_async(call: TaskCall, report: Callable[[Report], None]) -> None:
    """Run the pipeline of a task whose body is a coroutine on the current event loop; as `make_attempt` otherwise."""
    attempt = _Attempt(call, report)
    token = activate(attempt.context)
    try:
        state = await attempt.runner.run_async(attempt.state, call.upstream)
    except BaseException as error:  # noqa: BLE001  as above; a cancelled coroutine comes here too
        state, is_cut_short = attempt.ended_by(error), True
    else:
        is_cut_short = False
    finally:
        deactivate(token)
    attempt.finish(state, is_cut_short=is_cut_short)


def conclude(call: TaskCall, before: State, state: State) -> tuple[State, State | None]:
    """Return how a task run goes on whose attempt was ended from outside: handlers hear of it and retries apply.

    The second state is the attempt's own where the task run is tried again.
    """
    attempt = _Attempt(call, lambda _: None)
    token = activate({**attempt.context, "task_run_count": call.run_count, "task_full_name": call.slug})
    try:
        attempt.runner.context = attempt.context
        state = attempt.runner.handle_state_change(before, state)
        after = attempt.runner.check_for_retry(state, {})
    except BaseException as error:  # noqa: BLE001  a handler's
        return attempt.ended_by(error), None
    finally:
        deactivate(token)
    return (after, state) if after is not state else (state, None)


class _Attempt:
    __slots__ = ("call", "context", "journal", "report", "runner", "state")

    def __init__(self, call: TaskCall, report: Callable[[Report], None]) -> None:
        self.call = call
        self.report = report
        self.journal = journal = Journal(call.ordinal, call.attempt, self.note)
        self.runner = runner = (call.runner or TaskRunner)(call.task, flow_result=call.result)
        if not call.is_mapped_parent:
            runner.announce = self.announce
        self.state = call.state
        if self.state is None and call.run_count > 1:
            self.state = Pending(context={"task_run_count": call.run_count})
        index = call.map_index
        # A copy of a dict costs a fraction of a display with the same items, and is made for every attempt.
        self.context = context = call.context.copy()
        context["task_slug"] = context["task_id"] = call.slug
        context["task_run_id"] = call.task_run_id
        context["map_index"] = index if index is not None and index >= 0 else None
        context[JOURNAL] = journal

    def announce(self, state: State) -> None:
        """Report a state that the attempt goes through."""
        journal = self.journal
        logs, metrics = journal.drain() if journal.logs or journal.metrics else _NOTHING
        call = self.call
        name = self.runner.context.get("task_run_name")
        self.report(Report(call.ordinal, call.attempt, clock.now(), state, logs=logs, metrics=metrics, name=name))

    def note(self, known: dict[str, Any]) -> None:
        """Report what became known while the attempt still runs."""
        call = self.call
        self.report(Report(call.ordinal, call.attempt, clock.now(), Running(), note=known))

    def finish(self, state: State, *, is_cut_short: bool = False) -> None:
        """Report the state that the attempt ends in."""
        self.runner.announce = (
            None  # no circle is left behind: what the attempt held is freed at once, without a collection
        )
        journal = self.journal
        journal.note = None
        logs, metrics = journal.drain() if journal.logs or journal.metrics else _NOTHING
        call = self.call
        failed = self.runner.failed if isinstance(state, Retrying) else None
        self.report(
            Report(
                call.ordinal,
                call.attempt,
                clock.now(),
                state,
                is_final=True,
                is_cut_short=is_cut_short,
                logs=logs,
                metrics=metrics,
                attempt_state=failed,
                name=self.runner.context.get("task_run_name"),
            )
        )

    def ended_by(self, error: BaseException) -> State:
        """Return the state of an attempt that an exception broke out of."""
        if isinstance(error, PipelineSignal):
            return error.state
        if isinstance(error, TaskTimeout):
            return TimedOut("Task timed out during execution.", result=error)
        if isinstance(error, Exception):
            return Failed(f"Error during execution of task: {error!r}", result=error)
        if type(error).__name__ == "CancelledError":
            return Killed("The attempt was stopped.", result=error)
        return Crashed(f"{type(error).__name__} ended the attempt: {error}", result=error)
