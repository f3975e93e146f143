"""Signals: what user code raises to choose its own state.

Signals derive from `BaseException`, so that an `except Exception` in user code does not stop them. `ENDRUN` ends the
pipeline with a state; the others build their state from the message and keywords given.
"""

from __future__ import annotations

from typing import Any, ClassVar

from runwright import states


class PipelineSignal(BaseException):
    """A signal that carries a state."""

    state_class: ClassVar[type[states.State]] = states.State

    def __init__(self, message: Any = None, *args: Any, **kwargs: Any) -> None:
        """Build the state from its own arguments; its result is this signal unless one is given."""
        super().__init__(message)
        if not args:
            kwargs.setdefault("result", self)
        self.state = self.state_class(message, *args, **kwargs)


class ENDRUN(BaseException):
    """End the pipeline here, with this state."""

    def __init__(self, state: states.State) -> None:
        """Hold the state that the run ends with."""
        super().__init__(state)
        self.state = state


class FAIL(PipelineSignal):
    """Fail the task."""

    state_class = states.Failed


class TRIGGERFAIL(FAIL):
    """Fail the task's trigger."""

    state_class = states.TriggerFailed


class VALIDATIONFAIL(FAIL):
    """Refuse what the task made."""

    state_class = states.ValidationFailed


class SUCCESS(PipelineSignal):
    """Succeed at once, with `result=`."""

    state_class = states.Success


class RETRY(PipelineSignal):
    """Try again, at `start_time=` (default now), whatever `max_retries` says."""

    state_class = states.Retrying


class SKIP(PipelineSignal):
    """Skip the task."""

    state_class = states.Skipped


class PAUSE(PipelineSignal):
    """Pause the task until it is resumed, or until `start_time=`."""

    state_class = states.Paused


class LOOP(PipelineSignal):
    """Run the task again with `result=` as `context.task_loop_result`; without it the result is this signal's repr."""

    state_class = states.Looped

    def __init__(self, message: Any = None, *args: Any, **kwargs: Any) -> None:
        """Build the state of the turn that is over."""
        if not args and "result" not in kwargs:
            BaseException.__init__(self, message)
            kwargs["result"] = repr(self)
        super().__init__(message, *args, **kwargs)


_BY_STATE: dict[str, type[PipelineSignal]] = {
    signal.state_class.__name__: signal
    for signal in (FAIL, TRIGGERFAIL, VALIDATIONFAIL, SUCCESS, RETRY, SKIP, PAUSE, LOOP)
}


def signal_from_state(state: states.State) -> type[PipelineSignal]:
    """Return the signal whose state has exactly this class; raises `ValueError` when there is none."""
    try:
        return _BY_STATE[type(state).__name__]
    except KeyError:
        raise ValueError(f"No signal matches the provided state {state!r}.") from None
