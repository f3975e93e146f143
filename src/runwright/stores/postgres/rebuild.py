"""Rebuild: the temporary tables that a rebuild of a PostgreSQL record writes into, gone when its transaction ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.stores.postgres.rows import PostgresRows
from runwright.stores.postgres.schema import quoted
from runwright.stores.sql import queries, rebuild
from runwright.stores.sql.rows import DERIVED, SqlRows

if TYPE_CHECKING:
    from runwright.store import Difference
    from runwright.stores.postgres.connection import PostgresConnection

_SQL = queries("postgres", "rebuild")
_SCHEMA = queries("postgres", "schema")


class _Copies(PostgresRows):
    """Copies of the derived tables, which nobody else sees: keys need no lock."""

    def next_key(self) -> int:
        """Return the key for a flow run that is new."""
        return SqlRows.next_key(self)


def compare(db: PostgresConnection) -> list[Difference]:
    """Return how the rows differ from the fold of the log, at one moment; writers are not held up."""
    _begin(db)
    return rebuild.compare(db, _copies(db), quoted(db.schema))


def replace(db: PostgresConnection) -> list[Difference]:
    """Put the fold in the place of the rows and return how they differed; whoever writes waits meanwhile."""
    _begin(db)
    db.execute(_SQL["hold_writers_up"])
    found = rebuild.replace(db, _copies(db), quoted(db.schema))
    db.execute(_SCHEMA["count_rebuild"])
    db.execute("COMMIT")
    return found


def _begin(db: PostgresConnection) -> None:
    """Begin a transaction that sees one moment, may take its time, and may make temporary tables in any case."""
    db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE")
    db.execute("SET LOCAL statement_timeout = 0")
    # Temporary tables come first without it too, but not for a statement that this connection has prepared for the record's own.
    db.execute(f"SET LOCAL search_path TO pg_temp, {quoted(db.schema)}")


def _copies(db: PostgresConnection) -> _Copies:
    for table in DERIVED:
        db.execute(_SQL["copy"].format(table=table, schema=quoted(db.schema)))
    return _Copies(db)
