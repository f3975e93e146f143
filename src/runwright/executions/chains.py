"""Chains: how many executions there are of which each started the next; a limit for flows that start each other without end.

It counts, and says when it was enough. What starts executions asks it; it starts none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.errors import FlowError

if TYPE_CHECKING:
    from runwright.runs import FlowRun

LONGEST = 100
"""How many executions a chain may have after the one that somebody started."""

LINK = "link"
"""Where the trigger of an execution keeps its place in the chain."""


def next_link(row: FlowRun) -> int:
    """Return the place in the chain of what an execution starts; raises `FlowError` when the chain is too long."""
    link = (row.details.get("trigger") or {}).get(LINK, 0) + 1
    if link > LONGEST:
        raise FlowError(
            f"{LONGEST} executions have started each other, one after the other, the last of them {row.id} of {row.flow_name}: "
            "no more is started. Look for flows that start each other in a circle, and let a condition end it."
        )
    return link
