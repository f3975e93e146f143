"""Wall time: what the clocks on the wall of a zone show, and at which moment they show it.

A wall time that the clocks show twice means the first of both; one that they skip means the first moment after the gap. So a
later wall time is never an earlier moment, and none is lost.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from runwright.errors import FlowError

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)

_ANY_DAY = datetime(2026, 1, 1)  # noqa: DTZ001  a zone is asked with its own wall time


def aware(moment: datetime) -> datetime:
    """Return a plain aware datetime; a naive one is taken as UTC. Raises `TypeError` for anything else."""
    if not isinstance(moment, datetime):
        raise TypeError(f"A schedule needs datetimes; got {moment!r}.")
    zone = moment.tzinfo or UTC
    day, shown = (
        (moment.year, moment.month, moment.day),
        (moment.hour, moment.minute, moment.second, moment.microsecond),
    )
    plain = datetime(*day, *shown, tzinfo=zone, fold=moment.fold)  # without the arithmetic that its own class may have
    sound = _sound_zone(zone)
    return plain if sound is zone else plain.astimezone(sound)


def at_wall(wall: datetime, zone: tzinfo) -> datetime:
    """Return the moment at which the clocks of a zone show a (naive) wall time."""
    moment = wall.replace(tzinfo=zone, fold=0)
    late = moment.astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == wall.replace(fold=0):
        return moment
    return _end_of_gap(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), late, zone)


def wall_of(moment: datetime, zone: tzinfo) -> datetime:
    """Return what the clocks of a zone show at a moment, as a naive datetime."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def later(moment: datetime, interval: timedelta, times: int = 1) -> datetime:
    """Return a moment moved by an interval: a day or more goes by the clocks on the wall, less by the time that passes."""
    zone = zone_of(moment)
    if abs(interval) >= DAY:
        return at_wall(wall_of(moment, zone) + times * interval, zone)
    return (moment.astimezone(UTC) + times * interval).astimezone(zone)


def offset_of(moment: datetime) -> timedelta:
    """Return how far the clocks are ahead of UTC at an aware datetime."""
    return moment.utcoffset() or timedelta()


def zone_of(moment: datetime) -> tzinfo:
    """Return the zone of an aware datetime."""
    return moment.tzinfo or UTC


# ---- as text


def to_text(moment: datetime | None) -> str | None:
    """Return a moment as RFC 9557 text: `2026-03-01T09:00:00-05:00[America/New_York]`; a nameless zone leaves its offset."""
    if moment is None:
        return None
    name = _key(zone_of(moment))
    return moment.isoformat() + (f"[{name}]" if name else "")


def from_text(text: str | None) -> datetime | None:
    """Return the moment of a text made by `to_text`."""
    if text is None:
        return None
    moment, _, name = text.partition("[")
    found = datetime.fromisoformat(moment)
    return found.astimezone(zone_named(name.rstrip("]"))) if name else found


def zone_name(zone: tzinfo) -> str:
    """Return the name of a zone in the database of zones, or its offset as in `UTC-05:00`."""
    offset = zone.utcoffset(_ANY_DAY)
    return _key(zone) or str(UTC if offset is None else timezone(offset))


def zone_named(name: str) -> tzinfo:
    """Return the zone of a name that `zone_name` gave; raises `FlowError` for one that this machine does not know."""
    if name.startswith("UTC"):
        return datetime.fromisoformat(f"2000-01-01T00:00{name[3:] or '+00:00'}").tzinfo or UTC
    zone = _zone_of_database(name)
    if zone is None:
        raise FlowError(f"This machine knows no time zone {name!r}: check the name, or install tzdata.")
    return zone


def _key(zone: tzinfo) -> str | None:
    return getattr(zone, "key", None)


def _zone_of_database(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _sound_zone(zone: tzinfo) -> tzinfo:
    """Return the zone of the standard library for one that other libraries made: theirs may calculate differently."""
    if isinstance(zone, ZoneInfo | timezone):
        return zone
    names: list[Any] = [getattr(zone, attribute, None) for attribute in ("zone", "name", "_filename")]
    name = next((name for name in names if isinstance(name, str)), "")
    return _zone_of_database(name.rpartition("zoneinfo/")[2]) or zone


def _end_of_gap(early: datetime, late: datetime, zone: tzinfo) -> datetime:
    """Return the moment, to the second, between two (UTC) at which a zone's offset changes."""
    before = early.astimezone(zone).utcoffset()
    low, high = early.replace(microsecond=0), late.replace(microsecond=0) + timedelta(seconds=1)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.astimezone(zone)
