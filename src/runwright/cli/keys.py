"""`runwright server keys`: the API keys that a record knows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from runwright.cli.groups import Group
from runwright.cli.options import common, with_output, with_record
from runwright.cli.output import check_fields, show
from runwright.cli.session import Session, say
from runwright.cli.table import Column
from runwright.cli.text import clean_line

if TYPE_CHECKING:
    from runwright.server.kept_keys import KeptKeys
    from runwright.store import Store

ROLES = ("viewer", "operator", "author", "admin")
FIELDS = ("name", "role", "hint", "by", "created", "expires")
COLUMNS = (
    Column("NAME", "name"),
    Column("ROLE", "role"),
    Column("KEY", "hint"),
    Column("BY", "by"),
    Column("CREATED", "created", "age"),
    Column("EXPIRES", "expires"),
)


@click.group(cls=Group)
@common
def keys() -> None:
    """Make API keys for programs and people, and take them back."""


@keys.command("create")
@click.argument("name")
@click.option(
    "--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What the key may be used for."
)
@click.option("--expires", metavar="DURATION", help="After how long it opens nothing any more, such as P30D.")
@with_record
@click.pass_obj
def create(session: Session, name: str, role: str, expires: str | None) -> None:
    """Make a key and print it: nobody can find it out again."""
    from runwright import clock  # noqa: PLC0415  help needs none of it
    from runwright.server.auth import Role  # noqa: PLC0415  as above

    until = None if expires is None else clock.now() + _nanoseconds(expires)
    record = session.open_record(read_only=False)
    key, text = _kept(record).create(name, Role[role.upper()], by=_asker(), expires=until)
    _note(record, f"keys create {name}")
    say(clean_line(f"{key.name} is a key with the role {role}; it is shown this once"))
    sys.stdout.write(f"{text}\n")


@keys.command("ls")
@with_output
@with_record
@click.pass_obj
def ls(session: Session) -> None:
    """List the keys, by name."""
    from runwright.server.administration import row_of  # noqa: PLC0415  help needs none of it

    check_fields(session, FIELDS)
    found = [row_of(each) for each in _kept(session.open_record()).all()]
    show(session, found, COLUMNS, name=lambda row: row["name"], fields=FIELDS)


@keys.command("revoke")
@click.argument("name")
@with_record
@click.pass_obj
def revoke(session: Session, name: str) -> None:
    """Let a key open nothing any more, within a second."""
    record = session.open_record(read_only=False)
    _kept(record).revoke(name)
    _note(record, f"keys revoke {name}")
    say(clean_line(f"{name} opens nothing any more"))


def _kept(record: Store) -> KeptKeys:
    from runwright.server.kept_keys import KeptKeys  # noqa: PLC0415  help needs none of it

    return KeptKeys(record)


def _note(record: Store, what: str) -> None:
    from secrets import token_hex  # noqa: PLC0415  help needs none of it

    from runwright import clock  # noqa: PLC0415  as above
    from runwright.server.audit import Audit, Entry  # noqa: PLC0415  as above

    Audit(record).add(Entry(clock.now(), _asker(), "admin", "", "COMMAND", what, 0, token_hex(8)))


def _asker() -> str:
    from runwright.control import asker  # noqa: PLC0415  help needs none of it

    return asker()


def _nanoseconds(text: str) -> int:
    from runwright.spec.durations import parse_duration  # noqa: PLC0415  help needs none of it

    try:
        seconds: Any = parse_duration(text).total_seconds()
    except ValueError as error:
        raise click.BadParameter(f"{error}. Write such as P30D or PT1H.", param_hint="--expires") from None
    if seconds <= 0:
        raise click.BadParameter("it is not above 0", param_hint="--expires")
    return int(seconds * 1_000_000_000)
