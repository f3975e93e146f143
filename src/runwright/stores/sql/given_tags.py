"""Given tags: what task runs are called afterwards, in a record in a database. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.given_tags import missing, place_of
from runwright.stores.sql import leases, queries, rows_of, value_of
from runwright.stores.texts import from_json, to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from runwright.given_tags import TagChange
    from runwright.stores.sql import Connection


def change(db: Connection, task_runs: Sequence[UUID], wanted: TagChange, by: str) -> int:
    """Change the tags of task runs; return how many of those have changed."""
    sql, at, count = _sql(db), leases.now(db), 0
    for key, ordinal, own in _places(db, task_runs):
        taken = [value_of(db, sql["take"], (key, ordinal, tag)) for tag in wanted.remove]
        given = [
            value_of(db, sql["give"], (key, ordinal, tag, to_text(by), at)) for tag in wanted.add if tag not in own
        ]
        count += any([*taken, *given])
    return count


def names(db: Connection, limit: int) -> list[str]:
    """Return the tags that any task run was given."""
    return [name for (name,) in rows_of(db, _sql(db)["names"], (limit,))]


def _places(db: Connection, task_runs: Sequence[UUID]) -> Iterator[tuple[int, int, frozenset[str]]]:
    """Yield where each task run is, in the order in which everybody locks them, with its task's own tags."""
    for each in sorted(set(task_runs)):
        flow_run, ordinal = place_of(each)
        row = db.execute(_sql(db)["find"], {"id": flow_run.bytes, "ordinal": ordinal}).fetchone()
        if row is None:
            raise missing(each)
        yield row[0], ordinal, frozenset(from_json(row[1]))


def _sql(db: Connection) -> dict[str, str]:
    return queries(db.dialect, "given_tags")
