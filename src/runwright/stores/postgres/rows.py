"""Rows: what the fold made of the rows of a PostgreSQL record, as arrays of rows, and putting them in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import astuple

from runwright.stores.postgres.arrays import array_of
from runwright.stores.postgres.schema import lock_of
from runwright.stores.rows import FlowRunRow
from runwright.stores.sql import queries
from runwright.stores.sql.rows import SqlRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.stores.postgres.connection import PostgresConnection
    from runwright.stores.projection import Fold, RunFold

_SQL = queries("postgres", "rows")
_LOG = queries("postgres", "log")
_COLUMNS = len(FlowRunRow.__struct_fields__)
_UPDATED, _CURSOR, _ORDINALS = map(FlowRunRow.__struct_fields__.index, ("updated", "cursor", "ordinals"))


class TaskRunArrays(NamedTuple):
    """All rows that a fold made but those of the flow runs themselves; the counts of `tallies` are by how much they change."""

    expansions: str
    task_runs: str
    attempts: str
    tallies: str


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
        self._db.execute(_SQL["put"], (*task_run_arrays(fold), flow_run_array(fold)))


def task_run_arrays(fold: Fold) -> TaskRunArrays:
    """Return all rows but those of the flow runs themselves."""
    runs = fold.runs.values()
    expansions = {row[:3]: row for run in runs for row in map(astuple, run.expansions)}  # maps over nothing share a key
    return TaskRunArrays(
        array_of(expansions.values()),
        array_of([astuple(row) for run in runs for row in run.task_runs.values()]),
        array_of([astuple(row) for run in runs for row in run.attempts.values()]),
        array_of([change for run in runs for change in _tally(run)]),
    )


def flow_run_array(fold: Fold) -> str:
    """Return the rows of the flow runs; where only task runs have changed, no more than when, and up to which event."""
    return array_of([astuple(run.row) if run.is_changed else _touched(run.row) for run in fold.runs.values()])


def _touched(row: FlowRunRow) -> list[int | None]:
    values: list[int | None] = [None] * _COLUMNS
    values[0], values[_UPDATED], values[_CURSOR], values[_ORDINALS] = row.key, row.updated, row.cursor, row.ordinals
    return values


def _tally(run: RunFold) -> Iterator[tuple[int, int, int, int]]:
    key = run.row.key
    return ((key, task, state, change) for (task, _, state), change in run.tally(is_of_children=True))
