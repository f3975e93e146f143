"""Sketching: from a flow, and the states of a run where there are some, to the boxes and arrows of a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.drawings import Arrow, Box, Picture
from runwright.states import Mapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.edge import Edge
    from runwright.states import State
    from runwright.wiring import Wiring

_OPACITY = "80"


def picture_of(flow: Wiring, flow_state: State | None = None, *, is_horizontal: bool = False) -> Picture:
    """Return the picture of a flow: a box for each task, or one for each child where `flow_state` has the children."""
    states: dict[object, State] = flow_state.result if flow_state is not None and flow_state.result else {}
    ids: dict[object, list[str]] = {}
    boxes: list[Box] = []
    for number, task in enumerate(flow.sorted_tasks()):
        is_mapped = any(edge.mapped for edge in flow.edges_to(task))
        state = states.get(task)
        children: Sequence[State | None] = list(state.map_states) if is_mapped and isinstance(state, Mapped) else ()
        shown = children or (state,)
        ids[task] = [f"t{number}_{index}" for index in range(len(children))] or [f"t{number}"]
        label = f"{task.name} <map>" if is_mapped else task.name
        boxes += [Box(name, label, _colour(each), is_mapped) for name, each in zip(ids[task], shown, strict=True)]
    arrows = [
        arrow for edge in flow.edges for arrow in _arrows(edge, ids[edge.upstream_task], ids[edge.downstream_task])
    ]
    return Picture(tuple(boxes), tuple(arrows), is_horizontal, flow.name)


def _colour(state: State | None) -> str | None:
    return None if state is None else f"{state.color}{_OPACITY}"


def _arrows(edge: Edge, tails: list[str], heads: list[str]) -> list[Arrow]:
    """Return the arrows of an edge: child to child where both sides have as many, else all to all."""
    label = edge.key or ""
    if edge.mapped and len(tails) == len(heads):
        return [Arrow(*pair, label, is_dashed=True) for pair in zip(tails, heads, strict=True)]
    return [Arrow(tail, head, label, edge.mapped) for tail in tails for head in heads]
