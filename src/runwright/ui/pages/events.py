"""Events: the log of the record itself, newest first, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runwright.query import Compare, Query, Related, columns
from runwright.ui.copying import Copy, of_events
from runwright.ui.pages.flow_run import RawEvent, raw_events
from runwright.views import EventFilter

if TYPE_CHECKING:
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

LIMIT = 100


class Events(msgspec.Struct):
    """The page: events up to the cursor `before`, newest first; `flow_runs` names those that they are of, by id."""

    events: list[RawEvent]
    last: int
    before: int | None
    older: str = ""
    newest: str = ""
    flow_runs: dict[str, str] = {}
    copies: list[Copy] = []


def read(surface: Surface, ask: Ask) -> Events:
    """Return the page."""
    last = surface.log_end.cursor()
    text = ask.get("before")
    before = int(text) if text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004  digits of a cursor
    end = last if before is None else min(before - 1, last)
    found = _until(surface, end)
    older = ask.link(before=found[0].cursor) if found and _until(surface, found[0].cursor - 1) else ""
    events = raw_events(surface, found[::-1])
    copies = of_events(surface, found[0].cursor - 1, found[-1].cursor) if found else []
    return Events(events, last, before, older, ask.link(before=None), _names_of(surface, events), copies)


def _names_of(surface: Surface, events: list[RawEvent]) -> dict[str, str]:
    """Return the flow and the name of each flow run that events are of."""
    wanted = tuple({event.flow_run_id for event in events})
    if not wanted:
        return {}
    flow = Related("flow", Query("flow", columns("name"), is_single=True))
    query = Query("flow_run", (*columns("id", "name"), flow), Compare("id", "in", wanted))
    return {
        row["id"]: f"{row['flow']['name']} / {row['name']}" for row in msgspec.json.decode(surface.views.query(query))
    }


def _until(surface: Surface, end: int) -> list:
    """Return the last events up to a cursor: cursors have few gaps, so that a look some way back finds enough."""
    reach = LIMIT
    while end > 0:
        start = max(0, end - reach)
        found = [each for each in surface.views.events(EventFilter(after=start, limit=reach)) if each.cursor <= end]
        if len(found) >= LIMIT or start == 0:
            return found[-LIMIT:]
        reach *= 4
    return []
