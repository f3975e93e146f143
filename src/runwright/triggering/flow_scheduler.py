"""FlowScheduler: starts runs of flows written in Python when the nominal times of their schedules come.

Each time starts one run of each of its clocks: the run comes first, under a key that follows from both, and the progress after it,
so that who repeats that after a crash, or looks at the same time, finds the run there. A run does not wait for the one before.
"""

from __future__ import annotations

import logging
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from msgspec.structs import replace

from runwright import clock
from runwright.clock import NANOSECONDS
from runwright.errors import NotOnRecord, RecordError, RunwrightError
from runwright.remote_runs import RemoteRuns
from runwright.triggering.flow_schedules import CatchUp, FlowSchedule, schedule_of, with_schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.schedule import ClockEvent
    from runwright.store import Store
    from runwright.trigger_states import TriggerState
    from runwright.triggering.firing import Run

MISSED = 10 * NANOSECONDS
"""How late (ns) a time is that nobody looked for when it came."""
_A_MICROSECOND = 1_000
_SPANS = (60, 3_600, 86_400, 32 * 86_400, 367 * 86_400, 9 * 366 * 86_400)
MOST = 100
"""How many times of one schedule are gone through before it is somebody else's turn."""

_logger = logging.getLogger("runwright.Triggers")


class FlowScheduler:
    """The schedules of one record; `run` is told of each flow run that is to be run now."""

    def __init__(self, record: Store, run: Run) -> None:
        """Look at nothing yet."""
        self._record = record
        self._run = run
        self._runs = RemoteRuns(record)

    def plan(self) -> None:
        """Do nothing: who registers a schedule finds its first time."""

    def look(self) -> None:
        """Start what is due."""
        now = clock.now()
        for state in self._record.due_triggers(now):
            schedule = schedule_of(state)
            if schedule is not None:
                self._advance(state, schedule, now)

    def _advance(self, state: TriggerState, schedule: FlowSchedule, now: int) -> None:
        """Start what a schedule has to start by now, and keep how far it has come."""
        try:
            for at in _times(schedule, now):
                schedule = self._fired(state.flow, schedule, at)
            going_on = replace(schedule, next=_following(schedule, now))
        except RecordError:
            raise
        except RunwrightError as error:
            _logger.warning("The schedule of %s starts nothing: %s", state.flow, error)
            going_on = replace(schedule, next=None, problem=str(error))
        self._record.keep_trigger(with_schedule(state, going_on))

    def _fired(self, flow: str, schedule: FlowSchedule, at: int) -> FlowSchedule:
        """Return the schedule after one of its times; what cannot be started is noted, and the next time comes all the same."""
        problem = None
        for event in schedule.after(at - _A_MICROSECOND):
            try:
                flow_run = self._start(schedule, event)
            except RunwrightError as error:
                if isinstance(error, RecordError) and not isinstance(error, NotOnRecord):
                    raise
                _logger.warning("The schedule of %s starts nothing at %s: %s", flow, clock.to_iso(at), error)
                problem = str(error)
            else:
                _logger.info("The schedule of %s started %s for %s.", flow, flow_run, clock.to_iso(at))
                self._run(flow_run)
        return replace(schedule, fired=at, problem=problem)

    def _start(self, schedule: FlowSchedule, event: ClockEvent) -> UUID:
        return self._runs.create(
            flow_id=UUID(schedule.flow_id),
            idempotency_key=key_of(event),
            parameters={**event.parameter_defaults, **schedule.parameters},
            labels=event.labels,
            start_time=event.at,
            is_of_schedule=True,
        )


def key_of(event: ClockEvent) -> str:
    """Return what tells the run of an event from all others of its flow; clocks that agree in all are one."""
    moment = f"schedule {clock.to_iso(event.at)}"
    if not event.parameter_defaults and event.labels is None:
        return moment
    said = msgspec.json.encode([event.parameter_defaults, event.labels], order="deterministic", enc_hook=repr)
    return f"{moment} {blake2b(said, digest_size=8).hexdigest()}"


def _times(schedule: FlowSchedule, now: int) -> list[int]:
    """Return the times that get runs now, as many as one turn may take."""
    if schedule.next is None:
        return []
    if schedule.catch_up is CatchUp.ALL:
        return list(islice(_between(schedule, schedule.next, now), MOST))
    on_time = list(islice(_between(schedule, max(schedule.next, now - MISSED), now), MOST))
    if on_time or schedule.catch_up is CatchUp.NONE:
        return on_time
    return _last(schedule, now)


def _between(schedule: FlowSchedule, first: int, last: int) -> Iterator[int]:
    """Yield the times of a schedule from one to another, both included; two clocks of one time give it once."""
    before = None
    for event in schedule.times().events(clock.to_datetime(first - _A_MICROSECOND)):
        if event.at > last:
            return
        if event.at != before:
            yield event.at
        before = event.at


def _last(schedule: FlowSchedule, now: int) -> list[int]:
    """Return the last time that has come, looked for further and further back, so that few are gone through."""
    first = schedule.next or 0
    for span in _SPANS:
        found = list(_between(schedule, max(first, now - span * NANOSECONDS), now))
        if found:
            return found[-1:]
        if now - span * NANOSECONDS <= first:
            break
    return []


def _following(schedule: FlowSchedule, now: int) -> int | None:
    """Return the time to go on with: of those that are to be made up for, none is left out."""
    fired = schedule.fired or 0
    is_behind = schedule.catch_up is CatchUp.ALL and fired
    return schedule.next_after(fired if is_behind else max(now, fired))
