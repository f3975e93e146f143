"""Scheduled runs: the local loop of a flow with a schedule: wait for the next time, run, and again until there is none.

It knows the schedule and the clock; how a run is made it is told. One run at a time: what comes due while one is under way
does not run, and the log says so.
"""

from __future__ import annotations

import logging
import queue
from typing import TYPE_CHECKING, Any

from runwright import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from runwright.schedule import ClockEvent, Schedule
    from runwright.states import State

_logger = logging.getLogger("runwright.schedule")

_HOUR = 3600
_MANY = 100


def follow_schedule(
    schedule: Schedule, run: Callable[..., State], parameters_of: Callable[[ClockEvent], dict[str, Any]]
) -> State | None:
    """Run at each time of a schedule, `run(parameters=..., scheduled_start_time=...)`, and return the last state.

    `parameters_of` gives the parameters of an event, before it is waited for. Returns None when no time was left.
    """
    state = None
    for event in _coming_events(schedule):
        parameters = parameters_of(event)
        _logger.info("The next run is due at %s.", event.start_time.isoformat())
        _wait_until(event.at)
        state = run(parameters=parameters, scheduled_start_time=event.start_time)
    return state


def _coming_events(schedule: Schedule) -> Iterator[ClockEvent]:
    """Yield the next event, and when it has been dealt with the next one again; those of one moment one after the other."""
    after = clock.utcnow()
    while events := _next_at_once(schedule, after):
        yield from events
        after = max(events[-1].start_time, clock.utcnow())
        _say_what_was_missed(schedule, events[-1].start_time, after)


def _next_at_once(schedule: Schedule, after: datetime) -> list[ClockEvent]:
    """Return the events of the next moment: one, or several when clocks of a schedule agree in time and in nothing else."""
    count = 2
    while True:
        events = schedule.next(count, after=after, return_events=True)
        together = [event for event in events if event.at == events[0].at]
        if len(together) < count:
            return together
        count *= 2


def _say_what_was_missed(schedule: Schedule, start: datetime, until: datetime) -> None:
    missed = [event for event in schedule.next(_MANY, after=start, return_events=True) if event.start_time <= until]
    if missed:
        _logger.warning(
            "%s scheduled runs were missed, the first at %s: the run before them took until %s.",
            f"At least {_MANY}" if len(missed) == _MANY else len(missed),
            missed[0].start_time.isoformat(),
            until.isoformat(),
        )


def _wait_until(at: int) -> None:
    nobody: queue.SimpleQueue[None] = queue.SimpleQueue()
    while (left := (at - clock.now()) / clock.NANOSECONDS) > 0:
        # In parts, since waiting does not go on while a machine sleeps, and its clock may be set.
        clock.wait(nobody, min(left, max(_HOUR, left / 2)))
