"""Expressions: a column of an entity in SQL: how it is shown in JSON, ordered by, grouped by and compared.

Comparisons are written so that the indexes of the record serve them. `@` in SQL stands for the alias of the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import UUID

from runwright.stores.query_values import LISTS, MICROSECOND, OF_JSON, ORDERED, PATTERNS, fits
from runwright.stores.texts import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runwright.entities import Type
    from runwright.stores.sql.dialect import Dialect

_SIGNS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_SUFFIX = (1 << 48) - 1


class Binding(Protocol):
    """A statement in the making: it takes values and gives what stands for them."""

    dialect: Dialect

    def bind(self, value: Any) -> str:
        """Return the placeholder of a value."""
        ...


class Expression:
    """The ways of a column; `raw` is what the database compares and orders by."""

    def __init__(self, type_: Type, raw: str) -> None:
        """Hold the SQL of the raw value."""
        self.type: Type = type_
        self.raw = raw

    def shown(self, dialect: Dialect) -> str:
        """Return what a JSON object takes as the column's value."""
        return shown(self.type, self.raw, dialect)

    def sorted_by(self, dialect: Dialect) -> tuple[str, ...]:
        """Return what orders rows by the column."""
        return (dialect.collated(self.raw) if self.type == "text" else self.raw,)

    def grouped_by(self, dialect: Dialect) -> tuple[str, ...]:
        """Return what tells the column's values apart, in the order that groups come in."""
        return (self.raw,)

    def compare(self, operator: str, value: Any, to: Binding) -> str:
        """Return the condition for a value of `runwright.stores.query_values`."""
        raise NotImplementedError


class Plain(Expression):
    """A value that is stored as it is, times and durations in nanoseconds."""

    def compare(self, operator: str, value: Any, to: Binding) -> str:
        """Return the condition for a value of `runwright.stores.query_values`."""
        if operator == "is_null":
            return f"{self.raw} IS {'' if value else 'NOT '}NULL"
        if operator in OF_JSON or self.type == "json":
            return self._json(operator, value, to)
        if operator in PATTERNS:
            return self._like(operator, value, to)
        if operator in LISTS:
            return self._in(operator, value, to)
        if self.type in {"time", "duration"}:
            return self._moment(operator, value, to)
        is_ordered_text = self.type == "text" and operator in ORDERED
        raw = to.dialect.collated(self.raw) if is_ordered_text else self.raw
        return f"{raw} {_SIGNS[operator]} {self._bound(value, to)}"

    def _bound(self, value: Any, to: Binding) -> str:
        ways = {"boolean": to.dialect.bound_boolean, "uuid": to.dialect.bound_uuid}
        return to.bind(ways[self.type](value) if self.type in ways else value)

    def _json(self, operator: str, value: Any, to: Binding) -> str:
        no = "NOT " if operator == "neq" else ""
        return no + to.dialect.matches(self.raw, "eq" if no else operator, to.bind(to_json(value)))

    def _like(self, operator: str, value: str, to: Binding) -> str:
        ignores_case = operator.endswith("ilike")
        pattern = to.bind(to.dialect.bound_pattern(value, ignores_case=ignores_case))
        condition = to.dialect.like(self.raw, pattern, ignores_case=ignores_case)
        return f"NOT ({condition})" if operator.startswith("n") else condition

    def _in(self, operator: str, values: Sequence[Any], to: Binding) -> str:
        no = "NOT " if operator == "nin" else ""
        if self.type in {"time", "duration"}:
            found = " OR ".join(self._moment("eq", value, to) for value in values)
            return f"{no}({found or never(to, self.raw)})"
        listed = ",".join(self._bound(value, to) for value in values)
        return f"{no}{self.raw} IN ({listed})" if listed else no + never(to, self.raw)

    def _moment(self, operator: str, value: int, to: Binding) -> str:
        """Compare whole microseconds, leaving the column alone so that an index serves."""
        first, last = value, value + MICROSECOND - 1
        if operator in {"eq", "neq"}:
            no = "NOT " if operator == "neq" else ""
            return f"{self.raw} {no}BETWEEN {to.bind(first)} AND {to.bind(last)}"
        bound = first if operator in {"gte", "lt"} else last
        return f"{self.raw} {_SIGNS[operator]} {to.bind(bound)}"


