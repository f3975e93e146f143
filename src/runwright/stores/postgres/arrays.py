"""Arrays: the columns of many rows, as PostgreSQL reads arrays from text. One statement then writes all rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def columns(shape: str, rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return an array for each column of the rows; `shape` has a letter for each: `n` for numbers, `t` for texts."""
    values = list(zip(*rows, strict=True))
    return [_texts(each) if kind == "t" else _numbers(each) for kind, each in zip(shape, values, strict=True)]


def _numbers(values: Iterable[Any]) -> str:
    return "{" + ",".join(map(str, values)).replace("None", "NULL") + "}"


def _texts(values: Iterable[str | None]) -> str:
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
