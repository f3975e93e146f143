"""Outputs: what the task runs of one execution have handed on, as expressions see it: by task, and in loops by value.

`outputs.inner['a']['1'].value` is the value that `inner` made in the round `1` of a loop in the round `a` of another. One thread
adds, others read meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView


class Grown(dict[str, Any]):
    """A dict that may grow while another thread goes through it: that sees what was there when it began."""

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys that there are now."""
        return iter(list(super().keys()))

    def keys(self) -> KeysView[str]:
        """Return the keys that there are now."""
        return dict.fromkeys(list(super().keys())).keys()

    def items(self) -> ItemsView[str, Any]:
        """Return the items that there are now."""
        return dict(list(super().items())).items()

    def values(self) -> ValuesView[Any]:
        """Return the values that there are now."""
        return dict(list(super().items())).values()


class Outputs:
    """The outputs and states of the task runs that have ended, and those of flowables that are under way."""

    def __init__(self) -> None:
        """Know of none."""
        self.tree: dict[str, Any] = Grown()
        self.states: dict[str, Any] = Grown()

    def keep(self, task: str, values: tuple[str, ...], outputs: dict[str, Any] | None, state: str) -> None:
        """Take what a task run hands on, and the state it is in; `values` are those of the rounds around it, outermost first."""
        if outputs is not None:
            _put(self.tree, (task, *values), outputs)
        _put(self.states, (task, *values), {"state": state})

    def drop(self, task: str) -> None:
        """Forget a task, which is to run again."""
        self.tree.pop(task, None)
        self.states.pop(task, None)

    def of(self, task: str, values: tuple[str, ...]) -> dict[str, Any] | None:
        """Return what a task run has handed on, None for nothing."""
        found: Any = self.tree
        for key in (task, *values):
            found = found.get(key) if isinstance(found, dict) else None
        return found


def _put(tree: dict[str, Any], path: tuple[str, ...], value: dict[str, Any]) -> None:
    *outer, last = path
    for key in outer:
        inner = tree.get(key)
        if type(inner) is not Grown:
            inner = tree[key] = Grown()
        tree = inner
    tree[last] = value
