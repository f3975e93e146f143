"""`runwright server audit`: who asked a server for what that changes something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runwright.cli.options import with_output, with_record
from runwright.cli.output import check_fields, show
from runwright.cli.table import Column

if TYPE_CHECKING:
    from runwright.cli.session import Session

FIELDS = ("at", "who", "role", "address", "method", "path", "status", "id")
COLUMNS = (
    Column("AT", "at"),
    Column("WHO", "who"),
    Column("ROLE", "role"),
    Column("METHOD", "method"),
    Column("PATH", "path"),
    Column("STATUS", "status", "number"),
    Column("ADDRESS", "address", wide=True),
    Column("ID", "id", wide=True),
)


@click.command("audit")
@click.option("--limit", type=click.IntRange(1, 1_000), default=100, show_default=True, help="How many entries.")
@with_output
@with_record
@click.pass_obj
def audit(session: Session, limit: int) -> None:
    """Print who asked for what that changes something, the newest first."""
    from runwright.server.audit import Audit  # noqa: PLC0415  help needs none of it

    check_fields(session, FIELDS)
    found = [each.row() for each in Audit(session.open_record()).read(limit=limit)]
    show(session, found, COLUMNS, name=lambda row: row["id"], fields=FIELDS)
