"""Dialect: the fragments of SQL that databases write differently, as SQLite writes them.

Another database overrides what it must. Every argument named `sql` is SQL; nothing that a user gave is ever part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

_GLOB_MARKS = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}


class Dialect:
    """SQLite's."""

    is_strict_about_groups = False
    """Whether what a group shows must be one of the expressions that it is made by."""
    true = "1"
    false = "0"
    large = "{sql}"
    """What turns a number into one that holds 48 bits."""

    stored_false = "0"
    """A truth as the columns of the record hold it."""
    no_uuid = "nullif(x'00',x'00')"
    """A null where an id might be; no constant, by which nothing can be ordered."""

    # ---- values

    def edges(self) -> str:
        """Return the edges of all flows as a source of rows: `flow`, `idx` and the `value` of each."""
        return "(SELECT w.key AS flow, j.key AS idx, j.value AS value FROM flow w, json_each(w.edges) j) @"

    def literal_uuid(self, value: UUID) -> str:
        """Return an id of our own as SQL."""
        return f"x'{value.hex}'"

    def placeholder(self, name: str) -> str:
        """Return what stands for a bound value."""
        return f":{name}"

    def bound_uuid(self, value: UUID) -> Any:
        """Return an id as the database is given it."""
        return value.bytes

    def written_bytes(self, value: bytes) -> str:
        """Return bytes as the database reads them in a statement."""
        return f"x'{value.hex()}'"

    def bound_boolean(self, value: bool) -> Any:  # noqa: FBT001  the value itself
        """Return a truth as the columns of the record hold it."""
        return int(value)

    # ---- texts

    def uuid_text(self, sql: str) -> str:
        """Return the text of a stored id."""
        digits = f"lower(hex({sql}))"
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        text = "||'-'||".join(f"substr({digits},{start},{length})" for start, length in parts)
        return f"nullif({text},'----')"

    def id_text(self, prefix: str, suffix: str) -> str:
        """Return the text of an id that has the first 80 bits of a stored one and these last 48 bits."""
        digits = f"lower(hex({prefix}))"
        parts = ((1, 8), (9, 4), (13, 4), (17, 4))
        start = "||'-'||".join(f"substr({digits},{first},{length})" for first, length in parts)
        return f"{start}||printf('-%012x',{suffix})"

    def time_text(self, sql: str) -> str:
        """Return the ISO text of a time, in microseconds."""
        return (
            f"strftime('%Y-%m-%dT%H:%M:%S',{sql}/1000000000,'unixepoch')||printf('.%06d+00:00',{sql}%1000000000/1000)"
        )

    def duration_text(self, sql: str) -> str:
        """Return `HH:MM:SS.ffffff` for nanoseconds."""
        seconds = f"{sql}/1000000000"
        parts = (
            f"iif({sql}<0,'-',''),abs({seconds})/3600,abs({seconds})/60%60,abs({seconds})%60,abs({sql})%1000000000/1000"
        )
        return f"iif({sql} IS NULL,NULL,printf('%s%02d:%02d:%02d.%06d',{parts}))"

    def quotient(self, sql: str, divisor: int) -> str:
        """Return a number divided, with decimals."""
        return f"({sql}/{divisor}.0)"

    def whole(self, sql: str) -> str:
        """Return a number without its decimals."""
        return f"CAST({sql} AS INTEGER)"

    def text(self, sql: str) -> str:
        """Return anything as text."""
        return f"CAST({sql} AS TEXT)"

    def exists(self, source: str, where: str) -> str:
        """Return whether there is a row, as the columns of the record hold a truth."""
        return f"EXISTS (SELECT 1 FROM {source} WHERE {where})"

    # ---- JSON

    def object(self, pairs: Sequence[tuple[str, str]]) -> str:
        """Return a JSON object; keys are plain words that need no escaping."""
        parts = ",".join(f"'{key}',{sql}" for key, sql in pairs)
        return f"json_object({parts})"

    def with_pairs(self, sql: str, pairs: Sequence[tuple[str, str]]) -> str:
        """Return a JSON object with more in it."""
        parts = ",".join(f"'$.{key}',{value}" for key, value in pairs)
        return f"json_insert({sql},{parts})"

    def embedded(self, sql: str) -> str:
        """Return JSON text so that an object or list takes it as JSON."""
        return f"json({sql})"

    def json_text(self, sql: str) -> str:
        """Return JSON as the type that columns of JSON text have."""
        return sql

    def boolean(self, sql: str) -> str:
        """Return a stored truth as JSON."""
        return f"CASE {sql} WHEN 1 THEN json('true') WHEN 0 THEN json('false') END"

    def json_at(self, sql: str, path: str) -> str:
        """Return the JSON at a bound path; null when there is none."""
        return f"json({sql}->{path})"

    def bound_path(self, path: Sequence[str | int]) -> Any:
        """Return a path as `json_at` takes it."""
        return "$" + "".join(f"[{key}]" if isinstance(key, int) else f'."{key}"' for key in path)

    def key_json(self, sql: str, *path: str | int) -> str:
        """Return the JSON text under keys of our own; null for a JSON null."""
        return f"nullif({sql}->'{self.bound_path(path)}','null')"

    def key_text(self, sql: str, *path: str | int) -> str:
        """Return the text under keys of our own; null for a JSON null."""
        return f"({sql}->>'{self.bound_path(path)}')"

    def key_number(self, sql: str, *path: str | int) -> str:
        """Return the number under keys of our own."""
        return self.key_text(sql, *path)

    def key_integer(self, sql: str, *path: str | int) -> str:
        """Return the whole number under keys of our own."""
        return self.key_text(sql, *path)

    def key_truth(self, sql: str, *path: str | int) -> str:
        """Return a truth under keys of our own as the columns of the record hold it; null when there is none."""
        return self.key_text(sql, *path)

    def matches(self, sql: str, operator: str, value: str) -> str:
        """Return whether JSON fulfils an operator for JSON; null for null."""
        return f"json_matches({sql},'{operator}',{value})"

    def list_with(self, sql: str, more: str) -> str:
        """Return a stored JSON list with the texts of the rows of `more` after it, as the record holds JSON."""
        return f"(SELECT json_group_array(value) FROM (SELECT value FROM json_each({sql}) UNION ALL {more}))"

    def list_of(self, sql: str, source: str) -> str:
        """Return a JSON list of what `sql` makes of each row of a source, in its order."""
        return f"(SELECT coalesce('['||group_concat({sql},',')||']','[]') FROM {source})"

    # ---- conditions and numbers

    def like(self, sql: str, value: str, *, ignores_case: bool) -> str:
        """Return whether text fits a bound pattern."""
        return f"{sql} LIKE {value} ESCAPE '\\'" if ignores_case else f"{sql} GLOB {value}"

    def bound_pattern(self, pattern: str, *, ignores_case: bool) -> Any:
        """Return a pattern as `like` takes it."""
        if ignores_case:
            return pattern
        found: list[str] = []
        letters = iter(pattern)
        for letter in letters:
            literal = next(letters, "\\") if letter == "\\" else None
            if literal is None:
                found.append(_GLOB_MARKS.get(letter, letter))
            else:
                found.append(f"[{literal}]" if literal in "*?[" else literal)
        return "".join(found)

    def collated(self, sql: str) -> str:
        """Return text that is ordered by its characters, not as a language orders it."""
        return sql

    def average(self, sql: str) -> str:
        """Return the average of numbers, with decimals."""
        return f"avg({sql})"

    def is_same(self, one: str, other: str) -> str:
        """Return whether two values are equal, or both null."""
        return f"{one} IS {other}"

    def tuple(self, parts: Sequence[str]) -> str:
        """Return one value that is equal where all parts are."""
        return parts[0] if len(parts) == 1 else "||','||".join(f"quote({part})" for part in parts)

    def percentile(self, sql: str, fraction: str) -> str:
        """Return the least value that a fraction of the values do not exceed."""
        values = f"json_group_array({sql} ORDER BY {sql}) FILTER (WHERE {sql} IS NOT NULL)"
        place = f"max(0,CAST(ceil(count({sql})*{fraction}) AS INTEGER)-1)"
        return f"({values}->>('$['||{place}||']'))"

    def page(self, limit: str | None, offset: str | None) -> str:
        """Return the clause that takes some rows of many."""
        if limit is None and offset is None:
            return ""
        return f" LIMIT {'-1' if limit is None else limit}" + ("" if offset is None else f" OFFSET {offset}")
