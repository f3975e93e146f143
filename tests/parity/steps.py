"""How steps are called: the edges and endings that every test of a step needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runwright import Edge, Task
from runwright.result import Result
from runwright.signals import ENDRUN

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.states import State


def edge_to(downstream: Task, key: str | None = None, *, mapped: bool = False) -> Edge:
    """Return an edge from a task of its own to a task."""
    return Edge(Task(name="upstream"), downstream, key=key, mapped=mapped)


def ended_by(call: Callable[[], Any]) -> Any:
    """Return the state that a step ends the run with."""
    with pytest.raises(ENDRUN) as caught:
        call()
    return caught.value.state


class Recorder:
    """A state handler that keeps the names of the states it sees."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, str]] = []

    def __call__(self, owner: Any, old: State, new: State) -> None:
        self.changes.append((type(old).__name__, type(new).__name__))


class Shelf(Result):
    """A result of a user's own: keeps values by location, and what it was asked."""

    def __init__(self, value: Any = None, location: Any = None, values: dict[str, Any] | None = None) -> None:
        super().__init__(value, location)
        self.values: dict[str, Any] = {} if values is None else values
        self.asked: list[tuple[str, Any]] = []

    def write(self, value_: Any, **kwargs: Any) -> Result:
        self.asked.append(("write", kwargs))
        new = self.format(**kwargs)
        new.value = value_
        new.location = new.location or "nowhere in particular"
        self.values[new.location] = value_
        return new

    def read(self, location: str) -> Result:
        self.asked.append(("read", location))
        new = self.copy()
        new.value, new.location = self.values[location], location
        return new

    def exists(self, location: str, **kwargs: Any) -> bool:
        self.asked.append(("exists", location))
        return location.format(**kwargs) in self.values


class Refusing(Shelf):
    """A result that cannot be written just now."""

    def write(self, value_: Any, **kwargs: Any) -> Result:
        raise OSError("the disk is full")
