"""Upstream: what a task run gets from the runs before it, element by element where it is mapped.

Everything here works on states in memory; it neither reads the record nor decides when a run may start.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runwright.result import Result
from runwright.states import Failed, Mapped, State, Success

_logger = logging.getLogger("runwright.TaskRunner")


def expanded(upstream_states: Mapping[Any, State]) -> Iterator[State]:
    """Yield the states that count: a mapped task on an unmapped edge counts by its children."""
    for edge, state in upstream_states.items():
        if isinstance(state, Mapped) and not edge.mapped:
            yield from getattr(state.map_states, "kinds", state.map_states)
        else:
            yield state


def parent_state(state: State, upstream_states: Mapping[Any, State]) -> State:
    """Return what a mapped parent becomes: Mapped with the number of children, or Failed when there is no way to map."""
    mapped = [each for edge, each in upstream_states.items() if edge.mapped]
    if isinstance(state, Mapped):
        counted = [each for each in mapped if isinstance(each, Mapped) or hasattr(each.result, "__len__")]
        state.n_map_states = min(_sizes(counted), default=state.n_map_states)
        missing = state.n_map_states - len(state.map_states)
        if missing > 0:
            state.map_states = [*state.map_states, *[None] * missing]
        state.cached_inputs = {
            edge.key: each._result  # noqa: SLF001  public by custom
            for edge, each in upstream_states.items()
            if edge.key is not None
        }
        return state
    if not any(each.is_successful() for each in mapped):
        return Failed("No upstream states can be mapped over.")
    for edge, each in upstream_states.items():
        if not edge.mapped or not each.is_successful() or isinstance(each, Mapped):
            continue
        if not hasattr(each.result, "__getitem__"):
            kind = type(each.result).__name__
            _logger.error("%r is of type %s: map over a list, or give it whole with unmapped(...).", edge.key, kind)
            return Failed("At least one upstream state has an unmappable result.")
    return Mapped("Ready to proceed with mapping.", n_map_states=min(_sizes(mapped), default=0))


def _sizes(mapped: Iterable[State]) -> list[int]:
    """Return how many elements each upstream has that can be mapped over."""
    return [
        each.n_map_states if isinstance(each, Mapped) else len(each.result) for each in mapped if each.is_successful()
    ]


def element(state: State, index: int) -> State:
    """Return the state that child `index` gets from the mapped upstream `state`."""
    if isinstance(state, Mapped):
        return state.map_states[index]
    if not state.is_successful():
        return state
    return Success(state.message, Result(state.result[index]))


def flattened(state: State) -> State:
    """Return a state whose value is one level flatter; a mapped one keeps a state for each element.

    Children that did not succeed or were skipped, or whose value cannot be iterated over, pass through as one element.
    """
    if not isinstance(state, Mapped):
        if not state.is_successful():
            return state
        return Success(state.message, Result([item for each in state.result for item in _items(each)]))
    flat: list[State] = []
    for child in state.map_states:
        flat.extend(_child_elements(child))
    values = [child.result for child in flat]
    return Mapped(state.message, Result(values), map_states=flat)


def _child_elements(child: State) -> Iterable[State]:
    if not child.is_successful() or child.is_skipped():
        return [child]
    return [Success(child.message, Result(item)) for item in _items(child.load_result().result)]


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, Iterable):
        return value
    _logger.warning("flatten passes %s through as one element: it cannot be iterated over.", type(value).__name__)
    return [value]
