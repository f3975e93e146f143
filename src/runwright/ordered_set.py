"""Ordered set: a set that is iterated over in the order its members were given; what a flow answers questions with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


class OrderedSet(set[T]):
    """A set of its own, which callers may change without changing what it was made from."""

    __slots__ = ("_order",)

    def __init__(self, members: Iterable[T] = ()) -> None:
        """Hold the members, each once, in the order they come."""
        self._order = dict.fromkeys(members)
        super().__init__(self._order)

    def __iter__(self) -> Iterator[T]:
        """Iterate in the order given; members that were added later come last."""
        known = self._order
        yield from (member for member in known if member in self)
        yield from (member for member in super().__iter__() if member not in known)

    def copy(self) -> OrderedSet[T]:
        """Return another set of the same members in the same order."""
        return OrderedSet(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be made anew in another process."""
        return OrderedSet, (list(self),)
