"""Children: the states of a mapped task's children, in memory while they are few and read back from the record when many.

A million children must not cost a million objects. What the record cannot give back (exceptions, values that were not
stored) is always kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from runwright.engine.cells import OPEN, UNTOUCHED
from runwright.states import CLASS_BY_CODE, State, Success

KEPT = 10_000
PAGE = 1_000


class ChildStates(Sequence[State]):
    """The children's states by map index. `load(start, stop)` reads a page from the record, missing ones as None.

    `status` is one byte for each child, its state code; `consumers` is how many mapped tasks take child i for their own
    child i.
    """

    def __init__(
        self, status: bytearray, load: Callable[[int, int], list[State | None]], *, consumers: int = 0
    ) -> None:
        """Hold nothing yet."""
        self._status = status
        self._load = load
        self._consumers = consumers
        self._kept: dict[int, State] = {}
        self._awaited: dict[int, tuple[State, int]] = {}
        self._page: tuple[int, list[State | None]] = (-1, [])

    def keep(self, index: int, state: State) -> None:
        """Take a child's final state."""
        held = state._result  # noqa: SLF001  public by custom
        if len(self._kept) < KEPT or type(state) is not Success or (held.value is not None and held.ref is None):
            self._kept[index] = state
        elif self._consumers:
            self._awaited[index] = (state, self._consumers)

    def take(self, index: int) -> State:
        """Return a child's state for one consumer; it is let go when the last has taken it."""
        awaited = self._awaited.pop(index, None)
        if awaited is None:
            return self[index]
        state, left = awaited
        if left > 1:
            self._awaited[index] = (state, left - 1)
        return state

    def ended(self, index: int) -> State | None:
        """Return a child's final state, None while it is open."""
        return None if self._status[index] in {UNTOUCHED, OPEN} else self[index]

    @property
    def kinds(self) -> list[State]:
        """Return one state of each kind among the children: enough to tell whether all or any are of a kind."""
        return [CLASS_BY_CODE[code]() for code in sorted(set(self._status)) if code in CLASS_BY_CODE]

    @property
    def values(self) -> ChildValues:
        """Return the children's values, each read when it is looked at."""
        return ChildValues(self)

    @overload
    def __getitem__(self, index: int) -> State: ...

    @overload
    def __getitem__(self, index: slice) -> list[State]: ...

    def __getitem__(self, index: int | slice) -> State | list[State]:
        """Return a child's state, with its value."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        kept = self._kept.get(index)
        if kept is not None:
            return kept
        awaited = self._awaited.get(index)
        return awaited[0] if awaited is not None else self._read(index)

    def __len__(self) -> int:
        """Return the number of children."""
        return len(self._status)

    def __eq__(self, other: object) -> bool:
        """Compare with any sequence of states."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  as lists have none

    def __repr__(self) -> str:
        """Return the number, and the states of a few."""
        few = ", ".join(repr(each) for each in self[:3])
        return f"<{len(self)} children: {few}{', ...' if len(self) > 3 else ''}>"  # noqa: PLR2004  the few

    def __reduce__(self) -> tuple[type[list[State]], tuple[list[State]]]:
        """Travel to another process as a list."""
        return list, (list(self),)

    def _read(self, index: int) -> State:
        start = index - index % PAGE
        if self._page[0] != start:
            self._page = start, self._load(start, min(start + PAGE, len(self)))
        state = self._page[1][index - start]
        if state is None:
            raise LookupError(f"Child {index} is not on the record yet.")
        return state.load_result()


class ChildValues(Sequence[Any]):
    """The values of many children, as a list would hold them; a failed child's value is its exception."""

    def __init__(self, states: ChildStates) -> None:
        """Stand for the values of `states`."""
        self._states = states

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        """Return a child's value."""
        if isinstance(index, slice):
            return [state.result for state in self._states[index]]
        return self._states[index].result

    def __len__(self) -> int:
        """Return the number of children."""
        return len(self._states)

    def __eq__(self, other: object) -> bool:
        """Compare with any sequence of values."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  as lists have none

    def __reduce__(self) -> tuple[type[list[Any]], tuple[list[Any]]]:
        """Travel to another process as a list."""
        return list, (list(self),)
