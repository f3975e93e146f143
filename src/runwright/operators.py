"""Operators: the tasks that `+`, `>`, `[...]` and their like make of tasks.

Which operator makes which is said in `runwright.operable`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from runwright.parameter import NoDefault, no_default
from runwright.task import Task

if TYPE_CHECKING:
    from typing import Unpack

    from runwright.task_options import TaskOptions


class GetItem(Task):
    """Takes one item of a value; a key that is not there gives `default`, where one is given."""

    def __init__(self, default: Any = no_default, name: str | None = None, **options: Unpack[TaskOptions]) -> None:
        """Hold the default for every call."""
        super().__init__(name, **options)
        self.default = default

    def run(self, task_result: Any, key: Any, default: Any = no_default) -> Any:
        """Return `task_result[key]`; raises what the value raises."""
        try:
            return task_result[key]
        except (KeyError, IndexError):
            fallback = self.default if isinstance(default, NoDefault) else default
            if isinstance(fallback, NoDefault):
                raise
            return fallback


class GetAttr(Task):
    """Takes one attribute of a value; an attribute that is not there gives `default`, where one is given."""

    def __init__(self, default: Any = no_default, name: str | None = None, **options: Unpack[TaskOptions]) -> None:
        """Hold the default for every call."""
        super().__init__(name, **options)
        self.default = default

    def run(self, task_result: Any, attr: str, default: Any = no_default) -> Any:
        """Return the attribute `attr`, with dots one of an attribute; raises `AttributeError`."""
        try:
            return attrgetter(attr)(task_result)
        except AttributeError:
            fallback = self.default if isinstance(default, NoDefault) else default
            if isinstance(fallback, NoDefault):
                raise
            return fallback


class Add(Task):
    """Adds."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x + y`."""
        return x + y


class Sub(Task):
    """Subtracts."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x - y`."""
        return x - y


class Mul(Task):
    """Multiplies."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x * y`."""
        return x * y


class Div(Task):
    """Divides."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x / y`."""
        return x / y


class FloorDiv(Task):
    """Divides and rounds down."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x // y`."""
        return x // y


class Pow(Task):
    """Raises to a power."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x ** y`."""
        return x**y


class Mod(Task):
    """Takes the remainder."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x % y`."""
        return x % y


class And(Task):
    """The first value if it is false, else the second."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x and y`."""
        return x and y


class Or(Task):
    """The first value if it is true, else the second."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x or y`."""
        return x or y


class Not(Task):
    """Turns true into false and false into true."""

    def run(self, x: Any) -> bool:
        """Return `not x`."""
        return not x


class Equal(Task):
    """Compares."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x == y`."""
        return x == y


class NotEqual(Task):
    """Compares."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x != y`."""
        return x != y


class GreaterThan(Task):
    """Compares."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x > y`."""
        return x > y


class GreaterThanOrEqual(Task):
    """Compares."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x >= y`."""
        return x >= y


class LessThan(Task):
    """Compares."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x < y`."""
        return x < y


class LessThanOrEqual(Task):
    """Compares."""

    def run(self, x: Any, y: Any) -> Any:
        """Return `x <= y`."""
        return x <= y


def item_of(task: Task, key: Any) -> Task:
    """Join a task to the active flow that takes one item of a task's result and is stored as that is."""
    getter = GetItem(name=f"{task.name}[{key!r}]", checkpoint=task.checkpoint, result=task.result)
    return getter.bind(task, key)
