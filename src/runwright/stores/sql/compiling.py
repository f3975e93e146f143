"""Compiling: a query as one statement of SQL that returns JSON.

Names in the statement are those of the table of entities, or plain words that were checked; every value is bound.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.entities import entity_named
from runwright.errors import QueryError
from runwright.query import (
    Aggregate,
    And,
    Compare,
    Exists,
    Fixed,
    Nested,
    Not,
    Order,
    Query,
    Summary,
    Value,
)
from runwright.stores.query_values import COMPARABLE, SUMMABLE, fraction_of, natural, wanted
from runwright.stores.sql.expressions import shown
from runwright.stores.sql.tables import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.entities import Entity
    from runwright.query import Condition, Field, SummaryField
    from runwright.stores.sql.dialect import Dialect
    from runwright.stores.sql.expressions import Expression
    from runwright.stores.sql.tables import Table

_WORD = re.compile(r"[_A-Za-z][_A-Za-z0-9]{0,199}")
_PLACE = "distinct_place"


class Statement(NamedTuple):
    """A statement that is ready to run, and the values that it binds by name."""

    text: str
    values: dict[str, Any]


class Compiler:
    """Makes the statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        """Speak a dialect."""
        self.dialect = dialect

    @cached_property
    def tables(self) -> dict[str, Table]:
        """Return the tables of the entities."""
        return tables(self.dialect)

    def compile(self, query: Query | Summary) -> Statement:
        """Return the statement that answers a query; raises `QueryError`."""
        making = _Making(self)
        text = making.answer(query, None)
        if isinstance(query, Query) and query.is_single:
            text = f"coalesce({text},'null')"
        return Statement(f"SELECT {self.dialect.json_text(text)}", making.values)


class _Row(NamedTuple):
    """A row of an entity under an alias."""

    entity: Entity
    table: Table
    alias: str

    def sql(self, text: str) -> str:
        return text.replace("@", self.alias)

    def column(self, name: str) -> Expression:
        return self.table.columns[self.entity.column(name).name]


