"""State handlers: the functions that a task or flow calls when its state changes, `handler(owner, old, new)`.

Here they are only checked and put in order; the runtime calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from runwright.states import State

StateHandler = Callable[[Any, State, State], State | None]


class OnFailure:
    """The handler behind `on_failure`: calls `function(owner, state)` when the new state is a failure."""

    def __init__(self, function: Callable[[Any, State], Any]) -> None:
        """Hold the function."""
        self.function = function

    def __call__(self, owner: Any, old_state: State, new_state: State) -> None:
        """Call the function for a failure; the state stays as it is."""
        del old_state
        if new_state.is_failed():
            self.function(owner, new_state)


def checked_handlers(
    handlers: Iterable[StateHandler] | None, on_failure: Callable[[Any, State], Any] | None = None
) -> list[StateHandler]:
    """Return the handlers as a list, `on_failure` last; raises `TypeError` for a lone one or what cannot be called."""
    if handlers is not None and not isinstance(handlers, Sequence):
        raise TypeError("state_handlers must be an iterable of functions: write state_handlers=[handler].")
    given: list[StateHandler] = list(handlers or ())
    if on_failure is not None:
        check_callable("on_failure", on_failure)
        given.append(OnFailure(on_failure))
    for handler in given:
        check_callable("Each of state_handlers", handler)
    return given


def check_callable(what: str, value: object) -> None:
    """Raise `TypeError` when `value` cannot be called."""
    if not callable(value):
        raise TypeError(f"{what} must be a function; got {value!r}.")
