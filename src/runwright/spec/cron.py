"""Cron: whether a text is a cron expression. When it fires is the business of `runwright.schedules`."""

from __future__ import annotations

import re
from typing import NamedTuple

NICKNAMES = frozenset({"@annually", "@daily", "@hourly", "@midnight", "@monthly", "@weekly", "@yearly"})
FIELDS = 5


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    specials: str = ""


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31, specials=r"LW?"),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 7, _DAYS, specials=r"[0-7]L|(?:[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5]"),
)
_LONGEST = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LIST = re.compile(r"[0-9A-Z]+(?:,[0-9A-Z]+)*", re.ASCII | re.IGNORECASE)
_PART = re.compile(r"(?:\*|([0-9A-Z]+)(?:-([0-9A-Z]+))?)(?:/([0-9]{1,4}))?", re.ASCII)


def cron_fault(text: str) -> str:
    """Return what is wrong with a cron expression of five fields, or six with seconds first; empty when nothing is."""
    if text in NICKNAMES:
        return ""
    if text.startswith("@"):
        return f"{text!r} is none of {', '.join(sorted(NICKNAMES))}"
    fields = text.split()
    if len(fields) not in {FIELDS, FIELDS + 1}:
        return f"it has {len(fields)} fields, not five (minute hour day month weekday) or six with seconds first"
    faults = (_fault(field, written.upper()) for field, written in zip(_FIELDS[-len(fields) :], fields, strict=True))
    return next((fault for fault in faults if fault), "") or _day_fault(*fields[-3:-1])


def _fault(field: _Field, written: str) -> str:
    for part in written.split(","):
        if field.specials and re.fullmatch(field.specials, part):
            continue
        found = _PART.fullmatch(part)
        if found is None:
            return f"the {field.name} {part!r} cannot be read"
        first, last = (_number(field, name) for name in found.groups()[:2])
        if first is None or last is None:
            return f"the {field.name} {part!r} is not in {field.low}-{field.high}"
        if found[2] and first > last:
            return f"the {field.name} {part!r} ends before it begins"
        if found[3] and not int(found[3]):
            return f"the {field.name} {part!r} has a step of 0"
    return ""


def _day_fault(days: str, months: str) -> str:
    """Return a fault when no month that is listed has any of the days that are listed."""
    if not _LIST.fullmatch(months) or not days.replace(",", "").isdecimal():
        return ""
    longest = max(_LONGEST[_number(_FIELDS[4], name) or 1] for name in months.upper().split(","))
    return f"no month {months!r} has a day {days!r}" if min(map(int, days.split(","))) > longest else ""


def _number(field: _Field, name: str | None) -> int | None:
    """Return the number of a name or digits, None when it is out of range; the lowest for what was left out."""
    if name is None:
        return field.low
    if name in field.names:
        return field.names.index(name) + field.low
    return int(name) if name.isdecimal() and len(name) < FIELDS and field.low <= int(name) <= field.high else None
