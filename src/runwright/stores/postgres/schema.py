"""Schema: bringing a schema of a database to the version that this program writes. Everybody else waits meanwhile."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from runwright.errors import RecordTooNew, RecordUnreadable
from runwright.failpoints import hit
from runwright.stores.sql import migrations, queries, value_of

if TYPE_CHECKING:
    from runwright.stores.postgres.connection import PostgresConnection

_SQL = queries("postgres", "schema")
_LOG = queries("postgres", "log")


def newest_version() -> int:
    """Return the version that this program writes."""
    return migrations("postgres")[-1][0]


def lock_of(schema: str, what: str = "log") -> int:
    """Return the number of the lock that only one holds at a time who puts something of a record in order: its log, a limit."""
    text = f"runwright {schema} {what}".encode("utf-8", "replace")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def quoted(name: str) -> str:
    """Return a name as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def migrate(db: PostgresConnection, record: str) -> None:
    """Apply the migrations that the schema has not seen, all of them or none.

    A schema that is not there is made. Raises `RecordTooNew`, `RecordUnreadable` for a schema in use for something else.
    """
    if db.schema and version_of(db) == newest_version():
        return
    with db.transaction():
        wanted = db.schema or _first_schema(db, record)
        db.execute(_LOG["lock"], (lock_of(wanted),))
        if not db.schema:
            db.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(wanted)}")
            db.schema = wanted
        check_version(db, record)
        version = version_of(db)
        _check_ours(db, record, version)
        for number, script in migrations("postgres"):
            if number > version:
                db.execute(script)
                db.execute(_SQL["set_version"], (number,))
                hit("migrate.step")


def check_version(db: PostgresConnection, record: str, *, is_current: bool = False) -> None:
    """Raise `RecordTooNew` for a later version, and with `is_current` `RecordUnreadable` for an earlier one."""
    version = version_of(db)
    if version > newest_version():
        raise RecordTooNew(
            f"The record {record} has version {version}, this program knows {newest_version()}: upgrade Runwright."
        )
    if is_current and version < newest_version():
        what = f"has version {version}: open it once for writing to bring it up to date" if version else "is empty"
        raise RecordUnreadable(f"The record {record} {what}.")


def version_of(db: PostgresConnection) -> int:
    """Return the version of the schema, 0 for one that is no record."""
    return value_of(db, _SQL["version"]) if value_of(db, _SQL["is_record"]) else 0


def _check_ours(db: PostgresConnection, record: str, version: int) -> None:
    others = [] if version else [name for (name,) in db.execute(_SQL["others"])]
    if others:
        raise RecordUnreadable(
            f"The schema {db.schema} of {record} has tables of another program ({', '.join(others)}): give another database, "
            "or a schema of its own as in ?options=-csearch_path%3Drunwright."
        )


def _first_schema(db: PostgresConnection, record: str) -> str:
    names = [name.strip().strip('"') for name in value_of(db, _SQL["search_path"]).split(",")]
    wanted = [name for name in names if name and name != "$user"]
    if not wanted:
        raise RecordUnreadable(f"{record} names no schema: give one as in ?options=-csearch_path%3Drunwright.")
    return wanted[0]
