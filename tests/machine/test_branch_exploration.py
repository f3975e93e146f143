"""Every interleaving of small executions: nothing unsafe is reachable, and from everywhere the run ends or waits for somebody."""

from __future__ import annotations

import pytest

from .branch_explorer import BranchScope, explore
from .scripts import chain, dag, each, flow, loop, pause, together

ENDS = ("Success", "Failed")

SCOPES = {
    "chain": BranchScope(flow("a", "b"), ENDS, retries=1, crashes=1),
    "chain, asked to end": BranchScope(flow("a", chain("b")), ENDS, ("cancel", "kill"), crashes=1),
    "together": BranchScope(flow(together("a", "b", "c", limit=2), finally_=("z",)), ENDS, crashes=1),
    "together, with retries": BranchScope(flow(together("a", "b")), retries=2, crashes=1),
    "dag": BranchScope(flow(dag("a", "b", "c", links="a>c b>c", limit=1)), ENDS, ("kill",), crashes=1),
    "each in a window": BranchScope(flow(each("a", "b", rounds=3, limit=2)), crashes=1, window=1),
    "each": BranchScope(flow(each("a", "b", rounds=2)), ENDS, crashes=1),
    "each, one round at a time": BranchScope(
        flow(each("a", rounds=3, limit=1)), ("Success", "Warning"), ("kill",), crashes=1
    ),
    "loop": BranchScope(flow(loop("a", turns=2)), ENDS, ("kill", "pause"), crashes=1),
    "pauses": BranchScope(flow(together(pause("a"), pause(wait=3))), asks=("cancel",), crashes=1),
    "a pause, held": BranchScope(flow(together(pause(), "a"), "b"), asks=("pause", "kill"), crashes=1),
    "errors": BranchScope(flow(chain("a", errors=("e",), finally_=("f",)), errors=("x",)), ENDS, ("kill",), crashes=1),
    "after the end": BranchScope(flow("a", errors=("x",), finally_=("y",), after=("z",)), ENDS, ("kill",), crashes=1),
    "nothing to do": BranchScope(flow(chain(), finally_=("f",)), ENDS, ("kill",), crashes=1),
    "restart": BranchScope(flow(chain("a"), errors=("e",), after=("z",)), ENDS, ("restart",), crashes=1),
    "restart twice": BranchScope(flow(together("a", "b")), ENDS, ("restart", "restart")),
    "restart of a whole": BranchScope(flow(chain("a", "b", is_whole=True), "c"), ENDS, ("restart",), crashes=1),
    "restart of what was killed": BranchScope(flow(together("a", "b")), ENDS, ("kill", "restart"), crashes=1),
    "restart of rounds": BranchScope(flow(each("a", "b", rounds=2, limit=1)), ENDS, ("restart",), crashes=1),
    "restart of a loop": BranchScope(flow(loop("a", turns=2)), ENDS, ("restart",), crashes=1),
    "mark": BranchScope(flow(chain("a", "b"), "c"), ENDS, ("mark",), crashes=1),
    "mark a pause": BranchScope(flow(together(pause(), "b"), "c"), ENDS, ("mark",), crashes=1),
    "mark what was killed": BranchScope(flow(together("a", "b")), ENDS, ("kill", "mark"), crashes=1),
}


@pytest.mark.parametrize("name", SCOPES)
def test_everything_that_can_happen(name: str) -> None:
    """Visit every situation in scope. The ledger checks each step; that all runs end is checked over all of them."""
    seen = explore(SCOPES[name])
    assert seen.finished > 0
    assert seen.steps >= seen.situations - 1 >= 10
