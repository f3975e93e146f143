"""Cron: the moments that a cron expression names, with summer time handled as Debian's cron does.

An expression with set minutes and hours names wall times: one that the clocks skip runs at the first moment after the gap,
one that they show twice runs at the first. With `*` at the beginning of the minutes or hours it follows the clock instead:
what the clocks skip does not run, what they show twice runs twice. The library finds the wall times only: left to find the
moments, it loses some where the clocks change by half an hour.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from cronsim import CronSim, CronSimError

from runwright.errors import FlowError
from runwright.schedules.wall_time import at_wall, offset_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NICKNAMES = {
    "@annually": "0 0 1 1 *",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@midnight": "0 0 * * *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@yearly": "0 0 1 1 *",
}
_WITH_SECONDS = 6


def check_cron(expression: str) -> None:
    """Raise `FlowError` unless an expression is one of cron: five fields, a sixth for seconds, or such as `@daily`."""
    try:
        CronSim(_fields(expression), datetime(2026, 1, 1, tzinfo=UTC))
    except (CronSimError, AttributeError, ValueError) as error:
        raise FlowError(
            f"Invalid cron string: {expression!r} ({error}). Write minute, hour, day of the month, month and day of the week, "
            "as in '30 9 * * mon-fri'."
        ) from None


def cron_moments(expression: str, after: datetime, zone: tzinfo, *, day_or: bool) -> Iterator[datetime]:
    """Yield the moments of an expression in a zone, in order, from about `after` on; some may be not later than that.

    With `day_or`, restricted days of the month and of the week are alternatives, else both must hold.
    """
    walls = CronSim(_fields(expression), _first_wall(after.astimezone(zone)))
    if not day_or:
        walls.day_and = True
    _, minutes, hours, *_ = walls.parts
    follows_clock = minutes.startswith("*") or hours.startswith("*")
    return _every_moment(walls, zone) if follows_clock else (at_wall(wall, zone) for wall in walls)


def _first_wall(after: datetime) -> datetime:
    """Return the wall time from which a moment later than `after` may come: earlier, where the clocks are about to go back."""
    repeated = offset_of(after.replace(fold=0)) - offset_of(after.replace(fold=1))
    return after.replace(tzinfo=None, fold=0) - max(repeated, timedelta())


def _every_moment(walls: Iterable[datetime], zone: tzinfo) -> Iterator[datetime]:
    """Yield every moment at which the clocks show one of these wall times: none, one or two for each."""
    second_time: deque[datetime] = deque()
    for wall in walls:
        first, second = wall.replace(tzinfo=zone), wall.replace(tzinfo=zone, fold=1)
        lost = offset_of(second) - offset_of(first)
        while second_time and second_time[0].astimezone(UTC) < first.astimezone(UTC):
            yield second_time.popleft()
        if lost <= timedelta():
            yield first
        if lost < timedelta():
            second_time.append(second)
    yield from second_time


def _fields(expression: str) -> str:
    """Return the expression as the library reads it: it takes the seconds first, users give them last."""
    fields = _NICKNAMES.get(expression.strip().lower(), expression).split()
    if len(fields) == _WITH_SECONDS:
        fields = [fields[-1], *fields[:-1]]
    return " ".join(fields)
