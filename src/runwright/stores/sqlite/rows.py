"""Rows: the rows of a SQLite record as the fold reads them, and putting in place what it made of them."""

from __future__ import annotations

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
