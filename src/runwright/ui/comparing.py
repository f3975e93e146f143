"""Comparing: two runs of a flow, task by task: how each ended, how long it took, and which parameters were others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.clock import NANOSECONDS
from runwright.ui.rows import Part, bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.runs import FlowRun
    from runwright.ui.lines import TaskLine


class Side(msgspec.Struct, frozen=True):
    """A task in one of the runs; `state` is empty where that run does not have it."""

    state: str = ""
    id: str = ""
    seconds: float | None = None
    attempt: int = 0
    parts: list[Part] = []


class Pair(msgspec.Struct, frozen=True):
    """A task in both runs. `more` is how many seconds longer it took on the right."""

    slug: str
    left: Side
    right: Side
    more: float | None
    differs: bool


class Value(msgspec.Struct, frozen=True):
    """A parameter that is not the same in both runs."""

    name: str
    left: Any
    right: Any


class Comparison(msgspec.Struct):
    """Two flow runs; `left` is the one that is compared with."""

    left: dict[str, Any]
    pairs: list[Pair]
    parameters: list[Value]
    is_other_version: bool


def compare(
    left: FlowRun, right: FlowRun, before: Sequence[TaskLine], after: Sequence[TaskLine], row: dict[str, Any]
) -> Comparison:
    """Return how two runs differ; `row` is the left one as data."""
    old, new = ({line.slug: line for line in lines} for lines in (before, after))
    slugs = list(dict.fromkeys([*new, *old]))
    pairs = [_pair(slug, old.get(slug), new.get(slug)) for slug in slugs]
    names = dict.fromkeys([*right.parameters, *left.parameters])
    changed = [
        Value(name, left.parameters.get(name), right.parameters.get(name))
        for name in names
        if left.parameters.get(name) != right.parameters.get(name)
    ]
    is_other = (left.flow_id, left.flow_version) != (right.flow_id, right.flow_version)
    return Comparison(row, pairs, changed, is_other)


def _pair(slug: str, old: TaskLine | None, new: TaskLine | None) -> Pair:
    left, right = _side(old), _side(new)
    more = None if left.seconds is None or right.seconds is None else round(right.seconds - left.seconds, 6)
    return Pair(slug, left, right, more, left.state != right.state)


def _side(line: TaskLine | None) -> Side:
    if line is None:
        return Side()
    seconds = None if line.start is None or line.end is None else max(0.0, (line.end - line.start) / NANOSECONDS)
    return Side(line.shown, line.id, seconds, line.attempt, bar(line.counts))
