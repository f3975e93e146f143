"""Collecting: plain values as tasks, so that a list with a task in it can be an input like any other.

A value without tasks becomes a `Constant`; a list, tuple, set or dict that holds tasks becomes a task that collects
their results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from runwright.mapping import EdgeAnnotation
from runwright.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Unpack

    from runwright.flow import Flow
    from runwright.task_options import TaskOptions

_TASK_LIKE = (Task, EdgeAnnotation)
_CONTAINERS = (list, tuple, set, dict)
_LONGEST_NAME = 8
_FEWEST_ITEMS_OF_A_LONG_NAME = 3


class Constant(Task):
    """Returns a fixed value. Its name is the value where that is short, else its type: `Constant[list]`."""

    def __init__(self, value: Any, name: str | None = None, **options: Unpack[TaskOptions]) -> None:
        """Hold the value."""
        super().__init__(name or _constant_name(value), **options)
        self.value = value

    def run(self) -> Any:
        """Return the value."""
        return self.value


class Collection(Task):
    """A task that gathers its inputs `arg_1`, `arg_2`, ... into one value."""

    def _inputs(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        return {**{f"arg_{number}": item for number, item in enumerate(args, 1)}, **kwargs}


class List(Collection):
    """Gathers its inputs into a list."""

    def run(self, **items: Any) -> list[Any]:
        """Return the inputs in order."""
        return _in_order(items)


class Tuple(Collection):
    """Gathers its inputs into a tuple."""

    def run(self, **items: Any) -> tuple[Any, ...]:
        """Return the inputs in order."""
        return tuple(_in_order(items))


class Set(Collection):
    """Gathers its inputs into a set."""

    def run(self, **items: Any) -> set[Any]:
        """Return the inputs, equal ones once."""
        return set(items.values())


class Dict(Task):
    """Makes a dict of keys and values."""

    def run(self, keys: Sequence[Any], values: Sequence[Any]) -> dict[Any, Any]:
        """Return the dict; raises `ValueError` when there are more of one than of the other."""
        return dict(zip(keys, values, strict=True))


_COLLECTIONS: tuple[tuple[type[Any], type[Collection]], ...] = ((list, List), (tuple, Tuple), (set, Set))


def as_task(value: Any, flow: Flow | None = None) -> Task:
    """Return a task that gives `value`: itself if it is one, a Constant, or a collection that joins `flow`.

    Marks such as `unmapped(...)` are taken off. Tasks that are made here have `auto_generated` set.
    """
    if isinstance(value, EdgeAnnotation):
        value = value.value
    if isinstance(value, Task):
        return value
    if not holds_tasks(value):
        return _generated(Constant(value))
    if isinstance(value, dict):
        held = cast("dict[Any, Any]", value)
        return _generated(Dict()).bind(keys=list(held), values=list(held.values()), flow=flow)
    collection = next(made for kind, made in _COLLECTIONS if isinstance(value, kind))
    return _generated(collection()).bind(*value, flow=flow)


def holds_tasks(value: Any) -> bool:
    """Say whether `value` is a task, or a list, tuple, set or dict with one anywhere inside."""
    seen: set[int] = set()
    found: list[Any] = [value]
    while found:
        item = found.pop()
        if isinstance(item, _TASK_LIKE):
            return True
        if isinstance(item, _CONTAINERS) and id(item) not in seen:  # pyright: ignore[reportUnknownArgumentType]  of anything
            seen.add(id(item))  # pyright: ignore[reportUnknownArgumentType]  of anything
            found.extend(_contents(item))
    return False


def _contents(container: Any) -> Iterable[Any]:
    return [*container, *container.values()] if isinstance(container, dict) else container


def _generated(task: Task) -> Task:
    task.auto_generated = True
    return task


def _in_order(items: dict[str, Any]) -> list[Any]:
    return [items[f"arg_{number}"] for number in range(1, len(items) + 1)]


def _constant_name(value: Any) -> str:
    name = f"Constant[{type(value).__name__}]"
    if type(value) in _CONTAINERS and len(value) >= _FEWEST_ITEMS_OF_A_LONG_NAME:
        return name
    try:
        shown = repr(value)
    except Exception:  # noqa: BLE001  user code
        return name
    return shown if len(shown) <= _LONGEST_NAME else name
