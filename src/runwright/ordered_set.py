"""Ordered set: a set that is iterated over in the order its members were given; what a flow answers questions with."""

from __future__ import annotations

from itertools import chain, filterfalse
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
        return chain(filter(self.__contains__, known), filterfalse(known.__contains__, super().__iter__()))

    def copy(self) -> OrderedSet[T]:
        """Return another set of the same members in the same order."""
        return OrderedSet(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Be made anew in another process."""
        return OrderedSet, (list(self),)
