"""Turns: how the next turn of a loop enters `run` anew, from the top, so that loops do not grow the stack."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runwright.states import State


class NextTurn(Exception):
    """Leaves a turn that is over with what the next one begins with."""

    def __init__(self, state: State, upstream_states: Mapping[Any, State], context: dict[str, Any]) -> None:
        """Hold the arguments of `run`."""
        self.state = state
        self.upstream_states = upstream_states
        self.context = context


def entered_anew(run: Callable[..., State]) -> Callable[..., State]:
    """Return a `run` that is called again for each turn; where a subclass overrides it once more, that one is."""

    @functools.wraps(run)
    def each_turn(self: Any, *args: Any, **kwargs: Any) -> State:
        while True:
            try:
                return run(self, *args, **kwargs)
            except NextTurn as turn:
                if type(self).run is not each_turn:
                    raise
                args = (turn.state,)
                kwargs = {"upstream_states": turn.upstream_states, "context": turn.context}

    return each_turn
