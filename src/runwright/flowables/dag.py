"""Dag: the flow run as the root of its task runs, each starting when those upstream have ended."""

from __future__ import annotations

from runwright.flowable import Settled, Tally


class Dag:
    """Runs every task of a flow; the reference tasks decide the outcome."""

    def settle(self, tally: Tally) -> Settled:
        """Return Failed when a reference task failed, Success otherwise."""
        if tally.reference_bad:
            return Settled("Failed", "Some reference tasks failed.")
        if tally.reference_other:
            return Settled("Success", "No reference tasks failed.")
        return Settled("Success", "All reference tasks succeeded.")
