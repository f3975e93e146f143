"""Durations: ISO 8601 texts and time spans, both ways, without a calendar.

Years and months have no fixed length, so they are refused; a day is 24 hours.
"""

from __future__ import annotations

import re
from datetime import timedelta

MICROSECONDS = 1_000_000

_NUMBER = r"[-+]?[0-9]{1,12}"
_DURATION = re.compile(
    rf"(?P<sign>[-+])?P(?:(?P<weeks>{_NUMBER})W)?(?:(?P<days>{_NUMBER})D)?"
    rf"(?:T(?:(?P<hours>{_NUMBER})H)?(?:(?P<minutes>{_NUMBER})M)?(?:(?P<seconds>{_NUMBER})(?:[.,](?P<part>[0-9]{{0,9}}))?S)?)?",
    re.IGNORECASE | re.ASCII,
)
_SECONDS = {"weeks": 7 * 86_400, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


def parse_duration(text: str) -> timedelta:
    """Return the time span of `PT1H30M`, `P1DT0.5S`, `P2W`; digits beyond microseconds are cut off.

    Raises `ValueError` for other texts, with years or months among them, and for spans beyond a `timedelta`.
    """
    found = _DURATION.fullmatch(text)
    if found is None or not any(found[name] for name in _SECONDS) or text[-1] in "Tt":
        raise ValueError(f"{text!r} is no duration: write one as PT30S, PT5M, PT1H30M or P1D")
    seconds = sum(int(found[name]) * factor for name, factor in _SECONDS.items() if found[name])
    part = int((found["part"] or "").ljust(6, "0")[:6])
    microseconds = seconds * MICROSECONDS + (-part if (found["seconds"] or "").startswith("-") else part)
    try:
        return timedelta(microseconds=-microseconds if found["sign"] == "-" else microseconds)
    except OverflowError:
        raise ValueError(f"{text!r} is too long a duration") from None


def duration_text(duration: timedelta) -> str:
    """Return a time span as `PT1H30M0.5S`, in hours, minutes and seconds; `PT0S` for none."""
    total = (duration.days * 86_400 + duration.seconds) * MICROSECONDS + duration.microseconds
    sign = "-" if total < 0 else ""
    seconds, part = divmod(abs(total), MICROSECONDS)
    hours, minutes, seconds = seconds // 3_600, seconds // 60 % 60, seconds % 60
    fraction = f".{part:06}".rstrip("0") if part else ""
    text = f"{f'{sign}{hours}H' if hours else ''}{f'{sign}{minutes}M' if minutes else ''}"
    if seconds or part:
        text += f"{sign}{seconds}{fraction}S"
    return f"PT{text or '0S'}"
