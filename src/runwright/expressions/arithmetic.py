"""Arithmetic: the operators on values. Integers stay integers, and no result is large beyond reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, Overflow as DecimalOverflow, getcontext
from typing import TYPE_CHECKING, Any

from runwright.expressions.faults import Fault, Overrun
from runwright.expressions.patterns import pattern_of
from runwright.expressions.values import checked_integer, is_equal, is_number, key_text, kind_of, order, text_of

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget

Operation = Callable[["Budget", Any, Any], Any]


def _number_operation(sign: str, work: Callable[[Any, Any], Any]) -> Operation:
    def operate(_: Budget, left: Any, right: Any) -> Any:
        if not is_number(left) or not is_number(right):
            hint = " Join texts with `~`." if sign == "+" else " Make a number of a text with `| number`."
            raise Fault(f"`{sign}` is for numbers; here are {kind_of(left)} and {kind_of(right)}.{hint}")
        for each in (left, right):
            if isinstance(each, int):
                checked_integer(each)
        if isinstance(left, Decimal) != isinstance(right, Decimal):
            left, right = Decimal(str(left)), Decimal(str(right))
        try:
            result = work(left, right)
        except ZeroDivisionError:
            raise Fault("A number cannot be divided by zero.") from None
        except DecimalOverflow:
            raise Overrun("powers of ten in a number", getcontext().Emax) from None
        return checked_integer(result) if isinstance(result, int) else result

    return operate


def _divide(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def _remainder(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        remainder = abs(left) % abs(right)
        return remainder if left >= 0 else -remainder
    if isinstance(left, Decimal):
        return left % right
    import math  # noqa: PLC0415  decimals are rarely divided

    if right == 0:
        raise ZeroDivisionError
    return math.fmod(left, right)


def _comparison(holds: Callable[[int], bool]) -> Operation:
    return lambda _, left, right: holds(order(left, right))


def _equals(budget: Budget, left: Any, right: Any) -> bool:
    return is_equal(left, right, budget)


def _differs(budget: Budget, left: Any, right: Any) -> bool:
    return not is_equal(left, right, budget)


def contains(budget: Budget, left: Any, right: Any) -> bool:
    """Say whether a list has an element (or all of a list's), a text a text, a map a key; null has nothing."""
    if left is None:
        return False
    if isinstance(left, str):
        budget.text(len(left))
        return text_of(right, budget) in left
    if isinstance(left, Mapping):
        return key_text(right) in left
    if isinstance(left, list | tuple):
        wanted = right if isinstance(right, list | tuple) else [right]
        budget.elements(len(left) * len(wanted))
        return all(any(is_equal(each, one, budget) for each in left) for one in wanted)
    raise Fault(f"`contains` looks into a list, text or map; this is {kind_of(left)}.")


def _matches(budget: Budget, left: Any, right: Any) -> bool:
    if not isinstance(right, str):
        raise Fault(f"`matches` needs a regular expression as text; this is {kind_of(right)}.")
    return left is not None and pattern_of(right).is_full_match(text_of(left, budget), budget)


def concatenate(budget: Budget, left: Any, right: Any) -> str:
    """Return both as texts, one after the other."""
    first, second = text_of(left, budget), text_of(right, budget)
    budget.text(len(first) + len(second))
    return first + second


def span(budget: Budget, left: Any, right: Any, step: Any = 1) -> list[Any]:
    """Return the integers, or letters, from one to the other, both included."""
    if isinstance(left, str) and isinstance(right, str) and len(left) == len(right) == 1:
        return [chr(code) for code in span(budget, ord(left), ord(right), step)]
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in (left, right, step)) or step == 0:
        raise Fault(
            f"A range goes from an integer or letter to another; here are {kind_of(left)} and {kind_of(right)}."
        )
    first, last = int(left), int(right)
    budget.elements(max(0, (last - first) // step + 1))
    return list(range(first, last + (1 if step > 0 else -1), step))


OPERATIONS: dict[str, Operation] = {
    "+": _number_operation("+", lambda left, right: left + right),
    "-": _number_operation("-", lambda left, right: left - right),
    "*": _number_operation("*", lambda left, right: left * right),
    "/": _number_operation("/", _divide),
    "%": _number_operation("%", _remainder),
    "==": _equals,
    "equals": _equals,
    "!=": _differs,
    "<": _comparison(lambda sign: sign < 0),
    ">": _comparison(lambda sign: sign > 0),
    "<=": _comparison(lambda sign: sign <= 0),
    ">=": _comparison(lambda sign: sign >= 0),
    "contains": contains,
    "matches": _matches,
    "~": concatenate,
    "..": span,
}
