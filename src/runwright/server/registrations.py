"""Registrations: flows and their schedules that the command line elsewhere puts on a server's record.

Whoever sends them has checked them; they are checked again here, because anybody can send anything. No code of a flow is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from runwright.clock import now
from runwright.errors import FlowError
from runwright.executions.registered_flows import DELETED, TEXT, RegisteredFlows, name_of
from runwright.remote_runs import is_remote
from runwright.spec import parse_flow_spec
from runwright.triggering.flow_schedules import NAME, schedule_of, with_schedule

if TYPE_CHECKING:
    from runwright.runs import FlowVersion
    from runwright.store import Store
    from runwright.trigger_states import TriggerState

_SOURCE = {"file", "name"}


class Registrations:
    """What is registered on one record from elsewhere; the methods are those of the record."""

    def __init__(self, record: Store) -> None:
        """Write to a record."""
        self._record = record

    def register(self, flow: FlowVersion) -> FlowVersion:
        """Return the flow with its id and version; raises `FlowError` for what is no flow that somebody could run."""
        if TEXT in flow.source and DELETED not in flow.source:
            return self._register_text(flow.name, flow.source[TEXT])
        if not flow.name or not flow.source.keys() <= _SOURCE or is_remote(flow):
            raise FlowError("Only flows in YAML, and those in Python that have a name, are registered from elsewhere.")
        return self._record.register(replace(flow, id=None, version=0, created=0))

    def _register_text(self, name: str, text: str) -> FlowVersion:
        spec = parse_flow_spec(text)
        declared = name_of(spec.namespace, spec.id)
        if declared != name:
            raise FlowError(f"The text is of the flow {declared}, not of {name}.")
        kept = RegisteredFlows(self._record).keep(text, spec)
        return next(each for each in self._record.flows(name) if each.version == kept.revision)

    def keep_trigger(self, state: TriggerState) -> TriggerState | None:
        """Write the schedule of a flow in Python over the version that was read; raises `FlowError` for what is none."""
        try:
            schedule = schedule_of(state)
        except msgspec.ValidationError as error:
            raise FlowError(f"This is no schedule: {error}.") from None
        if schedule is None or not self._record.flows(state.flow):
            raise FlowError("Only schedules of registered flows in Python are kept from elsewhere.")
        schedule.next_after(now())
        return self._record.keep_trigger(with_schedule(state, schedule))

    def delete_trigger(self, namespace: str, flow: str, trigger: str) -> bool:
        """Delete the schedule of a flow in Python; False where it has none. Raises `FlowError` for what is none."""
        if namespace or trigger != NAME:
            raise FlowError("Only schedules of flows in Python are deleted from elsewhere.")
        return self._record.delete_trigger(namespace, flow, trigger)
