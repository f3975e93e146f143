"""Rows: the rows of a SQLite record as the fold reads them, and putting in place what it made of them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from msgspec.structs import astuple

from runwright.stores.rows import AttemptRow, ExpansionRow, FlowKey, FlowRunRow, TaskRunRow
from runwright.stores.sql import queries

if TYPE_CHECKING:
    from uuid import UUID

    import apsw

    from runwright.stores.projection import Fold, RunFold

_SQL = queries("sqlite", "rows")


class SqliteRows:
    """The derived tables that a connection sees by their bare names: the record's own, or those of a rebuild."""

    def __init__(self, db: apsw.Connection) -> None:
        """Read and write through `db`; the caller holds the transaction."""
        self._db = db

    def find_flow(self, name: str, version: int) -> FlowKey | None:
        """Return the registered flow."""
        row = self._db.execute(_SQL["find_flow"], (name, version)).fetchone()
        return FlowKey(*row) if row else None

    def width_of(self, flow: int) -> int:
        """Return the number of tasks of a registered flow."""
        return self._db.execute(_SQL["width_of"], (flow,)).get

    def next_key(self) -> int:
        """Return the key for a flow run that is new."""
        return self._db.execute(_SQL["next_key"]).get

    def find_flow_run(self, flow_run: UUID) -> FlowRunRow | None:
        """Return a flow run."""
        row = self._db.execute(_SQL["find_flow_run"], (flow_run.bytes,)).fetchone()
        return FlowRunRow(*row) if row else None

    def find_task_run(self, flow_run: int, ordinal: int) -> TaskRunRow | None:
        """Return a task run."""
        row = self._db.execute(_SQL["find_task_run"], (flow_run, ordinal)).fetchone()
        return TaskRunRow(*row) if row else None

    def find_attempt(self, flow_run: int, ordinal: int, attempt: int) -> AttemptRow | None:
        """Return an attempt."""
        row = self._db.execute(_SQL["find_attempt"], (flow_run, ordinal, attempt)).fetchone()
        return AttemptRow(*row) if row else None

    def find_expansion(self, flow_run: int, ordinal: int) -> ExpansionRow | None:
        """Return the last expansion with children that starts at `ordinal` or before."""
        row = self._db.execute(_SQL["find_expansion"], (flow_run, ordinal)).fetchone()
        return ExpansionRow(*row) if row else None

    def put(self, fold: Fold) -> None:
        """Put what a fold made in the place of what was there."""
        runs = fold.runs.values()
        many = self._db.executemany
        many(_SQL["put_flow_run"], [astuple(run.row) for run in runs if run.is_changed])
        many(_SQL["touch_flow_run"], [_touch(run.row) for run in runs if not run.is_changed])
        many(_SQL["put_expansion"], map(astuple, chain.from_iterable(run.expansions for run in runs)))
        many(_SQL["put_task_run"], map(astuple, chain.from_iterable(run.task_runs.values() for run in runs)))
        many(_SQL["put_attempt"], map(astuple, chain.from_iterable(run.attempts.values() for run in runs)))
        for run in runs:
            self._count(run)

    def _count(self, run: RunFold) -> None:
        """Change the counts; an update comes first, because a check sees the row that is inserted before any conflict."""
        key = run.row.key
        for (task, is_child, state), change in run.tally():
            values = (change, key, task, is_child, state)
            self._db.execute(_SQL["add_to_tally"], values)
            if not self._db.changes():
                self._db.execute(_SQL["start_tally"], values)
            elif change < 0:
                self._db.execute(_SQL["drop_empty_tally"], values[1:])


def _touch(row: FlowRunRow) -> tuple[int, int, int, int]:
    return row.updated, row.cursor, row.ordinals, row.key
