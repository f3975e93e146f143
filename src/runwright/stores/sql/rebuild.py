"""Rebuild: all rows again from the log, beside the recorded ones, to compare with them or to take their place.

The new tables are temporary and have the names of the real ones, which they hide from the fold: the same statements that an
append uses write into them. Memory stays flat, because they live in temporary files.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from runwright.errors import IllegalTransition, NotOnRecord, RecordError
from runwright.store import Difference
from runwright.stores.projection import Fold, Rows
from runwright.stores.sql import log, queries, rows_of
from runwright.stores.sql.rows import DERIVED
from runwright.stores.texts import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from runwright.stores.sql import Connection

_CHUNK = 10_000
_MOST_DIFFERENCES = 1_000


class WritableRows(Rows, Protocol):
    """Rows that take what a fold made of them."""

    def put(self, fold: Fold) -> None:
        """Put what a fold made in the place of what was there."""
        ...


def compare(db: Connection, rows: WritableRows, schema: str) -> list[Difference]:
    """Fold the log into `rows`, which are temporary and empty, and return how the recorded ones, in `schema`, differ."""
    keys: dict[UUID, int] = {}
    events = log.read_all(db, keys)
    try:
        while chunk := list(islice(events, _CHUNK)):
            rows.put(Fold(rows, keys=keys).add(chunk))
    except (IllegalTransition, NotOnRecord) as error:
        return [Difference("event", "", str(error), None)]
    return [each for table in DERIVED for each in _differences(db, table, schema)]


def replace(db: Connection, rows: WritableRows, schema: str) -> list[Difference]:
    """Put the fold in the place of the recorded rows and return how they differed; nobody else may write meanwhile."""
    found = compare(db, rows, schema)
    if any(each.table == "event" for each in found):
        raise RecordError(f"The log itself is broken, so its rows are left as they are: {found[0].recorded}")
    sql = queries(db.dialect, "rebuild")
    for table in DERIVED:
        db.execute(sql["empty"].format(table=table, schema=schema))
        db.execute(sql["fill"].format(table=table, schema=schema))
    return found


def _differences(db: Connection, table: str, schema: str) -> Iterator[Difference]:
    """Yield the rows of a table that are not what they should be."""
    sql = queries(db.dialect, "rebuild")
    columns = rows_of(db, sql["columns"], (table,))
    names, keys = [name for name, _ in columns], [name for name, is_key in columns if is_key]
    joined = " AND ".join(f"a.{name} = b.{name}" for name in keys)
    differ = " OR ".join(f"a.{name} IS DISTINCT FROM b.{name}" for name, is_key in columns if not is_key)
    width, where = len(columns), {"table": table, "schema": schema, "key": keys[0], "joined": joined}
    for row in islice(db.execute(sql["recorded"].format(**where, differ=differ)), _MOST_DIFFERENCES):
        yield _difference(table, names, keys, row[:width], row[width:])
    for row in islice(db.execute(sql["missing"].format(**where)), _MOST_DIFFERENCES):
        yield _difference(table, names, keys, (None,) * width, row[:width])


def _difference(
    table: str, names: list[str], keys: list[str], recorded: tuple[Any, ...], rebuilt: tuple[Any, ...]
) -> Difference:
    before, after = (dict(zip(names, row, strict=True)) for row in (recorded, rebuilt))
    present = before if before[keys[0]] is not None else after
    key = " ".join(f"{name}={present[name]}" for name in keys)
    return Difference(table, key, _shown(before, keys), _shown(after, keys))


def _shown(row: dict[str, Any], keys: list[str]) -> str | None:
    """Return a row as JSON, its ids in hex; None when there is no row."""
    if row[keys[0]] is None:
        return None
    return to_json({name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()})
