"""Window: how many task runs a search looks at that no index serves, and how it goes on behind them.

It bounds what a page costs, and the page says so: nobody takes a part for the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runwright.query import Among
from runwright.states import KIND_BY_NAME, Phase
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from runwright.ui.ask import Ask
    from runwright.ui.selection import Selection
    from runwright.views import Views

LOOKS_AT = 50_000
"""Task runs that one page looks at, the newest first."""
_FLOW_RUNS = 200


class Window(msgspec.Struct, frozen=True):
    """Task runs `first` to `last`, counted from the newest, of `total` on the record; links to those behind, and to all."""

    first: int
    last: int
    total: int
    further: str
    everything: str


def among_of(views: Views, selection: Selection, ask: Ask) -> Among | None:
    """Return what a page looks at; None where an index serves it, where there is little to look at, or where all is asked for."""
    if selection.which is None or ask.get("look") == "all":
        return None
    group = ask.get("group")
    is_plain = selection.is_plain and selection.which.since is None and selection.which.until is None
    if is_plain and ask.get("sort") != "slowest" and group != "error":
        return None
    skip = ask.number("skip", 0, most=10**9) if ask.get("skip") else 0
    if not skip and _candidates(views, selection, group) <= LOOKS_AT:
        return None
    return Among(LOOKS_AT, skip)


def window_of(views: Views, among: Among, ask: Ask) -> Window:
    """Return what to say of what was looked at."""
    total = views.count_task_runs(TaskRunFilter())["count"]
    last = min(among.skip + among.newest, total)
    further = ask.link(skip=last) if last < total else ""
    return Window(min(among.skip + 1, total), last, total, further, ask.link(look="all", skip=None))


def _candidates(views: Views, selection: Selection, group: str) -> int:
    """Return how many task runs are left to be looked at, more than a page looks at where that is not soon known."""
    which = selection.which or TaskRunFilter()
    if which.since is None and which.until is None:
        counts = views.count_task_runs(which, "state")
        if group == "error":
            return sum(count for state, count in counts.items() if KIND_BY_NAME[state].phase is Phase.BAD)
        return sum(counts.values()) - (counts.get("Success", 0) if selection.is_of_troubles else 0)
    found = views.flow_runs(FlowRunFilter(flow=which.flow, since=which.since, limit=_FLOW_RUNS + 1))
    if len(found) > _FLOW_RUNS:
        return LOOKS_AT + 1
    return sum(sum(each.counts.values()) for each in found)
