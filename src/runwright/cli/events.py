"""`runwright events`: the event log, as event clients know its events."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from runwright import clock
from runwright.cli import event_rows
from runwright.cli.filters import Count, limited
from runwright.cli.groups import Group
from runwright.cli.options import common, with_output, with_record
from runwright.cli.output import check_fields, write_json_line
from runwright.cli.references import complete_flow_runs, find_flow_run
from runwright.cli.session import Session, say
from runwright.cli.table import pick
from runwright.cli.text import clean_line
from runwright.compat.events import TaskRunEvents
from runwright.views import EventFilter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from runwright.events import Event
    from runwright.store import Store

_FLOW_RUN = click.option("--flow-run", metavar="RUN", shell_complete=complete_flow_runs, help="Of this flow run only.")
_AFTER = click.option("--after", type=Count(min=0), default=0, help="Only events after this cursor.")


@click.group(cls=Group)
@common
def events() -> None:
    """Read the event log.

    Events are printed as the documented JSON of task-run events, built on read. `ls --raw` shows the log itself.
    """


@events.command("ls")
@click.option("--raw", is_flag=True, help="The log as it is, with cursors, and the flow runs' own events.")
@_AFTER
@_FLOW_RUN
@limited
@with_output
@with_record
@click.pass_obj
def ls(session: Session, after: int, flow_run: str | None, limit: int, *, raw: bool) -> None:
    """List events, oldest first."""
    check_fields(session, event_rows.RAW_FIELDS if raw else event_rows.FIELDS)
    store = session.open_record()
    log = event_rows.read_all(store, after, _id(store, flow_run))
    if raw:
        shown = _first(log, limit)
        event_rows.show_raw(session, shown)
    else:
        shown, built = _first_built(TaskRunEvents(store), log, limit)
        event_rows.show_events(session, built)
    if next(log, None) is not None:
        say(f"there are more events: --after {shown[-1].cursor} goes on")


@events.command("tail")
@click.option("-n", "--lines", "count", type=Count(min=0), default=10, show_default=True, help="Begin so far back.")
@click.option("--follow/--no-follow", default=True, help="Go on until interrupted.")
@_AFTER
@_FLOW_RUN
@with_output
@with_record
@click.pass_obj
def tail(session: Session, count: int, after: int, flow_run: str | None, *, follow: bool) -> None:
    """Print the latest events, one JSON object in a line, and go on with those that come.

    With --after everything since that cursor is printed first. -o table prints a line of text for each.
    """
    check_fields(session, event_rows.FIELDS)
    store = session.open_record()
    which = _id(store, flow_run)
    cursor = after or _cursor_of_last(store, which, count)
    builder = TaskRunEvents(store)
    looks = clock.Looks()
    while True:
        fresh = list(event_rows.read_all(store, cursor, which))
        for event in builder.build(fresh):
            _print(session, event)
        sys.stdout.flush()
        if not follow:
            return
        cursor = fresh[-1].cursor if fresh else cursor
        looks.wait_for_next(is_news=bool(fresh))


def _print(session: Session, event: dict[str, object]) -> None:
    if session.format in {"table", "wide"}:
        fields = [column.field for column in event_rows.COLUMNS if column.field != "flow_run"]
        sys.stdout.write(clean_line("  ".join(str(pick(event, field) or "") for field in fields)) + "\n")
    elif session.format == "name":
        sys.stdout.write(f"{event['id']}\n")
    else:
        write_json_line({field: pick(event, field) for field in session.fields} if session.fields else event)


def _cursor_of_last(store: Store, flow_run: UUID | None, count: int) -> int:
    """Return the cursor before the last `count` events, found in a few reads however long the log is."""
    low, high = 0, 1
    while _is_any_after(store, flow_run, high):
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if _is_any_after(store, flow_run, middle) else (low, middle)
    start = max(0, low - count)
    while start and len(_first(event_rows.read_all(store, start, flow_run), count)) < count:
        start = max(0, start - 4 * (low - start) - 1)
    last = [event.cursor for event in event_rows.read_all(store, start, flow_run)][-count:] if count else []
    return last[0] - 1 if last else low


def _is_any_after(store: Store, flow_run: UUID | None, cursor: int) -> bool:
    return bool(store.events(EventFilter(cursor, flow_run, limit=1)))


def _first_built(builder: TaskRunEvents, log: Iterable[Event], limit: int) -> tuple[list[Event], list[dict[str, Any]]]:
    """Return the events of the log that give `limit` documented events, or one more: an implied Pending is not torn off."""
    read: list[Event] = []
    built: list[dict[str, Any]] = []
    for event in log:
        read.append(event)
        built += builder.build_one(event)
        if limit and len(built) >= limit:
            break
    return read, built


def _first(events: Iterable[Event], count: int) -> list[Event]:
    found: list[Event] = []
    for event in events:
        found.append(event)
        if count and len(found) >= count:
            break
    return found


def _id(store: Store, flow_run: str | None) -> UUID | None:
    return None if flow_run is None else find_flow_run(store, flow_run).id
