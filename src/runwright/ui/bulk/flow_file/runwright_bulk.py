"""The flow of bulk actions. It is loaded as a file, like every flow in Python, by whichever worker takes a run of it."""

from __future__ import annotations

from typing import Any

from runwright import Flow, Parameter, task, unmapped
from runwright.ui.bulk import work


@task
def choose(action: str, query: str, chosen: list[str], of: str) -> list[list[str]]:
    """Find what is meant."""
    return work.choose(action, query, chosen, of)


@task
def act(share: list[str], action: str, by: str, fields: dict[str, Any]) -> dict[str, int]:
    """Act on one share of it."""
    return work.act(share, action, by, fields)


with Flow(work.FLOW) as flow:
    _action, _by = Parameter("action"), Parameter("by", default="")
    _of = Parameter("of", default="task-runs")
    _shares = choose(_action, Parameter("query", default=""), Parameter("chosen", default=[]), _of)
    act.map(_shares, unmapped(_action), unmapped(_by), unmapped(Parameter("fields", default={})))
