"""Standing: what a writer knows of flow runs from its own last commits, as long as nobody else has appended to them.

It saves the look-ups that a commit would begin with. It is never trusted on its own: each commit reads where the log of its
flow runs ends, after it has locked their leases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from runwright.stores.projection import Fold, RunFold

MOST = 64
"""How many flow runs are known at once; one more, and all are looked up again."""


class Standing:
    """The last fold of each flow run."""

    def __init__(self) -> None:
        """Know nothing."""
        self._folds: dict[UUID, RunFold] = {}
        self._rebuilds = 0

    def confirmed(self, places: Iterable[tuple[bytes | None, int, int]]) -> dict[UUID, RunFold]:
        """Return the folds that still hold; `places` are id, last cursor and number of rebuilds for each flow run."""
        places = list(places)
        if any(rebuilds != self._rebuilds for _, _, rebuilds in places):
            self._folds.clear()
            self._rebuilds = places[0][2]
        ends = {identity: cursor for identity, cursor, _ in places}
        return {flow_run: fold for flow_run, fold in self._folds.items() if ends.get(flow_run.bytes) == fold.row.cursor}

    def keep(self, fold: Fold, count: int, cursor: int) -> None:
        """Stand where the rows are now; the `count` events folded, counted from 1, have their cursors up to `cursor`."""
        if len(self._folds) + len(fold.runs) > MOST:
            self._folds.clear()
        for flow_run, run in fold.runs.items():
            run.row.cursor += cursor - count
            run.rest()
            self._folds[flow_run] = run
