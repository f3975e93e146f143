"""Flowable: how a node that stands for others opens, and how it goes on when what it opened has ended.

This is the whole extension surface of orchestration. A flowable is asked twice: what it expands into, and what follows once
no child is open. It sees counts, and the small values of its scope; never a clock, a database or user code.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

import msgspec

AFTERMATH = frozenset({"errors", "finally", "afterExecution"})
"""The branches that come of the end of another: a restart that takes back that end leaves them behind."""

Order = Literal["chain", "together", "explicit"]


class Children(msgspec.Struct, frozen=True, kw_only=True):
    """What a run expands into: the nodes of `body`, `rounds` times.

    In a `chain` the nodes of a round follow each other, and at most `limit` rounds run at once; `together`, and in the
    order that is `explicit` in the nodes' links, at most `limit` children do (0: no limit). `branch` names the list of tasks
    (`tasks`, `errors`, `finally`, ...). `values` are the texts that the rounds stand for; `turn` is that of a loop, from 1.
    `outputs` are what the run hands on from now on. A failure stops the branch, but where it `is_tolerant` only its round.
    """

    body: tuple[int, ...]
    rounds: int = 1
    order: Order = "chain"
    limit: int = 0
    branch: str = "tasks"
    values: tuple[str, ...] | None = None
    turn: int = 0
    outputs: dict[str, Any] | None = None
    is_tolerant: bool = False


class Tally(msgspec.Struct, frozen=True):
    """How the children ended: counts of successes, failures and cancellations, and how many of the failures count.

    `reference_bad` and `reference_other` count just those children that decide (the reference tasks of a flow): failed,
    and neither failed nor successful. `warned` are the successes with a warning, `retried` the failures that a new flow run
    replaces, `killed` the cancelled ones that were running.
    """

    ok: int = 0
    failed: int = 0
    cancelled: int = 0
    reference_bad: int = 0
    reference_other: int = 0
    warned: int = 0
    retried: int = 0
    killed: int = 0


class Settled(msgspec.Struct, frozen=True):
    """The state (a name of the state table) and message that a node ends in, and what it hands on as `outputs`."""

    state: str
    message: str
    outputs: dict[str, Any] | None = None


class Waiting(msgspec.Struct, frozen=True):
    """A node waits, Paused: for `seconds`, None until somebody lets it go on."""

    seconds: float | None
    message: str = "Paused."


class Ending(Protocol):
    """How a run ends whose children were all given at once."""

    def settle(self, tally: Tally) -> Settled:
        """Return the state that follows from how the children ended."""
        ...


Answer = Children | Settled | Waiting


class Flowable(Protocol):
    """How a node that stands for other nodes opens and goes on; with `restarts_whole` a restart begins it anew."""

    restarts_whole: bool

    def expand(self, scope: Any) -> Answer:
        """Return what the node opens with; it is asked again when a wait is over (`scope.was_paused`)."""
        ...

    def settle(self, tallies: dict[str, Tally], scope: Any) -> Answer:
        """Return what follows when no child is open: an end, a wait, or more children.

        `tallies` are how the children ended, by branch; the last one is that which is just over.
        """
        ...