class Coded(Expression):
    """A word that is stored as a code, from a closed list; several codes may mean the same word.

    `left_out` is the code that the index of the column has no rows of.
    """

    def __init__(self, raw: str, words: dict[int, str], left_out: int | None = None) -> None:
        """Hold what each code means."""
        super().__init__("text", raw)
        self._words = words
        self._left_out = left_out

    def shown(self, dialect: Dialect) -> str:
        """Return what a JSON object takes as the column's value."""
        cases = " ".join(f"WHEN {code} THEN '{word}'" for code, word in self._words.items())
        return f"CASE {self.raw} {cases} END"

    def sorted_by(self, dialect: Dialect) -> tuple[str, ...]:
        """Return what orders rows by the column."""
        return (dialect.collated(f"({self.shown(dialect)})"),)

    def grouped_by(self, dialect: Dialect) -> tuple[str, ...]:
        """Return what tells the column's values apart."""
        if len(set(self._words.values())) == len(self._words):
            return (self.raw,)
        first = {word: code for code, word in reversed(self._words.items())}
        cases = " ".join(f"WHEN {code} THEN {first[word]}" for code, word in self._words.items())
        return (f"CASE {self.raw} {cases} END",)

    def compare(self, operator: str, value: Any, to: Binding) -> str:
        """Return the condition for a value of `runwright.stores.query_values`."""
        if operator == "is_null":
            return to.dialect.false if value else to.dialect.true
        codes = [code for code, word in self._words.items() if fits(word, operator, value)]
        condition = is_among(self.raw, codes, to)
        if self._left_out is None or self._left_out in codes:
            return condition
        return f"({condition} AND {self.raw} <> {self._left_out})"  # says so to the planner, which knows no values


class Part(NamedTuple):
    """Some bits at the end of an id: a column plus an offset, moved to the left."""

    sql: str
    shift: int
    bits: int
    offset: int = 0


