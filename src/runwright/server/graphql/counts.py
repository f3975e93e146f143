"""Counts: how many task runs of the whole record are in some states, answered from what the server keeps count of.

Only the plainest question is: a count by state and by nothing else, which the record would answer by going through all its rows. A
child that has no row yet is kept count of as Pending, but is no row that a query finds: Pending is asked of the record.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from runwright.query import Aggregate, Compare, Fixed, Nested, Summary
from runwright.states import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runwright.query import Condition, Query, SummaryField
    from runwright.views import Views

    KeptCounts = Callable[[], Mapping[str, int] | None]

_ROWLESS = "Pending"
_COUNT = (Aggregate("count", "count"),)


def count_from(query: Query | Summary, kept: KeptCounts, record: Views) -> str | None:
    """Return the JSON that answers a query about task runs by state, None for any other, or where nothing is kept."""
    states = _states_of(query)
    if states is None or not isinstance(query, Summary):
        return None
    counts = kept()
    if counts is None:
        return None
    number = sum(counts.get(state, 0) for state in states - {_ROWLESS})
    if _ROWLESS in states:
        rows = Summary(query.entity, _COUNT, where=Compare("state", "eq", _ROWLESS), without_deleted=True)
        number += json.loads(record.query(rows))["count"]
    return msgspec.json.encode(_answer(query.fields, number)).decode()


def _states_of(query: Query | Summary) -> set[str] | None:
    """Return the states that a query counts the task runs of, None where it asks for anything else."""
    if not isinstance(query, Summary) or query.entity != "task_run" or not _is_count(query.fields):
        return None
    if query != Summary(query.entity, query.fields, where=query.where, without_deleted=True):
        return None
    every = {kind.name for kind in TABLE}
    return every if query.where is None else _states_in(query.where, every)


def _states_in(where: Condition, every: set[str]) -> set[str] | None:
    if not isinstance(where, Compare) or where.column != "state":
        return None
    value: Any = where.value
    match where.operator:
        case "eq":
            return every & {value}
        case "neq":
            return every - {value}
        case "in":
            return every & set(value)
        case "nin":
            return every - set(value)
        case _:
            return None


def _is_count(fields: Sequence[SummaryField]) -> bool:
    return all(
        isinstance(each, Fixed)
        or (isinstance(each, Nested) and _is_count(each.fields))
        or (isinstance(each, Aggregate) and each == Aggregate(each.name, "count"))
        for each in fields
    )


def _answer(fields: Sequence[SummaryField], number: int) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for each in fields:
        if isinstance(each, Nested):
            answer[each.key] = _answer(each.fields, number)
        else:
            answer[each.key] = each.text if isinstance(each, Fixed) else number
    return answer
