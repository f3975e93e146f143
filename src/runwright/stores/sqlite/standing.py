"""Standing: what a writer knows of its record from its own last commit, as long as nobody else has written since.

It saves the look-ups that a commit would begin with. It is never trusted on its own: SQLite says, inside the next
transaction, whether anything has changed in the file since, by whoever it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID

    import apsw

    from runwright.store import Lease
    from runwright.stores.projection import Fold, RunFold

MOST = 64
"""How many flow runs are known at once; one more, and all are looked up again."""


class Standing:
    """The last cursor, for each flow run its fold, and by its key the token it was appended under."""

    def __init__(self) -> None:
        """Know nothing."""
        self.cursor: int | None = None
        self.folds: dict[UUID, RunFold] = {}
        self.leases: dict[int, int] = {}
        self._version: Any = None

    def confirmed(self, db: apsw.Connection) -> Standing:
        """Return itself, emptied when anything has changed since `of`; to be called inside the transaction."""
        if db.data_version() != self._version:
            self.cursor = None
            self.folds.clear()
            self.leases.clear()
        return self

    def of(self, db: apsw.Connection) -> Standing:
        """Return itself, true of the file as the last commit of `db` has left it."""
        self._version = db.data_version()
        return self

    def keep(self, fold: Fold, held: dict[UUID, Lease], cursor: int) -> None:
        """Stand where the rows are, now that they have taken in `fold`; `cursor` is the last one given, 0 for none."""
        self.cursor = cursor or self.cursor
        if len(self.folds) + len(fold.runs) > MOST:
            self.folds.clear()
            self.leases.clear()
        for flow_run, run in fold.runs.items():
            run.rest()
            self.folds[flow_run] = run
            self.leases[run.row.key] = held[flow_run].token
