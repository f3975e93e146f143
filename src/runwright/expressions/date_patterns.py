"""Date patterns: moments written and read in a format: a documented name, or a pattern of letters such as `yyyy-MM-dd`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from runwright.expressions.dates import zone_of
from runwright.expressions.faults import Fault

# Three signs stand for what no letter says: a fraction that may be left out, a zone in brackets, and `GMT` for no offset.
_FRACTION, _ZONE, _GMT = "\x01", "\x02", "\x03"
NAMED = {
    "iso": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "iso_sec": "yyyy-MM-dd'T'HH:mm:ssXXX",
    "iso_milli": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "sql": "yyyy-MM-dd HH:mm:ss.SSSSSS",
    "sql_sec": "yyyy-MM-dd HH:mm:ss",
    "sql_seq": "yyyy-MM-dd HH:mm:ss",
    "sql_milli": "yyyy-MM-dd HH:mm:ss.SSS",
    "iso_date": "yyyy-MM-ddXXX",
    "iso_local_date": "yyyy-MM-dd",
    "iso_offset_date": "yyyy-MM-ddXXX",
    "iso_time": f"HH:mm:ss{_FRACTION}XXX",
    "iso_local_time": f"HH:mm:ss{_FRACTION}",
    "iso_offset_time": f"HH:mm:ss{_FRACTION}XXX",
    "iso_date_time": f"yyyy-MM-dd'T'HH:mm:ss{_FRACTION}XXX{_ZONE}",
    "iso_local_date_time": f"yyyy-MM-dd'T'HH:mm:ss{_FRACTION}",
    "iso_offset_date_time": f"yyyy-MM-dd'T'HH:mm:ss{_FRACTION}XXX",
    "iso_zoned_date_time": f"yyyy-MM-dd'T'HH:mm:ss{_FRACTION}XXX{_ZONE}",
    "iso_ordinal_date": "yyyy-DDDXXX",
    "iso_week_date": "YYYY-'W'ww-eXXX",
    "basic_iso_date": "yyyyMMddXX",
    "rfc_1123_date_time": f"EEE, d MMM yyyy HH:mm:ss {_GMT}",
    "full": "EEEE, MMMM d, yyyy 'at' h:mm:ss a z",
    "long": "MMMM d, yyyy 'at' h:mm:ss a z",
    "medium": "MMM d, yyyy, h:mm:ss a",
    "short": "M/d/yy, h:mm a",
}
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[\x01-\x03]|[^A-Za-z'\x01-\x03]+", re.DOTALL)
_LONGEST = 200
_WIDEST = 20
_SHORT = 3

Writer = Callable[[datetime], str]


def formatted(moment: datetime, format_: str) -> str:
    """Return a moment in a format; raises `Fault` for a format that has no meaning."""
    return "".join([writer(moment) for writer in _writers(pattern_named(format_))])


def parsed(text: str, format_: str, zone: tzinfo) -> datetime:
    """Return the moment that a text in a format is; in `zone` where it says no other."""
    pattern = pattern_named(format_)
    found = _reader(pattern).fullmatch(text[:_LONGEST])
    if found is None:
        raise Fault(f"`{text[:60]}` is no date in the format `{format_[:60]}`.")
    try:
        return _moment_from(found.groupdict(), zone)
    except ValueError:
        raise Fault(f"`{text[:60]}` is a date that does not exist.") from None


def pattern_named(format_: str) -> str:
    """Return the pattern of a documented name, or the pattern itself."""
    if not isinstance(format_, str) or len(format_) > _LONGEST:
        raise Fault(f"A date's format is a text of {_LONGEST} characters at most.")
    if format_.lower() == "iso_instant":
        return "iso_instant"
    named = NAMED.get(format_.lower())
    if named is None and any(mark in format_ for mark in _MARKS):
        raise Fault("A date's format has no control characters.")
    return named or format_


@lru_cache(maxsize=256)
def _writers(pattern: str) -> list[Writer]:
    if pattern == "iso_instant":
        utc = _writers(f"yyyy-MM-dd'T'HH:mm:ss{_FRACTION}XXX")
        return [lambda moment: "".join([writer(moment.astimezone(UTC)) for writer in utc])]
    return [_writer(piece) for piece in _pieces(pattern)]


def _pieces(pattern: str) -> list[re.Match[str]]:
    pieces, at = list[re.Match[str]](), 0
    while at < len(pattern):
        piece = _PIECE.match(pattern, at)
        if piece is None:
            raise Fault(f"In the date format `{pattern[:60]}` a quote is never closed.")
        if len(piece[0]) > _WIDEST and piece[2]:
            raise Fault(f"In the date format `{pattern[:60]}` there are too many `{piece[2]}`.")
        pieces.append(piece)
        at = piece.end()
    return pieces


def _writer(piece: re.Match[str]) -> Writer:
    letter = piece[2]
    if not letter and piece[0] in _MARKS:
        return _MARKS[piece[0]]
    if not letter:
        text = piece[0] if piece[1] is None else piece[1].replace("''", "'") or "'"
        return lambda _: text
    width = len(piece[0])
    if letter in _NUMBERS:
        number = _NUMBERS[letter]
        return lambda moment: f"{number(moment):0{width}d}"
    if letter not in _LETTERS:
        raise Fault(f"In a date format the letter `{letter}` has no meaning: put text in single quotes.")
    write = _LETTERS[letter]
    return lambda moment: write(moment, width)


def _fraction(moment: datetime) -> str:
    if not moment.microsecond:
        return ""
    return f".{moment.microsecond:06d}".rstrip("0")


def _year(moment: datetime, width: int) -> str:
    return f"{moment.year % 100:02d}" if width == 2 else f"{moment.year:0{width}d}"  # noqa: PLR2004  `yy` is short


def _week_year(moment: datetime, width: int) -> str:
    year = moment.isocalendar().year
    return f"{year % 100:02d}" if width == 2 else f"{year:0{width}d}"  # noqa: PLR2004  `YY` is short


def _named(names: tuple[str, ...], number: int, first: int, width: int) -> str:
    if width < _SHORT:
        return f"{number + first:0{width}d}"
    name = names[number]
    return name[:3] if width == _SHORT else name if width == _SHORT + 1 else name[0]


def _month(moment: datetime, width: int) -> str:
    return _named(_MONTHS, moment.month - 1, 1, width)


def _day_name(moment: datetime, width: int) -> str:
    return _named(_DAYS, moment.weekday(), 1, max(width, _SHORT))


def _day_number(moment: datetime, width: int) -> str:
    return _named(_DAYS, moment.weekday(), 1, width)


def _split_seconds(moment: datetime, width: int) -> str:
    return f"{moment.microsecond:06d}000".ljust(width, "0")[:width]


def _offset(moment: datetime, width: int, zero: str, *, always_minutes: bool = True) -> str:
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    if not seconds and zero:
        return zero
    hours, minutes = divmod(abs(seconds) // 60, 60)
    colon = ":" if width in {3, 5} else ""
    shown = f"{colon}{minutes:02d}" if minutes or always_minutes or width > 1 else ""
    return f"{'-' if seconds < 0 else '+'}{hours:02d}{shown}"


def _offset_x(moment: datetime, width: int) -> str:
    return _offset(moment, width, "Z", always_minutes=False)


def _offset_small_x(moment: datetime, width: int) -> str:
    return _offset(moment, width, "", always_minutes=False)


def _offset_z(moment: datetime, width: int) -> str:
    if width < 4:  # noqa: PLR2004  `ZZZZ` is the long form
        return _offset(moment, 2, "")
    return "GMT" if not moment.utcoffset() else "GMT" + _offset(moment, 3, "")


def _zone_name(moment: datetime, _: int) -> str:
    key = getattr(moment.tzinfo, "key", None)
    return key or ("Z" if moment.tzinfo is UTC else _offset(moment, 3, "Z"))


def _zone_short(moment: datetime, _: int) -> str:
    return moment.tzname() or ""


def _bracketed(moment: datetime) -> str:
    key = getattr(moment.tzinfo, "key", None)
    return f"[{key}]" if key else ""


def _gmt_or_offset(moment: datetime) -> str:
    return _offset(moment, 2, "GMT")


_MARKS: dict[str, Writer] = {_FRACTION: _fraction, _ZONE: _bracketed, _GMT: _gmt_or_offset}
_NUMBERS: dict[str, Callable[[datetime], int]] = {
    "d": lambda moment: moment.day,
    "D": lambda moment: moment.timetuple().tm_yday,
    "H": lambda moment: moment.hour,
    "k": lambda moment: moment.hour or 24,
    "K": lambda moment: moment.hour % 12,
    "h": lambda moment: moment.hour % 12 or 12,
    "m": lambda moment: moment.minute,
    "s": lambda moment: moment.second,
    "n": lambda moment: moment.microsecond * 1_000,
    "A": lambda moment: ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000 + moment.microsecond // 1_000,
    "w": lambda moment: moment.isocalendar().week,
    "F": lambda moment: (moment.day - 1) // 7 + 1,
}
_LETTERS: dict[str, Callable[[datetime, int], str]] = {
    "y": _year,
    "u": _year,
    "Y": _week_year,
    "M": _month,
    "L": _month,
    "Q": lambda moment, width: (
        f"Q{(moment.month + 2) // 3}" if width == _SHORT else f"{(moment.month + 2) // 3:0{width}d}"
    ),
    "E": _day_name,
    "e": _day_number,
    "a": lambda moment, _: "AM" if moment.hour < 12 else "PM",  # noqa: PLR2004  noon
    "S": _split_seconds,
    "X": _offset_x,
    "x": _offset_small_x,
    "Z": _offset_z,
    "z": _zone_short,
    "V": _zone_name,
    "G": lambda _, __: "AD",
    "O": lambda moment, width: _offset_z(moment, 4) if width > 1 else "",
}

# -------------------------------------------------------------------------------------------------------------- read

_READ = {
    "y": r"(?P<year>\d{4})", "u": r"(?P<year>\d{4})", "M": r"(?P<month>\d{1,2})", "d": r"(?P<day>\d{1,2})",
    "H": r"(?P<hour>\d{1,2})", "h": r"(?P<half>\d{1,2})", "m": r"(?P<minute>\d{1,2})", "s": r"(?P<second>\d{1,2})",
    "S": r"(?P<micros>\d{1,9})", "a": r"(?P<noon>[AaPp][Mm])", "X": r"(?P<offset>Z|[+-]\d\d(?::?\d\d)?)",
    "x": r"(?P<offset>[+-]\d\d(?::?\d\d)?)", "Z": r"(?P<offset>[+-]\d\d:?\d\d)", "V": r"(?P<zone>[\w/+-]+)",
    "z": r"(?P<zone>[\w/+-]+)", "E": r"(?P<weekday>[A-Za-z]+)", "D": r"(?P<ordinal>\d{1,3})",
}  # fmt: skip
_READ_MARKS = {
    _FRACTION: r"(?:\.(?P<micros>\d{1,9}))?",
    _ZONE: r"(?:\[(?P<zone>[\w/+-]+)\])?",
    _GMT: r"(?P<offset>GMT|[+-]\d{4})",
}


@lru_cache(maxsize=256)
def _reader(pattern: str) -> re.Pattern[str]:
    parts, seen = list[str](), set[str]()
    for piece in _pieces(pattern):
        parts.append(_reading(piece))
        name = re.match(r"\(\?P<(\w+)>", parts[-1])
        if name and name[1] in seen:
            raise Fault(f"The date format `{pattern[:60]}` says the same twice.")
        seen.update(name.groups() if name else ())
    return re.compile("".join(parts))


def _reading(piece: re.Match[str]) -> str:
    letter, width = piece[2], len(piece[0])
    if not letter:
        return _READ_MARKS.get(piece[0]) or re.escape(
            piece[0] if piece[1] is None else piece[1].replace("''", "'") or "'"
        )
    if letter in "ML" and width >= _SHORT:
        return r"(?P<named>[A-Za-z]+)"
    if letter in "yu" and width == 2:  # noqa: PLR2004  `yy` is short
        return r"(?P<short>\d{2})"
    if letter not in _READ:
        raise Fault(f"A date cannot be read from the letter `{letter}`.")
    if width > 1 and letter in "MdHhms":
        return _READ[letter].replace("{1,2}", "{2}")
    return _READ[letter].replace("{1,9}", f"{{{width}}}") if letter == "S" else _READ[letter]


def _moment_from(found: dict[str, str | None], zone: tzinfo) -> datetime:
    def number(name: str, default: int) -> int:
        return int(found.get(name) or default)

    year = 2000 + number("short", 0) if found.get("short") else number("year", 1970)
    month = _month_named(found["named"]) if found.get("named") else number("month", 1)
    hour = (
        number("half", 0) % 12 + 12 * ((found.get("noon") or "").lower() == "pm")
        if found.get("half")
        else number("hour", 0)
    )
    micros = int((found.get("micros") or "0").ljust(6, "0")[:6])
    own = found.get("offset") or found.get("zone")
    moment = datetime(
        year,
        month,
        number("day", 1),
        hour,
        number("minute", 0),
        number("second", 0),
        micros,
        zone_of(own) if own else zone,
    )
    return moment + timedelta(days=number("ordinal", 1) - 1)


def _month_named(name: str | None) -> int:
    for number, month in enumerate(_MONTHS, start=1):
        if name and name.lower() in {month.lower(), month[:3].lower()}:
            return number
    raise ValueError(name)
