"""Sent event: an event as programs send it to the events API, checked and made one that the record keeps."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec

from runwright.clock import from_datetime
from runwright.compat.event_search import FLOW_RUN, TASK_RUN
from runwright.compat.task_run_body import with_z
from runwright.ids import flow_run_from_text, flow_run_of
from runwright.received_events import ReceivedEvent
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.views import Views

LONGEST_NAME = 1_024
MOST_LABELS = 500
MOST_RELATED = 100

_Resource = Annotated[dict[str, str], msgspec.Meta(max_length=MOST_LABELS)]
_LATEST = (1 << 63) - 1


class SentEvent(msgspec.Struct):
    """The fields of an event; further keys are ignored."""

    occurred: datetime
    event: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
    resource: _Resource
    id: UUID
    related: Annotated[list[_Resource], msgspec.Meta(max_length=MOST_RELATED)] = []
    payload: dict[str, Any] = {}
    follows: UUID | None = None

    def __post_init__(self) -> None:
        """Refuse resources without a name."""
        if not self.resource.get("prefect.resource.id"):
            raise ValueError("the resource needs the label prefect.resource.id")
        for each in self.related:
            if not (each.get("prefect.resource.id") and each.get("prefect.resource.role")):
                raise ValueError("a related resource needs the labels prefect.resource.id and prefect.resource.role")
        if not 0 <= from_datetime(self.occurred) <= _LATEST:
            raise ValueError("the time is before 1970 or after 2262")

    def received(self, now: int) -> ReceivedEvent:
        """Return the event as the record keeps it; `now` (ns) is when it came."""
        at = from_datetime(self.occurred)
        body = {
            "occurred": with_z(at // 1_000),
            "event": self.event,
            "resource": self.resource,
            "related": self.related,
            "payload": self.payload,
            "id": str(self.id),
            "follows": None if self.follows is None else str(self.follows),
        }
        return ReceivedEvent(self.id, at, self.event, self.resource["prefect.resource.id"], now, body)


def told_by_record(views: Views, events: Iterable[SentEvent]) -> SentEvent | None:
    """Return the first event that claims what only the record may tell: what became of one of its own runs."""
    known: dict[UUID, bool] = {}
    for each in events:
        name = each.resource["prefect.resource.id"]
        prefix = next((prefix for prefix in (TASK_RUN, FLOW_RUN) if name.startswith(prefix)), None)
        if prefix is None:
            continue
        try:
            flow_run = flow_run_of(UUID(name.removeprefix(prefix)))
        except ValueError:
            continue
        if flow_run not in known:
            known[flow_run] = flow_run_from_text(str(flow_run)) is not None and bool(
                views.flow_runs(FlowRunFilter(id=flow_run))
            )
        if known[flow_run]:
            return each
    return None
