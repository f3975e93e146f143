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

    def trust(self, key: int, lease: Lease | None) -> None:
        """Take the lease of a flow run for the newest, now that it was looked up."""
        if lease is not None:
            self.leases[key] = lease.token

    def keep(self, fold: Fold, cursor: int) -> None:
        """Stand where the rows are, now that they have taken in `fold`; `cursor` is the last one given, 0 for none."""
        self.cursor = cursor or self.cursor
        for run in fold.runs.values():
            run.rest()
        self.folds.update(fold.runs)  # of a dict, whose hashes are known: a UUID computes its own each time
        if len(self.leases) > MOST:
            self.folds.clear()
            self.leases.clear()
