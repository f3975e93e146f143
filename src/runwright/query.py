"""Query: a question about the rows of a record, as an immutable value that every store answers with JSON.

rows = Query("task_run", columns("id", "state"), where=Compare("state", "eq", "Failed"), limit=50)
text = store.query(rows)                                        # '[{"id":"...","state":"Failed"}, ...]'

What may be asked for is the table of `runwright.entities`. A query knows neither SQL nor GraphQL; both are made from it or
into it elsewhere.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from runwright.entities import entity_named
from runwright.errors import QueryError

Operator = Literal[
    "eq", "neq", "in", "nin", "gt", "gte", "lt", "lte", "like", "nlike", "ilike", "nilike", "is_null",
    "contains", "contained_in", "has_key", "has_keys_any", "has_keys_all",
]  # fmt: skip
Function = Literal["count", "sum", "avg", "min", "max", "percentile"]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a query."""


# ---------------------------------------------------------------------------------------------------------- conditions


class Compare(_Part, frozen=True, tag="compare"):
    """A column compared with a value. A null column fulfils no comparison but `is_null`, whose value is True or False.

    `in` and `nin` take sequences. Times are ISO text, datetimes or nanoseconds since 1970, durations seconds or
    `HH:MM:SS.ffffff`, ids UUIDs or their text. In patterns `%` is any text and `_` one character; `ilike` takes small and
    capital ASCII letters for the same. `contains` and the key operators are for JSON columns.
    """

    column: str
    operator: Operator
    value: Any


class And(_Part, frozen=True, tag="and"):
    """All of them; with none, always."""

    parts: tuple[Condition, ...] = ()


class Or(_Part, frozen=True, tag="or"):
    """At least one of them; with none, never."""

    parts: tuple[Condition, ...] = ()


class Not(_Part, frozen=True, tag="not"):
    """The opposite."""

    part: Condition


class Exists(_Part, frozen=True, tag="exists"):
    """A related row fulfils a condition (None: is there)."""

    relation: str
    where: Condition | None = None


Condition = Compare | And | Or | Not | Exists


def all_of(*parts: Condition | None) -> Condition | None:
    """Return the conjunction of what is a condition."""
    given = tuple(part for part in parts if part is not None)
    return given[0] if len(given) == 1 else And(given) if given else None


def speaks_of(condition: Condition | None, column: str) -> bool:
    """Say whether a condition compares a column of that name, of the rows themselves or of related ones."""
    if isinstance(condition, And | Or):
        return any(speaks_of(part, column) for part in condition.parts)
    if isinstance(condition, Not):
        return speaks_of(condition.part, column)
    if isinstance(condition, Exists):
        return speaks_of(condition.where, column)
    return condition is not None and condition.column == column


# --------------------------------------------------------------------------------------------------- what is answered


class Value(_Part, frozen=True, tag="value"):
    """A column, under its own name or `name`; `path` leads into a JSON column by keys and indices."""

    column: str
    name: str = ""
    path: tuple[str | int, ...] = ()

    @property
    def key(self) -> str:
        """Return the name in the answer."""
        return self.name or self.column


class Fixed(_Part, frozen=True, tag="fixed"):
    """A text that is the same in every row."""

    name: str
    text: str

    @property
    def key(self) -> str:
        """Return the name in the answer."""
        return self.name


class Related(_Part, frozen=True, tag="related"):
    """The related row, or a list of them; a `Summary` of them makes one object. `query.entity` is the relation's."""

    relation: str
    query: Query | Summary
    name: str = ""

    @property
    def key(self) -> str:
        """Return the name in the answer."""
        return self.name or self.relation


class Aggregate(_Part, frozen=True, tag="aggregate"):
    """A number about many rows; null where there is none. Rows whose column is null do not count.

    `count` without `columns` counts rows, with `columns` those where none of them is null, each combination once if
    `is_distinct`. `percentile` gives the least value that `fraction` of the values do not exceed. `sum`, `avg` and
    `percentile` are for numbers and durations.
    """

    name: str
    function: Function
    columns: tuple[str, ...] = ()
    is_distinct: bool = False
    fraction: float | None = None

    @property
    def key(self) -> str:
        """Return the name in the answer."""
        return self.name


class Nested(_Part, frozen=True, tag="nested"):
    """An object inside the answer of a summary."""

    name: str
    fields: tuple[SummaryField, ...]

    @property
    def key(self) -> str:
        """Return the name in the answer."""
        return self.name


class Nodes(_Part, frozen=True, tag="nodes"):
    """The rows that a summary is about, at most `limit` of them, inside its answer; not together with `group_by`."""

    name: str
    fields: tuple[Field, ...]
    limit: int | None = None

    @property
    def key(self) -> str:
        """Return the name in the answer."""
        return self.name


Field = Value | Fixed | Related
SummaryField = Value | Fixed | Aggregate | Nested | Nodes


def columns(*names: str) -> tuple[Value, ...]:
    """Return columns under their own names."""
    return tuple(Value(name) for name in names)


class Order(_Part, frozen=True):
    """By a column, or by one of a related row, to which `via` names the relations; by `id` means in the order of creation.

    None for `nulls`: last, first if descending.
    """

    column: str
    is_descending: bool = False
    nulls: Literal["first", "last"] | None = None
    via: tuple[str, ...] = ()

    @property
    def has_nulls_last(self) -> bool:
        """Say where nulls stand."""
        return not self.is_descending if self.nulls is None else self.nulls == "last"


# -------------------------------------------------------------------------------------------------------------- queries


class Among(_Part, frozen=True):
    """Only so many rows of the entity are looked at: the `newest` of those that are left when as many as `skip` are left out.

    It bounds what a query costs that no index serves: whatever it asks for, no other row is read.
    """

    newest: int
    skip: int = 0


class Query(_Part, frozen=True, tag="rows"):
    """Rows of an entity: a list of objects, or with `is_single` the first one, null when there is none.

    Rows that `order` does not tell apart come in the order they were created. `after` is the id of the last row of the page
    before: what follows it as it is now. `distinct_on` keeps the first row of each combination of values, and orders by them
    first where `order` does not name them; it goes with `offset`, not with `after`. `among` says which rows are looked at,
    `without_deleted` leaves out what belongs to executions that were deleted.
    """

    entity: str
    fields: tuple[Field, ...]
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    after: str | None = None
    distinct_on: tuple[str, ...] = ()
    is_single: bool = False
    among: Among | None = None
    without_deleted: bool = False

    def __post_init__(self) -> None:
        """Raise `QueryError` for an unknown entity, and for `after` together with `distinct_on`."""
        entity_named(self.entity)
        if self.after is not None and self.distinct_on:
            raise QueryError("`after` does not go with `distinct_on`: use `offset`.")


class Summary(_Part, frozen=True, tag="summary"):
    """Numbers about rows of an entity: one object; with `group_by` a list, one object for each combination of values.

    A `Value` in `fields` is a column of `group_by`. Groups come in the order of `group_by`. `where`, `order`, `limit`,
    `offset`, `distinct_on` and `without_deleted` say which rows are meant, `among` which are looked at.
    """

    entity: str
    fields: tuple[SummaryField, ...]
    where: Condition | None = None
    group_by: tuple[str, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    distinct_on: tuple[str, ...] = ()
    among: Among | None = None
    without_deleted: bool = False

    def __post_init__(self) -> None:
        """Raise `QueryError` for an unknown entity."""
        entity_named(self.entity)
