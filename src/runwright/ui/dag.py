"""DAG: the tasks of a flow as boxes joined by arrows, laid out once for each version; mapped children are one box."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from runwright.drawings import Arrow, Box, Picture
from runwright.drawings.layout import lay_out
from runwright.ui.rows import Part, bar
from runwright.ui.words import short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runwright.runs import EdgeInfo, TaskInfo
    from runwright.ui.lines import TaskLine

MOST_BOXES = 1_500
_LABEL = 32
_ROOM = 8


class Node(msgspec.Struct, frozen=True):
    """A box: its middle and size in pixels, the task and, where there is a run, its state and children."""

    slug: str
    label: str
    x: float
    y: float
    width: float
    height: float
    state: str = ""
    id: str = ""
    parts: list[Part] = []
    count: int = 0
    is_mapped: bool = False
    is_critical: bool = False


class Link(msgspec.Struct, frozen=True):
    """An arrow: its way as an SVG path, and the slugs that it joins."""

    path: str
    upstream: str
    downstream: str
    key: str
    is_mapped: bool
    is_critical: bool = False


class Dag(msgspec.Struct, frozen=True):
    """All of it. `is_too_large` when nobody could read it: then there are no boxes."""

    nodes: list[Node]
    links: list[Link]
    width: float
    height: float
    is_too_large: bool = False


class _Placed(msgspec.Struct, frozen=True):
    boxes: dict[str, tuple[float, float, float, float]]
    routes: list[str]
    width: float
    height: float


def draw(
    tasks: Sequence[TaskInfo], edges: Sequence[EdgeInfo], lines: Mapping[str, TaskLine], critical: Sequence[str] = ()
) -> Dag:
    """Return the drawing of a flow, with the states of a run where there is one."""
    if len(tasks) > MOST_BOXES:
        return Dag([], [], 0, 0, is_too_large=True)
    slugs = tuple(task.slug for task in tasks)
    known = set(slugs)
    drawn = tuple((edge.upstream, edge.downstream) for edge in edges if {edge.upstream, edge.downstream} <= known)
    kept = [edge for edge in edges if {edge.upstream, edge.downstream} <= known]
    placed = _lay_out(slugs, drawn)
    on_path = set(pairwise(critical))
    nodes = [
        _node(task, placed.boxes[task.slug], lines.get(task.slug), is_critical=task.slug in critical) for task in tasks
    ]
    links = [
        Link(
            path,
            edge.upstream,
            edge.downstream,
            edge.key or "",
            edge.mapped,
            (edge.upstream, edge.downstream) in on_path,
        )
        for edge, path in zip(kept, placed.routes, strict=True)
    ]
    return Dag(nodes, links, placed.width, placed.height)


def _node(task: TaskInfo, at: tuple[float, float, float, float], line: TaskLine | None, *, is_critical: bool) -> Node:
    label = short(task.slug, _LABEL)
    if line is None:
        return Node(task.slug, label, *at, is_mapped=task.is_mapped)
    count = sum(line.counts.values())
    return Node(
        task.slug,
        label,
        *at,
        line.shown,
        line.id,
        bar(line.counts),
        count,
        task.is_mapped or line.is_mapped,
        is_critical,
    )


@lru_cache(maxsize=64)
def _lay_out(slugs: tuple[str, ...], edges: tuple[tuple[str, str], ...]) -> _Placed:
    boxes = tuple(Box(slug, short(slug, _LABEL) + " " * _ROOM) for slug in slugs)
    layout = lay_out(Picture(boxes, tuple(Arrow(*edge) for edge in edges)))
    places = {slug: (at.x, at.y, at.width, at.height) for slug, at in layout.boxes.items()}
    return _Placed(places, [_curve(route) for route in layout.routes], layout.width, layout.height)


def _curve(points: Sequence[tuple[float, float]]) -> str:
    (x, y), *rest = points
    text = f"M{x:.1f} {y:.1f}"
    for u, v in rest:
        middle = (y + v) / 2
        text += f"C{x:.1f} {middle:.1f} {u:.1f} {middle:.1f} {u:.1f} {v:.1f}"
        x, y = u, v
    return text