class Identity(Expression):
    """An id that is stored in another table, or made of the first 80 bits of one and small numbers.

    `holder` is the table that has the stored id, `key` the SQL of its key there; `own` is the SQL of the stored id where the
    row itself has it. `given` is the SQL that says whether the id is there at all.
    """

    def __init__(
        self, holder: str, key: str, parts: tuple[Part, ...] = (), *, own: str | None = None, given: str | None = None
    ) -> None:
        """Hold where the id comes from."""
        super().__init__("uuid", own or f"(SELECT id FROM {holder} WHERE key = {key})")
        self._holder = holder
        self._own = own
        self._key = key
        self._parts = parts
        self._given = given

    def shown(self, dialect: Dialect) -> str:
        """Return what a JSON object takes as the column's value."""
        stored = self._own or "id"
        text = dialect.id_text(stored, self._suffix(dialect)) if self._parts else dialect.uuid_text(stored)
        if self._own is None:
            text = f"(SELECT {text} FROM {self._holder} WHERE key = {self._key})"
        return self._only_given(text)

    def _suffix(self, dialect: Dialect) -> str:
        numbers = (f"(({dialect.large.format(sql=part.sql)}+{part.offset})<<{part.shift})" for part in self._parts)
        return "+".join(numbers)

    def sorted_by(self, dialect: Dialect) -> tuple[str, ...]:
        """Return what orders rows by the column."""
        if self._is_indirect(dialect):
            return (self.shown(dialect),)
        return (self._only_given(self.raw), *(self._only_given(part.sql) for part in self._parts))

    def grouped_by(self, dialect: Dialect) -> tuple[str, ...]:
        """Return what tells the column's values apart."""
        if self._is_indirect(dialect):
            return (self.shown(dialect),)
        return (self._only_given(self._key), *(self._only_given(part.sql) for part in self._parts))

    def _is_indirect(self, dialect: Dialect) -> bool:
        """Say whether only the whole text can be grouped by: the key is looked up, and the database is strict about groups."""
        return dialect.is_strict_about_groups and "SELECT" in self._key

    def compare(self, operator: str, value: Any, to: Binding) -> str:
        """Return the condition for a value of `runwright.stores.query_values`."""
        if operator == "is_null":
            missing = f"NOT ({self._given})" if self._given else f"{self.raw} IS NULL"
            return missing if value else f"NOT ({missing})"
        if operator in ORDERED:
            return f"{self.shown(to.dialect)} {_SIGNS[operator]} {to.bind(str(value))}"
        is_in = self._is_one_of(value if operator in LISTS else (value,), to)
        condition = f"NOT ({is_in})" if operator in {"neq", "nin"} else is_in
        return condition if self._given is None else f"CASE WHEN {self._given} THEN {condition} END"

    def _only_given(self, sql: str) -> str:
        return sql if self._given is None else f"CASE WHEN {self._given} THEN {sql} END"

    def _is_one_of(self, ids: Iterable[UUID], to: Binding) -> str:
        """Return an index's condition: one lookup for each holder, with all numbers in it."""
        if not self._parts:
            return f"{self._key} IN ({self._lookup(list(ids), to)})"
        by_holder: dict[int, list[list[int]]] = {}
        for each in ids:
            numbers = self._numbers(each.int & _SUFFIX)
            if numbers is not None:
                by_holder.setdefault(each.int >> 48, []).append(numbers)
        found = [
            f"({self._key} = {self._prefix_lookup(prefix, to)} AND {self._has_numbers(rows, to)})"
            for prefix, rows in by_holder.items()
        ]
        return f"({' OR '.join(found)})" if found else to.dialect.false

    def _lookup(self, ids: list[UUID], to: Binding) -> str:
        listed = ",".join(to.bind(to.dialect.bound_uuid(each)) for each in ids) or "NULL"
        return f"SELECT key FROM {self._holder} WHERE id IN ({listed})"

    def _prefix_lookup(self, prefix: int, to: Binding) -> str:
        low, high = (to.bind(to.dialect.bound_uuid(UUID(int=prefix << 48 | last))) for last in (0, _SUFFIX))
        return f"coalesce((SELECT key FROM {self._holder} WHERE id BETWEEN {low} AND {high}),0)"

    def _numbers(self, suffix: int) -> list[int] | None:
        """Return the numbers that the last bits of an id are made of; None when no row can have them."""
        numbers, rest = [], suffix
        for part in self._parts:
            number = rest >> part.shift & (1 << part.bits) - 1
            rest -= number << part.shift
            numbers.append(number - part.offset)
        return None if rest else numbers

    def _has_numbers(self, rows: list[list[int]], to: Binding) -> str:
        if len(self._parts) == 1:
            return is_among(self._parts[0].sql, [row[0] for row in rows], to)
        each = (
            " AND ".join(f"{part.sql} = {to.bind(number)}" for part, number in zip(self._parts, row, strict=True))
            for row in rows
        )
        return f"({' OR '.join(f'({one})' for one in each)})"


def shown(type_: Type, raw: str, dialect: Dialect) -> str:
    """Return what a JSON object takes for a raw value of a type."""
    ways = {
        "time": dialect.time_text,
        "duration": dialect.duration_text,
        "boolean": dialect.boolean,
        "json": dialect.embedded,
        "uuid": dialect.uuid_text,
    }
    return ways[type_](raw) if type_ in ways else raw


def is_among(raw: str, values: Iterable[Any], to: Binding) -> str:
    """Return whether something is one of the values; null for null, also with no values."""
    listed = ",".join(to.bind(value) for value in values)
    return f"{raw} IN ({listed})" if listed else never(to, raw)


def never(to: Binding, raw: str) -> str:
    """Return what is false, and null for null."""
    return f"(CASE WHEN {raw} IS NOT NULL THEN {to.dialect.false} END)"
