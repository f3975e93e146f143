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
_LETTER, _SMALL_LETTER, _PADDING, _WAYPOINT = 7.4, 6.2, 32.0, 8.0


class Placed(NamedTuple):
    """The middle and size of a box, in pixels."""

    x: float
    y: float
    width: float
    height: float


class Layout(NamedTuple):
    """Where everything stands: boxes by id, and for each arrow the points it goes through, from edge to edge."""

    boxes: dict[str, Placed]
    routes: list[list[tuple[float, float]]]
    width: float
    height: float


def lay_out(picture: Picture) -> Layout:
    """Return the layout of a picture, top down or from left to right.

    Arrows are straight beside the boxes of a rank and bend between ranks, so that they cross no box.
    """
    is_horizontal = picture.is_horizontal
    ranks = _ranks(picture)
    paths, levels = _paths(picture, ranks)
    _order(levels, paths)
    sizes = {box.id: _PADDING + _LETTER * len(box.label) for box in picture.boxes}
    lengths = sizes if is_horizontal else dict.fromkeys(sizes, HEIGHT)
    across, breadth = _across(levels, dict.fromkeys(sizes, HEIGHT) if is_horizontal else sizes)
    gap = max([RANK_GAP, *(label_width(arrow.label) + GAP for arrow in picture.arrows if is_horizontal)])
    bands = _bands(levels, lengths, gap)

    def point(along: float, name: str) -> tuple[float, float]:
        x, y = (along, across[name]) if is_horizontal else (across[name], along)
        return round(x, 2), round(y, 2)

    def route(path: Sequence[str]) -> list[tuple[float, float]]:
        first, last = ranks[path[0]], ranks[path[-1]]
        points = [point(_middle(bands[first]) + lengths[path[0]] / 2, path[0]), point(bands[first][1], path[0])]
        for step, name in enumerate(path[1:-1], 1):
            points += [point(edge, name) for edge in bands[first + step]]
        points += [point(bands[last][0], path[-1]), point(_middle(bands[last]) - lengths[path[-1]] / 2, path[-1])]
        return list(dict.fromkeys(points))

    placed = {name: Placed(*point(_middle(bands[ranks[name]]), name), width, HEIGHT) for name, width in sizes.items()}
    reach, total = (bands[-1][1] if bands else 0.0) + MARGIN, breadth + MARGIN
    return Layout(placed, [route(path) for path in paths], *((reach, total) if is_horizontal else (total, reach)))


def label_width(label: str) -> float:
    """Return about how wide the label of an arrow is."""
    return _SMALL_LETTER * len(label)


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


def _across(levels: Sequence[Sequence[str]], breadths: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """Return where each name stands across its rank, and where the broadest rank ends."""
    totals = [sum(breadths.get(name, _WAYPOINT) + GAP for name in level) - GAP for level in levels]
    broadest = max(totals, default=0.0)
    across: dict[str, float] = {}
    for level, total in zip(levels, totals, strict=True):
        position = MARGIN + (broadest - total) / 2
        for name in level:
            breadth = breadths.get(name, _WAYPOINT)
            across[name] = position + breadth / 2
            position += breadth + GAP
    return across, broadest + MARGIN


def _bands(levels: Sequence[Sequence[str]], lengths: Mapping[str, float], gap: float) -> list[tuple[float, float]]:
    """Return where each rank begins and ends; between two there is a `gap`."""
    bands: list[tuple[float, float]] = []
    reached = MARGIN
    for level in levels:
        thick = max((lengths.get(name, 0.0) for name in level), default=0.0)
        bands.append((reached, reached + thick))
        reached += thick + gap
    return bands


def _middle(band: tuple[float, float]) -> float:
    return sum(band) / 2
