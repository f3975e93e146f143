"""`runwright kv`: the values that flows keep under keys of a namespace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from runwright.cli import rows
from runwright.cli.groups import Group
from runwright.cli.options import common, with_output, with_record
from runwright.cli.output import check_fields, show, show_one, write_json
from runwright.cli.session import Session, say
from runwright.cli.table import Column
from runwright.cli.text import clean, clean_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runwright.key_values import KeyValue

TYPES = ("STRING", "NUMBER", "BOOLEAN", "DATETIME", "DATE", "DURATION", "JSON")
FIELDS = ("namespace", "key", "value", "type", "version", "created", "updated", "expires", "description")
COLUMNS = (
    Column("KEY", "key"),
    Column("TYPE", "type"),
    Column("VALUE", "shown"),
    Column("VERSION", "version", "number"),
    Column("UPDATED", "updated", "age"),
    Column("EXPIRES", "expires"),
    Column("DESCRIPTION", "description", wide=True),
)
_KEY = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*")
_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9._-]*")


class NoValue(click.ClickException):
    """Nothing is kept under the key."""

    exit_code = 3


def _checked(pattern: re.Pattern[str], most: int, what: str) -> Callable[[Any, Any, str], str]:
    def check(_: click.Context, __: click.Parameter, text: str) -> str:
        if len(text) > most or not pattern.fullmatch(text):
            raise click.BadParameter(
                f"{text!r:.60} is no {what}: at most {most} characters that match {pattern.pattern}"
            )
        return text

    return check


_in_namespace = click.option(
    "-n",
    "--namespace",
    required=True,
    metavar="NAMESPACE",
    callback=_checked(_NAMESPACE, 150, "namespace"),
    help="The namespace that the values belong to.",
)
_key = click.argument("key", callback=_checked(_KEY, 256, "key"))


@click.group(cls=Group)
@common
def kv() -> None:
    """Look at the values that flows keep under keys of a namespace, and change them."""


@kv.command("ls")
@_in_namespace
@click.option("--prefix", default="", help="Only keys that begin so.")
@with_output
@with_record
@click.pass_obj
def ls(session: Session, namespace: str, prefix: str) -> None:
    """List the values of a namespace, by key."""
    check_fields(session, FIELDS)
    found = [_row(value) for value in session.open_record().list_values(namespace, prefix)]
    if session.shape in {"table", "wide", "lines"}:
        found = [{**row, "shown": _shown(row["value"])} for row in found]
    show(session, found, COLUMNS, name=lambda row: row["key"], fields=FIELDS)


@kv.command("get")
@_key
@_in_namespace
@with_output
@with_record
@click.pass_obj
def get(session: Session, key: str, namespace: str) -> None:
    """Print a value; --json prints what is known of it too."""
    value = session.open_record().find_value(namespace, key)
    if value is None:
        raise NoValue(f"Nothing is kept under the key {key} in the namespace {namespace}.")
    show_one(session, _row(value), lambda: _page(value.value), FIELDS)


@kv.command("set")
@_key
@click.argument("value")
@_in_namespace
@click.option("--type", "type_", type=click.Choice(TYPES, case_sensitive=False), help="What the value is, not a guess.")
@click.option("--ttl", metavar="DURATION", help="How long it is kept, such as PT1H.")
@click.option("--overwrite/--no-overwrite", default=True, help="Whether to replace a value that is there.")
@click.option("--description", help="What it is for.")
@with_output
@with_record
@click.pass_obj
def set_(
    session: Session,
    key: str,
    value: str,
    namespace: str,
    *,
    type_: str | None,
    ttl: str | None,
    overwrite: bool,
    description: str | None,
) -> None:
    """Keep a value; numbers, true, false, and JSON in braces or brackets are those, everything else is text."""
    from runwright.key_values import KeyValue  # noqa: PLC0415  help needs none of it

    check_fields(session, FIELDS)
    content, kind = _typed(value, type_)
    record = session.open_record(read_only=False)
    expires = None if ttl is None else record.now() + _nanoseconds(ttl)
    given = KeyValue(namespace, key, content, kind, 0, 0, expires=expires, description=description)
    kept = record.keep_value(given, overwrite=overwrite)
    if session.format is not None:
        show_one(session, _row(kept), lambda: (), FIELDS)
    say(clean_line(f"{namespace}/{key} is kept: {kept.type}, version {kept.version}"))


@kv.command("rm")
@_key
@_in_namespace
@with_record
@click.pass_obj
def rm(session: Session, key: str, namespace: str) -> None:
    """Delete a value."""
    if not session.open_record(read_only=False).delete_value(namespace, key):
        raise NoValue(f"Nothing is kept under the key {key} in the namespace {namespace}.")
    say(clean_line(f"{namespace}/{key} is deleted"))


def _typed(text: str, kind: str | None) -> tuple[Any, str]:
    """Return a value and its type: that which was said, or what the text looks like."""
    from runwright.runnables.kv import READERS, type_of  # noqa: PLC0415  help needs none of it
    from runwright.spec.input_texts import Refused  # noqa: PLC0415  as above

    for guess in (kind.upper(),) if kind else _guesses(text):
        try:
            value = READERS[guess](text)
        except Refused as refused:
            if kind:
                raise click.BadParameter(f"it is no {guess}: {refused}", param_hint="VALUE") from refused
        else:
            return value, guess if kind else type_of(value)
    return text, "STRING"


def _guesses(text: str) -> Iterator[str]:
    if text in {"true", "false"}:
        yield "BOOLEAN"
    elif text[:1] in {"{", "["}:
        yield "JSON"
    elif re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text, re.ASCII):
        yield "NUMBER"


def _nanoseconds(text: str) -> int:
    from runwright.spec.durations import parse_duration  # noqa: PLC0415  help needs none of it

    try:
        seconds = parse_duration(text).total_seconds()
    except ValueError as error:
        raise click.BadParameter(f"{error}. Write such as PT1H or P7D.", param_hint="--ttl") from None
    if seconds <= 0:
        raise click.BadParameter("it is not above 0", param_hint="--ttl")
    return int(seconds * 1_000_000_000)


def _row(value: KeyValue) -> dict[str, Any]:
    return {
        "namespace": value.namespace,
        "key": value.key,
        "value": value.value,
        "type": value.type,
        "version": value.version,
        "created": rows.iso(value.created),
        "updated": rows.iso(value.updated),
        "expires": rows.iso(value.expires),
        "description": value.description,
    }


def _page(value: Any) -> Iterator[str]:
    """Yield a value as scripts want it: a text bare, everything else as JSON."""
    if isinstance(value, str):
        yield clean(value)
    else:
        write_json(value)


def _shown(value: Any) -> str:
    import msgspec  # noqa: PLC0415  help needs none of it

    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
