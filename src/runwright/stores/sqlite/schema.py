"""Schema: bringing a file to the version that this program writes, one numbered migration at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.errors import RecordTooNew, RecordUnreadable
from runwright.failpoints import hit
from runwright.stores.sql import migrations
from runwright.stores.sqlite.connection import APPLICATION_ID, Transaction

if TYPE_CHECKING:
    from runwright.stores.sqlite.connection import SqliteConnection


def newest_version() -> int:
    """Return the version that this program writes."""
    return migrations("sqlite")[-1][0]


def migrate(db: SqliteConnection, path: str) -> None:
    """Apply the migrations that the file has not seen, each in a transaction of its own; raises `RecordTooNew`."""
    check_version(db, path)
    for number, script in migrations("sqlite"):
        if version_of(db) >= number:
            continue
        with Transaction(db):
            if version_of(db) < number:  # another process may have been faster
                db.execute(script)
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {number}")
                hit("migrate.step")


def check_version(db: SqliteConnection, path: str, *, is_current: bool = False) -> None:
    """Raise `RecordTooNew` for a later version, and with `is_current` `RecordUnreadable` for an earlier one."""
    version = version_of(db)
    if version > newest_version():
        raise RecordTooNew(
            f"The record {path} has version {version}, this program knows {newest_version()}: upgrade Runwright."
        )
    if is_current and version < newest_version():
        what = f"has version {version}: open it once for writing to bring it up to date" if version else "is empty"
        raise RecordUnreadable(f"The record {path} {what}.")


def version_of(db: SqliteConnection) -> int:
    """Return the version of the file, 0 for an empty one."""
    return db.pragma("user_version")
