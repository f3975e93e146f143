"""SQLite: records in one file, through the `apsw` library, which brings its own SQLite."""

from runwright.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
