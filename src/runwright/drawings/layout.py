"""Layout: where boxes and arrows of a picture stand. Layered: each box one rank below all that lead to it.

Long arrows pass through a free place in every rank between, so that they do not cross boxes. The order within a rank
follows the middle of the neighbours, down and up a few times, which keeps crossings few.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runwright.drawings.picture import Picture

SWEEPS = 4
MARGIN, GAP, RANK_GAP, HEIGHT = 16.0, 24.0, 56.0, 36.0
_LETTER, _PADDING, _WAYPOINT = 7.4, 32.0, 8.0


class Placed(NamedTuple):
    """The middle and size of a box, in pixels."""

    x: float
    y: float
    width: float
    height: float


class Layout(NamedTuple):
    """Where everything stands: boxes by id, and for each arrow the points it goes through."""

    boxes: dict[str, Placed]
    routes: list[list[tuple[float, float]]]
    width: float
    height: float


def lay_out(picture: Picture) -> Layout:
    """Return the layout of a picture, top down or from left to right."""
    ranks = _ranks(picture)
    paths, levels = _paths(picture, ranks)
    _order(levels, paths)
    sizes = {box.id: _PADDING + _LETTER * len(box.label) for box in picture.boxes}
    across, depth, breadth = _coordinates(levels, sizes, is_horizontal=picture.is_horizontal)
    middles = {name: across[name] for level in levels for name in level}

    def point(name: str, rank: int) -> tuple[float, float]:
        return (depth[rank], middles[name]) if picture.is_horizontal else (middles[name], depth[rank])

    placed = {
        name: Placed(*point(name, rank), width, HEIGHT) for name, width in sizes.items() for rank in (ranks[name],)
    }
    routes = [[point(name, ranks[path[0]] + step) for step, name in enumerate(path)] for path in paths]
    reach = max((depth[rank] for rank in range(len(levels))), default=0.0)
    reach += (max(sizes.values(), default=0.0) if picture.is_horizontal else HEIGHT) / 2 + MARGIN
    total = breadth + MARGIN
    return Layout(placed, routes, *((reach, total) if picture.is_horizontal else (total, reach)))


def _ranks(picture: Picture) -> dict[str, int]:
    ranks = {box.id: 0 for box in picture.boxes}
    leading: defaultdict[str, list[str]] = defaultdict(list)
    for arrow in picture.arrows:
        leading[arrow.head].append(arrow.tail)
    for box in picture.boxes:
        ranks[box.id] = max((ranks[tail] + 1 for tail in leading[box.id]), default=0)
    return ranks


def _paths(picture: Picture, ranks: Mapping[str, int]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the names each arrow goes through, waypoints included, and all names of each rank."""
    levels: list[list[str]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for name, rank in ranks.items():
        levels[rank].append(name)
    paths: list[list[str]] = []
    for number, arrow in enumerate(picture.arrows):
        between = range(ranks[arrow.tail] + 1, ranks[arrow.head])
        waypoints = [f"\0{number}.{rank}" for rank in between]
        for rank, name in zip(between, waypoints, strict=True):
            levels[rank].append(name)
        paths.append([arrow.tail, *waypoints, arrow.head])
    return paths, levels


def _order(levels: list[list[str]], paths: Sequence[Sequence[str]]) -> None:
    """Sort each rank by the middle of its neighbours, down and up in turn."""
    above: defaultdict[str, list[str]] = defaultdict(list)
    below: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        for upper, lower in pairwise(path):
            above[lower].append(upper)
            below[upper].append(lower)
    for sweep in range(SWEEPS):
        neighbours = below if sweep % 2 else above
        place: dict[str, float] = {}
        for level in reversed(levels) if sweep % 2 else levels:
            for index, name in enumerate(level):
                near = [place[each] for each in neighbours[name] if each in place]
                place[name] = sum(near) / len(near) if near else index
            level.sort(key=place.__getitem__)
            place.update({name: float(index) for index, name in enumerate(level)})


def _coordinates(
    levels: Sequence[Sequence[str]], sizes: Mapping[str, float], *, is_horizontal: bool
) -> tuple[dict[str, float], list[float], float]:
    """Return where each name stands across its rank, where each rank stands, and how broad the broadest rank is."""

    def extent(name: str) -> float:
        return _WAYPOINT if name not in sizes else HEIGHT if is_horizontal else sizes[name]

    breadths = [sum(extent(name) + GAP for name in level) - GAP for level in levels]
    broadest = max(breadths, default=0.0)
    across: dict[str, float] = {}
    for level, breadth in zip(levels, breadths, strict=True):
        position = MARGIN + (broadest - breadth) / 2
        for name in level:
            across[name] = position + extent(name) / 2
            position += extent(name) + GAP
    depth: list[float] = []
    reached = MARGIN
    for level in levels:
        thick = max((sizes.get(name, 0.0) for name in level), default=0.0) if is_horizontal else HEIGHT
        depth.append(reached + thick / 2)
        reached += thick + RANK_GAP
    return across, depth, broadest + MARGIN
