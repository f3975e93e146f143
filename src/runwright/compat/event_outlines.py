"""Outlines: what of the documented event of a task run one event of the log says by itself, with what is known of its flow run.

What an outline has is what the document has; what would take the history of the task run it leaves out: its name, its times, its
payload. A filter that asks for nothing else is decided by outlines, and any other leaves fewer documents to build.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import ids
from runwright.codec import USUAL_MESSAGES
from runwright.compat.events import shorten_message
from runwright.events import EventKind
from runwright.states import KIND_BY_CODE, KIND_BY_NAME

if TYPE_CHECKING:
    from runwright.compat.task_run_body import FlowRunFacts
    from runwright.events import Event

LABELS = frozenset(
    {
        "prefect.resource.id",
        "prefect.state-message",
        "prefect.state-name",
        "prefect.state-type",
        "prefect.orchestration",
    }
)
"""The labels of a task run that its outlines have."""

_TASK_RUN = "prefect.task-run."
_PENDING = KIND_BY_NAME["Pending"].code


def resource_of(facts: FlowRunFacts, ordinal: int) -> str:
    """Return what event clients call a task run."""
    return f"{_TASK_RUN}{ids.task_run_text(facts.text, ordinal)}"


def outline_of(facts: FlowRunFacts, event: Event, name: str, *, is_first: bool) -> dict[str, Any] | None:
    """Return the outline of a transition, or with `is_first` of the Pending before it; None where one event does not say enough.

    `name` is what event clients call the event.
    """
    data = event.data or {}
    if not is_first and (event.kind != EventKind.STATE or data.get("suspended")):
        return None  # it says neither type nor message
    code = _PENDING if is_first else event.state
    message = USUAL_MESSAGES.get(code, "") if is_first else data.get("message", USUAL_MESSAGES.get(code, ""))
    return {
        "event": name,
        "id": ids.event_text(facts.text, event.ordinal, 1 if is_first else event.version),
        "resource": {
            "prefect.resource.id": resource_of(facts, event.ordinal),
            "prefect.state-message": shorten_message(str(message)),
            "prefect.state-name": name.removeprefix(_TASK_RUN),
            "prefect.state-type": KIND_BY_CODE[code].event_type,
            "prefect.orchestration": "client",
        },
        "related": facts.related_to(facts.place_of(event.ordinal)),
    }
