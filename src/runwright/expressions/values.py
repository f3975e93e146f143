"""Values: plain data as a template sees it: how it prints, whether it is true, equal or less, what its entries are.

Plain data are maps with text keys, lists, text, numbers, booleans, null, and dates. Nothing else of Python is let in, and no
method of a value is ever called for a template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import starmap
from json.encoder import encode_basestring  # pyright: ignore[reportAttributeAccessIssue]  it is in C, and not in the stubs
from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright.expressions.faults import Fault, Overrun

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget

_BITS = 256
_LARGEST = 2**_BITS
_SMALLEST = Decimal("1e-100")
_COLLECTIONS = (Mapping, list, tuple)
_PLAIN_FLOATS = (1e-3, 1e7)


class Long(int):
    """An integer that was asked to be of 64 bits."""


class BigInteger(int):
    """An integer that was asked to be of any size."""


class Single(float):
    """A number that was asked to be of 32 bits."""


def text_of(value: Any, budget: Budget) -> str:
    """Return how a value prints: null as nothing, maps and lists as compact JSON, dates as ISO text."""
    kind = type(value)
    if kind is str:
        return value
    if value is None:
        return ""
    if kind is not int and isinstance(value, _COLLECTIONS):
        return json_of(budget.weigh(value))
    return scalar_text(value)


def scalar_text(value: Any) -> str:
    """Return the text of a value that is neither map nor list; raises `Fault` for what is no plain data."""
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            return write(value)
    raise Fault(f"A value of the type {type(value).__name__} is no plain data, so a template cannot read it.")


def checked_integer(value: int) -> int:
    """Return an integer that is not absurdly large."""
    if not -_LARGEST < value < _LARGEST:
        raise Overrun("bits of an integer", _BITS)
    return value


def float_text(value: float) -> str:
    """Return the documented form of a decimal number: a point always, and an exponent for the very large and small."""
    plain = float.__repr__(value)
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124  NaN is the one that differs from itself
        return {"inf": "Infinity", "-inf": "-Infinity"}.get(plain, "NaN")
    smallest, largest = _PLAIN_FLOATS
    if value == 0 or smallest <= abs(value) < largest:
        return plain
    sign, digits, exponent = Decimal(plain).normalize().as_tuple()
    shown = "".join(map(str, digits))
    return f"{'-' * sign}{shown[0]}.{shown[1:] or '0'}E{int(exponent) + len(shown) - 1}"


def datetime_text(moment: datetime) -> str:
    """Return ISO text with milliseconds, or microseconds where there are some, and `Z` for UTC."""
    text = moment.isoformat(timespec="microseconds" if moment.microsecond % 1_000 else "milliseconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def _duration_text(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    hours, rest = divmod(abs(int(seconds)), 3_600)
    minutes, whole = divmod(rest, 60)
    fraction = f"{abs(duration.microseconds) / 1e6:.6f}"[1:].rstrip("0.") if duration.microseconds else ""
    parts = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes) + f"{whole}{fraction}S" * bool(whole or fraction)
    return ("-" if seconds < 0 else "") + "PT" + (parts or "0S")


def _integer_text(value: int) -> str:
    return int.__repr__(checked_integer(value))


def _decimal_text(value: Decimal) -> str:
    return format(value, "f") if _SMALLEST < abs(value) < _LARGEST or not value else str(value)


_WRITERS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (str, str),
    (bool, lambda value: "true" if value else "false"),
    (int, _integer_text),
    (float, float_text),
    (datetime, datetime_text),
    ((date, time), lambda value: value.isoformat()),
    (timedelta, _duration_text),
    (Decimal, _decimal_text),
    (UUID, str),
)


# -------------------------------------------------------------------------------------------------------------- JSON


def json_of(value: Any) -> str:
    """Return compact JSON; the value has been weighed."""
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, bool | int | float | Decimal):
        return scalar_text(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(starmap(_json_entry, value.items())) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(json_of, value)) + "]"
    return encode_basestring(scalar_text(value))


def _json_entry(key: Any, value: Any) -> str:
    return f"{encode_basestring(key_text(key))}:{json_of(value)}"


def key_text(key: Any) -> str:
    """Return a map's key as text."""
    return key if isinstance(key, str) else "null" if key is None else scalar_text(key)


