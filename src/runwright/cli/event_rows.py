"""Event rows: events of the log as event clients see them, and as they stand in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import codec, ids
from runwright.cli.output import show
from runwright.cli.rows import iso, state_name
from runwright.cli.table import Column
from runwright.compat.events import TaskRunEvents
from runwright.events import EventKind
from runwright.views import EventFilter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from runwright.cli.session import Session
    from runwright.events import Event
    from runwright.store import Store
    from runwright.views import Views

PAGE = 1_000
FIELDS = ("occurred", "event", "resource", "related", "payload", "id", "follows", "received")
COLUMNS = (
    Column("OCCURRED", "occurred"),
    Column("EVENT", "event"),
    Column("TASK RUN", "resource.prefect.resource.name"),
    Column("FLOW RUN", "flow_run"),
    Column("MESSAGE", "resource.prefect.state-message"),
    Column("ID", "id", wide=True),
)
RAW_FIELDS = (
    "cursor",
    "id",
    "at",
    "kind",
    "state",
    "version",
    "attempt",
    "task_run_id",
    "flow_run_id",
    "data",
)
RAW_COLUMNS = (
    Column("CURSOR", "cursor", "number"),
    Column("AT", "at"),
    Column("KIND", "kind"),
    Column("STATE", "state"),
    Column("VERSION", "version", "number"),
    Column("TASK RUN", "task_run_id"),
    Column("DATA", "data"),
)


def read_all(views: Views, after: int = 0, flow_run: UUID | None = None, ordinal: int | None = None) -> Iterator[Event]:
    """Yield the events after a cursor, a page at a time."""
    while True:
        page = views.events(EventFilter(after, flow_run, ordinal, PAGE))
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].cursor


def of_task_run(store: Store, flow_run: UUID, ordinal: int) -> list[dict[str, Any]]:
    """Return the documented events of a task run, the first Pending included even where the log has no event yet."""
    return list(TaskRunEvents(store).build(read_all(store, flow_run=flow_run, ordinal=ordinal)))


def show_events(session: Session, events: list[dict[str, Any]]) -> None:
    """Print documented events."""
    if session.shape not in {"json", "jsonl"}:
        events = [{**event, "flow_run": _flow_run_name(event)} for event in events]
    show(session, events, COLUMNS, name=lambda event: event["id"], fields=FIELDS)


def show_raw(session: Session, events: list[Event]) -> None:
    """Print events as they stand in the log."""
    show(session, [raw_row(event) for event in events], RAW_COLUMNS, name=lambda row: row["id"], fields=RAW_FIELDS)


def raw_row(event: Event) -> dict[str, Any]:
    """Return an event of the log as data."""
    return {
        "cursor": event.cursor,
        "id": str(ids.event_id(event.flow_run, event.ordinal, event.version)),
        "at": iso(event.at),
        "kind": EventKind(event.kind).name.lower(),
        "state": state_name(event.state) if event.state else None,
        "version": event.version,
        "attempt": event.attempt,
        "task_run_id": str(ids.task_run_id(event.flow_run, event.ordinal)),
        "flow_run_id": str(event.flow_run),
        "data": codec.to_plain(event.data),
    }


def _flow_run_name(event: dict[str, Any]) -> str | None:
    for related in event["related"]:
        if related["prefect.resource.role"] == "flow-run":
            return related.get("prefect.resource.name")
    return None
