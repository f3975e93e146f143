"""Literals: a statement with its values written into it, for people to run elsewhere. Nothing here is run by Runwright itself."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runwright.stores.sql.dialect import Dialect

_PLACE = re.compile(r"'(?:[^']|'')*'|:([a-z]+\d+)\b")
_OWN = ("json_matches(",)


def written_out(text: str, values: dict[str, Any], dialect: Dialect) -> str | None:
    """Return a statement with literals in the place of `:name`; None where it takes a function or value of our own."""
    literals = {name: _literal(value, dialect) for name, value in values.items()}
    if any(each is None for each in literals.values()) or any(own in text for own in _OWN):
        return None
    return _PLACE.sub(lambda place: place[0] if place[1] is None else literals.get(place[1]) or place[0], text)


def _literal(value: Any, dialect: Dialect) -> str | None:
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case bytes():
            return dialect.written_bytes(value)
        case str() if "\x00" not in value:
            return "'" + value.replace("'", "''") + "'"
        case int() | float() if math.isfinite(value):
            return repr(value)
    return None
