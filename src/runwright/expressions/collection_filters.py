"""Collection filters: what is done to lists and maps, and to texts as rows of characters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from runwright.expressions.arithmetic import contains
from runwright.expressions.faults import Fault
from runwright.expressions.signatures import Table
from runwright.expressions.text_filters import as_text
from runwright.expressions.value_tests import TESTS
from runwright.expressions.values import json_of, kind_of, order, text_of

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget

FILTERS = Table()


def as_list(value: Any, budget: Budget) -> list[Any]:
    """Return a list; raises `Fault` for anything else."""
    if not isinstance(value, list | tuple):
        raise Fault(f"This is for lists, not for {kind_of(value)}.")
    budget.elements(len(value))
    return list(value)


@FILTERS.add("default")
def _default(budget: Budget, value: Any, default: Any) -> Any:
    """Return it, or the default when it is not there, null or empty."""
    return default if TESTS["empty"].function(budget, value) else value


@FILTERS.add("first")
def _first(_: Budget, value: Any) -> Any:
    """Return the first element of a list, or character of a text; null when there is none."""
    return _sequence(value)[0] if value else None


@FILTERS.add("last")
def _last(_: Budget, value: Any) -> Any:
    """Return the last element of a list, or character of a text; null when there is none."""
    return _sequence(value)[-1] if value else None


@FILTERS.add("length")
def _length(_: Budget, value: Any) -> int:
    """Return how many elements, entries or characters there are; 0 for null."""
    if value is None:
        return 0
    return len(value) if isinstance(value, Mapping) else len(_sequence(value))


def _sequence(value: Any) -> Any:
    if isinstance(value, str | list | tuple):
        return value
    raise Fault(f"This is for lists and texts, not for {kind_of(value)}.")


@FILTERS.add("join")
def _join(budget: Budget, value: Any, separator: Any = "") -> Any:
    """Return the elements as texts, with a separator between them."""
    if value is None:
        return None
    between = as_text(separator, budget)
    texts = [text_of(each, budget) for each in as_list(value, budget)]
    budget.text(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


@FILTERS.add("reverse")
def _reverse(budget: Budget, value: Any) -> Any:
    """Return a list or text from its end to its beginning."""
    if isinstance(value, str):
        return as_text(value, budget)[::-1]
    return None if value is None else as_list(value, budget)[::-1]


@FILTERS.add("sort")
def _sort(budget: Budget, value: Any) -> Any:
    """Return a list from the least element to the greatest."""
    return None if value is None else _sorted(budget, value)


@FILTERS.add("rsort")
def _rsort(budget: Budget, value: Any) -> Any:
    """Return a list from the greatest element to the least."""
    return None if value is None else _sorted(budget, value)[::-1]


def _sorted(budget: Budget, value: Any) -> list[Any]:
    elements = as_list(value, budget)
    budget.elements(len(elements) * len(elements).bit_length())
    return sorted(elements, key=cmp_to_key(order))


@FILTERS.add("slice")
def _slice(budget: Budget, value: Any, from_: Any = 0, to: Any = None) -> Any:
    """Return the elements, or characters, from a position (the first is 0) up to another, which is left out."""
    if value is None:
        return None
    budget.elements(len(_sequence(value)))
    for each in (from_, to):
        if each is not None and (not isinstance(each, int) or isinstance(each, bool) or each < 0):
            raise Fault(f"`slice` needs positions, integers from 0 on; it was given {kind_of(each)}.")
    return value[from_:to]


@FILTERS.add("merge")
def _merge(budget: Budget, value: Any, items: Any) -> Any:
    """Return two lists as one, or two maps as one, in which the second one's entries win."""
    if isinstance(value, Mapping) and isinstance(items, Mapping):
        budget.elements(len(value) + len(items))
        return {**value, **items}
    return as_list([] if value is None else value, budget) + as_list(items, budget)


@FILTERS.add("chunk")
def _chunk(budget: Budget, value: Any, size: Any) -> list[Any]:
    """Return a list as lists of so many elements; the last one may have fewer."""
    elements = as_list(value, budget)
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise Fault("The size of a chunk is an integer from 1 on.")
    return [elements[at : at + size] for at in range(0, len(elements), size)]


@FILTERS.add("keys")
def _keys(budget: Budget, value: Any) -> Any:
    """Return the keys of a map, or the positions in a list."""
    if isinstance(value, Mapping):
        budget.elements(len(value))
        return list(value)
    return None if value is None else list(range(len(as_list(value, budget))))


@FILTERS.add("values")
def _values(budget: Budget, value: Any) -> Any:
    """Return the values of a map; a list as it is."""
    if isinstance(value, Mapping):
        budget.elements(len(value))
        return list(value.values())
    return None if value is None else as_list(value, budget)


@FILTERS.add("flatten")
def _flatten(budget: Budget, value: Any) -> Any:
    """Return the elements of a list and of all the lists in it."""
    return None if value is None else _flat(budget.weigh(as_list(value, budget)))


def _flat(elements: Any) -> list[Any]:
    flat: list[Any] = []
    for each in elements:
        flat.extend(_flat(each) if isinstance(each, list | tuple) else [each])
    return flat


@FILTERS.add("distinct")
def _distinct(budget: Budget, value: Any) -> Any:
    """Return a list without the elements that were there before."""
    if value is None:
        return None
    first: dict[str, Any] = {}
    for each in budget.weigh(as_list(value, budget)):
        first.setdefault(json_of(each), each)
    return list(first.values())


@FILTERS.add("contains")
def _contains(budget: Budget, value: Any, element: Any) -> bool:
    """Say whether it has an element, text or key, as the operator does."""
    return contains(budget, value, element)
