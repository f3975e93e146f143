"""Flowable: how a node expands into children and settles when none is open.

This is the whole extension surface of orchestration. A flowable is pure: it sees counts and small values, never a clock,
a database or user code.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

Order = Literal["together", "chain", "pairwise", "explicit"]


class Children(msgspec.Struct, frozen=True):
    """What a node expands into: `count` children that run in `order`, at most `limit` at once (None: no limit)."""

    count: int
    order: Order = "together"
    limit: int | None = None


class Tally(msgspec.Struct, frozen=True):
    """How the children ended: counts of successes, failures and cancellations, and how many of the failures count.

    `reference_bad` and `reference_other` count just those children that decide (the reference tasks of a flow): failed,
    and neither failed nor successful.
    """

    ok: int = 0
    failed: int = 0
    cancelled: int = 0
    reference_bad: int = 0
    reference_other: int = 0


class Settled(msgspec.Struct, frozen=True):
    """The state (a name of the state table) and message that a node ends in."""

    state: str
    message: str


class Flowable(Protocol):
    """How a node that stands for other nodes opens and closes."""

    def expand(self, size: int) -> Children:
        """Return the children, once, when upstream is ready; `size` is the length of what is expanded over."""
        ...

    def settle(self, tally: Tally) -> Settled | Children:
        """Return the final state when no child is open, or more children for another round."""
        ...
