"""Event counts: how many events that a filter asks for fall to each span of time, name or resource."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from runwright.clock import from_datetime
from runwright.compat.task_run_body import with_z

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.compat.event_filter import EventFilter
    from runwright.compat.event_search import EventSearch, Found

Countable = Literal["day", "time", "event", "resource"]
Unit = Literal["week", "day", "hour", "minute", "second"]

MOST_SPANS = 1_000

_ANCHOR = from_datetime(datetime(2024, 4, 1, tzinfo=UTC)) // 1_000
_SECONDS: dict[Unit, int] = {"week": 604_800, "day": 86_400, "hour": 3_600, "minute": 60, "second": 1}


class Group(NamedTuple):
    """Events that are counted together: `value` for programs, `label` for people."""

    value: str
    label: str
    members: list[Found]


def count(
    search: EventSearch, which: EventFilter, by: Countable, unit: Unit = "day", interval: float = 1.0
) -> list[dict[str, Any]]:
    """Return counts as documented; times come oldest first with those that are empty, all else biggest first.

    Raises `ValueError` for more spans than `MOST_SPANS`.
    """
    if by in {"day", "time"}:
        return _by_time(search, which, timedelta(seconds=_SECONDS[unit] * interval) // timedelta(microseconds=1))
    found = sorted(search.find(which))
    groups = _groups(found, lambda each: each.name) if by == "event" else _by_resource(search, found)
    return [_row_of(each) for each in sorted(groups, key=lambda each: (-len(each.members), each.value))]


def _by_time(search: EventSearch, which: EventFilter, span: int) -> list[dict[str, Any]]:
    first = (which.since // 1_000 - _ANCHOR) // span
    last = (which.until // 1_000 - _ANCHOR) // span
    if last - first >= MOST_SPANS:
        raise ValueError(
            f"The filter spans more than {MOST_SPANS} intervals: ask for a shorter time, or longer intervals."
        )
    counts = dict.fromkeys(range(first, last + 1), 0)
    for each in search.find(which):
        counts[(each.at - _ANCHOR) // span] += 1
    return [
        {
            "value": str(number),
            "label": with_z(start := _ANCHOR + key * span),
            "count": amount,
            "start_time": with_z(start),
            "end_time": with_z(start + span),
        }
        for number, (key, amount) in enumerate(counts.items())
    ]


def _by_resource(search: EventSearch, found: list[Found]) -> list[Group]:
    groups = _groups(found, search.resource_of)
    newest = [search.document_of(group.members[-1])["resource"] for group in groups]
    return [
        group._replace(label=resource.get("prefect.resource.name", group.value))
        for group, resource in zip(groups, newest, strict=True)
    ]


def _groups(found: list[Found], key: Callable[[Found], str]) -> list[Group]:
    return [Group(value, value, list(members)) for value, members in groupby(sorted(found, key=key), key)]


def _row_of(group: Group) -> dict[str, Any]:
    times = [each.at for each in group.members]
    return {
        "value": group.value,
        "label": group.label,
        "count": len(times),
        "start_time": with_z(min(times)),
        "end_time": with_z(max(times)),
    }
