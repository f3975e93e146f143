"""Preferences: what a reader may choose, what the record is, and which settings are in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runwright import release, settings
from runwright.query import Aggregate, Summary
from runwright.states import TABLE
from runwright.ui.ask import LOCAL, THEMES, TIMES, UTC, zones
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

_COUNT = (Aggregate("count", "count"),)
_PRIVATE = ("globals", "encryption_key")


class Choices(msgspec.Struct, frozen=True):
    """The values that one preference may have, and the one that it has."""

    name: str
    title: str
    values: list[str]
    chosen: str


class KindOfState(msgspec.Struct, frozen=True):
    """A state, and its names elsewhere."""

    name: str
    phase: str
    event: str
    execution: str


class PreferencesPage(msgspec.Struct):
    """The page."""

    choices: list[Choices]
    record: str
    version: str
    events: int
    flow_runs: int
    task_runs: int
    settings: list[settings.Sourced]
    states: list[KindOfState]


def read(surface: Surface, ask: Ask) -> PreferencesPage:
    """Return the page."""
    known = [LOCAL, UTC, *sorted(zone for zone in zones() if "/" in zone)]
    liked = ask.preferences
    return PreferencesPage(
        [
            Choices("theme", "Colours", list(THEMES), liked.theme),
            Choices("times", "Times", list(TIMES), liked.times),
            Choices("zone", "Time zone", known, liked.zone),
        ],
        surface.views.url,
        release.version() or "from a checkout",
        surface.log_end.cursor(),
        msgspec.json.decode(surface.views.query(Summary("flow_run", _COUNT, without_deleted=True)))["count"],
        surface.views.count_task_runs(TaskRunFilter(without_deleted=True))["count"],
        [each for each in settings.sources() if each.name not in _PRIVATE],
        [KindOfState(kind.name, kind.phase.value, kind.event_name, kind.execution) for kind in TABLE],
    )