# ------------------------------------------------------------------------------------------------------------ logic


def is_true(value: Any) -> bool:
    """Say whether a value counts as true: all but false, null, zero and what is empty."""
    if value is True or value is False:
        return value
    return len(value) > 0 if isinstance(value, str | Mapping | list | tuple) else bool(value)


def is_number(value: Any) -> bool:
    """Say whether a value is a number, which a boolean is not."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_equal(left: Any, right: Any, budget: Budget) -> bool:
    """Say whether two values are equal: numbers by their value, lists and maps by their elements."""
    if isinstance(left, Mapping | list | tuple) and isinstance(right, Mapping | list | tuple):
        return _identity(budget.weigh(left)) == _identity(budget.weigh(right))
    return _identity(left) == _identity(right)


def _identity(value: Any) -> Any:
    """Return what makes two values equal, without Python's belief that true is 1."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, float | Decimal):
        return value if value != value else float_or_whole(value)  # noqa: PLR0124  NaN is the one that differs from itself
    if isinstance(value, Mapping):
        return {key_text(key): _identity(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_identity(item) for item in value]
    return value


def float_or_whole(value: float | Decimal) -> Any:
    """Return a decimal number so that 0.1 of either kind is the same number."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def order(left: Any, right: Any) -> int:
    """Return -1, 0 or 1 for less, equal or greater of two numbers, texts or dates; raises `Fault` for others."""
    if is_number(left) and is_number(right):
        if isinstance(left, Decimal) or isinstance(right, Decimal):
            left, right = Decimal(str(left)), Decimal(str(right))
        return (left > right) - (left < right)
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, datetime) and isinstance(right, datetime):
        first, second = aware(left), aware(right)
        return (first > second) - (first < second)
    if isinstance(left, date | time) and type(left) is type(right):
        return (left > right) - (left < right)  # pyright: ignore[reportOperatorIssue]  they are of one type
    raise Fault(f"By size, {kind_of(left)} cannot be compared with {kind_of(right)}.")


def aware(moment: datetime) -> datetime:
    """Return a datetime with a zone; without one it is taken as UTC."""
    from datetime import UTC  # noqa: PLC0415  only dates need it

    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def kind_of(value: Any) -> str:
    """Return what a value is, in the words of the documentation."""
    if value is None:
        return "null"
    for kinds, name in _KINDS:
        if isinstance(value, kinds):
            return name
    return f"a {type(value).__name__}"


_KINDS: tuple[tuple[Any, str], ...] = (
    (str, "a text"),
    (bool, "a boolean"),
    ((int, float, Decimal), "a number"),
    (Mapping, "a map"),
    ((list, tuple), "a list"),
    ((datetime, date, time), "a date"),
)


# --------------------------------------------------------------------------------------------------------- entries


def entry(target: Any, key: Any) -> Any:
    """Return an entry of a map or list; raises `LookupError` when it is not there."""
    if isinstance(target, Mapping):
        if isinstance(key, str):
            return target[key]
        return target[key] if _is_key(key, target) else target[key_text(key)]
    if isinstance(target, list | tuple):
        index = int(key) if isinstance(key, str) and key.isdecimal() and len(key) < 10 else key  # noqa: PLR2004  no list is longer
        if isinstance(index, int) and not isinstance(index, bool) and index >= 0:
            return target[index]
    raise LookupError


def _is_key(key: Any, target: Mapping[Any, Any]) -> bool:
    return isinstance(key, int | float) and not isinstance(key, bool) and key in target


def names_in(target: Any) -> list[str]:
    """Return the keys that could have been meant."""
    return [key for key in target if isinstance(key, str)] if isinstance(target, Mapping) else []


def plain(value: Any) -> Any:
    """Return what a function of the host gave as plain data: sets and other sequences become lists."""
    if isinstance(value, AbstractSet) or (
        isinstance(value, Sequence) and not isinstance(value, str | list | tuple | bytes)
    ):
        return list(value)
    return value
