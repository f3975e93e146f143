"""Tests of values: what stands after `is` and `is not`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from runwright.expressions.faults import Fault
from runwright.expressions.signatures import Table
from runwright.expressions.values import is_equal, is_number, kind_of

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget

TESTS = Table()


@TESTS.add("defined")
def _defined(_: Budget, value: Any) -> bool:
    """Say whether there is such a variable or entry, and it is not null."""
    return value is not None


@TESTS.add("null")
def _null(_: Budget, value: Any) -> bool:
    """Say whether it is null."""
    return value is None


@TESTS.add("empty")
def _empty(_: Budget, value: Any) -> bool:
    """Say whether it is null, or a text of nothing but spaces, or a list or map without elements."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, Mapping | list | tuple) and not value)


@TESTS.add("iterable")
def _iterable(_: Budget, value: Any) -> bool:
    """Say whether it is a list, which `for` can go through."""
    return isinstance(value, list | tuple)


@TESTS.add("map")
def _map(_: Budget, value: Any) -> bool:
    """Say whether it is a map."""
    return isinstance(value, Mapping)


@TESTS.add("json")
def _json(budget: Budget, value: Any) -> bool:
    """Say whether it is a text that is a JSON object or array."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return False
    budget.text(len(value))
    try:
        json.loads(value, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return True


@TESTS.add("even")
def _even(_: Budget, value: Any) -> bool:
    """Say whether it is an even integer."""
    return _integer(value) % 2 == 0


@TESTS.add("odd")
def _odd(_: Budget, value: Any) -> bool:
    """Say whether it is an odd integer."""
    return _integer(value) % 2 == 1


@TESTS.add("equalTo")
def _equal_to(budget: Budget, value: Any, other: Any) -> bool:
    """Say whether it equals the other value, as `==` says."""
    return is_equal(value, other, budget)


def _integer(value: Any) -> int:
    if not is_number(value) or isinstance(value, Decimal) or value != value // 1:
        raise Fault(f"Only an integer is even or odd; this is {kind_of(value)}.")
    return int(value)
