"""Arrays: many rows as one value, as PostgreSQL reads an array of them from text. One statement then writes all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.stores.texts import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable


def array_of(rows: Iterable[Iterable[Any]]) -> str:
    """Return an array of rows, their values in the order of the columns."""
    return "{" + ",".join(map(_row, rows)) + "}"


def _row(values: Iterable[Any]) -> str:
    """Return one row. Only what is a number by its type goes unquoted: what somebody gave for one ends in no other column."""
    parts = ["" if value is None else str(value) if value.__class__ is int else _quoted(value) for value in values]
    return '"(' + ",".join(parts) + ')"'


def _quoted(value: Any) -> str:
    text = "\\x" + value.hex() if isinstance(value, bytes) else to_text(value)
    return '\\"' + text.replace("\\", r"\\\\").replace('"', r"\"\"") + '\\"'
