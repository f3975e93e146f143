"""GivenStates: the states that task runs start from: those that somebody gave, and those that an attempt left to wait in.

What is final and given is not run. Nothing here asks the machine or the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import codec
from runwright.collecting import Constant
from runwright.engine.stimuli import Given
from runwright.result import Result
from runwright.states import Cached, Finished, Mapped, MetaState, State, Success

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runwright.graph import Graph, Node


class GivenStates:
    """By ordinal, in `states`: empty for almost every flow run, so that a plain attempt pays one look at it."""

    def __init__(self, graph: Graph, task_states: Mapping[Any, State] | None = None) -> None:
        """Take what was given for the tasks of a graph; of a mapped child's state, its parent's says it."""
        self.states: dict[int, State] = {}
        self._nodes = graph.nodes
        if task_states:
            for node in graph.nodes:
                state = _unwrapped(task_states.get(node.task))
                if state is not None and not _is_to_run_again(node, state):
                    self.states[node.index + 1] = state

    def final(self) -> list[tuple[int, State]]:
        """Return ordinal and state of the task runs that are over before anything runs, constants among them."""
        over: list[tuple[int, State]] = []
        for node in self._nodes:
            ordinal = node.index + 1
            if isinstance(node.task, Constant):
                over.append((ordinal, Success("Auto-generated constant value", Result(node.task.value))))
            elif ordinal in self.states and _is_kept(self.states[ordinal]):
                over.append((ordinal, self.states.pop(ordinal)))
        return over

    def take(self, ordinal: int) -> State | None:
        """Return the state that the next attempt starts from, once."""
        return self.states.pop(ordinal, None)

    def wait_in(self, ordinal: int, state: State) -> None:
        """Take the state that an attempt left its run in: the next one starts from it."""
        self.states[ordinal] = state

    def last(self, ordinal: int) -> State | None:
        """Return the state of a run that has not ended, as far as it is known."""
        return self.states.get(ordinal)

    def expect_children(self, first: int, count: int, map_states: Sequence[State | None]) -> None:
        """Take the states of a mapped task's children, numbered from `first`; those that did not succeed run afresh."""
        for index, state in enumerate(map_states[:count]):
            if state is not None and not (isinstance(state, Finished) and not state.is_successful()):
                self.states[first + index] = state


def recorded(over: Sequence[tuple[int, State]]) -> list[Given]:
    """Return what the machine is told of task runs that are over before anything runs."""
    return [Given(ordinal, state.kind.code, codec.data_from_state(state)) for ordinal, state in over]


def _unwrapped(state: State | None) -> State | None:
    while isinstance(state, MetaState):
        state = state.state
    return state


def _is_kept(state: State) -> bool:
    return state.kind.phase.is_final and not isinstance(state, Cached | Mapped)


def _is_to_run_again(node: Node, state: State) -> bool:
    return node.task.runs_again and state.is_finished() and not isinstance(state, Cached)
