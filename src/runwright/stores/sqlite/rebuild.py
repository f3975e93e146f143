"""Rebuild: all rows again from the log, beside the recorded ones, to compare with them or to take their place.

The new tables are temporary and have the names of the real ones, which they hide from the fold: the same statements that an
append uses write into them. Memory stays flat, because they live in a temporary file.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from runwright.errors import IllegalTransition, NotOnRecord, RecordError
from runwright.store import Difference
from runwright.stores.projection import Fold
from runwright.stores.sqlite import log
from runwright.stores.sqlite.connection import Transaction, connect_to_read
from runwright.stores.sqlite.rows import SqliteRows
from runwright.stores.sqlite.schema import DERIVED
from runwright.stores.texts import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    import apsw

_CHUNK = 10_000
_MOST_DIFFERENCES = 1_000


def compare(path: str) -> list[Difference]:
    """Return how the rows differ from the fold of the log, at one moment; writers are not held up."""
    db = connect_to_read(path)
    try:
        db.execute("PRAGMA query_only = OFF")
        db.execute("BEGIN")
        return _fold(db)
    finally:
        db.close()


def replace(db: apsw.Connection) -> list[Difference]:
    """Put the fold in the place of the rows and return how they differed; nobody else writes meanwhile."""
    db.execute("PRAGMA foreign_keys = OFF")
    try:
        with Transaction(db):
            found = _fold(db)
            if any(each.table == "event" for each in found):
                raise RecordError(f"The log itself is broken, so its rows are left as they are: {found[0].recorded}")
            for table in DERIVED:
                db.execute(f"DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM temp.{table}")  # noqa: S608  names of our own
        return found
    finally:
        for table in DERIVED:
            db.execute(f"DROP TABLE IF EXISTS temp.{table}")
        db.execute("PRAGMA foreign_keys = ON")


def _fold(db: apsw.Connection) -> list[Difference]:
    for table in DERIVED:
        text: str = db.execute("SELECT sql FROM main.sqlite_schema WHERE name = ?", (table,)).get
        db.execute(text.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))
    rows, events = SqliteRows(db), log.read_all(db)
    try:
        while chunk := list(islice(events, _CHUNK)):
            rows.put(Fold(rows).add(chunk))
    except (IllegalTransition, NotOnRecord) as error:
        return [Difference("event", "", str(error), None)]
    return [each for table in DERIVED for each in _differences(db, table)]


def _differences(db: apsw.Connection, table: str) -> Iterator[Difference]:
    """Yield the rows of a table that are not what they should be."""
    columns = [(name, key) for _, name, _, _, _, key in db.execute(f"PRAGMA main.table_info({table})")]
    keys = [name for name, key in columns if key]
    joined = " AND ".join(f"a.{name} = b.{name}" for name in keys)
    differ = " OR ".join(f"a.{name} IS NOT b.{name}" for name, key in columns if not key)
    both = "SELECT {first}.*, {second}.* FROM {one}.{table} {first} LEFT JOIN {other}.{table} {second} ON {on} WHERE {unlike}"
    missing = f"b.{keys[0]} IS NULL"
    recorded = both.format(
        first="a", second="b", one="main", other="temp", table=table, on=joined, unlike=f"{missing} OR {differ}"
    )
    rebuilt = both.format(
        first="b", second="a", one="temp", other="main", table=table, on=joined, unlike=f"a.{keys[0]} IS NULL"
    )
    names, width = [name for name, _ in columns], len(columns)
    for row in islice(db.execute(recorded), _MOST_DIFFERENCES):
        yield _difference(table, names, keys, row[:width], row[width:])
    for row in islice(db.execute(rebuilt), _MOST_DIFFERENCES):
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
