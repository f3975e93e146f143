"""Runner: how a step's new state reaches the state handlers; shared by task runners and flow runners.

A step is a method `(state, ...) -> state`. Handlers hear of it only when it returns another object, once per step.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

from runwright.context import context as run_context
from runwright.signals import ENDRUN, PAUSE, PipelineSignal
from runwright.states import Failed, State

Handler = Callable[[Any, State, State], State | None]
Step = TypeVar("Step", bound=Callable[..., Any])


class Runner:
    """Calls handlers when a state changes. `state_handlers` are called `handler(runner, old_state, new_state)`."""

    logger = logging.getLogger("runwright.Runner")

    def __init__(self, state_handlers: Sequence[Handler] | None = None) -> None:
        """Hold the runner's own handlers, called after those of what it runs; raises `TypeError` for a lone function."""
        if state_handlers is not None and not isinstance(state_handlers, Sequence):
            raise TypeError("state_handlers must be an iterable of functions, such as a list.")
        self.state_handlers: Sequence[Handler] = state_handlers or ()

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Call the handlers of what this runner runs; returns the state they agree on."""
        del old_state
        return new_state

    def __repr__(self) -> str:
        """Return the class, and the name of the task or flow that is run."""
        subject = getattr(self, "task", None) or getattr(self, "flow", None)
        return f"<{type(self).__name__}: {getattr(subject, 'name', None)}>"

    def handle_state_change(self, old_state: State, new_state: State) -> State:
        """Call every handler in turn, each with the previous one's answer; returns the last state.

        A handler's `PAUSE` and `ENDRUN` go on upwards, any other signal replaces the state. An exception ends the run as
        Failed.
        """
        try:
            new_state = self.call_runner_target_handlers(old_state, new_state) or new_state
            for handler in self.state_handlers:
                new_state = handler(self, old_state, new_state) or new_state
        except (PAUSE, ENDRUN):
            raise
        except PipelineSignal as signal:
            if run_context.get("raise_on_exception"):
                raise
            return signal.state
        except Exception as error:
            if run_context.get("raise_on_exception"):
                raise
            message = f"Unexpected error while calling state handlers: {error!r}"
            self.logger.exception(message)
            raise ENDRUN(Failed(message, result=error)) from error
        return new_state


def call_state_handlers(method: Step) -> Step:
    """Make a method a step: what it returns or raises becomes a state, and a new state reaches the handlers."""

    @functools.wraps(method)
    def step(self: Runner, state: State, *args: Any, **kwargs: Any) -> State:
        ends = False
        try:
            new_state = method(self, state, *args, **kwargs)
        except ENDRUN as end:
            ends, new_state = True, end.state
        except PipelineSignal as signal:
            self.logger.info("%s signal raised: %r", type(signal).__name__, signal)
            if run_context.get("raise_on_exception"):
                raise
            new_state = signal.state
        except Exception as error:
            self.logger.exception("Unexpected error: %r", error)  # noqa: TRY401  the text is what callers search for
            if run_context.get("raise_on_exception"):
                raise
            new_state = Failed(f"Unexpected error: {error!r}", result=error)
        if new_state is not state:
            new_state = self.handle_state_change(old_state=state, new_state=new_state)
        if ends:
            raise ENDRUN(new_state)
        return new_state

    return cast("Step", step)
