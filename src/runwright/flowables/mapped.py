"""Mapped: a task that runs once for each element of its input."""

from __future__ import annotations

from runwright.flowable import Children, Settled, Tally


class Mapped:
    """Runs one child for each element; each child carries its own outcome."""

    def expand(self, size: int) -> Children:
        """Return `size` children, each starting when its pair in every mapped upstream has ended."""
        return Children(size, "pairwise")

    def settle(self, tally: Tally) -> Settled:
        """Return Mapped, however the children ended."""
        return Settled("Mapped", f"{tally.ok} of {tally.ok + tally.failed + tally.cancelled} children succeeded.")
