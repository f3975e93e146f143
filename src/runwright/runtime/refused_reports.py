"""Refused reports: what a process wanted to record of a flow run that another had taken over, kept for who looks into it later.

Nothing of it counts: the owner of the lease says what became of the run. It is kept beside the log, as an event of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from runwright import clock, ids
from runwright.clock import to_iso
from runwright.received_events import ReceivedEvent
from runwright.states import KIND_BY_CODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runwright.events import Batch, Event
    from runwright.store import Lease

NAME = "runwright.report.refused"
MOST = 100
"""How many events of a report are told one by one."""


def refused_reports(batch: Batch, leases: Mapping[UUID, Lease]) -> Iterator[ReceivedEvent]:
    """Yield what is kept of a batch that was refused because its lease was lost: an event for each of its flow runs."""
    by_flow_run: dict[UUID, list[Event]] = {each.flow_run: [] for each in (*batch.logs, *batch.metrics)}
    for event in batch.events:
        by_flow_run.setdefault(event.flow_run, []).append(event)
    now = clock.now()
    for flow_run, events in by_flow_run.items():
        lease = leases.get(flow_run)
        owner, resource = lease.owner if lease else "", f"runwright.flow-run.{flow_run}"
        first = events[0] if events else None
        about = ids.event_id(flow_run, first.ordinal, first.version) if first else flow_run
        identity = uuid5(about, f"{NAME} {owner}")
        payload = {
            "owner": owner,
            "token": lease.token if lease else 0,
            "events": len(events),
            "log_lines": sum(each.flow_run == flow_run for each in batch.logs),
            "told": [_told(each) for each in events[:MOST]],
        }
        body: dict[str, Any] = {
            "occurred": to_iso(now),
            "event": NAME,
            "resource": {"prefect.resource.id": resource},
            "related": [],
            "payload": payload,
            "id": str(identity),
            "follows": None,
        }
        yield ReceivedEvent(identity, now, NAME, resource, now, body)


def _told(event: Event) -> dict[str, Any]:
    run = ids.task_run_id(event.flow_run, event.ordinal)
    state = KIND_BY_CODE[event.state].name if event.state else None
    return {"run": str(run), "version": event.version, "at": to_iso(event.at), "state": state}
