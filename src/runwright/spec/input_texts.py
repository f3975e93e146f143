"""Input texts: values of inputs as they arrive, often as text, turned into what is kept.

Each function takes any value and returns what is kept, or raises `Refused` with the reason in the documented words.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from runwright.codec import shorten
from runwright.drive import NAMESPACE_SCHEME, SCHEME, UNSAFE
from runwright.spec.durations import duration_text, parse_duration
from runwright.spec.findings import Findings
from runwright.spec.load import load
from runwright.spec.moments import parse_date, parse_moment, parse_time
from runwright.spec.nodes import plain_data

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 1 << 63
LONGEST_NUMBER = 400

_INTEGER = re.compile(r"[-+]?[0-9]{1,19}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?", re.ASCII)
_URI = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]*:(?:///?[^\s/]|[^\s/])|file:/[^\s/])\S*")
_FILE = re.compile(rf"(?:{SCHEME}|{NAMESPACE_SCHEME})[^{UNSAFE}]+")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


class Refused(ValueError):
    """A value cannot be taken; the text is the reason, without the name of the input."""


def text(value: Any) -> str:
    """Return a text; numbers and booleans become theirs."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return shown(value)
    raise _expected("STRING", value)


def integer(value: Any) -> int:
    """Return a whole number."""
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -LARGEST <= value < LARGEST:
        raise _expected("INT", value)
    return value


def decimal(value: Any) -> float:
    """Return a finite number."""
    number = value
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER and _FLOAT.fullmatch(value.strip()):
        number = float(value)
    if not isinstance(number, int | float) or isinstance(number, bool) or not abs(number) < float("inf"):
        raise _expected("FLOAT", value)
    return float(number)


def boolean(value: Any) -> bool:
    """Return a boolean; `yes`, `on` and `1` count too."""
    found = value if isinstance(value, bool) else _BOOLEANS.get(str(value).strip().lower())
    if found is None:
        raise _expected("BOOLEAN", value)
    return found


def moment(value: Any) -> str:
    """Return a moment as ISO 8601 text."""
    return _checked("DATETIME", value.isoformat() if isinstance(value, datetime) else value, parse_moment)


def day(value: Any) -> str:
    """Return a day as ISO 8601 text."""
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return _checked("DATE", value.isoformat() if is_day else value, parse_date)


def time_of_day(value: Any) -> str:
    """Return a time of day as ISO 8601 text."""
    return _checked("TIME", value.isoformat() if isinstance(value, time) else value, parse_time)


def duration(value: Any) -> str:
    """Return a duration as ISO 8601 text."""
    return _checked("DURATION", duration_text(value) if isinstance(value, timedelta) else value, parse_duration)


def uri(value: Any) -> str:
    """Return a URI with its scheme."""
    if not isinstance(value, str) or not _URI.fullmatch(value):
        raise _expected("URI", value)
    return value


def stored_file(value: Any) -> str:
    """Return the address of a stored file; one that a shell would read as more than a word is none: commands name files so."""
    if not isinstance(value, str):
        raise _expected("FILE", value)
    if not _FILE.fullmatch(value) or ".." in value.split("/"):
        raise Refused(
            f"it must be the address of a stored file, {SCHEME}... or {NAMESPACE_SCHEME}..., without spaces, quotes and `..`"
        )
    return value


def email(value: Any) -> str:
    """Return an e-mail address."""
    if not isinstance(value, str) or not _EMAIL.fullmatch(value):
        raise _expected("EMAIL", value)
    return value


def json_value(value: Any) -> Any:
    """Return what a JSON text says; other values are taken as they are."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise _expected("JSON", value) from None


def yaml_value(value: Any) -> Any:
    """Return what a YAML text says; other values are taken as they are."""
    if not isinstance(value, str):
        return value
    findings = Findings("<input>")
    node = load(value, findings)
    try:
        if node is None or findings.has_errors:
            raise _expected("YAML", value)
        return plain_data(node)
    except OverflowError:
        raise _expected("YAML", value) from None


def items(value: Any, item_type: str) -> list[Any]:
    """Return a list, given as such or as JSON text, with each item turned into its type."""
    found = json_value(value) if isinstance(value, str) else value
    if not isinstance(found, list | tuple):
        raise _expected("ARRAY", value)
    taken: list[Any] = []
    for item in found:
        try:
            taken.append(BY_TYPE[item_type](item))
        except Refused:
            raise Refused(f"Unable to parse array element as `{item_type}` on `{told(item)}`") from None
    return taken


def told(value: Any) -> str:
    """Return a value as a message tells it: the middle of a long one is left out."""
    return shorten(shown(value))


def shown(value: Any) -> str:
    """Return a value as text: text as it is, other data as JSON."""
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        return str(value)


def _checked(type_: str, value: Any, parse: Callable[[str], Any]) -> str:
    try:
        if isinstance(value, str):
            parse(value)
            return value
    except ValueError:
        pass
    raise _expected(type_, value)


def _expected(type_: str, value: Any) -> Refused:
    return Refused(f"Expected `{type_}` but received `{told(value)}`")


BY_TYPE: dict[str, Callable[[Any], Any]] = {
    "STRING": text, "SECRET": text, "FILE": text, "ENUM": text, "SELECT": text, "INT": integer, "FLOAT": decimal,
    "BOOLEAN": boolean, "BOOL": boolean, "DATETIME": moment, "DATE": day, "TIME": time_of_day, "DURATION": duration,
    "JSON": json_value, "YAML": yaml_value, "URI": uri, "EMAIL": email,
}  # fmt: skip
