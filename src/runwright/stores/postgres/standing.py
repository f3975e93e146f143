"""Standing: what a writer knows of flow runs from its own last commits, as long as nobody else has appended to them.

It saves the look-ups that a commit would begin with. It is never trusted on its own: each commit says what it takes for true,
and the server writes nothing when it is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from runwright.stores.projection import Fold, RunFold

MOST = 64
"""How many flow runs are known at once; one more, and all are looked up again."""


class Standing:
    """The last fold of each flow run, and how often rows had been put in place by a rebuild then."""

    def __init__(self) -> None:
        """Know nothing."""
        self.rebuilds = 0
        self._folds: dict[UUID, RunFold] = {}

    def of(self, flow_runs: Collection[UUID]) -> dict[UUID, RunFold] | None:
        """Return the folds of flow runs, None unless all are known."""
        found = {flow_run: self._folds.get(flow_run) for flow_run in flow_runs}
        return None if None in found.values() else found  # type: ignore[return-value]  there is no None

    def forget(self, flow_runs: Collection[UUID], rebuilds: int) -> None:
        """Take what is known of these for false, and of all others too when there was a rebuild."""
        if rebuilds != self.rebuilds:
            self._folds.clear()
            self.rebuilds = rebuilds
        for flow_run in flow_runs:
            self._folds.pop(flow_run, None)

    def keep(self, fold: Fold, count: int, cursor: int) -> None:
        """Stand where the rows are now; the `count` events folded, counted from 1, have their cursors up to `cursor`."""
        if len(self._folds) + len(fold.runs) > MOST:
            self._folds.clear()
        for flow_run, run in fold.runs.items():
            run.row.cursor += cursor - count
            run.rest()
            self._folds[flow_run] = run
