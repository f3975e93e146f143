"""Rebuild: the temporary tables that a rebuild of a SQLite record writes into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.stores.sql import rebuild
from runwright.stores.sql.rows import DERIVED
from runwright.stores.sqlite.connection import Transaction, connect_to_read
from runwright.stores.sqlite.rows import SqliteRows

if TYPE_CHECKING:
    from runwright.store import Difference
    from runwright.stores.sqlite.connection import SqliteConnection


def compare(path: str) -> list[Difference]:
    """Return how the rows differ from the fold of the log, at one moment; writers are not held up."""
    db = connect_to_read(path)
    try:
        db.execute("PRAGMA query_only = OFF")
        db.execute("BEGIN")
        return rebuild.compare(db, _copies(db), "main")
    finally:
        db.close()


def replace(db: SqliteConnection) -> list[Difference]:
    """Put the fold in the place of the rows and return how they differed; nobody else writes meanwhile."""
    db.execute("PRAGMA foreign_keys = OFF")
    try:
        with Transaction(db):
            return rebuild.replace(db, _copies(db), "main")
    finally:
        for table in DERIVED:
            db.execute(f"DROP TABLE IF EXISTS temp.{table}")
        db.execute("PRAGMA foreign_keys = ON")


def _copies(db: SqliteConnection) -> SqliteRows:
    for table in DERIVED:
        text: str = db.execute("SELECT sql FROM main.sqlite_schema WHERE name = ?", (table,)).get
        db.execute(text.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))
    return SqliteRows(db)
