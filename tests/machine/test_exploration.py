"""Every interleaving of small runs: nothing unsafe is reachable, and from everywhere the run comes to an end."""

from __future__ import annotations

import pytest

from .explorer import Scope, explore

ENDS = ("Success", "Failed")

SCOPES = {
    "one task, everything": Scope("a", ENDS, retries=1, pauses=1, loops=1, cancels=1, crashes=1),
    "chain": Scope("a -> b", ENDS, ("TriggerFailed",), retries=1, cancels=1, crashes=1),
    "chain, lost twice": Scope("a -> b", crashes=2, retries=1),
    "one task, told to stop": Scope("a", ("Success", "Cancelling"), crashes=1, cancels=1),
    "two pauses": Scope("a; b", pauses=2),
    "two retries": Scope("a; b", retries=2, cancels=1),
    "cancelled twice": Scope("a; b", cancels=2, crashes=1),
    "diamond": Scope("a -> b; a -> c; b -> d; c -> d", cancels=1, crashes=1),
    "map": Scope("a => b", ENDS, cancels=1, crashes=1),
    "map with a retry": Scope("a => b", retries=1, crashes=1),
    "map of nothing": Scope("a => b; b -> c", early=("Failed",), length=0, cancels=1, crashes=1),
    "map in a window": Scope("a => b; b -> c", length=3, window=1, cancels=1, crashes=1),
    "retries in a window": Scope("a => b", window=1, retries=2),
    "map over map": Scope("a => b; b => c", crashes=1),
    "map over map, cancelled": Scope("a => b; b => c", length=1, cancels=1, crashes=1),
    "map over map and a task": Scope("a => b; b => c; x -> c", length=1),
    "a task refused, everything": Scope("a", ENDS, retries=1, pauses=1, refusals=2, cancels=1, crashes=1),
    "a chain refused": Scope("a -> b; c", refusals=2, cancels=1, crashes=1),
    "a map refused in a window": Scope("a => b; c", length=3, window=1, refusals=2, crashes=1),
    "a map refused and cancelled": Scope("a => b; b => c", length=2, window=2, refusals=2, cancels=1),
    "flattened": Scope("a => b; b ~=> c", window=1, cancels=1, crashes=1),
}


@pytest.mark.parametrize("name", SCOPES)
def test_everything_that_can_happen(name: str) -> None:
    """Visit every situation in scope. The ledger checks each step; that all runs end is checked over all of them."""
    seen = explore(SCOPES[name])
    assert seen.finished > 0
    assert seen.steps >= seen.situations - 1 >= 10
