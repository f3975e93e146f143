"""Received: events that programs sent, in a record in a database. Writing them is the dialect's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright.received_events import ReceivedEvent, ReceivedFilter
from runwright.stores.sql import queries, rows_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runwright.stores.sql import Connection


_EVER = (1 << 63) - 1
_FIRST_PART = 200
"""How many characters of a text the indexes of PostgreSQL have."""
_GREATEST = "\U0010ffff"


def rows_to_keep(events: Sequence[ReceivedEvent]) -> list[tuple[Any, ...]]:
    """Return the rows of events, without their cursors."""
    return [
        (each.id.bytes, each.at, to_text(each.name), to_text(each.resource), each.received, to_json(each.body))
        for each in events
    ]


def read(
    db: Connection, after: int, before: int | None, limit: int, which: ReceivedFilter | None, *, newest_first: bool
) -> list[ReceivedEvent]:
    """Return those between two cursors."""
    values: dict[str, Any] = {"after": after, "before": _EVER if before is None else before, "limit": limit}
    where = "".join(f" AND ({each})" for each in _conditions(which or ReceivedFilter(), values, db.dialect))
    query = _sql(db)["read"].format(order="DESC" if newest_first else "ASC", where=where)
    rows = rows_of(db, query, values)
    return [
        ReceivedEvent(UUID(bytes=identity), at, name, resource, received, from_json(body), cursor)
        for identity, at, name, resource, received, body, cursor in rows
    ]


def _conditions(which: ReceivedFilter, values: dict[str, Any], dialect: str) -> Iterator[str]:
    """Yield the conditions of a filter, and put what they compare with into `values`."""
    for column, patterns in (("name", which.names), ("resource", which.resources)):
        if patterns:
            can_begin = column == "name"
            conditions = [
                _fits(column, f"{column}_{number}", each, values, dialect, can_begin=can_begin)
                for number, each in enumerate(patterns)
            ]
            yield " OR ".join(conditions)
    for name, operator, value in (("since", ">=", which.since), ("until", "<=", which.until)):
        if value is not None:
            values[name] = value
            yield f"at {operator} :{name}"


def _fits(column: str, name: str, pattern: str, values: dict[str, Any], dialect: str, *, can_begin: bool) -> str:
    """Return the condition that a column is a text, or begins so; where the index has the first part, it is looked at too."""
    is_beginning = can_begin and pattern.endswith("*")
    text = to_text(pattern[:-1] if is_beginning else pattern)
    values[name] = text
    end = f"{name}_end"
    if is_beginning:
        values[end] = text + _GREATEST
        condition = f"{column} >= :{name} AND {column} < :{end}"
    else:
        condition = f"{column} = :{name}"
    if dialect != "postgres":
        return condition
    first = f"{name}_first"
    values[first] = text[:_FIRST_PART]
    if not is_beginning:
        return f"left({column}, {_FIRST_PART}) = :{first} AND {condition}"
    values[f"{first}_end"] = text[:_FIRST_PART] + _GREATEST
    return f"left({column}, {_FIRST_PART}) >= :{first} AND left({column}, {_FIRST_PART}) < :{first}_end AND {condition}"


def _sql(db: Connection) -> dict[str, str]:
    return queries(db.dialect, "received")
