"""Query values: what a query compares with, as the one Python value that every store understands.

Ids become UUIDs, times and durations nanoseconds that are whole microseconds: answers show no more, so a time that was read
finds its row again.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright.clock import NANOSECONDS, recordable
from runwright.errors import QueryError

if TYPE_CHECKING:
    from runwright.entities import Column, Entity
    from runwright.query import Compare

MOST_VALUES = 10_000
LONGEST_PATTERN = 500
MOST_WILDCARDS = 10
MICROSECOND = 1_000
_LARGEST = (1 << 63) - 1
_CLOCK = re.compile(r"(?:(-?\d+) days? ?)?(-?)(?:(\d+):(\d\d):(\d\d(?:\.\d{1,9})?))?")
_ISO_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")

ORDERED = frozenset({"gt", "gte", "lt", "lte"})
PATTERNS = frozenset({"like", "nlike", "ilike", "nilike"})
LISTS = frozenset({"in", "nin"})
KEYS = frozenset({"has_keys_any", "has_keys_all"})
OF_JSON = frozenset({"contains", "contained_in", "has_key", *KEYS})
SUMMABLE = frozenset({"integer", "number", "duration"})
COMPARABLE = frozenset({*SUMMABLE, "text", "time"})


def wanted(entity: Entity, part: Compare) -> Any:
    """Return the value, or tuple of values, of a comparison; raises `QueryError` where column, operator and value do not fit."""
    column, operator, value = entity.column(part.column), part.operator, part.value
    if value is None:
        raise QueryError(f"{entity.name}.{column.name} cannot be compared with null: use is_null.")
    if operator == "is_null":
        return _of_type(bool, column, value)
    if (operator in OF_JSON) != (column.type == "json") and operator not in {"eq", "neq"}:
        raise QueryError(f"{entity.name}.{column.name} is {column.type}: {operator} is not for it.")
    if operator in LISTS:
        return tuple(_converted(column, each) for each in _listed(column, value))
    if operator in KEYS:
        return tuple(_of_type(str, column, each) for each in _listed(column, value))
    if operator in PATTERNS:
        return _pattern(column, value)
    if operator == "has_key":
        return _of_type(str, column, value)
    return _converted(column, value)


def fits(word: str, operator: str, value: Any) -> bool:
    """Say whether a word fulfils a comparison with text."""
    if operator in LISTS:
        return (word in value) == (operator == "in")
    if operator in PATTERNS:
        return is_like(word, value, ignores_case="ilike" in operator) != operator.startswith("n")
    order = (word > value) - (word < value)
    return {"eq": not order, "neq": order != 0, "gt": order > 0, "gte": order >= 0, "lt": order < 0, "lte": order <= 0}[
        operator
    ]


def is_like(text: str, pattern: str, *, ignores_case: bool) -> bool:
    """Say whether text fits a pattern of `%`, `_` and backslashes before what is meant literally."""
    found, letters = [], iter(pattern)
    for letter in letters:
        literal = next(letters, "\\") if letter == "\\" else letter
        marks = {"%": ".*", "_": "."} if literal is letter else {}
        found.append(marks.get(letter) or re.escape(literal))
    flags = re.DOTALL | (re.IGNORECASE | re.ASCII if ignores_case else 0)
    return re.fullmatch("".join(found), text, flags) is not None


def natural(what: str, number: int) -> int:
    """Return a limit or offset; raises `QueryError` for what is none."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 1 << 31:
        raise QueryError(f"{what} is {number!r}: a number from 0 to 2147483647 is needed.")
    return number


def fraction_of(number: float | None) -> float:
    """Return the fraction of a percentile; raises `QueryError` for what is none."""
    if number is None or not 0 <= number <= 1:
        raise QueryError(f"A percentile is of a fraction from 0 to 1, not {number!r}.")
    return float(number)


def _listed(column: Column, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise QueryError(f"{column.name} is compared with several values: give a list.")
    found = tuple(value)
    if len(found) > MOST_VALUES:
        raise QueryError(f"{column.name} is compared with {len(found)} values: {MOST_VALUES} are allowed at once.")
    return found


def _pattern(column: Column, value: Any) -> str:
    text = _of_type(str, column, value)
    if column.type != "text":
        raise QueryError(f"{column.name} is {column.type}: patterns are for text.")
    text = re.sub("%+", "%", text)
    if (len(text) - len(text.rstrip("\\"))) % 2:
        raise QueryError(f"The pattern for {column.name} ends in a single backslash: write two for a literal one.")
    if len(text) > LONGEST_PATTERN or text.count("%") > MOST_WILDCARDS:
        raise QueryError(
            f"The pattern for {column.name} is too long: {LONGEST_PATTERN} characters and {MOST_WILDCARDS} `%` are allowed."
        )
    return text


def _converted(column: Column, value: Any) -> Any:
    return _CONVERT[column.type](column, value)


def _of_type(kind: type, column: Column, value: Any) -> Any:
    if type(value) is not kind:
        raise QueryError(f"{column.name} is compared with {value!r}: a {_WORDS[kind]} is needed.")
    if kind is str:
        return value.encode("utf-8", "replace").decode()
    return value


_WORDS: dict[type, str] = {str: "text", int: "whole number", bool: "true or false"}


def _text(column: Column, value: Any) -> str:
    return _of_type(str, column, value)


def _boolean(column: Column, value: Any) -> bool:
    return _of_type(bool, column, value)


def _integer(column: Column, value: Any) -> int:
    if abs(_of_type(int, column, value)) > _LARGEST:
        raise QueryError(f"{value} is too large for {column.name}.")
    return value


def _number(column: Column, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float(_LARGEST):
        raise QueryError(f"{column.name} is compared with {value!r}: a number is needed.")
    return float(value)


def _uuid(column: Column, value: Any) -> UUID:
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise QueryError(f"{column.name} is compared with {value!r}: a UUID is needed.") from None


def _time(column: Column, value: Any) -> int:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise QueryError(
                f"{column.name} is compared with {value!r}: a time like 2026-05-12T18:00:00Z is needed."
            ) from None
    nanoseconds = recordable(value) if isinstance(value, datetime) else _integer(column, value)
    return nanoseconds // MICROSECOND * MICROSECOND


def _duration(column: Column, value: Any) -> int:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    seconds = _seconds(value.strip()) if isinstance(value, str) else _number(column, value)
    if seconds is None:
        raise QueryError(f"{column.name} is compared with {value!r}: seconds or HH:MM:SS are needed.")
    return int(_number(column, seconds * NANOSECONDS)) // MICROSECOND * MICROSECOND


def _seconds(text: str) -> float | None:
    clock, iso = _CLOCK.fullmatch(text), _ISO_DURATION.fullmatch(text)
    if clock and any(clock.groups()):
        days, sign, hours, minutes, seconds = clock.groups()
        time = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)
        return int(days or 0) * 86_400 + (-time if sign else time)
    if iso and any(iso.groups()):
        days, hours, minutes, seconds = iso.groups()
        return int(days or 0) * 86_400 + int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)
    return None


def _json(column: Column, value: Any) -> Any:  # noqa: ARG001  as the others
    return value


_CONVERT = {
    "uuid": _uuid,
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "time": _time,
    "duration": _duration,
    "json": _json,
}
