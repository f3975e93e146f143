"""Operable: the operators that tasks understand. Each makes a task of `runwright.operators` in the active flow.

`==`, `!=`, `not`, `or` and `and` keep their meaning in Python; the methods here stand in for them. `|` orders two
tasks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from runwright.task import Task


class Operable:
    """What `Task` inherits its operators from."""

    def is_equal(self, other: Any) -> Task:
        """Make a task that says whether the two results are equal."""
        return _apply("Equal", self, other)

    def is_not_equal(self, other: Any) -> Task:
        """Make a task that says whether the two results differ."""
        return _apply("NotEqual", self, other)

    def not_(self) -> Task:
        """Make a task that says whether the result is false."""
        return _apply("Not", self)

    def or_(self, other: Any) -> Task:
        """Make a task that returns this result if it is true, the other one otherwise."""
        return _apply("Or", self, other)

    def __and__(self, other: Any) -> Task:
        """Make a task that returns this result if it is false, the other one otherwise."""
        return _apply("And", self, other)

    def __rand__(self, other: Any) -> Task:
        """Make a task that returns the other value if it is false, this result otherwise."""
        return _apply("And", other, self)

    def __add__(self, other: Any) -> Task:
        """Make a task that adds."""
        return _apply("Add", self, other)

    def __radd__(self, other: Any) -> Task:
        """Make a task that adds."""
        return _apply("Add", other, self)

    def __sub__(self, other: Any) -> Task:
        """Make a task that subtracts."""
        return _apply("Sub", self, other)

    def __rsub__(self, other: Any) -> Task:
        """Make a task that subtracts."""
        return _apply("Sub", other, self)

    def __mul__(self, other: Any) -> Task:
        """Make a task that multiplies."""
        return _apply("Mul", self, other)

    def __rmul__(self, other: Any) -> Task:
        """Make a task that multiplies."""
        return _apply("Mul", other, self)

    def __truediv__(self, other: Any) -> Task:
        """Make a task that divides."""
        return _apply("Div", self, other)

    def __rtruediv__(self, other: Any) -> Task:
        """Make a task that divides."""
        return _apply("Div", other, self)

    def __floordiv__(self, other: Any) -> Task:
        """Make a task that divides and rounds down."""
        return _apply("FloorDiv", self, other)

    def __rfloordiv__(self, other: Any) -> Task:
        """Make a task that divides and rounds down."""
        return _apply("FloorDiv", other, self)

    def __mod__(self, other: Any) -> Task:
        """Make a task that returns the remainder."""
        return _apply("Mod", self, other)

    def __rmod__(self, other: Any) -> Task:
        """Make a task that returns the remainder."""
        return _apply("Mod", other, self)

    def __pow__(self, other: Any) -> Task:
        """Make a task that raises to a power."""
        return _apply("Pow", self, other)

    def __rpow__(self, other: Any) -> Task:
        """Make a task that raises to a power."""
        return _apply("Pow", other, self)

    def __gt__(self, other: Any) -> Task:
        """Make a task that compares."""
        return _apply("GreaterThan", self, other)

    def __ge__(self, other: Any) -> Task:
        """Make a task that compares."""
        return _apply("GreaterThanOrEqual", self, other)

    def __lt__(self, other: Any) -> Task:
        """Make a task that compares."""
        return _apply("LessThan", self, other)

    def __le__(self, other: Any) -> Task:
        """Make a task that compares."""
        return _apply("LessThanOrEqual", self, other)

    def __getitem__(self, key: Any) -> Task:
        """Make a task that returns one item of the result; it is stored where this result is."""
        from runwright.operators import item_of  # noqa: PLC0415  operators are tasks, so they come after tasks

        return item_of(cast("Task", self), key)


def _apply(operator: str, *operands: Any) -> Task:
    from runwright import operators  # noqa: PLC0415  operators are tasks, so they come after tasks

    return getattr(operators, operator)().bind(*operands)
