"""Rows: putting in place what the fold made of the rows of a SQLite record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import astuple

from runwright.stores.sql import queries
from runwright.stores.sql.rows import SqlRows

if TYPE_CHECKING:
    import apsw

    from runwright.stores.projection import Fold, RunFold
    from runwright.stores.rows import FlowRunRow
    from runwright.stores.sqlite.connection import SqliteConnection

_SQL = queries("sqlite", "rows")


class SqliteRows(SqlRows):
    """The derived tables that a connection sees by their bare names: the record's own, or those of a rebuild."""

    _db: SqliteConnection

    def __init__(self, db: SqliteConnection) -> None:
        """Read and write through `db`; the caller holds the transaction."""
        super().__init__(db)

    def put(self, fold: Fold, cursor: apsw.Cursor | None = None) -> None:
        """Put what a fold made in the place of what was there; `cursor` is one that is used again and again."""
        cursor = cursor or self._db.cursor()
        many = cursor.executemany
        for run in fold.runs.values():
            if run.is_changed:
                cursor.execute(_SQL["put_flow_run"], astuple(run.row))
            else:
                cursor.execute(_SQL["touch_flow_run"], _touch(run.row))
            if run.expansions:
                many(_SQL["put_expansion"], map(astuple, run.expansions))
            if run.task_runs:
                many(_SQL["put_task_run"], map(astuple, run.task_runs.values()))
            if run.attempts:
                many(_SQL["put_attempt"], map(astuple, run.attempts.values()))
            self._count(run, cursor)

    def _count(self, run: RunFold, cursor: apsw.Cursor) -> None:
        """Change the counts of mapped children; one that comes down to nothing leaves no row."""
        key = run.row.key
        for (task, _, state), change in run.tally(is_of_children=True):
            if change > 0:
                cursor.execute(_SQL["add_to_tally"], (change, key, task, state))
                continue
            cursor.execute(_SQL["drop_tally"], (key, task, state, -change))
            if not self._db.changes():
                cursor.execute(_SQL["take_from_tally"], (-change, key, task, state))


def _touch(row: FlowRunRow) -> tuple[int, int, int, int]:
    return row.updated, row.cursor, row.ordinals, row.key
