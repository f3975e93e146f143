"""Progress: how far a trigger has come, as data of its state on record, and how that is changed while others change it too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from runwright import decoding
from runwright.trigger_states import TriggerState

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.trigger_states import TriggerStates

    Place = tuple[str, str, str]

POSITION: Place = ("", "", "events")
"""Where the record keeps how far the log was read: no flow has an empty name."""

_ROUNDS = 20


class Backfill(msgspec.Struct, frozen=True, omit_defaults=True):
    """Times of the past that a schedule makes up for, from `start` to `end` (ns), the next of them being `current`.

    `created` tells it from other backfills of the same times.
    """

    start: int
    end: int
    current: int
    created: int
    is_paused: bool = False
    inputs: dict[str, Any] = {}
    labels: dict[str, str] = {}


class Met(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which preconditions were met in a `window` (its name), each with when (ns); `cursor` is the last event that counted."""

    window: str = ""
    at: dict[str, int] = {}
    cursor: int = 0


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a trigger knows of itself.

    `declared` is what its times follow from; when that changes, they are found anew. `next` is the nominal time (ns) to come and
    `fired` the last one that started an execution, which is `execution`. `problem` is why the last one did not.
    """

    declared: str = ""
    next: int | None = None
    fired: int | None = None
    execution: str | None = None
    problem: str | None = None
    backfill: Backfill | None = None
    met: dict[str, Met] = {}
    cursor: int = 0


def progress_of(state: TriggerState | None) -> Progress:
    """Return what is on record, or the beginning of it."""
    return Progress() if state is None else decoding.from_plain(state.data, Progress)


def with_progress(state: TriggerState, progress: Progress) -> TriggerState:
    """Return a state with other progress, due when there is something to do."""
    is_filling = progress.backfill is not None and not progress.backfill.is_paused
    due = 0 if is_filling else progress.next
    return replace(state, data=msgspec.to_builtins(progress), due=due)


def state_at(record: TriggerStates, place: Place) -> TriggerState:
    """Return the state of a trigger, a new one where there is none."""
    return record.find_trigger(*place) or TriggerState(*place)


def changed(
    record: TriggerStates, place: Place, change: Callable[[TriggerState], TriggerState | None]
) -> TriggerState | None:
    """Write what `change` makes of a trigger's state, asked again while others are faster; None when it wants no change."""
    for _ in range(_ROUNDS):
        wanted = change(state_at(record, place))
        if wanted is None:
            return None
        kept = record.keep_trigger(wanted)
        if kept is not None:
            return kept
    return None


def switched(record: TriggerStates, place: Place, *, is_disabled: bool) -> TriggerState | None:
    """Turn a trigger on or off, and return its state; None when it was so already.

    What it missed while it was off is not made up for.
    """

    def turned(state: TriggerState) -> TriggerState | None:
        if state.is_disabled == is_disabled:
            return None
        anew = state if is_disabled else with_progress(state, replace(progress_of(state), declared="", next=0))
        return replace(anew, is_disabled=is_disabled)

    return changed(record, place, turned)
