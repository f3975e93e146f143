"""FlowSchedules: the schedules of registered flows whose tasks are written in Python, on the record of their flows.

A schedule is data here: no code of the flow is needed to know its times. It is kept as the state of a trigger, under the name of
the flow and no namespace, which no YAML flow has. Nothing here starts a run.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec.structs import replace

from runwright import clock, decoding
from runwright.errors import FlowError, NotOnRecord
from runwright.schedules.schedules import Schedule
from runwright.triggering.progress import changed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from runwright.runs import FlowVersion
    from runwright.schedule import ClockEvent
    from runwright.store import Store
    from runwright.trigger_states import TriggerState
    from runwright.triggering.progress import Place

NAME = "schedule"


class CatchUp(StrEnum):
    """Which of the times that passed while nobody looked get a run."""

    ALL = "all"
    LAST = "last"
    NONE = "none"


class FlowSchedule(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of a schedule: the version of the flow that it starts, its times as plain data, and how far it has come.

    `next` is the nominal time (ns) to come and `fired` the last one that has its runs. `parameters` are those of every run,
    `problem` is why the last ones could not be started.
    """

    flow_id: str
    schedule: dict[str, Any]
    catch_up: CatchUp = CatchUp.LAST
    parameters: dict[str, Any] = {}
    next: int | None = None
    fired: int | None = None
    problem: str | None = None

    def times(self) -> Schedule:
        """Return what says when; raises `FlowError` for functions that only the code of the flow has."""
        try:
            return Schedule.from_dict(self.schedule)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FlowError(f"The schedule cannot be read ({error!r}): register its flow again.") from None

    def after(self, at: int) -> list[ClockEvent]:
        """Return the events of the first moment later than a time (ns), none where the schedule ends; raises `FlowError`."""
        found: list[ClockEvent] = []
        for event in self.times().events(clock.to_datetime(at)):
            if found and event.at != found[0].at:
                break
            found.append(event)
        return found

    def next_after(self, at: int) -> int | None:
        """Return the first moment later than a time, both in ns; None where the schedule ends. Raises `FlowError`."""
        event = next(self.times().events(clock.to_datetime(at)), None)
        return None if event is None else event.at


class Scheduled(NamedTuple):
    """A flow by its name, its schedule, and whether that is paused."""

    flow: str
    schedule: FlowSchedule
    is_paused: bool


class FlowSchedules:
    """The schedules of one record."""

    def __init__(self, record: Store) -> None:
        """Read and write the record."""
        self._record = record

    def register(
        self,
        flow: FlowVersion,
        schedule: dict[str, Any],
        *,
        catch_up: CatchUp = CatchUp.LAST,
        parameters: Mapping[str, Any] | None = None,
        is_paused: bool | None = None,
    ) -> Scheduled:
        """Let a schedule, as plain data, start a version of a flow from now on, in place of the one before.

        The same schedule goes on where it was, another begins now; what was paused stays so unless `is_paused` says otherwise.
        Raises `FlowError` for a schedule whose times need code.
        """
        wanted = FlowSchedule(str(flow.id), schedule, catch_up, dict(parameters or {}))
        first = wanted.next_after(clock.now())

        def made(state: TriggerState) -> TriggerState:
            before = schedule_of(state)
            if before is not None and before.schedule == schedule:
                kept = replace(wanted, next=before.next, fired=before.fired)
            else:
                kept = replace(wanted, next=first)
            is_disabled = state.is_disabled if is_paused is None else is_paused
            return with_schedule(replace(state, is_disabled=is_disabled), kept)

        changed(self._record, _place(flow.name), made)
        return self.find(flow.name)

    def find(self, flow: str) -> Scheduled:
        """Return the schedule of a flow; raises `NotOnRecord`."""
        state = self._record.find_trigger(*_place(flow))
        schedule = None if state is None else schedule_of(state)
        if state is None or schedule is None:
            raise NotOnRecord(f"The flow {flow!r} has no schedule on the record: register it with one.")
        return Scheduled(flow, schedule, state.is_disabled)

    def find_by_id(self, flow_id: UUID) -> Scheduled | None:
        """Return the schedule of a version of a flow, None where it has none, or a later version has taken its place."""
        versions = self._record.flows(flow_id=flow_id)
        state = self._record.find_trigger(*_place(versions[0].name)) if versions else None
        schedule = None if state is None else schedule_of(state)
        if state is None or schedule is None or schedule.flow_id != str(flow_id):
            return None
        return Scheduled(state.flow, schedule, state.is_disabled)

    def all(self) -> list[Scheduled]:
        """Return all, by the names of the flows."""
        states = [(each, schedule_of(each)) for each in self._record.list_triggers(namespace="")]
        return [Scheduled(state.flow, found, state.is_disabled) for state, found in states if found is not None]

    def pause(self, flow: str) -> Scheduled:
        """Let no run of a flow start by itself; raises `NotOnRecord`."""
        return self._changed(flow, lambda state, _: None if state.is_disabled else replace(state, is_disabled=True))

    def resume(self, flow: str) -> Scheduled:
        """Let runs start again, from the next time on: what was missed meanwhile is not made up for; raises `NotOnRecord`."""

        def going_on(state: TriggerState, schedule: FlowSchedule) -> TriggerState | None:
            if not state.is_disabled:
                return None
            following = schedule.next_after(max(clock.now(), schedule.fired or 0))
            return with_schedule(replace(state, is_disabled=False), replace(schedule, next=following, problem=None))

        return self._changed(flow, going_on)

    def remove(self, flow: str) -> bool:
        """Forget the schedule of a flow; False where it has none."""
        return self._record.delete_trigger(*_place(flow))

    def _changed(self, flow: str, change: Callable[[TriggerState, FlowSchedule], TriggerState | None]) -> Scheduled:
        self.find(flow)

        def made(state: TriggerState) -> TriggerState | None:
            schedule = schedule_of(state)
            return None if schedule is None else change(state, schedule)

        changed(self._record, _place(flow), made)
        return self.find(flow)


def schedule_of(state: TriggerState) -> FlowSchedule | None:
    """Return the schedule that a state is of, None where it is of something else."""
    if state.namespace or state.trigger != NAME or not state.data:
        return None
    return decoding.from_plain(state.data, FlowSchedule)


def with_schedule(state: TriggerState, schedule: FlowSchedule) -> TriggerState:
    """Return a state with another schedule, due at its next time."""
    return replace(state, data=msgspec.to_builtins(schedule), due=schedule.next)


def _place(flow: str) -> Place:
    return "", flow, NAME
