"""Date filters: moments formatted, moved and counted. A date without a zone is in `timeZone`, or else in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from runwright.clock import from_datetime
from runwright.expressions.date_patterns import formatted, parsed
from runwright.expressions.dates import moment_of, zone_of
from runwright.expressions.faults import Fault
from runwright.expressions.signatures import Table
from runwright.expressions.text_filters import as_text
from runwright.expressions.values import kind_of

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget

FILTERS = Table()

_LENGTHS = {
    "MICROS": timedelta(microseconds=1),
    "MILLIS": timedelta(milliseconds=1),
    "SECONDS": timedelta(seconds=1),
    "MINUTES": timedelta(minutes=1),
    "HOURS": timedelta(hours=1),
    "HALF_DAYS": timedelta(hours=12),
}
_DAYS = {"DAYS": 1, "WEEKS": 7}
_MONTHS = {"MONTHS": 1, "YEARS": 12, "DECADES": 120, "CENTURIES": 1_200}
_UNITS = ("NANOS", *_LENGTHS, *_DAYS, *_MONTHS)


@FILTERS.add("date")
def _date(budget: Budget, value: Any, format_: Any = "iso", existing_format: Any = None, time_zone: Any = None) -> Any:
    """Return a date in a format, by name or by pattern."""
    if value is None:
        return None
    return formatted(_moment(value, existing_format, time_zone), as_text(format_, budget))


@FILTERS.add("dateAdd")
def _date_add(
    budget: Budget,
    value: Any,
    amount: Any,
    unit: Any,
    format_: Any = "iso",
    existing_format: Any = None,
    time_zone: Any = None,
) -> Any:
    """Return a date moved by an amount of a unit such as DAYS; days and longer go by the calendar."""
    if value is None:
        return None
    moved = _moved(_moment(value, existing_format, time_zone), amount, unit)
    return formatted(moved, as_text(format_, budget))


@FILTERS.add("timestamp")
def _timestamp(_: Budget, value: Any, existing_format: Any = None, time_zone: Any = None) -> Any:
    """Return the seconds since 1970."""
    return _since_1970(value, existing_format, time_zone, 1_000_000_000)


@FILTERS.add("timestampMilli")
def _timestamp_milli(_: Budget, value: Any, existing_format: Any = None, time_zone: Any = None) -> Any:
    """Return the milliseconds since 1970."""
    return _since_1970(value, existing_format, time_zone, 1_000_000)


@FILTERS.add("timestampMicro")
def _timestamp_micro(_: Budget, value: Any, existing_format: Any = None, time_zone: Any = None) -> Any:
    """Return the microseconds since 1970."""
    return _since_1970(value, existing_format, time_zone, 1_000)


@FILTERS.add("timestampNano")
def _timestamp_nano(_: Budget, value: Any, existing_format: Any = None, time_zone: Any = None) -> Any:
    """Return the nanoseconds since 1970."""
    return _since_1970(value, existing_format, time_zone, 1)


def _since_1970(value: Any, existing_format: Any, time_zone: Any, nanoseconds: int) -> int | None:
    if value is None:
        return None
    return from_datetime(_moment(value, existing_format, time_zone)) // nanoseconds


def _moment(value: Any, existing_format: Any, time_zone: Any) -> datetime:
    """Return the moment of a value, shown in the zone that was asked for."""
    zone = None if time_zone is None else zone_of(time_zone)
    if existing_format is not None and isinstance(value, str):
        moment = parsed(value, existing_format, zone or UTC)
    else:
        moment = moment_of(value, zone)
    return moment if zone is None else moment.astimezone(zone)


def _moved(moment: datetime, amount: Any, unit: Any) -> datetime:
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise Fault(f"The amount must be an integer; it is {kind_of(amount)}.")
    name = unit.upper() if isinstance(unit, str) else ""
    zone: tzinfo | None = moment.tzinfo
    if name in _DAYS:
        return moment + timedelta(days=amount * _DAYS[name])
    if name in _MONTHS:
        return _by_months(moment, amount * _MONTHS[name])
    if name == "NANOS":
        return (moment.astimezone(UTC) + timedelta(microseconds=amount // 1_000)).astimezone(zone)
    if name in _LENGTHS:
        return (moment.astimezone(UTC) + amount * _LENGTHS[name]).astimezone(zone)
    raise Fault(f"The unit must be one of {', '.join(_UNITS)}.")


def _by_months(moment: datetime, months: int) -> datetime:
    """Return the same day so many months later, or the last of that month."""
    import calendar  # noqa: PLC0415  months are rarely counted

    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
