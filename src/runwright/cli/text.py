"""Text: what people read and write on a terminal: clean words, times and durations.

Names, messages and log lines come from user code: none of them may move the cursor, colour the terminal or hide text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from runwright import clock
from runwright.clock import NANOSECONDS

_SEQUENCES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c|$)"  # titles, links, device strings
    "|\x1b[ -/]*[0-~]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_JSON_CONTROLS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile("[\ud800-\udfff]")

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.IGNORECASE)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def clean(text: str) -> str:
    """Return text without control characters and escape sequences; line breaks and tabs stay."""
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", _SEQUENCES.sub("", text)))


def clean_line(text: str) -> str:
    """Return clean text in one line."""
    return " ".join(clean(text).split())


def clean_json(text: str) -> str:
    """Return JSON text with what JSON leaves as it is, and terminals obey, written as escapes: the data stays equal."""
    return _JSON_CONTROLS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def moment_from(text: str, now: int) -> int:
    """Return the time (ns) that `24h`, `10m` (that long before `now`) or RFC 3339 text means; raises `ValueError`.

    A date alone is its beginning; without an offset it is UTC.
    """
    age = _AGE.fullmatch(text.strip())
    if age is not None:
        return max(0, now - int(float(age.group(1)) * _UNITS[age.group(2).lower()] * NANOSECONDS))
    try:
        return clock.recordable(datetime.fromisoformat(text.strip()))
    except ValueError:
        raise ValueError(f"{text!r} is no time: write 24h, 10m, 7d, or RFC 3339 as in 2026-11-21T07:30:00Z") from None


def seconds_from(text: str) -> float:
    """Return the seconds that `90`, `90s`, `10m` or `2h` mean; raises `ValueError`."""
    age = _AGE.fullmatch(text.strip())
    try:
        return float(age.group(1)) * _UNITS[age.group(2).lower()] if age is not None else float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no duration: write 90s, 10m or 2h") from None


def duration(seconds: float | None) -> str:
    """Return a duration as people say it: `45µs`, `1.2ms`, `12ms`, `3.1s`, `4m05s`, `2h07m`, `3d04h`; `-` for None."""
    if seconds is None:
        return "-"
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 1:
        return _below_a_second(seconds)
    if seconds < _MINUTE:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    for size, part, units in ((_HOUR, _MINUTE, "ms"), (_DAY, _HOUR, "hm")):
        if whole < size:
            return _in_two(whole, part, units)
    return _in_two(whole, _DAY, "dh")


def _below_a_second(seconds: float) -> str:
    if round(seconds * 1_000_000) < 1_000:  # noqa: PLR2004  as many are a millisecond
        return f"{seconds * 1_000_000:.0f}µs"
    return f"{seconds * 1_000:.{0 if seconds >= 0.01 else 1}f}ms"  # noqa: PLR2004  below 10 ms a digit more


def age(at: int | None, now: int) -> str:
    """Return how long ago a time was, `in 5s` for what is to come, `-` for None."""
    if at is None:
        return "-"
    seconds = (now - at) / NANOSECONDS
    if seconds < 0:
        return f"in {_rough(-seconds)}"
    return f"{_rough(seconds)} ago"


def time_of_day(at: int) -> str:
    """Return the time of day in UTC, to the millisecond."""
    return clock.to_datetime(at).astimezone(UTC).strftime("%H:%M:%S.%f")[:-3]


def _rough(seconds: float) -> str:
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def _in_two(whole: int, part: int, units: str) -> str:
    smaller = {_MINUTE: 1, _HOUR: _MINUTE, _DAY: _HOUR}[part]
    return f"{whole // part}{units[0]}{whole % part // smaller:02d}{units[1]}"
