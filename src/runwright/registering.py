"""Registering: a flow in Python is put on a record, so that servers and workers find it, and its schedule starts it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.open_records import open_record
from runwright.triggering.flow_schedules import CatchUp, FlowSchedules, Scheduled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runwright.flow import Flow
    from runwright.runs import FlowVersion
    from runwright.store import Store


class Registered(NamedTuple):
    """A flow on record, its schedule, None where it has none, and whether one that it had before is gone now."""

    version: FlowVersion
    scheduled: Scheduled | None
    is_unscheduled: bool = False


def register_flow(
    flow: Flow,
    record: Store | str | None = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    catch_up: str = CatchUp.LAST,
    is_paused: bool | None = None,
) -> Registered:
    """Put a flow on a record, the configured one by default, and let its schedule start it there as it is now.

    `parameters` are those of every run that the schedule starts. Raises `ParameterError` where they do not do, and `FlowError` for
    a schedule whose times need code.
    """
    store = open_record(record) if record is None or isinstance(record, str) else record
    if flow.schedule is not None:
        flow.resolve_parameters({**_first_parameters(flow), **(parameters or {})})
    version = store.register(flow.to_version())
    schedules = FlowSchedules(store)
    if flow.schedule is None:
        return Registered(version, None, is_unscheduled=bool(schedules.remove(flow.name)))
    times = flow.schedule.to_dict()
    return Registered(
        version,
        schedules.register(version, times, catch_up=CatchUp(catch_up), parameters=parameters, is_paused=is_paused),
    )


def _first_parameters(flow: Flow) -> dict[str, Any]:
    """Return the parameters that the schedule gives to its next run, so that missing ones are told of at once."""
    events = flow.schedule.next(1, return_events=True) if flow.schedule is not None else ()
    return dict(events[0].parameter_defaults) if events else {}
