"""JSON queries: the filter `jq`. It is an own reading of the language, so that a query has a budget, as all else has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.expressions.faults import Fault, Overrun
from runwright.expressions.json_query_parser import query_of
from runwright.expressions.json_query_parts import Scope
from runwright.expressions.json_values import QueryFault, json_data

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget


def query(expression: str, value: Any, budget: Budget) -> list[Any]:
    """Return all that a jq expression gives for a value; raises `Fault`."""
    try:
        return list(query_of(expression)(json_data(budget.weigh(value)), Scope(budget, {})))
    except QueryFault as fault:
        raise Fault(f"jq says of `{expression[:60]}`: {fault.args[0]}.") from None
    except RecursionError:
        raise Overrun("levels of nesting", budget.limits.depth) from None
