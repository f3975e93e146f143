"""Endings: the final reports that an executor gives for an attempt that can no longer give its own.

An executor decides that an attempt is over; how the task run goes on from there (retries, handlers) it does not decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright import clock
from runwright.codec import error_data
from runwright.errors import WorkerLost
from runwright.executor import Report
from runwright.runtime.timeouts import TaskTimeout
from runwright.states import Cancelled, Crashed, Killed, State, TimedOut

if TYPE_CHECKING:
    from runwright.executor import TaskCall

GRACE = 0.5
"""Seconds that an attempt has after its deadline to end by itself, with its own logs, before its executor ends it."""


def final(call: TaskCall, state: State) -> Report:
    """Return the final report of an attempt that ends in `state` now."""
    return final_of(call.ordinal, call.attempt, state)


def final_of(ordinal: int, attempt: int, state: State) -> Report:
    """Return the same for an attempt that is known by its key only."""
    return Report(ordinal, attempt, clock.now(), state, is_final=True, is_cut_short=True)


def crashed(message: str) -> State:
    """Return the state of an attempt whose process is gone."""
    return Crashed(message, result=WorkerLost(message))


def timed_out() -> State:
    """Return the state of an attempt that did not end in time."""
    message = "Task timed out during execution."
    return TimedOut(message, result=TaskTimeout(message))


def stopped(message: str, *, has_begun: bool) -> State:
    """Return Killed for an attempt whose body had begun, else Cancelled."""
    return (Killed if has_begun else Cancelled)(message)


def broken_out(error: BaseException) -> State:
    """Return the state of an attempt that should have answered for `error` itself, and did not."""
    return crashed(f"The attempt was ended by {told(error)}.")


def unanswered() -> State:
    """Return the state of an attempt that came back without a final report."""
    return crashed("The attempt ended without a final report.")


def told(error: BaseException) -> str:
    """Return the type and the beginning of the text of an error that user code raised, whatever its text does."""
    data = error_data(error)
    return f"{data['type']}: {data['text'][:1000]}".rstrip(".: ")
