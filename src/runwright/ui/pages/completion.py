"""Completion: the words that a search may be made of: qualifiers, and what the record knows to put behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runwright.states import TABLE, Phase
from runwright.ui.search import QUALIFIERS
from runwright.ui.words import short
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

_MOST = 500
_RUNS = 50


class Offered(msgspec.Struct, frozen=True):
    """A qualifier, and what to say of it."""

    name: str
    says: str


class Completion(msgspec.Struct, frozen=True):
    """What the search box offers: qualifiers, and values by qualifier."""

    qualifiers: list[Offered]
    values: dict[str, list[str]]


def read(surface: Surface, _: Ask) -> Completion:
    """Return the words."""
    flows = surface.views.flows()
    runs = surface.views.flow_runs(FlowRunFilter(limit=_RUNS, without_deleted=True))
    tasks = [task for flow in flows for task in flow.tasks]
    offered = [Offered(each.name, f"{each.says}: {each.example}") for each in QUALIFIERS.values()]
    values = {
        "state": _unique(kind.name for kind in TABLE),
        "phase": _unique(phase.value for phase in Phase),
        "flow": _unique(flow.name for flow in flows),
        "task": _unique(task.slug for task in tasks),
        "tag": _unique([*(tag for task in tasks for tag in task.tags), *surface.views.given_tags()]),
        "run": _unique(run.name for run in runs),
        "after": ["1h", "24h", "7d"],
        "before": ["1h", "24h", "7d"],
        "duration": [">1s", ">30s", ">10m"],
        "attempt": [">1", ">2"],
    }
    return Completion(offered, values)


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(short(word, 200) for word in words))[:_MOST]
