"""Dates: texts read as moments, in any of the documented forms or a pattern, and zones by name."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from runwright.expressions.faults import Fault
from runwright.expressions.values import kind_of

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?\s*(?:\[([\w/+-]+)\])?"
)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?)(?::?(\d\d))?")
_LONGEST = 100


def moment_of(value: Any, zone: tzinfo | None = None) -> datetime:
    """Return the moment that a date, text or number of seconds since 1970 is; without a zone of its own it is in `zone`, or UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=zone or UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), zone or UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str):
        return _from_text(value, zone or UTC)
    raise Fault(f"A date is needed here, and not {kind_of(value)}.")


def _from_text(text: str, zone: tzinfo) -> datetime:
    found = _ISO.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    try:
        if found:
            return _from_parts(found, zone)
        return parsedate_to_datetime(text[:_LONGEST])
    except (ValueError, OverflowError, TypeError, IndexError):
        raise Fault(
            f"`{text[:60]}` is no date: write it as 2026-01-31T12:30:00Z, or give its format as `existingFormat`."
        ) from None


def _from_parts(found: re.Match[str], zone: tzinfo) -> datetime:
    year, month, day, hour, minute, second = (int(each or 0) for each in found.groups()[:6])
    micros = int((found[7] or "0").ljust(6, "0")[:6])
    own = _offset(found[8]) if found[8] else None
    moment = datetime(year, month, day, hour, minute, second, micros, own or (zone_of(found[9]) if found[9] else zone))
    return moment.astimezone(zone_of(found[9])) if found[9] else moment


def _offset(text: str) -> tzinfo:
    found = _OFFSET.fullmatch(text)
    if text == "Z":
        return UTC
    if found is None:
        raise ValueError(text)
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(ahead if found[1] == "+" else -ahead)


@lru_cache(maxsize=256)
def zone_of(name: Any) -> tzinfo:
    """Return the zone of a name such as `Europe/Paris`, or an offset such as `+02:00`; raises `Fault` for others."""
    if isinstance(name, str) and len(name) <= _LONGEST:
        if name in {"Z", "UTC", "GMT"}:
            return UTC
        try:
            return _offset(name) if _OFFSET.fullmatch(name) else ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            pass
    shown = name[:60] if isinstance(name, str) else kind_of(name)
    raise Fault(f"There is no time zone `{shown}`: write one such as `Europe/Paris`, `UTC` or `+02:00`.")
