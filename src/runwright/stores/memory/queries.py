"""Queries: what queries mean, evaluated row by row in Python. What SQL says of the same record must be the same."""

from __future__ import annotations

import math
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from runwright.clock import to_iso
from runwright.entities import entity_named
from runwright.errors import QueryError
from runwright.query import Aggregate, And, Compare, Exists, Fixed, Nested, Nodes, Not, Order, Query, Value
from runwright.stores.json_matching import matches
from runwright.stores.query_values import (
    COMPARABLE,
    LISTS,
    MICROSECOND,
    OF_JSON,
    PATTERNS,
    SUMMABLE,
    fits,
    fraction_of,
    natural,
    wanted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from runwright.entities import Entity, Type
    from runwright.query import Condition, Field, Related, Summary, SummaryField

    Row = dict[str, Any]

# The columns by which related rows find each other, where they are not `id` and the relation's name with `_id`.
_OTHER_LINKS = {
    ("task", "upstream_edges"): ("downstream_task_id", "id"),
    ("task", "downstream_edges"): ("upstream_task_id", "id"),
    ("task_run", "children"): ("parent_id", "id"),
}


class Evaluation:
    """One query over the rows of entities, which are asked for once."""

    def __init__(self, rows_of: Callable[[str], list[Row]]) -> None:
        """Take rows from `rows_of`."""
        self._rows_of = rows_of
        self._rows: dict[str, list[Row]] = {}
        self._by_value: dict[tuple[str, str], dict[Any, list[Row]]] = {}

    def answer(self, query: Query | Summary) -> Any:
        """Return what answers a query, as plain data."""
        return self._answer(query, self._all(query.entity))

    def _answer(self, query: Query | Summary, rows: list[Row]) -> Any:
        entity = entity_named(query.entity)
        found = self._selected(entity, query, rows)
        if not isinstance(query, Query):
            return self._summary(entity, query, found)
        objects = [self._object(entity, row, query.fields) for row in found]
        if query.is_single:
            return objects[0] if objects else None
        return objects

    def _all(self, entity: str) -> list[Row]:
        if entity not in self._rows:
            self._rows[entity] = sorted(self._rows_of(entity), key=lambda row: row[""])
        return self._rows[entity]

    # ---- which rows, in which order

    def _selected(self, entity: Entity, query: Query | Summary, rows: list[Row]) -> list[Row]:
        _check(entity, query)
        if query.among is not None:
            end = max(0, len(rows) - natural("skip", query.among.skip))
            rows = rows[max(0, end - natural("newest", query.among.newest)) : end]
        found = [row for row in rows if query.where is None or self._holds(entity, row, query.where) is True]
        if query.without_deleted:
            found = [row for row in found if not self._is_deleted(entity, row)]
        first = [Order(name) for name in query.distinct_on if all(each.column != name for each in query.order)]
        for order in reversed([*first, *query.order]):
            found = self._sorted(entity, found, order)
        if query.distinct_on:
            kept: dict[Any, Row] = {}
            for row in found:
                kept.setdefault(tuple(row[name] for name in query.distinct_on), row)
            found = list(kept.values())
        if isinstance(query, Query) and query.after is not None:
            found = self._after(entity, query, found)
        return list(islice(found, query.offset, None if query.limit is None else query.offset + query.limit))

    def _is_deleted(self, entity: Entity, row: Row) -> bool:
        if entity.name == "flow_run":
            return row["deleted"]
        return "flow_run_id" in row and any(each["deleted"] for each in self._related(entity, row, "flow_run"))

    def _sorted(self, entity: Entity, rows: list[Row], order: Order) -> list[Row]:
        values = {id(row): self._order_value(entity, row, order) for row in rows}
        given = [row for row in rows if values[id(row)] is not None]
        nulls = [row for row in rows if values[id(row)] is None]
        given.sort(key=lambda row: values[id(row)], reverse=order.is_descending)
        return given + nulls if order.has_nulls_last else nulls + given

    def _order_value(self, entity: Entity, row: Row, order: Order) -> Any:
        for name in order.via:
            related = self._related(entity, row, name)
            if not related:
                return None
            entity, row = entity_named(entity.relation(name).entity), related[0]
        return row["" if order.column == "id" else entity.column(order.column).name]

    def _after(self, entity: Entity, query: Query, found: list[Row]) -> list[Row]:
        last = wanted(entity, Compare("id", "eq", query.after))
        everything = Query(query.entity, (), order=query.order)
        line = self._selected(entity, everything, self._all(entity.name))
        places = {id(row): place for place, row in enumerate(line)}
        start = next((place for place, row in enumerate(line) if row["id"] == last), None)
        return [] if start is None else [row for row in found if places[id(row)] > start]

    # ---- conditions: True, False, or None for a comparison with null

    def _holds(self, entity: Entity, row: Row, condition: Condition) -> bool | None:
        if isinstance(condition, Compare):
            return _compared(entity, row, condition)
        if isinstance(condition, Not):
            held = self._holds(entity, row, condition.part)
            return None if held is None else not held
        if isinstance(condition, Exists):
            other = entity_named(entity.relation(condition.relation).entity)
            return any(
                condition.where is None or self._holds(other, each, condition.where) is True
                for each in self._related(entity, row, condition.relation)
            )
        held = [self._holds(entity, row, part) for part in condition.parts]
        decisive = not isinstance(condition, And)
        if decisive in held:
            return decisive
        return None if None in held else not decisive

    def _related(self, entity: Entity, row: Row, name: str) -> list[Row]:
        relation = entity.relation(name)
        theirs, mine = _OTHER_LINKS.get((entity.name, name)) or (
            (f"{entity.name}_id", "id") if relation.is_list else ("id", f"{name}_id")
        )
        key = relation.entity, theirs
        if key not in self._by_value:
            found: dict[Any, list[Row]] = {}
            for each in self._all(relation.entity):
                found.setdefault(each[theirs], []).append(each)
            self._by_value[key] = found
        return [] if row[mine] is None else self._by_value[key].get(row[mine], [])

    # ---- what is answered

    def _object(self, entity: Entity, row: Row, fields: Sequence[Field]) -> Row:
        return {each.key: self._field(entity, row, each) for each in fields}

    def _field(self, entity: Entity, row: Row, field: Field) -> Any:
        if isinstance(field, Fixed):
            return field.text
        if isinstance(field, Value):
            column = entity.column(field.column)
            return _shown(column.type, row[column.name]) if not field.path else _at(row[column.name], field.path)
        return self._answer_related(entity, row, field)

    def _answer_related(self, entity: Entity, row: Row, field: Related) -> Any:
        return self._answer(field.query, self._related(entity, row, field.relation))

    def _summary(self, entity: Entity, query: Summary, rows: list[Row]) -> Any:
        if not query.group_by:
            return self._summary_object(entity, query.fields, rows)
        for name in reversed(query.group_by):
            rows = self._sorted(entity, rows, Order(name))
        groups = groupby(rows, key=lambda row: tuple(row[name] for name in query.group_by))
        return [self._summary_object(entity, query.fields, list(group)) for _, group in groups]

    def _summary_object(self, entity: Entity, fields: Sequence[SummaryField], rows: list[Row]) -> Row:
        return {each.key: self._summary_field(entity, each, rows) for each in fields}

    def _summary_field(self, entity: Entity, field: SummaryField, rows: list[Row]) -> Any:
        if isinstance(field, Nested):
            return self._summary_object(entity, field.fields, rows)
        if isinstance(field, Nodes):
            return [self._object(entity, row, field.fields) for row in rows[: field.limit]]
        if isinstance(field, Aggregate):
            return _aggregate(entity, field, rows)
        return self._field(entity, rows[0], field)


def _check(entity: Entity, query: Query | Summary) -> None:
    """Raise `QueryError` for what is wrong with a query, whether there are rows or none."""
    natural("offset", query.offset)
    if query.limit is not None:
        natural("limit", query.limit)
    if query.where is not None:
        _check_condition(entity, query.where)


def _check_condition(entity: Entity, condition: Condition) -> None:
    if isinstance(condition, Compare):
        wanted(entity, condition)
    elif isinstance(condition, Exists):
        other = entity_named(entity.relation(condition.relation).entity)
        _check_condition(other, condition.where or And())
    else:
        for part in [condition.part] if isinstance(condition, Not) else condition.parts:
            _check_condition(entity, part)


def _compared(entity: Entity, row: Row, condition: Compare) -> bool | None:
    value, operator = wanted(entity, condition), condition.operator
    column = entity.column(condition.column)
    held = row[column.name]
    if operator == "is_null":
        return (held is None) == value
    if held is None:
        return None
    if column.type == "json":
        return (
            matches(held, "eq", value) != (operator == "neq")
            if operator not in OF_JSON
            else matches(held, operator, value)
        )
    if column.type in {"time", "duration"}:
        held = held // MICROSECOND * MICROSECOND
    if operator in LISTS or operator in PATTERNS:
        return fits(held, operator, value)
    return fits(held, operator, value)


def _aggregate(entity: Entity, field: Aggregate, rows: Iterable[Row]) -> Any:
    columns = [entity.column(name) for name in field.columns]
    given = [found for row in rows if None not in (found := tuple(row[each.name] for each in columns))]
    if field.function == "count":
        return len(set(given)) if field.is_distinct and columns else len(given)
    if len(columns) != 1:
        raise QueryError(f"{field.function} is of one column.")
    column = columns[0]
    if column.type not in (COMPARABLE if field.function in {"min", "max"} else SUMMABLE):
        raise QueryError(f"{entity.name}.{column.name} is {column.type}: it has no {field.function}.")
    values = sorted(value for (value,) in given)
    return _shown(column.type, _number(field, column.type, values)) if values else None


def _number(field: Aggregate, type_: Type, values: list[Any]) -> Any:
    if field.function == "percentile":
        return values[max(0, math.ceil(len(values) * fraction_of(field.fraction)) - 1)]
    if field.function == "avg":
        average = sum(values) / len(values)
        return int(average) if type_ == "duration" else average
    return {"sum": sum, "min": min, "max": max}[field.function](values)


def _shown(type_: Type, value: Any) -> Any:
    if value is None:
        return None
    if type_ == "uuid":
        return str(value)
    if type_ == "time":
        return to_iso(value)
    return _duration_text(value) if type_ == "duration" else value


def _duration_text(nanoseconds: int) -> str:
    seconds, rest = divmod(abs(nanoseconds), 1_000_000_000)
    sign = "-" if nanoseconds < 0 else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest // MICROSECOND:06d}"


def _at(value: Any, path: Sequence[str | int]) -> Any:
    for key in path:
        if isinstance(key, int):
            value = value[key] if isinstance(value, list) and key < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value
