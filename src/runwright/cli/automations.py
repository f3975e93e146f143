"""`runwright automation`: what is done by itself when events come, or do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runwright import decoding
from runwright.cli.groups import Group
from runwright.cli.options import common, with_output, with_record
from runwright.cli.output import check_fields, show, show_one, write_yaml
from runwright.cli.session import Session, say
from runwright.cli.table import Column
from runwright.cli.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.automations.automation import Automation, Automations

FIELDS = ("id", "name", "description", "enabled", "tags", "trigger", "actions", "created", "updated")
COLUMNS = (
    Column("NAME", "name"),
    Column("ENABLED", "enabled"),
    Column("TRIGGER", "trigger.type"),
    Column("ACTIONS", "does"),
    Column("UPDATED", "updated", "age"),
    Column("ID", "id", wide=True),
)


@click.group(cls=Group)
@common
def automation() -> None:
    """Look at automations, which a server looks after, and change them."""


@automation.command("ls")
@with_output
@with_record
@click.pass_obj
def ls(session: Session) -> None:
    """List automations, by name."""
    check_fields(session, FIELDS)
    found = sorted((_row(each) for each in _automations(session).all()), key=lambda row: row["name"])
    if session.shape in {"table", "wide", "lines"}:
        found = [{**row, "does": ", ".join(each["type"] for each in row["actions"])} for row in found]
    show(session, found, COLUMNS, name=lambda row: row["name"], fields=FIELDS)


@automation.command("get")
@click.argument("name")
@with_output
@with_record
@click.pass_obj
def get(session: Session, name: str) -> None:
    """Print an automation, by its name or id."""
    row = _row(_automations(session).named(name))
    show_one(session, row, lambda: _page(row), FIELDS)


@automation.command("create")
@click.option(
    "-f", "--file", "file", required=True, type=click.File("rb"), help="YAML or JSON; - reads from standard input."
)
@with_record
@click.pass_obj
def create(session: Session, file: Any) -> None:
    """Keep the automations of a file, one or a list; one of the same name is replaced."""
    automations = _automations(session, read_only=False)
    for declared in _declared(file.read()):
        same = [each for each in automations.all() if each.declared.name == declared.name]
        kept = automations.update(same[-1].id, declared) if same else automations.create(declared)
        say(clean_line(f"{kept.declared.name} is {'replaced' if same else 'created'}: {kept.id}"))


@automation.command("delete")
@click.argument("name")
@with_record
@click.pass_obj
def delete(session: Session, name: str) -> None:
    """Delete an automation, by its name or id."""
    automations = _automations(session, read_only=False)
    found = automations.named(name)
    automations.delete(found.id)
    say(clean_line(f"{found.declared.name} is deleted"))


@automation.command("pause")
@click.argument("name")
@with_record
@click.pass_obj
def pause(session: Session, name: str) -> None:
    """Turn an automation off; what it misses is not made up for."""
    _switch(session, name, is_enabled=False)


@automation.command("resume")
@click.argument("name")
@with_record
@click.pass_obj
def resume(session: Session, name: str) -> None:
    """Turn an automation on, from now on."""
    _switch(session, name, is_enabled=True)


def _switch(session: Session, name: str, *, is_enabled: bool) -> None:
    automations = _automations(session, read_only=False)
    found = automations.switch(automations.named(name).id, is_enabled=is_enabled)
    say(clean_line(f"{found.declared.name} is {'on' if is_enabled else 'off'}"))


def _automations(session: Session, *, read_only: bool = True) -> Automations:
    from runwright.automations.automation import Automations  # noqa: PLC0415  help needs none of it

    return Automations(session.open_record(read_only=read_only))


def _declared(text: bytes) -> list[Any]:
    import msgspec  # noqa: PLC0415  help needs none of it

    from runwright.automations.declared import Declared  # noqa: PLC0415  as above
    from runwright.spec.findings import Findings  # noqa: PLC0415  as above
    from runwright.spec.load import load  # noqa: PLC0415  as above
    from runwright.spec.nodes import plain_data  # noqa: PLC0415  as above

    findings = Findings("<automation>")
    node = load(text, findings)
    findings.refuse()
    read = plain_data(node) if node is not None else None
    try:
        return decoding.from_plain(read if isinstance(read, list) else [read], list[Declared])
    except msgspec.ValidationError as error:
        raise click.ClickException(f"This is no automation: {error}") from None


def _row(found: Automation) -> dict[str, Any]:
    return found.document()


def _page(row: dict[str, Any]) -> Iterable[str]:
    write_yaml(row)
    return ()
