"""History: the states that a task run went through, and where the time between them went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright import ids
from runwright.clock import NANOSECONDS
from runwright.events import EventKind
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, Phase
from runwright.ui import rows
from runwright.ui.words import telling
from runwright.views import EventFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runwright.events import Event
    from runwright.runs import TaskRun
    from runwright.views import Views

PAGE = 1_000
SPELLS = {
    "upstream": "waited for upstream tasks",
    "schedule": "waited for its time",
    "slot": "waited for a slot",
    "retry": "waited between attempts",
    "paused": "was paused",
    "queue": "waited for a place to run",
    "run": "ran",
}
_WAITS = {"Scheduled": "schedule", "Resume": "schedule", "Queued": "slot", "Retrying": "retry", "Paused": "paused"}


class Step(msgspec.Struct):
    """One state. `lasted` is None for a final state; `attempt_state` is how the attempt ended that a retry follows.

    `event` and `version` name the event of the log that says so; the first Pending has none, because it is implied.
    """

    state: str
    timestamp: str
    attempt: int
    message: str = ""
    lasted: float | None = None
    due: str | None = None
    attempt_state: str | None = None
    error: str = ""
    version: int = 1
    event: str | None = None


class Spell(msgspec.Struct, frozen=True):
    """Time of one kind, all of it together; `start` and `width` in hundredths of the whole."""

    kind: str
    says: str
    seconds: float
    start: float
    width: float


def events_of(views: Views, row: TaskRun, most: int | None = None) -> Iterator[Event]:
    """Yield the events of a task run, oldest first."""
    cursor, count = 0, 0
    while most is None or count < most:
        page = views.events(EventFilter(cursor, row.flow_run, row.ordinal, PAGE))
        yield from page
        count += len(page)
        if len(page) < PAGE:
            return
        cursor = page[-1].cursor


def steps_of(row: TaskRun, events: Iterable[Event], now: int) -> list[Step]:
    """Return the states of a task run, oldest first, the Pending that it began with included."""
    steps = [Step("Pending", rows.iso(row.created) or "", 0)]
    times = [row.created]
    for event in events:
        if event.kind == EventKind.STATE:
            steps.append(_step(event))
            times.append(event.at)
    times.append(now)
    for number, step in enumerate(steps):
        if not KIND_BY_NAME[step.state].phase.is_final or number + 1 < len(steps):
            step.lasted = max(0.0, (times[number + 1] - times[number]) / NANOSECONDS)
    return steps


def _step(event: Event) -> Step:
    data: dict[str, Any] = event.data or {}
    failed = data.get("failed") or {}
    error = failed.get("error") or data.get("error") or {}
    return Step(
        KIND_BY_CODE[event.state].name,
        rows.iso(event.at) or "",
        event.attempt,
        telling(failed.get("message") or data.get("message")),
        due=rows.iso(data.get("due")),
        attempt_state=KIND_BY_CODE[failed["state"]].name if failed else None,
        error=str(error.get("type", "")),
        version=event.version,
        event=str(ids.event_id(event.flow_run, event.ordinal, event.version)),
    )


def spells_of(steps: list[Step], upstream: float | None) -> list[Spell]:
    """Return where the time went. `upstream` is for how many of the first seconds upstream tasks were not done."""
    seconds = dict.fromkeys(SPELLS, 0.0)
    for number, step in enumerate(steps):
        lasted = step.lasted or 0.0
        if KIND_BY_NAME[step.state].phase is Phase.ACTIVE:
            seconds["run"] += lasted
        elif step.state in _WAITS:
            seconds[_WAITS[step.state]] += lasted
        elif not number and upstream is not None:
            seconds["upstream"] += min(lasted, upstream)
            seconds["queue"] += max(0.0, lasted - upstream)
        elif step.lasted is not None:
            seconds["queue"] += lasted
    return _in_shares(seconds)


def _in_shares(seconds: dict[str, float]) -> list[Spell]:
    total = sum(seconds.values())
    spells: list[Spell] = []
    start = 0.0
    for kind, lasted in seconds.items():
        if lasted > 0:
            width = 100 * lasted / total
            spells.append(Spell(kind, SPELLS[kind], round(lasted, 6), round(start, 3), round(width, 3)))
            start += width
    return spells
