"""JSON values: what jq's operators do with plain data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from runwright.expressions.faults import Fault
from runwright.expressions.values import checked_integer, is_number, json_of, key_text, scalar_text

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget


class QueryFault(Fault):
    """What jq calls an error: `try`, `?` and `//` catch it."""


def json_data(value: Any) -> Any:
    """Return a value as JSON has it: dates as texts, keys as texts; it has been weighed."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {key_text(key): json_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_data(item) for item in value]
    return scalar_text(value) if not is_number(value) else float(value)


def type_of(value: Any) -> str:
    """Return jq's name of a type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    return "number" if is_number(value) else "object" if isinstance(value, dict) else "array"


def is_truthy(value: Any) -> bool:
    """Say whether jq takes a value as true: all but false and null."""
    return value is not None and value is not False


def json_text(value: Any, budget: Budget) -> str:
    """Return compact JSON."""
    return json_of(budget.weigh(value))


def elements_of(value: Any) -> list[Any]:
    """Return the elements of an array, or the values of an object."""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    raise QueryFault(f"Cannot iterate over {type_of(value)}")


def descend(value: Any, budget: Budget) -> Iterator[Any]:
    """Yield a value and all that is in it."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        budget.charge(1)
        yield each
        if isinstance(each, dict | list):
            waiting.extend(reversed(elements_of(each)))


def part_of(target: Any, key: Any) -> Any:
    """Return `target[key]`; null where there is none."""
    if target is None and (isinstance(key, str) or is_number(key) or key is None):
        return None
    if isinstance(target, dict) and isinstance(key, str):
        return target.get(key)
    if isinstance(target, list) and is_number(key):
        index = math.floor(key)
        return target[index] if -len(target) <= index < len(target) else None
    shown = f' with "{key}"' if isinstance(key, str) else f" with {type_of(key)}"
    raise QueryFault(f"Cannot index {type_of(target)}{shown}")


def slice_of(target: Any, start: Any, end: Any, budget: Budget) -> Any:
    """Return `target[start:end]`."""
    if target is None:
        return None
    if not isinstance(target, list | str) or not all(each is None or is_number(each) for each in (start, end)):
        raise QueryFault(f"Cannot slice {type_of(target)}")
    budget.elements(len(target))
    return target[None if start is None else math.floor(start) : None if end is None else math.ceil(end)]


# ----------------------------------------------------------------------------------------------------------- order

_RANKS = {"null": 0, "boolean": 1, "number": 3, "string": 4, "array": 5, "object": 6}


def compare(left: Any, right: Any) -> int:
    """Return -1, 0 or 1 in jq's order of all values: null, booleans, numbers, strings, arrays, objects."""
    kinds = type_of(left), type_of(right)
    if kinds[0] != kinds[1]:
        return -1 if _RANKS[kinds[0]] < _RANKS[kinds[1]] else 1
    if kinds[0] == "array":
        return _compare_lists(left, right)
    if kinds[0] == "object":
        keys = sorted(left), sorted(right)
        return _compare_lists(*keys) or _compare_lists([left[key] for key in keys[0]], [right[key] for key in keys[1]])
    return 0 if left == right else -1 if left < right else 1


def _compare_lists(left: list[Any], right: list[Any]) -> int:
    for first, second in zip(left, right, strict=False):
        if sign := compare(first, second):
            return sign
    return (len(left) > len(right)) - (len(left) < len(right))


def sorted_by(elements: list[Any], keys: list[Any], budget: Budget) -> list[tuple[Any, Any]]:
    """Return pairs of a key and its element in jq's order of the keys."""
    budget.weigh(keys)
    budget.elements(len(elements) * len(elements).bit_length())
    order = cmp_to_key(compare)
    return sorted(zip(keys, elements, strict=True), key=lambda pair: order(pair[0]))


# ------------------------------------------------------------------------------------------------------ arithmetic


def _add(left: Any, right: Any, budget: Budget) -> Any:
    if left is None or right is None:
        return right if left is None else left
    if is_number(left) and is_number(right):
        return _checked(left + right)
    kind = type_of(left)
    if kind == type_of(right) and kind in {"string", "array"}:
        _take(kind, len(left) + len(right), budget)
        return left + right
    if kind == type_of(right) == "object":
        budget.elements(len(left) + len(right))
        return {**left, **right}
    raise _refusal(left, right, "added")


def _subtract(left: Any, right: Any, budget: Budget) -> Any:
    if is_number(left) and is_number(right):
        return _checked(left - right)
    if isinstance(left, list) and isinstance(right, list):
        budget.elements(len(left) * len(right))
        return [each for each in left if not any(compare(each, other) == 0 for other in right)]
    raise _refusal(left, right, "subtracted")


def _multiply(left: Any, right: Any, budget: Budget) -> Any:
    if is_number(left) and is_number(right):
        return _checked(left * right)
    if isinstance(left, str) and is_number(right):
        if right <= 0:
            return None
        times = max(1, math.ceil(right)) if right < budget.limits.output else budget.limits.output + 1
        budget.text(len(left) * times)
        return left * times
    if isinstance(left, dict) and isinstance(right, dict):
        budget.weigh([left, right])
        return _merged(left, right)
    raise _refusal(left, right, "multiplied")


def _merged(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    merged = dict(left)
    for key, item in right.items():
        old = merged.get(key)
        merged[key] = _merged(old, item) if isinstance(old, dict) and isinstance(item, dict) else item
    return merged


def _divide(left: Any, right: Any, budget: Budget) -> Any:
    if is_number(left) and is_number(right):
        if right == 0:
            raise QueryFault("Cannot be divided because the divisor is zero")
        exact = isinstance(left, int) and isinstance(right, int) and left % right == 0
        return left // right if exact else left / right
    if isinstance(left, str) and isinstance(right, str):
        budget.text(len(left))
        return left.split(right) if right else list(left)
    raise _refusal(left, right, "divided")


def _remainder(left: Any, right: Any, _: Budget) -> Any:
    if not is_number(left) or not is_number(right):
        raise _refusal(left, right, "divided")
    first, second = int(left), abs(int(right))
    if second == 0:
        raise QueryFault("Cannot be divided because the divisor is zero")
    return first % second if first >= 0 else -(-first % second)


def _checked(number: Any) -> Any:
    return checked_integer(number) if isinstance(number, int) else number


def _take(kind: str, length: int, budget: Budget) -> None:
    budget.text(length) if kind == "string" else budget.elements(length)


def _refusal(left: Any, right: Any, done: str) -> QueryFault:
    return QueryFault(f"{type_of(left)} and {type_of(right)} cannot be {done}")


def _comparing(holds: Callable[[int], bool]) -> Callable[[Any, Any, Budget], Any]:
    def compared(left: Any, right: Any, budget: Budget) -> bool:
        return holds(compare(budget.weigh(left), budget.weigh(right)))

    return compared


OPERATIONS: dict[str, Callable[[Any, Any, Budget], Any]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _remainder,
    "==": _comparing(lambda sign: sign == 0),
    "!=": _comparing(lambda sign: sign != 0),
    "<": _comparing(lambda sign: sign < 0),
    "<=": _comparing(lambda sign: sign <= 0),
    ">": _comparing(lambda sign: sign > 0),
    ">=": _comparing(lambda sign: sign >= 0),
}
