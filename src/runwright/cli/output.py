"""Output: rows in the shape that was asked for, on standard output.

JSON has one object per row with the field names of the query interface; `--fields` chooses among them in every shape.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from runwright.cli.table import Column, path_of, pick, print_lines, print_table
from runwright.cli.text import clean, clean_json, clean_line
from runwright.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from runwright.cli.session import Session
    from runwright.cli.table import Form

FORMATS = ("table", "wide", "json", "jsonl", "yaml", "csv", "name")


def show(
    session: Session,
    rows: Sequence[dict[str, Any]],
    columns: Sequence[Column],
    *,
    name: Callable[[dict[str, Any]], str],
    fields: Sequence[str],
) -> None:
    """Print rows. `columns` are for tables, `fields` are all that JSON has, `name` says what `-o name` prints.

    Raises `click.UsageError` for `--fields` that there are not.
    """
    check_fields(session, fields)
    shape = session.shape
    if shape == "json":
        write_json([_chosen(session, row) for row in rows])
    elif shape == "jsonl":
        for row in rows:
            write_json_line(_chosen(session, row))
    elif shape == "yaml":
        write_yaml([_chosen(session, row) for row in rows])
    elif shape == "csv":
        _write_csv(session.fields or fields, rows)
    elif shape == "name":
        for row in rows:
            sys.stdout.write(clean_line(name(row)) + "\n")
    else:
        chosen = _columns(session, columns)
        if shape == "lines":
            print_lines(chosen, rows)
        else:
            print_table(chosen, rows, session)


def show_one(session: Session, row: dict[str, Any], page: Callable[[], Iterable[str]], fields: Sequence[str]) -> None:
    """Print one thing: as data where that, or some of its fields, are asked for, else as a page of text."""
    check_fields(session, fields)
    if session.format in {"json", "jsonl", "yaml"} or (session.fields and session.format not in {"csv", "name"}):
        write_value(session, _chosen(session, row))
    elif session.format == "csv":
        _write_csv(session.fields or fields, [row])
    elif session.format == "name":
        sys.stdout.write(clean_line(str(row.get("path") or row[fields[0]])) + "\n")
    else:
        for line in page():
            sys.stdout.write(line + "\n")


def check_fields(session: Session, fields: Sequence[str]) -> None:
    """Raise `click.UsageError` when `--fields` names one that there is not."""
    for field in session.fields:
        if not any(
            field == known or known.startswith(f"{field}.") or field.startswith(f"{known}.") for known in fields
        ):
            listed = ", ".join(fields)
            raise click.UsageError(f"There is no field {field!r}.{did_you_mean(field, fields)} Fields: {listed}.")


def write_json(value: Any) -> None:
    """Print a value as JSON that people can read too."""
    import msgspec  # noqa: PLC0415  tables need it less often

    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    sys.stdout.write(clean_json(text) + "\n")


def write_json_line(value: Any) -> None:
    """Print a value as JSON in one line."""
    import msgspec  # noqa: PLC0415  tables need it less often

    sys.stdout.write(clean_json(msgspec.json.encode(value).decode()) + "\n")


def write_yaml(value: Any) -> None:
    """Print a value as YAML."""
    from runwright.cli.yaml import lines_of  # noqa: PLC0415  few ask for it

    for line in lines_of(value):
        sys.stdout.write(line + "\n")


def write_value(session: Session, value: Any) -> None:
    """Print a value that is no table in the shape that was asked for, JSON where that was none for data."""
    writers = {"jsonl": write_json_line, "yaml": write_yaml}
    writers.get(session.format or "", write_json)(value)


def _chosen(session: Session, row: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that were asked for, nested as they were."""
    if not session.fields:
        return row
    chosen: dict[str, Any] = {}
    for field in session.fields:
        *outer, last = path_of(row, field) or field.split(".")
        target = chosen
        for key in outer:
            target = target.setdefault(key, {})
        target[last] = pick(row, field)
    return chosen


def _columns(session: Session, columns: Sequence[Column]) -> list[Column]:
    if session.fields:
        forms: dict[str, Form] = {column.field: column.form for column in columns}
        return [Column(field.upper(), field, forms.get(field, "text")) for field in session.fields]
    return [column for column in columns if session.shape == "wide" or not column.wide]


def _write_csv(fields: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    import csv  # noqa: PLC0415  tables need it less often

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(fields)
    for row in rows:
        writer.writerow([_csv_value(pick(row, field)) for field in fields])


def _csv_value(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict | list | tuple):
        import msgspec  # noqa: PLC0415  tables need it less often

        return clean_json(msgspec.json.encode(value).decode())
    return value
