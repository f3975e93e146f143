"""Events: the log of the record itself, newest first, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runwright.ui.pages.flow_run import RawEvent, raw_events
from runwright.views import EventFilter

if TYPE_CHECKING:
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

LIMIT = 100


class Events(msgspec.Struct):
    """The page: events up to the cursor `before`, newest first."""

    events: list[RawEvent]
    last: int
    before: int | None
    older: str = ""
    newest: str = ""


def read(surface: Surface, ask: Ask) -> Events:
    """Return the page."""
    last = surface.log_end.cursor()
    text = ask.get("before")
    before = int(text) if text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004  digits of a cursor
    end = last if before is None else min(before - 1, last)
    found = _until(surface, end)
    older = ask.link(before=found[0].cursor) if found and _until(surface, found[0].cursor - 1) else ""
    return Events(raw_events(surface, found[::-1]), last, before, older, ask.link(before=None))


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
