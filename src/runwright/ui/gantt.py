"""Gantt: when each task of a flow run waited and ran, which of them the end waited for, and how much time the others had."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from runwright.clock import NANOSECONDS
from runwright.ui.rows import Part, bar, iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from runwright.runs import EdgeInfo
    from runwright.ui.lines import Span, TaskLine

WIDTH = 1_000.0
_LEAST = 1.5
_TICKS = 6
_STEPS = (1, 2, 5)


class Piece(msgspec.Struct, frozen=True):
    """One attempt of several, in thousandths of the whole."""

    start: float
    end: float
    state: str


class Bar(msgspec.Struct):
    """One task: `wait` to `start` it waited, `start` to `end` it ran, in thousandths of the whole; `slack` in seconds."""

    slug: str
    name: str
    id: str
    state: str
    wait: float
    start: float
    end: float
    began: str | None
    ended: str | None
    duration: float | None
    attempt: int
    message: str | None
    parts: list[Part]
    count: int
    slack: float | None
    is_critical: bool
    is_open: bool
    pieces: list[Piece]
    depth: int = 0


class Tick(msgspec.Struct, frozen=True):
    """A mark on the axis: where, and how many seconds after the beginning."""

    place: float
    seconds: float


class Gantt(msgspec.Struct):
    """All bars, the axis, and what the critical path says."""

    bars: list[Bar]
    ticks: list[Tick]
    seconds: float
    critical: list[str]
    critical_seconds: float


def draw(lines: Sequence[TaskLine], edges: Sequence[EdgeInfo], begin: int, end: int) -> Gantt:
    """Return the gantt of lines between two times (ns)."""
    end = max(end, begin + 1, *(line.end or 0 for line in lines), 0)
    path = critical_path(lines, edges) if edges else []  # without arrows nobody knows what waited for what
    slacks = slack_of(lines, edges, end) if edges else {}
    bars = [_bar(line, begin, end, slacks.get(line.slug), is_critical=line.slug in path) for line in lines]
    spent = _covered((line.start or line.end or 0, line.end or end) for line in lines if line.slug in path)
    return Gantt(bars, _ticks((end - begin) / NANOSECONDS), (end - begin) / NANOSECONDS, path, round(spent, 6))


def critical_path(lines: Sequence[TaskLine], edges: Sequence[EdgeInfo]) -> list[str]:
    """Return the slugs that the end waited for, first to last: from the last to end, back over whoever ended last."""
    ended = {line.slug: line for line in lines if line.end is not None and (line.start is not None or line.counts)}
    before = defaultdict(list)
    for edge in edges:
        before[edge.downstream].append(edge.upstream)
    path: list[str] = []
    last = max(ended.values(), key=lambda line: line.end or 0, default=None)
    while last is not None and last.slug not in path:
        path.append(last.slug)
        candidates = [ended[slug] for slug in before[last.slug] if slug in ended]
        last = max(candidates, key=lambda line: line.end or 0, default=None)
    return path[::-1]


def slack_of(lines: Sequence[TaskLine], edges: Sequence[EdgeInfo], end: int) -> dict[str, float]:
    """Return by how many seconds each task that has ended could have ended later without moving the end of all."""
    known = {line.slug: line for line in lines}
    behind = defaultdict(list)
    for edge in edges:
        behind[edge.upstream].append(edge.downstream)
    slack: dict[str, int] = {}
    for line in sorted(lines, key=lambda each: -(each.end or end)):
        if line.end is None:
            continue
        room = [_room(line, known[slug], slack) for slug in behind[line.slug] if slug in known]
        slack[line.slug] = max(0, min((each for each in room if each is not None), default=end - line.end))
    return {slug: room / NANOSECONDS for slug, room in slack.items()}


def _room(line: TaskLine, follower: TaskLine, slack: dict[str, int]) -> int | None:
    begun = follower.start or follower.end
    return None if begun is None else begun - (line.end or 0) + slack.get(follower.slug, 0)


def _bar(line: TaskLine, begin: int, end: int, slack: float | None, *, is_critical: bool) -> Bar:
    def place(at: int) -> float:
        return round(WIDTH * max(0, min(at, end) - begin) / (end - begin), 2)

    is_open = line.end is None
    finish = place(line.end or end)
    start = place(line.start) if line.start else finish
    has_run = line.start is not None
    if has_run:
        finish = min(WIDTH, max(finish, start + _LEAST))
        start = min(start, finish - _LEAST)
    duration = None if not has_run else ((line.end or end) - (line.start or 0)) / NANOSECONDS
    return Bar(
        line.slug, line.name, line.id, line.shown, place(line.created or begin), start, finish, iso(line.start),
        iso(line.end), duration, line.attempt, line.message, bar(line.counts), sum(line.counts.values()), slack,
        is_critical, is_open, [_piece(span, place) for span in line.spans] if len(line.spans) > 1 else [],
        line.depth,
    )  # fmt: skip


def _covered(spans: Iterable[tuple[int, int]]) -> float:
    """Return the seconds that spans cover, each second once: a mapped task overlaps those that map over its children."""
    covered, reached = 0, 0
    for start, end in sorted(spans):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered / NANOSECONDS


def _piece(span: Span, place: Callable[[int], float]) -> Piece:
    start = place(span.start)
    end = WIDTH if span.end is None else place(span.end)
    return Piece(min(start, WIDTH - _LEAST), min(WIDTH, max(end, start + _LEAST)), span.state)


def _ticks(seconds: float) -> list[Tick]:
    if seconds <= 0:
        return []
    size = 1e-6
    while seconds / (size * _STEPS[-1]) > _TICKS:
        size *= 10
    step = next((size * each for each in _STEPS if seconds / (size * each) <= _TICKS), size * 10)
    return [Tick(round(WIDTH * number * step / seconds, 2), number * step) for number in range(int(seconds / step) + 1)]
