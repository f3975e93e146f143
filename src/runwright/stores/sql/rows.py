"""Rows: the rows of a record in a database as the fold reads them. Putting in place what it made of them is the dialect's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.stores.rows import AttemptRow, ExpansionRow, FlowKey, FlowRunRow, TaskRunRow
from runwright.stores.sql import queries, value_of

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.stores.sql import Connection

DERIVED = ("flow_run", "expansion", "task_run", "attempt", "tally")
"""The tables that are nothing but the fold of the log."""


class SqlRows:
    """The derived tables that a connection sees by their bare names: the record's own, or those of a rebuild."""

    def __init__(self, db: Connection) -> None:
        """Read through `db`; the caller holds the transaction."""
        self._db = db
        self._sql = queries(db.dialect, "rows")

    def find_flow(self, name: str, version: int) -> FlowKey | None:
        """Return the registered flow."""
        row = self._db.execute(self._sql["find_flow"], (name, version)).fetchone()
        return FlowKey(*row) if row else None

    def width_of(self, flow: int) -> int:
        """Return the number of tasks of a registered flow."""
        return value_of(self._db, self._sql["width_of"], (flow,))

    def next_key(self) -> int:
        """Return the key for a flow run that is new."""
        return value_of(self._db, self._sql["next_key"])

    def find_flow_run(self, flow_run: UUID) -> FlowRunRow | None:
        """Return a flow run."""
        row = self._db.execute(self._sql["find_flow_run"], (flow_run.bytes,)).fetchone()
        return FlowRunRow(*row) if row else None

    def find_task_run(self, flow_run: int, ordinal: int) -> TaskRunRow | None:
        """Return a task run."""
        row = self._db.execute(self._sql["find_task_run"], (flow_run, ordinal)).fetchone()
        return TaskRunRow(*row) if row else None

    def find_attempt(self, flow_run: int, ordinal: int, attempt: int) -> AttemptRow | None:
        """Return an attempt."""
        row = self._db.execute(self._sql["find_attempt"], (flow_run, ordinal, attempt)).fetchone()
        return AttemptRow(*row) if row else None

    def find_expansion(self, flow_run: int, ordinal: int) -> ExpansionRow | None:
        """Return the last expansion with children that starts at `ordinal` or before."""
        row = self._db.execute(self._sql["find_expansion"], (flow_run, ordinal)).fetchone()
        return ExpansionRow(*row) if row else None
