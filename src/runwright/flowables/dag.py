"""Dag: the flow run as the root of its task runs, each starting when those upstream have ended."""

from __future__ import annotations

from runwright.flowable import Children, Settled, Tally


class Dag:
    """Runs every task of a flow; the reference tasks decide the outcome."""

    def expand(self, size: int) -> Children:
        """Return one child for each of `size` tasks, joined by the flow's edges."""
        return Children(size, "explicit")

    def settle(self, tally: Tally) -> Settled:
        """Return Failed when a reference task failed, Success otherwise."""
        if tally.reference_bad:
            return Settled("Failed", "Some reference tasks failed.")
        if tally.reference_other:
            return Settled("Success", "No reference tasks failed.")
        return Settled("Success", "All reference tasks succeeded.")