class _Making:
    """One statement in the making; what it says of each query is a scalar expression of JSON text."""

    def __init__(self, compiler: Compiler) -> None:
        self.dialect = compiler.dialect
        self.values: dict[str, Any] = {}
        self._tables = compiler.tables
        self._aliases = 0

    def bind(self, value: Any) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return self.dialect.placeholder(name)

    def answer(self, query: Query | Summary, link: _Link | None) -> str:
        return self._rows(query, link) if isinstance(query, Query) else self._summary(query, link)

    # ---- rows

    def _rows(self, query: Query, link: _Link | None) -> str:
        row = self._row(query.entity)
        # The rows are picked first: what is shown of them is made for those only that are on the page.
        source = f"(SELECT {row.alias}.* {self._source(row, query, link)}) {row.alias}"
        shown = self._object(row, query.fields)
        return f"(SELECT {shown} FROM {source})" if query.is_single else self.dialect.list_of(shown, source)

    def _object(self, row: _Row, fields: Sequence[Field]) -> str:
        return self.dialect.object([(_word(each.key), self._field(row, each)) for each in fields])

    def _field(self, row: _Row, field: Field) -> str:
        if isinstance(field, Fixed):
            return f"'{_word(field.text)}'"
        if isinstance(field, Value):
            return self._value(row, field)
        relation = row.entity.relation(field.relation)
        if relation.entity != field.query.entity:
            raise QueryError(f"{row.entity.name}.{relation.name} is of {relation.entity}, not of {field.query.entity}.")
        return self.dialect.embedded(self.answer(field.query, _Link(row, relation.name)))

    def _value(self, row: _Row, field: Value) -> str:
        expression = row.column(field.column)
        if not field.path:
            return row.sql(expression.shown(self.dialect))
        if expression.type != "json":
            raise QueryError(
                f"{row.entity.name}.{field.column} is {expression.type}: paths lead into JSON columns only."
            )
        return row.sql(self.dialect.json_at(expression.raw, self.bind(self.dialect.bound_path(field.path))))

    # ---- where the rows come from

    def _row(self, entity: str) -> _Row:
        self._aliases += 1
        return _Row(entity_named(entity), self._tables[entity], f"t{self._aliases}")

    def _source(self, row: _Row, query: Query | Summary, link: _Link | None) -> str:
        """Return all from FROM on, the rows in order and no more of them than wanted."""
        where = self._where(row, query, link)
        order = f" ORDER BY {','.join(self._order(row, query))}"
        page = self._page(query)
        source = self._table(row, query)
        if not query.distinct_on:
            return f"FROM {source}{where}{order}{page}"
        groups = [row.sql(sql) for name in query.distinct_on for sql in row.column(name).grouped_by(self.dialect)]
        place = f"row_number() OVER (PARTITION BY {','.join(groups)}{order}) AS {_PLACE}"
        inner = f"SELECT {row.alias}.*,{place} FROM {source}{where}"
        return f"FROM ({inner}) {row.alias} WHERE {row.alias}.{_PLACE} = 1{order}{page}"

    def _table(self, row: _Row, query: Query | Summary) -> str:
        """Return the rows that are looked at, under the alias: those that are not are left out before anything is asked of them."""
        source = row.sql(row.table.source)
        if query.among is None:
            return source
        order = ",".join(f"{row.sql(key)} DESC" for key in row.table.key)
        newest, skip = (self.bind(natural(name, getattr(query.among, name))) for name in ("newest", "skip"))
        where = f" WHERE {row.sql(row.table.where)}" if row.table.where else ""
        return (
            f"(SELECT {row.alias}.* FROM {source}{where} ORDER BY {order}{self.dialect.page(newest, skip)}) {row.alias}"
        )

    def _where(self, row: _Row, query: Query | Summary, link: _Link | None) -> str:
        terms = [row.sql(row.table.where)] if row.table.where else []
        terms += [] if link is None else link.conditions(row)
        if query.where is not None:
            terms.append(self._condition(row, query.where))
        if isinstance(query, Query) and query.after is not None:
            terms.append(self._after(row, query))
        if query.without_deleted and row.table.flow_run:
            terms.append(f"{row.sql(row.table.flow_run)} NOT IN ({self._deleted})")
        return f" WHERE {' AND '.join(terms)}" if terms else ""

    @property
    def _deleted(self) -> str:
        """Return a query of the keys of executions that were deleted; there is an index of them."""
        return f"SELECT key FROM flow_run WHERE {self.dialect.key_text('extra', 'deleted')} IS NOT NULL"

    def _page(self, query: Query | Summary) -> str:
        most = None if query.limit is None else natural("limit", query.limit)
        if isinstance(query, Query) and query.is_single:
            most = 1 if most is None else min(most, 1)
        limit = None if most is None else self.bind(most)
        offset = self.bind(natural("offset", query.offset)) if query.offset else None
        return self.dialect.page(limit, offset)

    # ---- order

    def _order(self, row: _Row, query: Query | Summary) -> list[str]:
        first = [Order(name) for name in query.distinct_on if all(each.column != name for each in query.order)]
        terms = [term for each in (*first, *query.order) for term in self._order_terms(row, each)]
        is_by_id = any(each.column == "id" and not each.via for each in query.order)
        return terms if is_by_id else [*terms, *(row.sql(key) for key in row.table.key)]

    def _order_terms(self, row: _Row, order: Order) -> list[str]:
        keys, is_required = self._sort_keys(row, order)
        direction = " DESC" if order.is_descending else ""
        nulls = "" if is_required else f" NULLS {'LAST' if order.has_nulls_last else 'FIRST'}"
        return [f"{key}{direction}{nulls}" for key in keys]

    def _sort_keys(self, row: _Row, order: Order) -> tuple[list[str], bool]:
        """Return the SQL that a term of the order compares, and whether it is never null; ids stand as they were created."""
        if not order.via and order.column == "id":
            return [row.sql(key) for key in row.table.key], True
        if not order.via:
            column = row.column(order.column)
            return [row.sql(key) for key in column.sorted_by(self.dialect)], row.entity.columns[
                order.column
            ].is_required
        relation = row.entity.relation(order.via[0])
        if relation.is_list:
            raise QueryError(f"{row.entity.name}.{relation.name} is a list: order by what there is one of.")
        other = self._row(relation.entity)
        keys, _ = self._sort_keys(other, Order(order.column, via=order.via[1:]))
        terms = [*_Link(row, relation.name).conditions(other), *filter(None, [other.sql(other.table.where)])]
        source = f"FROM {other.sql(other.table.source)} WHERE {' AND '.join(terms)}"
        return [f"(SELECT {key} {source})" for key in keys], False

    def _after(self, row: _Row, query: Query) -> str:
        """Return the condition for what follows the row of an id in the order of the query."""
        last = self._row(query.entity)
        identity = row.column("id").compare("eq", wanted(row.entity, Compare("id", "eq", query.after)), self)
        where = " AND ".join([*filter(None, [last.sql(last.table.where)]), last.sql(identity)])
        source = f"FROM {last.sql(last.table.source)} WHERE {where}"
        steps: list[str] = []
        equal: list[str] = []
        for mine, theirs, order, is_required in self._compared(row, last, query):
            held = f"(SELECT {theirs} {source})"
            sign = "<" if order.is_descending else ">"
            beyond = f"{mine} {sign} {held}"
            if not is_required:
                into_nulls = f"({mine} IS NULL AND {held} IS NOT NULL)"
                out_of_nulls = f"({mine} IS NOT NULL AND {held} IS NULL)"
                beyond = f"({beyond} OR {into_nulls if order.has_nulls_last else out_of_nulls})"
            steps.append(f"({' AND '.join([*equal, beyond])})")
            equal.append(self.dialect.is_same(mine, held))
        return f"({' OR '.join(steps)})"

    def _compared(self, row: _Row, last: _Row, query: Query) -> list[tuple[str, str, Order, bool]]:
        found: list[tuple[str, str, Order, bool]] = []
        for order in query.order:
            mine, is_required = self._sort_keys(row, order)
            theirs, _ = self._sort_keys(last, order)
            found += [(one, other, order, is_required) for one, other in zip(mine, theirs, strict=True)]
        found += [(row.sql(key), last.sql(key), Order("id"), True) for key in row.table.key]
        return found

    # ---- conditions

    def _condition(self, row: _Row, condition: Condition) -> str:
        if isinstance(condition, Compare):
            value = wanted(row.entity, condition)
            return row.sql(row.column(condition.column).compare(condition.operator, value, self))
        if isinstance(condition, Not):
            return f"NOT ({self._condition(row, condition.part)})"
        if isinstance(condition, Exists):
            return self._exists(row, condition)
        if not condition.parts:
            return self.dialect.true if isinstance(condition, And) else self.dialect.false
        word = " AND " if isinstance(condition, And) else " OR "
        return f"({word.join(self._condition(row, part) for part in condition.parts)})"

    def _exists(self, row: _Row, condition: Exists) -> str:
        relation = row.entity.relation(condition.relation)
        other = self._row(relation.entity)
        links = row.table.links[relation.name]
        terms = [other.sql(other.table.where)] if other.table.where else []
        if condition.where is not None:
            terms.append(self._condition(other, condition.where))
        if len(links) == 1 and "@" in links[0][1] and "(" not in links[0][1]:
            # As a list that is made once, so that an index finds the rows that are on it.
            theirs, mine = other.sql(links[0][0].replace("#", "@")), row.sql(links[0][1])
            where = f" WHERE {' AND '.join(terms)}" if terms else ""
            return f"{mine} IN (SELECT {theirs} FROM {other.sql(other.table.source)}{where})"
        terms = [*_Link(row, relation.name).conditions(other), *terms]
        return f"EXISTS (SELECT 1 FROM {other.sql(other.table.source)} WHERE {' AND '.join(terms)})"

    # ---- summaries

    def _summary(self, query: Summary, link: _Link | None) -> str:
        row = self._row(query.entity)
        if query.limit is not None or query.offset or query.distinct_on:
            source = f"FROM (SELECT {row.alias}.* {self._source(row, query, link)}) {row.alias}"
        else:
            source = f"FROM {self._table(row, query)}{self._where(row, query, link)}"
        making = f"SELECT {self._summary_object(row, query, query.fields, link)} AS o {source}"
        if not query.group_by:
            return f"({making})"
        groups = [sql for name in query.group_by for sql in self._groups(row, name)]
        order = [term for name in query.group_by for term in self._order_terms(row, Order(name))]
        grouped = f"({making} GROUP BY {','.join(groups)} ORDER BY {','.join(order)}) listed"
        return self.dialect.list_of("listed.o", grouped)

    def _groups(self, row: _Row, name: str) -> list[str]:
        """Return what rows are grouped by for a column; a strict database wants what is shown and ordered by among it."""
        column = row.column(name)
        found = [*column.grouped_by(self.dialect)]
        if self.dialect.is_strict_about_groups and column.type != "json":
            found += [*column.sorted_by(self.dialect), column.shown(self.dialect)]
        return [row.sql(sql) for sql in found]

    def _summary_object(self, row: _Row, query: Summary, fields: Sequence[SummaryField], link: _Link | None) -> str:
        return self.dialect.object([(_word(each.key), self._summary_field(row, query, each, link)) for each in fields])

    def _summary_field(self, row: _Row, query: Summary, field: SummaryField, link: _Link | None) -> str:
        if isinstance(field, Fixed):
            return f"'{_word(field.text)}'"
        if isinstance(field, Nested):
            return self._summary_object(row, query, field.fields, link)
        if isinstance(field, Aggregate):
            return row.sql(self._aggregate(row, field))
        if isinstance(field, Value):
            if field.column not in query.group_by:
                raise QueryError(f"{field.column} is no column of group_by.")
            return self._value(row, field)
        if query.group_by:
            raise QueryError("A summary with group_by has no nodes.")
        limit = min((each for each in (query.limit, field.limit) if each is not None), default=None)
        which = query.where, query.order, limit, query.offset
        nodes = Query(query.entity, field.fields, *which, distinct_on=query.distinct_on)
        return self.dialect.embedded(self._rows(nodes, link))

    def _aggregate(self, row: _Row, field: Aggregate) -> str:
        expressions = [row.column(name) for name in field.columns]
        if field.function == "count":
            return self._count(expressions, is_distinct=field.is_distinct)
        if len(expressions) != 1:
            raise QueryError(f"{field.function} is of one column.")
        expression = expressions[0]
        allowed = COMPARABLE if field.function in {"min", "max"} else SUMMABLE
        if expression.type not in allowed:
            raise QueryError(f"{row.entity.name}.{field.columns[0]} is {expression.type}: it has no {field.function}.")
        raw = expression.sorted_by(self.dialect)[0]
        if field.function == "percentile":
            sql = self.dialect.percentile(raw, self.bind(fraction_of(field.fraction)))
        elif field.function == "avg":
            sql = self.dialect.average(raw)
        else:
            sql = f"{field.function}({raw})"
        if expression.type == "duration":
            sql = self.dialect.whole(sql)
        return shown(expression.type, sql, self.dialect)

    def _count(self, expressions: list[Expression], *, is_distinct: bool) -> str:
        if not expressions:
            return "count(*)"
        given = [each.sorted_by(self.dialect)[0] for each in expressions]
        parts = [part for each in expressions for part in each.grouped_by(self.dialect)]
        value = self.dialect.tuple(parts) if is_distinct else "1"
        distinct = "DISTINCT " if is_distinct else ""
        return f"count({distinct}CASE WHEN {' AND '.join(f'{each} IS NOT NULL' for each in given)} THEN {value} END)"


class _Link(NamedTuple):
    """The relation that leads from a row to others."""

    row: _Row
    relation: str

    def conditions(self, other: _Row) -> list[str]:
        links = self.row.table.links[self.relation]
        return [f"{theirs.replace('#', other.alias)} = {self.row.sql(mine)}" for theirs, mine in links]


def _word(name: str) -> str:
    """Return a name that may stand in a statement; raises `QueryError` for any other."""
    if _WORD.fullmatch(name) is None:
        raise QueryError(f"{name!r} is no name: letters, digits and underscores make one.")
    return name
