"""Scheduler: starts executions when their nominal times come, and makes up for times of the past.

A schedule waits while the last execution that it started has not ended. Each nominal time starts one execution at most: the
execution comes first, the progress after it, and whoever repeats that after a crash finds the execution there.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from runwright import clock
from runwright.clock import NANOSECONDS
from runwright.errors import RecordError, RunwrightError
from runwright.spec.triggers import HttpTrigger, Schedule, ScheduleOnDates
from runwright.triggering.conditions import Seen, all_hold
from runwright.triggering.firing import Firing
from runwright.triggering.progress import Progress, changed, progress_of, with_progress
from runwright.triggering.times import Times

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.trigger_states import TriggerState
    from runwright.triggering.firing import Starter
    from runwright.triggering.progress import Place
    from runwright.triggering.registered_triggers import Registered, RegisteredTriggers

MISSED = 10 * NANOSECONDS
"""How late (ns) a time is that nobody looked for when it came."""

_logger = logging.getLogger("runwright.Triggers")


class Scheduler:
    """The schedules of one record."""

    def __init__(self, triggers: RegisteredTriggers, starter: Starter) -> None:
        """Look at nothing yet."""
        self._triggers = triggers
        self._starter = starter
        self._record = starter.record
        self._times: dict[Place, Times] = {}

    def plan(self) -> None:
        """Find the first times of what is new, and the next ones of what is declared otherwise than before."""
        found = [*self._triggers.of(Schedule), *self._triggers.of(ScheduleOnDates)]
        times: dict[Place, Times] = {}
        for registered, trigger in found:
            try:
                times[registered.place] = Times(trigger)
            except RunwrightError as error:
                self._change(registered.place, lambda progress, error=error: replace(progress, problem=str(error)))
        self._times = times
        for registered, _ in found:
            if registered.place in times:
                self._plan(registered, times[registered.place])

    def look(self) -> None:
        """Start what is due."""
        now = clock.now()
        for state in self._record.due_triggers(now):
            place = state.namespace, state.flow, state.trigger
            if not state.namespace:
                continue  # the schedule of a flow in Python
            registered = self._triggers.find(*place)
            if registered is not None and isinstance(registered.trigger, HttpTrigger):
                continue
            try:
                self._look_at(state, registered, self._times.get(place), now)
            except RunwrightError:
                _logger.exception("The trigger %s of %s/%s could not be looked at; looking again.", *reversed(place))

    def _look_at(self, state: TriggerState, registered: Registered | None, times: Times | None, now: int) -> None:
        progress = progress_of(state)
        if registered is None:
            self._forget(state)
        elif registered.is_idle or times is None:
            self._change(registered.place, lambda progress: replace(progress, declared="", next=None))
        elif progress.declared != times.declared:
            self._plan(registered, times)
        elif not self._starter.is_open(progress.execution):
            self._advance(state, registered, times, now)

    # ---- one schedule

    def _plan(self, registered: Registered, times: Times) -> None:
        """Find the next time of a schedule that has none for what it declares; one that is turned off has none."""
        if registered.is_idle:
            self._change(registered.place, lambda progress: replace(progress, declared="", next=None))
            return

        def planned(progress: Progress) -> Progress:
            if progress.declared == times.declared:
                return progress
            following = times.next_after(max(clock.now(), progress.fired or 0))
            return replace(progress, declared=times.declared, next=following, problem=None)

        self._change(registered.place, planned)

    def _change(self, place: Place, change: Callable[[Progress], Progress]) -> None:
        """Keep what is made of the progress of a trigger, if that is anything else."""

        def made(state: TriggerState) -> TriggerState | None:
            before = progress_of(state)
            after = change(before)
            return None if after == before and state.version else with_progress(state, after)

        changed(self._record, place, made)

    def _advance(self, state: TriggerState, registered: Registered, times: Times, now: int) -> None:
        """Start what one schedule has to start now, if anything, and keep how far it has come."""
        progress = progress_of(state)
        backfill = progress.backfill
        if backfill is not None and not backfill.is_paused:
            at, key = backfill.current, f"backfill/{backfill.created}/{backfill.current}"
            following = times.next_after(at)
            is_over = following is None or following > backfill.end
            rest = None if is_over or following is None else replace(backfill, current=following)
            progress = replace(progress, backfill=rest)
            firing = Firing(
                registered, key, backfill.created, times.variables(at), inputs=backfill.inputs, labels=backfill.labels
            )
        else:
            progress = _without_missed(progress, registered.trigger, times, now)
            if progress.next is None or progress.next > now:
                self._record.keep_trigger(with_progress(state, progress))
                return
            at = progress.next
            progress = replace(progress, next=times.next_after(at), fired=at)
            firing = Firing(registered, f"schedule/{at}", at, times.variables(at))
        self._record.keep_trigger(with_progress(state, self._fired(firing, progress)))

    def _fired(self, firing: Firing, progress: Progress) -> Progress:
        """Return the progress after a firing; what cannot be started is noted there, and the next time comes all the same."""
        registered = firing.registered
        try:
            seen = Seen(firing.scope(self._record.url), *registered.place[:2])
            if not all_hold(registered.trigger, seen):
                return replace(progress, problem=None)
            return replace(progress, execution=str(self._starter.start(firing)), problem=None)
        except RecordError:
            raise
        except Exception as error:  # noqa: BLE001  whatever a declared text says
            _logger.warning(
                "The trigger %s of %s starts nothing: %s", registered.trigger.id, registered.flow.name, error
            )
            return replace(progress, problem=str(error))

    def _forget(self, state: TriggerState) -> None:
        """Let go of a trigger that its flow declares no more, as the record says: others may know a newer flow than we do."""
        newest = next(iter(self._record.flows(f"{state.namespace}/{state.flow}")), None)
        if newest is None or "deleted" in newest.source or state.trigger not in newest.source.get("yaml", ""):
            self._record.delete_trigger(state.namespace, state.flow, state.trigger)


def _without_missed(progress: Progress, trigger: Any, times: Times, now: int) -> Progress:
    """Leave out the times that are too late, as far as a schedule asks for that."""
    following = progress.next
    if following is None:
        return progress
    delay = getattr(trigger, "late_maximum_delay", None)
    if delay is not None:
        latest = now - (delay.days * 86_400 + delay.seconds) * NANOSECONDS - delay.microseconds * 1_000
        following = _first_from(times, following, latest)
    if following is not None and now - following > MISSED and trigger.recover_missed_schedules in {"LAST", "NONE"}:
        following = _recovered(times, following, now, is_last=trigger.recover_missed_schedules == "LAST")
    return replace(progress, next=following)


def _first_from(times: Times, following: int, latest: int) -> int | None:
    """Return the first time from `following` on that is not before `latest`."""
    return following if following >= latest else times.next_after(latest - 1)


def _recovered(times: Times, following: int, now: int, *, is_last: bool) -> int | None:
    """Return the time to go on with after some were missed: the last of them, or the first that was not."""
    if is_last:
        return times.last_before(now + 1, following - 1) or following
    return times.next_after(now - MISSED)
