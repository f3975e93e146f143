"""Words: values as people read them on a page: times, lengths of time, numbers, text of whoever wrote it."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.cli.text import age, clean, clean_line, duration
from runwright.clock import NANOSECONDS
from runwright.codec import USUAL_MESSAGES

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MOST_TEXT = 20_000
BLANK = "(blank)"
_USUAL = {*USUAL_MESSAGES.values(), "All tasks succeeded.", "Paused."}
_MIDDLE = "\u2026"
_AROUND = "Error during execution of task: "
_RAISED = re.compile(r"""(\w+\((["']))((?:\\.|(?!\2).)*)(\2.*\))""")
_VARIABLE = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|'[^']*'|\"[^\"]*\"|\d+(?:\.\d+)?", re.IGNORECASE)

__all__ = [
    "age",
    "clean_line",
    "date_hour",
    "date_time",
    "duration",
    "fingerprint",
    "number",
    "printable",
    "seconds_between",
    "short",
    "telling",
]


def printable(value: Any) -> Any:
    """Return what may be printed into a page: text without what moves cursors or turns lines around, and not endless."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return "" if value is None else value
    if value.isascii() and value.isprintable() and len(value) <= MOST_TEXT:
        return value  # most of what is printed, and nothing to look for in it
    if len(value) > MOST_TEXT:
        value = f"{value[:MOST_TEXT]}{_MIDDLE} ({number(len(value) - MOST_TEXT)} more characters)"
    return clean(value)


def short(text: Any, most: int = 80) -> str:
    """Return text in one line, its end left out when it is longer than `most`; text without anything to see is `(blank)`."""
    line = str(text)[: most * 8]
    if not (line.isascii() and line.isprintable() and "  " not in line and line[:1] != " " != line[-1:]):
        line = clean_line(line)
    if text and not line:
        return BLANK
    return line if len(line) <= most else f"{line[: most - 1]}{_MIDDLE}"


def date_time(at: int | None, zone: ZoneInfo, now: int) -> str:
    """Return a time as `14:03:07.120` of today, `27 Nov 14:03:07`, or with the year when it is another."""
    if not at:
        return ""
    moment = clock.to_datetime(at).astimezone(zone)
    today = _date_of(now // NANOSECONDS, zone)
    if moment.date() == today:
        return moment.strftime("%H:%M:%S.%f")[:-3]
    return moment.strftime("%d %b %H:%M:%S" if moment.year == today.year else "%d %b %Y %H:%M:%S")


def date_hour(at: int, zone: ZoneInfo) -> str:
    """Return the time when an hour begins as `27 Nov 14:00`."""
    return clock.to_datetime(at).astimezone(zone).strftime("%d %b %H:%M")


@lru_cache(maxsize=8)
def _date_of(seconds: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(seconds, zone).date()


def number(value: float | None) -> str:
    """Return a number with its thousands set apart by thin spaces."""
    return "-" if value is None else f"{value:,}".replace(",", "\u202f")


def seconds_between(start: int | None, end: int | None, now: int | None = None) -> float | None:
    """Return the seconds from start to end; what has no end lasts until `now`, if that is given."""
    if not start or not (end or now):
        return None
    return max(0.0, ((end or now or 0) - start) / NANOSECONDS)


def telling(message: str | None) -> str:
    """Return what a message says beyond its state: nothing for a usual one, and what was raised without the words around it."""
    return "" if message is None or message in _USUAL else message.removeprefix(_AROUND)


def fingerprint(message: str | None) -> str:
    """Return what messages of one kind of error have in common: numbers, ids and quoted words become a sign.

    All of it but the signs stands in each of the messages, so that they can be searched for. What an error was raised with is
    no quoted word.
    """
    line = telling(message).partition("\n")[0][:1_000]
    raised = _RAISED.fullmatch(line)
    head, _, said, tail = raised.groups() if raised else ("", "", line, "")
    return short(head + _VARIABLE.sub(_MIDDLE, said) + tail[:1] + _VARIABLE.sub(_MIDDLE, tail[1:]), 160)
