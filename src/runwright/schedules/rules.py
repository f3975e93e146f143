"""Rules: recurrence rules of python-dateutil, read as wall times of one zone and kept as plain data.

A rule with a naive start is in UTC. Inside, a rule is turned into one of naive wall times, so that summer time is handled in
one place (`runwright.schedules.wall_time`) and the rule has a text.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from dateutil.rrule import rrule, rruleset, rrulestr

from runwright.errors import FlowError
from runwright.schedules.wall_time import at_wall, aware, wall_of, zone_name, zone_named, zone_of

if TYPE_CHECKING:
    from collections.abc import Iterator

RuleOrSet = rrule | rruleset

_PARTS = {"rules": "_rrule", "dates": "_rdate", "excluded_rules": "_exrule", "excluded_dates": "_exdate"}


class WallRule:
    """A rule or set of rules in wall times of `zone`."""

    def __init__(self, given: Any) -> None:
        """Read a rule; raises `TypeError` for what is none and `FlowError` where the rules of a set differ in zone."""
        if not isinstance(given, rrule | rruleset):
            raise TypeError(f"An RRule clock needs a rrule or rruleset of python-dateutil; got {given!r}.")
        self.zone: tzinfo = _zone_of(given)
        self.wall = _in_wall_time(given, self.zone)

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Yield the moments of the rule from about `after` on, in order."""
        shown = wall_of(after, self.zone)
        for wall in self.wall:
            if wall >= shown:
                yield at_wall(wall, self.zone)

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as plain data."""
        zone = {"zone": zone_name(self.zone)}
        if isinstance(self.wall, rrule):
            return {**zone, "rule": str(self.wall)}
        return {**zone, **{part: [_text(each) for each in _parts(self.wall, name)] for part, name in _PARTS.items()}}


def rule_from_dict(data: dict[str, Any]) -> RuleOrSet:
    """Return the rule that a `WallRule` kept."""
    zone = zone_named(data["zone"])
    if "rule" in data:
        return _in_zone(data["rule"], zone)
    rules = rruleset()
    for part, name in _PARTS.items():
        is_rule = part.endswith("rules")
        for text in data[part]:
            _parts(rules, name).append(_in_zone(text, zone) if is_rule else at_wall(datetime.fromisoformat(text), zone))
    return rules


def _zone_of(given: RuleOrSet) -> tzinfo:
    if isinstance(given, rrule):
        return zone_of(aware(_start(given)))
    zones = [_zone_of(rule) for name in ("_rrule", "_exrule") for rule in _parts(given, name)]
    if any(zone != zones[0] for zone in zones):
        raise FlowError("The rules of one rruleset must start in the same time zone: make one clock for each zone.")
    dates = [zone_of(aware(date)) for date in _parts(given, "_rdate")]
    return next(iter([*zones, *dates]), UTC)


def _in_wall_time(given: RuleOrSet, zone: tzinfo) -> RuleOrSet:
    if isinstance(given, rrule):
        until = _until(given)
        return given.replace(
            dtstart=wall_of(aware(_start(given)), zone), until=None if until is None else wall_of(aware(until), zone)
        )
    rules = rruleset()
    for part, name in _PARTS.items():
        is_rule = part.endswith("rules")
        walls = [_in_wall_time(each, zone) if is_rule else wall_of(aware(each), zone) for each in _parts(given, name)]
        _parts(rules, name).extend(walls)
    return rules


def _in_zone(text: str, zone: tzinfo) -> rrule:
    rule: Any = rrulestr(text)
    until = _until(rule)
    start = _start(rule).replace(tzinfo=zone)
    return rule.replace(dtstart=start, until=None if until is None else at_wall(until, zone))


# What a rule is made of, for which the library has no public names.


def _start(rule: rrule) -> datetime:
    return vars(rule)["_dtstart"]


def _until(rule: rrule) -> datetime | None:
    return vars(rule)["_until"]


def _parts(rules: rruleset, name: str) -> list[Any]:
    return vars(rules)[name]


def _text(part: rrule | datetime) -> str:
    return part.isoformat() if isinstance(part, datetime) else str(part)
