"""Flow runs: all of them, newest first, narrowed by a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from runwright import clock
from runwright.ui import rows, search
from runwright.ui.actions.action import Act
from runwright.ui.bulk import work
from runwright.ui.copying import Copy, of_flow_runs
from runwright.ui.flow_run_search import QUALIFIERS, filter_of
from runwright.ui.pages.task_runs import Choice, Mistake, mistake_of
from runwright.ui.saved_views import SavedView, saved_views
from runwright.ui.search import SearchError
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

LIMIT = 50
VIEWS = (
    ("All", ""),
    ("Failed", "phase:bad"),
    ("Running", "phase:active"),
    ("Waiting", "phase:waiting"),
    ("Today", "after:24h"),
)


class FlowRunLine(msgspec.Struct, frozen=True):
    """One flow run, and its task runs by state."""

    run: dict[str, Any]
    parts: list[rows.Part]


class FlowRuns(msgspec.Struct):
    """The page."""

    search: str
    views: list[Choice]
    chips: list[Choice] = []
    mistake: Mistake | None = None
    rows: list[FlowRunLine] = []
    is_first: bool = True
    first: str = ""
    older: str = ""
    is_record_empty: bool = False
    copies: list[Copy] = []
    bulk: list[Act] = []
    saved: list[SavedView] = []
    may_act: bool = False
    status: int = 200


def read(surface: Surface, ask: Ask) -> FlowRuns:
    """Return the page for a search."""
    text = ask.get("q").strip()
    page = FlowRuns(text, [Choice(name, ask.link(q=query), text == query) for name, query in VIEWS], first=ask.link())
    page.saved = saved_views(surface.views, "flow-runs")
    page.may_act = ask.actor is not None and ask.actor.may_act
    try:
        terms = search.parse(text, clock.now(), QUALIFIERS)
        which = filter_of(terms, text)
    except SearchError as error:
        page.mistake, page.status = mistake_of(error, text, ask), 400
        return page
    page.chips = [Choice(term.text, ask.link(q=search.without(terms, term))) for term in terms]
    after = _identity(ask.get("after"))
    found = surface.views.flow_runs(msgspec.structs.replace(which, limit=LIMIT + 1, after=after)) if which else []
    page.rows = [FlowRunLine(rows.flow_run_row(row), rows.bar(row.counts)) for row in found[:LIMIT]]
    page.is_first = after is None
    page.older = ask.link(after=str(found[LIMIT - 1].id)) if len(found) > LIMIT else ""
    page.is_record_empty = not found and not surface.views.flow_runs(FlowRunFilter(limit=1, without_deleted=True))
    page.copies = of_flow_runs(surface, text, which)
    page.bulk = work.offered(work.OF_FLOW_RUNS) if page.may_act and page.rows else []
    return page


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
