"""Inputs: the states of the runs that have ended, and what a new attempt gets of them.

It holds values in memory while something may need them and reads them back from the record where there are many; it decides
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.result import Result
from runwright.runtime import upstream
from runwright.runtime.children import KEPT, ChildStates
from runwright.states import Mapped, Pending, State, Success

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.engine.stimuli import Submit
    from runwright.graph import Graph, Link, Node

    Load = Callable[[int, int], list[State | None]]


class ConstantEdge:
    """Stands for the edge of a constant input in the upstream states that triggers and runners see."""

    __slots__ = ("downstream_task", "flattened", "key", "mapped", "upstream_task")

    def __init__(self, downstream_task: Any, key: str) -> None:
        """Feed `key` of a task."""
        self.upstream_task = None
        self.downstream_task = downstream_task
        self.key = key
        self.mapped = False
        self.flattened = False


class Inputs:
    """The ended runs of one flow run. `load(start, stop)` reads the states of ordinals from the record."""

    def __init__(self, graph: Graph, constants: Callable[[Any], dict[str, Any]], load: Load) -> None:
        """Hold nothing yet; `constants(task)` gives a task's constant inputs."""
        self._graph = graph
        self._constants = constants
        self._load = load
        self._states: dict[int, State] = {}
        self._children: dict[int, ChildStates] = {}
        self._shared: dict[int, dict[Any, State]] = {}
        self._flat: dict[Link, State] = {}

    def keep(self, ordinal: int, state: State) -> None:
        """Take the final state of a run that is no mapped child."""
        self._states[ordinal] = state

    def keep_child(self, parent: int, index: int, state: State) -> None:
        """Take the final state of a mapped child."""
        self._children[parent].keep(index, state)

    def open(self, node: Node, first: int, status: bytearray, message: str | None = None) -> None:
        """Expect the children of a mapped task, numbered from `first`."""
        pairwise = sum(self._graph.is_pairwise(link) for link in node.outputs)
        children = ChildStates(status, lambda start, stop: self._load(first + start, first + stop), consumers=pairwise)
        self._children[node.index + 1] = children
        self._states[node.index + 1] = Mapped(message, map_states=children, n_map_states=len(status))

    def state_of(self, ordinal: int) -> State | None:
        """Return the state of an ended run that is no mapped child; a mapped one comes with its children's values."""
        state = self._states.get(ordinal)
        children = self._children.get(ordinal)
        if children is not None and isinstance(state, Mapped) and state._result.kind == "none":  # noqa: SLF001  public by custom
            if len(children) <= KEPT:
                state.map_states = list(children)
                state.result = [child.result for child in state.map_states]
            else:
                state.result = children.values
        return state

    def open_map(self, ordinal: int, last: Callable[[int], State | None]) -> Mapped:
        """Return the state of a mapped run some of whose children are open; `last(index)` is what such a child is in."""
        children = self._children[ordinal]
        states = [children.ended(index) or last(index) or Pending("Task not run.") for index in range(len(children))]
        return Mapped(self._states[ordinal].message, [state.result for state in states], map_states=states)

    def of(self, submit: Submit, node: Node) -> dict[Any, State]:
        """Return the upstream states of an attempt, by edge."""
        if submit.map_index < 0:
            return self._for_parent(node) if submit.is_mapped_parent else self._unmapped(node)
        shared = self._shared.get(node.index)
        if shared is None:
            shared = self._shared[node.index] = self._unmapped(node)
        states = dict(shared)
        for link in node.inputs:
            if link.mapped:
                states[link.payload] = self._element(link, submit.map_index)
        return states

    def _unmapped(self, node: Node) -> dict[Any, State]:
        states: dict[Any, State] = {}
        constants = self._constants(node.task)
        if constants:  # most tasks have none, and a loop over nothing costs as much as the rest of this
            for key, value in constants.items():
                states[ConstantEdge(node.task, key)] = Success("Auto-generated constant value", Result(value))
        for link in node.inputs:
            if not link.mapped:
                states[link.payload] = self._flattened(link) if link.flattened else self._whole(link)
        return states

    def _for_parent(self, node: Node) -> dict[Any, State]:
        states = self._unmapped(node)
        for link in node.inputs:
            if link.mapped:
                states[link.payload] = self._flattened(link) if link.flattened else self._states[link.upstream + 1]
        return states

    def _whole(self, link: Link) -> State:
        state = self.state_of(link.upstream + 1)
        if state is None:
            raise LookupError(f"{self._graph.nodes[link.upstream].slug} has not ended.")
        return state

    def _flattened(self, link: Link) -> State:
        flat = self._flat.get(link)
        if flat is None:
            flat = self._flat[link] = upstream.flattened(self._loaded(self._whole(link)))
        return flat

    def _element(self, link: Link, index: int) -> State:
        if link.flattened:
            return upstream.element(self._flattened(link), index)
        children = self._children.get(link.upstream + 1)
        if children is not None:
            return children.take(index)
        whole = self._states[link.upstream + 1]
        return upstream.element(
            whole if type(whole) is Success and whole.result is not None else self._loaded(whole), index
        )

    @staticmethod
    def _loaded(state: State) -> State:
        return state.load_result() if state.result is None and not isinstance(state, Mapped) else state
