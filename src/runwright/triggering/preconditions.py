"""Preconditions: what several executions meet one after the other, within a time, before a trigger starts one.

`Preconditions` of a trigger and the older condition `Multiple` are the same thing here: named things to meet, and a window.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from runwright.clock import from_datetime, to_datetime
from runwright.expression import Limits
from runwright.expressions.budget import Budget
from runwright.expressions.patterns import pattern_of
from runwright.spec.conditions import Multiple
from runwright.spec.moments import parse_time
from runwright.spec.triggers import TimeWindow
from runwright.triggering.conditions import holds, labels_of
from runwright.triggering.progress import Met

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.spec.triggers import Filter, FlowTrigger, UpstreamFlow, Where
    from runwright.triggering.conditions import Seen
    from runwright.triggering.upstream import Upstream

    Look = Callable[[Seen], bool]

_DAY = timedelta(days=1)
_MICROSECOND = 1_000


class Wanted(NamedTuple):
    """Things to meet by name, each a look at one execution, and the window in which they all are to be met."""

    id: str
    looks: dict[str, Look]
    window: TimeWindow
    resets: bool

    def after(self, met: Met, seen: Seen, cursor: int, at: int) -> Met | None:
        """Return what is met once an execution came to something, None where that meets nothing or has counted before."""
        if cursor <= met.cursor:
            return None
        fresh = [name for name, look in self.looks.items() if look(seen)]
        window = window_at(self.window, at)
        if not fresh or window is None:
            return None
        kept = met.at if met.window == window.name else {}
        kept = {name: moment for name, moment in kept.items() if moment >= window.begin}
        return Met(window.name, {**kept, **dict.fromkeys(fresh, at)}, cursor)

    def is_met(self, met: Met) -> bool:
        """Say whether all is met."""
        return set(self.looks) <= set(met.at)

    def used(self, met: Met) -> Met:
        """Return what is left of what was met once an execution was started for it."""
        return replace(met, at={}) if self.resets else met


def wanted_by(trigger: FlowTrigger) -> list[Wanted]:
    """Return all that several executions have to meet for a trigger."""
    found = [_from_condition(each) for each in trigger.conditions if isinstance(each, Multiple)]
    declared = trigger.preconditions
    if declared is None:
        return found
    looks: dict[str, Look] = {f"flow {number}": _at_flow(each) for number, each in enumerate(declared.flows)} | {
        f"where {each.id}": _at_where(each) for each in declared.where
    }
    return [*found, Wanted(declared.id, looks, declared.time_window, declared.reset_on_success)]


def _from_condition(condition: Multiple) -> Wanted:
    def at(each: Any) -> Look:
        return lambda seen: holds(each, seen)

    looks = {name: at(each) for name, each in condition.conditions.items()}
    window = TimeWindow(window=condition.window, window_advance=condition.window_advance)
    return Wanted(condition.id, looks, window, resets=True)


# ---- what one execution meets


def _at_flow(flow: UpstreamFlow) -> Look:
    def look(seen: Seen) -> bool:
        upstream = _upstream(seen)
        wanted = labels_of(flow.labels, seen.scope)
        return (
            upstream.namespace == flow.namespace
            and flow.flow_id in {None, upstream.flow_id}
            and upstream.state in flow.states
            and all(upstream.labels.get(key) == value for key, value in wanted.items())
        )

    return look


def _at_where(where: Where) -> Look:
    def look(seen: Seen) -> bool:
        found = (_passes(each, seen) for each in where.filters)
        return any(found) if where.operand == "OR" else all(found)

    return look


def _passes(filter_: Filter, seen: Seen) -> bool:
    upstream = _upstream(seen)
    if filter_.field == "EXPRESSION":
        found: Any = seen.scope.render(str(filter_.value))
        return _COMPARISONS[filter_.type](found, "")
    found = {"FLOW_ID": upstream.flow_id, "NAMESPACE": upstream.namespace, "STATE": upstream.state}[filter_.field]
    if filter_.type in {"IN", "NOT_IN"}:
        wanted = filter_.values or ((filter_.value,) if filter_.value is not None else ())
        return (found in [str(each) for each in wanted]) == (filter_.type == "IN")
    return _COMPARISONS[filter_.type](found, "" if filter_.value is None else str(filter_.value))


def _is_like(text: str, pattern: str) -> bool:
    return pattern_of(f"^(?:{pattern})$").find(text, 0, Budget(Limits())) is not None


_FALSE = frozenset({"", "false", "0", "-0"})
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "EQUAL_TO": lambda found, value: found == value,
    "NOT_EQUAL_TO": lambda found, value: found != value,
    "IS_TRUE": lambda found, _: found not in _FALSE,
    "IS_FALSE": lambda found, _: found in _FALSE,
    "IS_NULL": lambda found, _: not found,
    "IS_NOT_NULL": lambda found, _: bool(found),
    "STARTS_WITH": lambda found, value: found.startswith(value),
    "ENDS_WITH": lambda found, value: found.endswith(value),
    "CONTAINS": lambda found, value: value in found,
    "REGEX": _is_like,
}


def _upstream(seen: Seen) -> Upstream:
    if seen.upstream is None:
        raise TypeError("Preconditions look at executions.")
    return seen.upstream


# ---- the window


class Window(NamedTuple):
    """A stretch of time by its name; what was met before `begin` (ns) counts no more."""

    name: str
    begin: int


def window_at(declared: TimeWindow, at: int) -> Window | None:
    """Return the window that a moment belongs to, None when it is in none. Days begin at midnight, UTC."""
    moment = to_datetime(at)
    if declared.type == "SLIDING_WINDOW":
        return Window("sliding", at - _nanoseconds(declared.window or _DAY))
    if declared.type == "DURATION_WINDOW":
        length, late = _nanoseconds(declared.window or _DAY), _nanoseconds(declared.window_advance or timedelta())
        begin = (at - late) // length * length + late
        return Window(f"from {begin}", begin)
    begin, end = _hours(declared)
    if not begin <= moment.time() <= end:
        return None
    day = datetime.combine(moment.date(), begin, UTC)
    return Window(f"day {moment.date()}", from_datetime(day))


def _hours(declared: TimeWindow) -> tuple[Any, Any]:
    """Return the time of day that a daily window begins at, and its end."""
    first, last = parse_time("00:00:00"), parse_time("23:59:59.999999")
    if declared.type == "DAILY_TIME_DEADLINE":
        return first, last if declared.deadline is None else parse_time(declared.deadline)
    start = first if declared.start_time is None else parse_time(declared.start_time)
    return start, last if declared.end_time is None else parse_time(declared.end_time)


def _nanoseconds(span: timedelta) -> int:
    return (span // timedelta(microseconds=1)) * _MICROSECOND
