"""Flows: every flow that the record knows, with its latest version and how its latest runs went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.ui import rows
from runwright.ui.copying import Copy, of_flows
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from runwright.runs import FlowVersion
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

RECENT = 20
LIMIT = 200


class RecentRun(msgspec.Struct, frozen=True):
    """A run in a row of small marks."""

    id: str
    name: str
    state: str
    duration: float | None


class FlowLine(msgspec.Struct, frozen=True):
    """One flow: its latest version without tasks and edges, how many versions there are, its latest runs, newest last."""

    flow: dict[str, Any]
    versions: int
    runs: list[RecentRun]
    last: str | None


class Flows(msgspec.Struct):
    """The page. `find` keeps the flows that have it in their name."""

    find: str
    flows: list[FlowLine]
    total: int
    is_cut: bool = False
    copies: list[Copy] = []


def read(surface: Surface, ask: Ask) -> Flows:
    """Return the page."""
    find = ask.get("q").strip()[:200]
    latest: dict[str, list[FlowVersion]] = {}
    for version in surface.views.flows():
        latest.setdefault(version.name, []).append(version)
    names = sorted(name for name in latest if find.lower() in name.lower())
    lines = [_line(surface, name, latest[name]) for name in names[:LIMIT]]
    return Flows(find, lines, len(names), len(names) > LIMIT, of_flows(surface))


def _line(surface: Surface, name: str, versions: list[FlowVersion]) -> FlowLine:
    newest = max(versions, key=lambda version: version.version)
    flow = {key: value for key, value in rows.flow_row(newest).items() if key not in {"tasks", "edges"}}
    found = surface.views.flow_runs(FlowRunFilter(flow=name, limit=RECENT, without_deleted=True))
    runs = [
        RecentRun(str(row.id), row.name, row.kind.name, rows.span(row.start_time, row.end_time))
        for row in reversed(found)
    ]
    last = rows.iso(found[0].start_time or found[0].created) if found else None
    return FlowLine(flow, len(versions), runs, last)
