"""Rows: putting in place what the fold made of the rows of a PostgreSQL record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict, astuple

from runwright.stores.postgres.arrays import columns
from runwright.stores.postgres.schema import lock_of
from runwright.stores.sql import queries
from runwright.stores.sql.rows import SqlRows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from runwright.stores.postgres.connection import PostgresConnection
    from runwright.stores.projection import Fold, RunFold

_SQL = queries("postgres", "rows")
_LOG = queries("postgres", "log")


class PostgresRows(SqlRows):
    """The derived tables that a connection sees by their bare names: the record's own, or those of a rebuild."""

    _db: PostgresConnection

    def __init__(self, db: PostgresConnection) -> None:
        """Read and write through `db`; the caller holds the transaction."""
        super().__init__(db)

    def next_key(self) -> int:
        """Return the key for a flow run that is new; nobody else gets one before the transaction ends."""
        self._db.execute(_LOG["lock"], (lock_of(self._db.schema),))
        return super().next_key()

    def put(self, fold: Fold) -> None:
        """Put what a fold made in the place of what was there."""
        self.put_task_runs(fold)
        self.put_flow_runs(fold)

    def put_task_runs(self, fold: Fold) -> None:
        """Put all rows in place but those of the flow runs themselves."""
        runs = fold.runs.values()
        expansions = {
            row[:3]: row for run in runs for row in map(astuple, run.expansions)
        }  # maps over nothing share a key
        self._put("put_expansions", "nnnnnnt", expansions.values())
        self._put("put_task_runs", "n" * 13 + "ttttt", [astuple(row) for run in runs for row in run.task_runs.values()])
        self._put("put_attempts", "nnnnnnt", [astuple(row) for run in runs for row in run.attempts.values()])
        changes = [change for run in runs for change in _tally(run)]
        less = [(*group, -change) for *group, change in changes if change < 0]
        self._put("drop_tally", "nnnn", less)
        self._put("take_from_tally", "nnnn", less)
        self._put("add_to_tally", "nnnn", [change for change in changes if change[-1] > 0])

    def put_flow_runs(self, fold: Fold, count: int | None = None) -> None:
        """Put the rows of the flow runs in place; `count` says that cursors were counted from the first of so many new events."""
        for run in fold.runs.values():
            query = _SQL["put_flow_run" if run.is_changed else "touch_flow_run"]
            self._db.execute(query, {**asdict(run.row), "count": count})

    def _put(self, query: str, shape: str, rows: Collection[Sequence[Any]]) -> None:
        if rows:
            self._db.execute(_SQL[query], columns(shape, rows))


def _tally(run: RunFold) -> list[tuple[int, int, int, int]]:
    key = run.row.key
    return [(key, task, state, change) for (task, _, state), change in run.tally(is_of_children=True)]
