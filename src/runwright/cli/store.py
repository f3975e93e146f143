"""`runwright store`: the record itself: where it is, whether it is sound, and making its rows again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runwright.cli.groups import Group
from runwright.cli.options import common, with_output, with_record
from runwright.cli.output import show
from runwright.cli.session import Session, say
from runwright.cli.table import Column
from runwright.cli.text import clean_line

if TYPE_CHECKING:
    from runwright.store import Difference

FIELDS = ("table", "key", "recorded", "rebuilt")
COLUMNS = (
    Column("TABLE", "table"),
    Column("KEY", "key"),
    Column("RECORDED", "recorded"),
    Column("REBUILT", "rebuilt"),
)


@click.group(cls=Group)
@common
def store() -> None:
    """Look after the record."""


@store.command("path")
@with_record
@click.pass_obj
def path(session: Session) -> None:
    """Print where the record is."""
    from runwright import settings  # noqa: PLC0415  help needs none of it

    url = settings.shown_record(session.record or settings.load().record)
    sys.stdout.write(f"{url.removeprefix('sqlite:///')}\n")


@store.command("check")
@click.option("--results/--no-results", default=True, help="Read the files of all results too, or leave them out.")
@click.option("--at-rest", "is_at_rest", is_flag=True, help="No flow runs now: look at leases too.")
@with_record
@click.pass_obj
def check(session: Session, *, results: bool, is_at_rest: bool) -> int:
    """Check the record, and print a line for each thing that is wrong; exit status 1 when there is one.

    Looked at are its file, every invariant, whether its rows say what its log says, and whether the results that it
    refers to are on this machine as they were written.
    """
    from runwright import app, settings  # noqa: PLC0415  help needs none of it

    record = session.open_record()
    folder = Path(settings.load().home) / "results" if results else None
    count = 0
    for problem in app.find_problems(record, results=folder, is_at_rest=is_at_rest):
        count += 1
        sys.stdout.write(clean_line(str(problem)) + "\n")
    sys.stdout.flush()
    say(f"{count} problems" if count else f"{record.url} is sound")
    return 1 if count else 0


@store.command("rebuild")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@with_output
@with_record
@click.pass_obj
def rebuild(session: Session, *, dry_run: bool) -> None:
    """Make the rows again from the event log, which stays as it is; prints the rows that were different."""
    record = session.open_record(read_only=dry_run)
    differences = record.rebuild(replace=not dry_run)
    rows = [_row(difference) for difference in differences]
    if rows or session.format is not None:
        show(session, rows, COLUMNS, name=lambda row: f"{row['table']}/{row['key']}", fields=FIELDS)
    done = "are different" if dry_run else "were different and are replaced"
    say(f"{len(rows)} rows {done}" if rows else "every row says what the log says")


def _row(difference: Difference) -> dict[str, Any]:
    return {
        "table": difference.table,
        "key": difference.key,
        "recorded": difference.recorded,
        "rebuilt": difference.rebuilt,
    }
