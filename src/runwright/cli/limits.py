"""`runwright limit`: how many task runs with a tag run at once, over all flow runs of the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runwright.cli import rows
from runwright.cli.groups import Group
from runwright.cli.options import common, with_output, with_record
from runwright.cli.output import check_fields, show, show_one
from runwright.cli.session import Session, say
from runwright.cli.table import Column
from runwright.cli.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.store import Store
    from runwright.tag_limits import TagLimit, TagSlot

FIELDS = ("tag", "slots", "running", "waiting", "created", "updated", "task_runs")
COLUMNS = (
    Column("TAG", "tag"),
    Column("SLOTS", "slots", "number"),
    Column("RUNNING", "running", "number"),
    Column("WAITING", "waiting", "number"),
    Column("UPDATED", "updated", "age"),
)


class NoLimit(click.ClickException):
    """The tag has no limit."""

    exit_code = 3


@click.group(cls=Group)
@common
def limit() -> None:
    """Look at how many task runs with a tag run at once, and change it."""


@limit.command("ls")
@with_output
@with_record
@click.pass_obj
def ls(session: Session) -> None:
    """List the limits, by tag, with how many task runs hold a slot, and how many wait for one."""
    check_fields(session, FIELDS)
    show(session, _rows(session.open_record()), COLUMNS, name=lambda row: row["tag"], fields=FIELDS)


@limit.command("get")
@click.argument("tag")
@with_output
@with_record
@click.pass_obj
def get(session: Session, tag: str) -> None:
    """Print the limit of a tag, with the task runs that hold its slots."""
    found = next((row for row in _rows(session.open_record()) if row["tag"] == tag), None)
    if found is None:
        raise _none(tag)
    show_one(session, found, lambda: _page(found), FIELDS)


@limit.command("set")
@click.argument("tag")
@click.argument("slots", type=int)
@with_record
@click.pass_obj
def set_(session: Session, tag: str, slots: int) -> None:
    """Let so many task runs with a tag run at once; 0 lets none begin. What runs already runs on."""
    kept = session.open_record(read_only=False).keep_tag_limit(tag, slots)
    say(clean_line(f"{kept.tag} is limited: {kept.slots} at once"))


@limit.command("delete")
@click.argument("tag")
@with_record
@click.pass_obj
def delete(session: Session, tag: str) -> None:
    """Lift the limit of a tag; what waits for it goes on."""
    if not session.open_record(read_only=False).delete_tag_limit(tag):
        raise _none(tag)
    say(clean_line(f"{tag} is not limited any more"))


def _rows(record: Store) -> list[dict[str, Any]]:
    slots = record.tag_slots()
    return [_row(each, [slot for slot in slots if slot.tag == each.tag]) for each in record.tag_limits()]


def _row(limit: TagLimit, slots: list[TagSlot]) -> dict[str, Any]:
    running = [str(slot.task_run) for slot in slots if slot.is_held]
    return {
        "tag": limit.tag,
        "slots": limit.slots,
        "running": len(running),
        "waiting": len(slots) - len(running),
        "created": rows.iso(limit.created),
        "updated": rows.iso(limit.updated),
        "task_runs": running,
    }


def _page(row: dict[str, Any]) -> Iterator[str]:
    yield clean_line(f"{row['tag']}: {row['slots']} at once, {row['running']} running, {row['waiting']} waiting")
    yield from row["task_runs"]


def _none(tag: str) -> NoLimit:
    return NoLimit(f"The tag {tag} has no limit: `runwright limit set {tag} SLOTS` gives it one.")
