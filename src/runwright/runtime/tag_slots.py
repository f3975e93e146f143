"""TagSlots: which task runs of one flow run may begin, where limits say how many with a tag run at once.

The store decides who gets a slot; what follows for a task run, the machine. A flow run whose tasks have no tags has none of this; one
whose tags have no limits reads the limits now and then, and nothing else. Used on the flow's own thread alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.tag_limits import Claim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from runwright.engine.stimuli import Submit
    from runwright.store import Lease, Store

LOOK = clock.NANOSECONDS // 10
"""Time (ns) between two looks at whether a slot is free."""
RENEWAL = clock.NANOSECONDS
"""Age (ns) at which the limits are read again."""


class TagSlots:
    """The slots of a flow run's task runs; `tags` are those of its nodes, `lease` returns the lease that they are held under."""

    def __init__(self, store: Store, lease: Callable[[], Lease], tags: Sequence[Sequence[str]]) -> None:
        """Ask for nothing yet."""
        self._store = store
        self._lease = lease
        self._tags = tags
        self._limits: dict[str, int] = {}
        self._limits_until = 0
        self._held: set[int] = set()
        self._line: dict[int, int] = {}
        self._given_back: list[int] = []
        self._next_look = 0

    @property
    def due(self) -> int | None:
        """Return when (ns) to look again whether a slot is free, None while nothing waits for one."""
        return self._next_look if self._line else None

    def take(self, submit: Submit) -> dict[str, Any] | None:
        """Take the slots that an attempt needs; returns what to say of its task run when it has to wait for them."""
        if not self._tags[submit.node] or submit.is_mapped_parent or submit.ordinal in self._held:
            return None
        limits = self._limits_of(submit.node)
        if not limits:
            return None
        is_behind = any(limits.keys() == self._limits_of(node).keys() for node in self._line.values())
        if is_behind or not self._claim([Claim(submit.ordinal, limits)]):
            self._line[submit.ordinal] = submit.node
            self._next_look = self._next_look if is_behind else clock.now() + LOOK
            return {"message": _message(limits), "waits_for": sorted(limits)}
        self._held.add(submit.ordinal)
        return None

    def give_back(self, ordinal: int) -> None:
        """Give back what a task run holds, with the next look."""
        if ordinal in self._held:
            self._held.discard(ordinal)
            self._given_back.append(ordinal)

    def look(self, is_waiting: Callable[[int], bool]) -> list[int]:
        """Return which of the task runs that wait have their slots now; `is_waiting` says which still want them."""
        if not self._given_back and (not self._line or clock.now() < self._next_look):
            return []
        gone = [ordinal for ordinal in self._line if not is_waiting(ordinal)]
        for ordinal in gone:
            del self._line[ordinal]
        self._given_back += gone
        taken = self._claim(list(self._first_in_line()))
        for ordinal in taken:
            del self._line[ordinal]
        self._held.update(taken)
        self._next_look = clock.now() + LOOK
        return taken

    def rest(self) -> None:
        """Let others go before: nothing of the flow run begins for now. What runs keeps its slots."""
        if self._given_back or self._next_look:
            self._given_back += self._line
            self._claim([])
            self._next_look = 0

    def _claim(self, claims: list[Claim]) -> list[int]:
        given_back, self._given_back = self._given_back, []
        return self._store.claim_tag_slots(self._lease(), claims, given_back) if claims or given_back else []

    def _first_in_line(self) -> Iterator[Claim]:
        """Yield so many of each kind as could get a slot at best: nobody else waits behind those who cannot."""
        counts: dict[tuple[str, ...], int] = {}
        for ordinal, node in self._line.items():
            limits = self._limits_of(node)
            kind = tuple(sorted(limits))
            counts[kind] = counts.get(kind, 0) + 1
            if not limits or counts[kind] <= max(1, min(limits.values())):
                yield Claim(ordinal, limits)

    def _limits_of(self, node: int) -> dict[str, int]:
        now = clock.now()
        if now >= self._limits_until:
            self._limits = {limit.tag: limit.slots for limit in self._store.tag_limits()}
            self._limits_until = now + RENEWAL
        return {tag: self._limits[tag] for tag in self._tags[node] if tag in self._limits} if self._limits else {}


def _message(limits: dict[str, int]) -> str:
    named = " and ".join(f"{tag!r} ({slots})" for tag, slots in sorted(limits.items()))
    return f"Waiting for a slot of the limit of {named}."
