"""TriggerService: what surfaces do with the triggers of one record: list them, turn them off, free them, make up for the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from runwright import clock
from runwright.errors import IllegalTransition, NotOnRecord
from runwright.spec.triggers import Schedule
from runwright.triggering.progress import (
    Backfill,
    Progress,
    changed,
    progress_of,
    state_at,
    switched,
    with_progress,
)
from runwright.triggering.registered_triggers import RegisteredTriggers
from runwright.triggering.times import Times

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.store import Store
    from runwright.trigger_states import TriggerState
    from runwright.triggering.progress import Place
    from runwright.triggering.registered_triggers import Registered


class Standing(NamedTuple):
    """A trigger, its state and how far it has come."""

    registered: Registered
    state: TriggerState

    @property
    def progress(self) -> Progress:
        """Return how far it has come."""
        return progress_of(self.state)

    @property
    def is_disabled(self) -> bool:
        """Say whether it starts nothing."""
        return self.state.is_disabled or self.registered.is_idle


class TriggerService:
    """The triggers of a record."""

    def __init__(self, record: Store) -> None:
        """Serve a record."""
        self._record = record
        self._triggers = RegisteredTriggers(record)

    def all(self) -> list[Standing]:
        """Return all triggers of the flows that there are, by namespace, flow and id."""
        self._triggers.refresh()
        states = {(each.namespace, each.flow, each.trigger): each for each in self._record.list_triggers()}
        return [
            Standing(each, states.get(each.place) or state_at(self._record, each.place))
            for each in self._triggers.all()
        ]

    def find(self, place: Place) -> Standing:
        """Return a trigger; raises `NotOnRecord`."""
        self._triggers.refresh()
        registered = self._triggers.find(*place)
        if registered is None:
            raise NotOnRecord(f"There is no trigger {place[2]} in the flow {place[0]}/{place[1]}.")
        return Standing(registered, state_at(self._record, place))

    def switch(self, place: Place, *, is_disabled: bool) -> Standing:
        """Turn a trigger on or off; raises `NotOnRecord`, and `IllegalTransition` to turn on what its flow turns off."""
        found = self.find(place)
        if found.registered.trigger.disabled and not is_disabled:
            raise IllegalTransition(f"The trigger {place[2]} is disabled in the text of its flow: enable it there.")
        switched(self._record, place, is_disabled=is_disabled)
        return self.find(place)

    def unlock(self, place: Place) -> Standing:
        """Let a schedule go on although its last execution has not ended; raises `NotOnRecord`, `IllegalTransition`."""
        if self.find(place).progress.execution is None:
            raise IllegalTransition(f"The trigger {place[2]} waits for no execution: there is nothing to unlock.")
        return self._changed(place, lambda progress: replace(progress, execution=None))

    def restart(self, place: Place) -> Standing:
        """Let a trigger begin anew: its next time is found from now on, and what went wrong is forgotten."""
        return self._changed(place, lambda progress: replace(progress, declared="", next=0, problem=None))

    def forget(self, place: Place) -> Standing:
        """Forget all that is known of a trigger, that it was turned off too: it begins as if it were new; raises `NotOnRecord`."""
        self.find(place)
        changed(self._record, place, lambda state: with_progress(replace(state, is_disabled=False), Progress(next=0)))
        return self.find(place)

    def fill(
        self, place: Place, start: int, end: int | None, inputs: dict[str, Any], labels: dict[str, str]
    ) -> Standing:
        """Make up for the times of a schedule from `start` to `end` (ns; None for now), both included.

        Raises `NotOnRecord`, and `IllegalTransition` for what is no schedule, has a backfill already, or has no such times.
        """
        found, now = self.find(place), clock.now()
        if not isinstance(found.registered.trigger, Schedule):
            raise IllegalTransition(f"The trigger {place[2]} is no schedule: it has no times to make up for.")
        if found.progress.backfill is not None:
            raise IllegalTransition(f"The trigger {place[2]} has a backfill: delete it, or wait until it is over.")
        last = now if end is None else end
        first = Times(found.registered.trigger).next_after(start - 1)
        if first is None or first > last:
            raise IllegalTransition(f"The trigger {place[2]} has no times between these dates.")
        backfill = Backfill(start, last, first, now, inputs=inputs, labels=labels)
        return self._changed(place, lambda progress: replace(progress, backfill=backfill))

    def hold_fill(self, place: Place, *, is_paused: bool) -> Standing:
        """Pause a backfill, or go on with it; raises `NotOnRecord`, `IllegalTransition` where there is none."""
        return self._changed_fill(place, lambda backfill: replace(backfill, is_paused=is_paused))

    def end_fill(self, place: Place) -> Standing:
        """Leave out what is left of a backfill; raises `NotOnRecord`, `IllegalTransition` where there is none."""
        return self._changed_fill(place, lambda _: None)

    def _changed_fill(self, place: Place, change: Callable[[Backfill], Backfill | None]) -> Standing:
        if self.find(place).progress.backfill is None:
            raise IllegalTransition(f"The trigger {place[2]} has no backfill.")

        def made(progress: Progress) -> Progress:
            return progress if progress.backfill is None else replace(progress, backfill=change(progress.backfill))

        return self._changed(place, made)

    def _changed(self, place: Place, change: Callable[[Progress], Progress]) -> Standing:
        self.find(place)
        changed(self._record, place, lambda state: with_progress(state, change(progress_of(state))))
        return self.find(place)
