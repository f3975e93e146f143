"""Foreign schedules: schedules as programs of Prefect 1 send them with a flow, read as schedules of Runwright.

Functions are chosen by their names from Runwright's own; nothing is imported by a name that came from outside.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from runwright.errors import FlowError
from runwright.schedules.clocks import CronClock, DatesClock, IntervalClock, RRuleClock
from runwright.schedules.functions import function_from_data
from runwright.schedules.rules import rule_from_dict
from runwright.schedules.schedules import Schedule
from runwright.schedules.wall_time import MICROSECOND, at_wall, zone_named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runwright.schedules.clocks import Clock

    Document = Mapping[str, Any]

_FUNCTIONS = ("filters", "or_filters", "not_filters", "adjustments")
_ARGUMENTS = {"t": "time"}
_OF_FUNCTIONS = ("prefect.schedules.filters.", "prefect.schedules.adjustments.")


def schedule_from(document: Document) -> Schedule:
    """Return the schedule of a document; raises `FlowError` for one that cannot be read, or that has functions of its own."""
    try:
        clocks = [_CLOCKS[each["type"]](each, _shared(each)) for each in document["clocks"]]
        functions = {name: [_function(each) for each in document.get(name) or ()] for name in _FUNCTIONS}
    except FlowError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FlowError(f"The schedule of the flow cannot be read: {error!r}.") from None
    return Schedule(clocks, **functions)


def _shared(document: Document) -> dict[str, Any]:
    return {
        "start_date": _moment(document.get("start_date")),
        "end_date": _moment(document.get("end_date")),
        "parameter_defaults": document.get("parameter_defaults") or {},
        "labels": document.get("labels"),
    }


def _interval(document: Document, shared: dict[str, Any]) -> Clock:
    return IntervalClock(document["interval"] * MICROSECOND, **shared)


def _cron(document: Document, shared: dict[str, Any]) -> Clock:
    return CronClock(document["cron"], day_or=document.get("day_or"), **shared)


def _dates(document: Document, shared: dict[str, Any]) -> Clock:
    return DatesClock([date for each in document["dates"] if (date := _moment(each))], **shared)


def _rule(document: Document, shared: dict[str, Any]) -> Clock:
    rule = document["rrule_obj"]
    if "rr" not in rule:
        raise FlowError("A set of recurrence rules cannot be read from another program: use one clock for each rule.")
    return RRuleClock(rule_from_dict({"zone": "UTC", "rule": rule["rr"]}), **shared)


_CLOCKS: dict[str, Callable[[Document, dict[str, Any]], Clock]] = {
    "IntervalClock": _interval,
    "CronClock": _cron,
    "DatesClock": _dates,
    "RRuleClock": _rule,
}


def _moment(document: Document | None) -> datetime | None:
    """Return the moment at which the clocks of a zone show a time."""
    if document is None:
        return None
    return at_wall(datetime.fromisoformat(document["dt"]).replace(tzinfo=None), zone_named(document["tz"]))


def _function(document: Document) -> Callable[..., Any]:
    name: str = document["fn"]
    kind = next((name.removeprefix(each) for each in _OF_FUNCTIONS if name.startswith(each)), "")
    if "." in kind or not kind:
        raise FlowError(f"The function {name!r} of a schedule is not one that ships: the server does not run it.")
    values: dict[str, Any] = {
        _ARGUMENTS.get(key, key): _value(value) for key, value in dict[str, Any](document["kwargs"]).items()
    }
    return function_from_data({"type": kind, **values})


def _value(value: Any) -> Any:
    """Return an argument as data says it: times and lengths come as text with a mark before them."""
    mark, _, text = str(value).partition(":")
    if mark == "//datetime":
        return datetime.fromisoformat(text).isoformat()
    if mark == "//time":
        return time.fromisoformat(text).isoformat()
    if mark == "//timedelta":
        return timedelta(seconds=float(text))
    return value
