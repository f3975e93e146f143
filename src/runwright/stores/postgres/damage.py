"""Damage: what is wrong with the tables themselves, whatever the record says. It reads every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.stores.sql import queries, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.stores.postgres.connection import PostgresConnection

_SQL = queries("postgres", "damage")


def find(db: PostgresConnection) -> list[str]:
    """Return rows outside their constraints, indexes that do not work, and lines of runs that are not there.

    A server that keeps checksums of its pages checks each that is read here.
    """
    db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    db.execute("SET LOCAL statement_timeout = 0")
    orphans = db.execute(queries("postgres", "reads")["orphans"])
    return [*_broken_rows(db), *_broken_indexes(db), *(f"I17: {text}" for (text,) in orphans)]


def _broken_rows(db: PostgresConnection) -> Iterator[str]:
    for table, condition in db.execute(_SQL["constraints"]).fetchall():
        if value_of(db, f"SELECT EXISTS (SELECT 1 FROM {table} WHERE NOT ({condition}))"):
            yield f"CHECK constraint failed in {table}"


def _broken_indexes(db: PostgresConnection) -> Iterator[str]:
    for (index,) in db.execute(_SQL["broken_indexes"]):
        yield f"the index {index} is not valid: REINDEX INDEX {index}"
