"""Dialect: the fragments of queries as PostgreSQL writes them. JSON is text on the record, and read as `jsonb` here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.stores.sql.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

_C = 'COLLATE "C"'


class PostgresDialect(Dialect):
    """PostgreSQL's."""

    is_strict_about_groups = True
    true = "TRUE"
    false = "FALSE"
    large = "CAST({sql} AS bigint)"
    no_uuid = "CAST(NULL AS bytea)"

    # ---- values

    def written_bytes(self, value: bytes) -> str:
        """Return bytes as the database reads them in a statement."""
        return f"'\\x{value.hex()}'::bytea"

    def edges(self) -> str:
        """Return the edges of all flows as a source of rows: `flow`, `idx` and the `value` of each."""
        return (
            "(SELECT w.key AS flow, j.place - 1 AS idx, CAST(j.value AS text) AS value FROM flow w"
            " CROSS JOIN LATERAL json_array_elements(CAST(w.edges AS json)) WITH ORDINALITY AS j (value, place)) @"
        )

    def literal_uuid(self, value: UUID) -> str:
        """Return an id of our own as SQL."""
        return f"decode('{value.hex}','hex')"

    # ---- texts

    def uuid_text(self, sql: str) -> str:
        """Return the text of a stored id."""
        return _uuid(f"encode({sql},'hex')")

    def id_text(self, prefix: str, suffix: str) -> str:
        """Return the text of an id that has the first 80 bits of a stored one and these last 48 bits."""
        return _uuid(f"left(encode({prefix},'hex'),20)||lpad(to_hex(CAST({suffix} AS bigint)),12,'0')")

    def time_text(self, sql: str) -> str:
        """Return the ISO text of a time, in microseconds."""
        moment = f"timestamp 'epoch'+({sql}/1000)*interval '1 microsecond'"
        return f"(to_char({moment},'YYYY-MM-DD\"T\"HH24:MI:SS.US')||'+00:00')"

    def duration_text(self, sql: str) -> str:
        """Return `HH:MM:SS.ffffff` for nanoseconds."""
        seconds = f"abs({sql}/1000000000)"
        parts = (f"{seconds}/3600", f"mod({seconds}/60,60)", f"mod({seconds},60)")
        clock = "||':'||".join(f"to_char({part},'FM9999999900')" for part in parts)
        micro = f"to_char(abs(mod({sql},1000000000))/1000,'FM000000')"
        return f"(CASE WHEN {sql}<0 THEN '-' ELSE '' END||{clock}||'.'||{micro})"

    def quotient(self, sql: str, divisor: int) -> str:
        """Return a number divided, with decimals."""
        return f"(CAST({sql} AS double precision)/{divisor})"

    def whole(self, sql: str) -> str:
        """Return a number without its decimals."""
        return f"CAST(trunc(CAST({sql} AS numeric)) AS bigint)"

    def exists(self, source: str, where: str) -> str:
        """Return whether there is a row, as the columns of the record hold a truth."""
        return f"CASE WHEN EXISTS (SELECT 1 FROM {source} WHERE {where}) THEN 1 ELSE 0 END"

    # ---- JSON

    def object(self, pairs: Sequence[tuple[str, str]]) -> str:
        """Return a JSON object; keys are plain words that need no escaping."""
        parts = ",".join(f"'{key}',{sql}" for key, sql in pairs)
        return f"json_build_object({parts})"

    def with_pairs(self, sql: str, pairs: Sequence[tuple[str, str]]) -> str:
        """Return a JSON object with more in it."""
        parts = ",".join(f"'{key}',{value}" for key, value in pairs)
        return f"(jsonb_build_object({parts})||{_jsonb(f'CAST({sql} AS text)')})"

    def embedded(self, sql: str) -> str:
        """Return JSON text so that an object or list takes it as JSON."""
        return f"CAST({sql} AS json)"

    def json_text(self, sql: str) -> str:
        """Return JSON as the type that columns of JSON text have."""
        return f"CAST({sql} AS text)"

    def boolean(self, sql: str) -> str:
        """Return a stored truth as JSON."""
        return f"CASE {sql} WHEN 1 THEN TRUE WHEN 0 THEN FALSE END"

    def json_at(self, sql: str, path: str) -> str:
        """Return the JSON at a bound path; null when there is none."""
        return f"jsonb_extract_path({_jsonb(sql)},VARIADIC CAST({path} AS text[]))"

    def bound_path(self, path: Sequence[str | int]) -> Any:
        """Return a path as `json_at` takes it."""
        return [str(key) for key in path]

    def key_json(self, sql: str, *path: str | int) -> str:
        """Return the JSON text under keys of our own; null for a JSON null."""
        return f"nullif(CAST(jsonb_extract_path({_jsonb(sql)},{_path(path)}) AS text),'null')"

    def key_text(self, sql: str, *path: str | int) -> str:
        """Return the text under keys of our own; null for a JSON null."""
        return f"jsonb_extract_path_text({_jsonb(sql)},{_path(path)})"

    def key_number(self, sql: str, *path: str | int) -> str:
        """Return the number under keys of our own."""
        return f"CAST({self.key_text(sql, *path)} AS double precision)"

    def key_integer(self, sql: str, *path: str | int) -> str:
        """Return the whole number under keys of our own."""
        return f"CAST({self.key_text(sql, *path)} AS bigint)"

    def key_truth(self, sql: str, *path: str | int) -> str:
        """Return a truth under keys of our own as the columns of the record hold it; null when there is none."""
        return f"CASE {self.key_text(sql, *path)} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"

    def matches(self, sql: str, operator: str, value: str) -> str:
        """Return whether JSON fulfils an operator for JSON; null for null."""
        one, other = _jsonb(sql), _jsonb(value)
        keys = f"ARRAY(SELECT jsonb_array_elements_text({other}))"
        return {
            "eq": f"({one}={other})",
            "contains": f"jsonb_contains({one},{other})",  # the operators have the sign that stands for a row
            "contained_in": f"jsonb_contained({one},{other})",
            "has_key": f"jsonb_exists({one},(SELECT jsonb_array_elements_text(jsonb_build_array({other}))))",
            "has_keys_any": f"jsonb_exists_any({one},{keys})",
            "has_keys_all": f"jsonb_exists_all({one},{keys})",
        }[operator]

    def list_with(self, sql: str, more: str) -> str:
        """Return a stored JSON list with the texts of the rows of `more` after it, as the record holds JSON."""
        return f"CAST({_jsonb(sql)}||to_jsonb(ARRAY({more})) AS text)"

    def list_of(self, sql: str, source: str) -> str:
        """Return a JSON list of what `sql` makes of each row of a source, in its order."""
        return f"(SELECT coalesce(json_agg({sql}),'[]') FROM {source})"

    # ---- conditions and numbers

    def like(self, sql: str, value: str, *, ignores_case: bool) -> str:
        """Return whether text fits a bound pattern."""
        return f"{sql} {'I' if ignores_case else ''}LIKE {value}"

    def bound_pattern(self, pattern: str, *, ignores_case: bool) -> Any:
        """Return a pattern as `like` takes it: it cannot end in a backslash that stands before nothing."""
        marks = len(pattern) - len(pattern.rstrip("\\"))
        return pattern + "\\" if marks % 2 else pattern

    def collated(self, sql: str) -> str:
        """Return text that is ordered by its characters, not as a language orders it."""
        return f"{sql} {_C}"

    def average(self, sql: str) -> str:
        """Return the average of numbers, with decimals."""
        return f"avg(CAST({sql} AS double precision))"

    def is_same(self, one: str, other: str) -> str:
        """Return whether two values are equal, or both null."""
        return f"{one} IS NOT DISTINCT FROM {other}"

    def tuple(self, parts: Sequence[str]) -> str:
        """Return one value that is equal where all parts are."""
        return parts[0] if len(parts) == 1 else f"ROW({','.join(parts)})"

    def percentile(self, sql: str, fraction: str) -> str:
        """Return the least value that a fraction of the values do not exceed."""
        return f"percentile_disc(CAST({fraction} AS double precision)) WITHIN GROUP (ORDER BY {sql})"

    def page(self, limit: str | None, offset: str | None) -> str:
        """Return the clause that takes some rows of many."""
        return ("" if limit is None else f" LIMIT {limit}") + ("" if offset is None else f" OFFSET {offset}")


def _uuid(digits: str) -> str:
    return f"(CAST(CAST({digits} AS uuid) AS text) {_C})"


def _jsonb(sql: str) -> str:
    """Return JSON text as what can be looked into; it has no null characters."""
    return f"CAST(replace({sql},'\\u0000','\\ufffd') AS jsonb)"


def _path(path: Sequence[str | int]) -> str:
    return ",".join(f"'{key}'" for key in path)
