"""Admission: which task runs get the slots of their tags' limits, decided the same way by every store. It keeps nothing.

Places are given in the order in which task runs came. Whoever waits does so for one tag, the first that had no slot left, and those
who came later leave that tag to it; of the tags beside it they take what there is.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.store import Lease
    from runwright.tag_limits import Claim


class Standing(msgspec.Struct, frozen=True):
    """A task run that holds slots of `tags`, or waits for one of its one tag, at its place and under the lease with `token`."""

    flow_run: UUID
    ordinal: int
    tags: tuple[str, ...]
    place: int
    token: int
    is_held: bool


class Admission:
    """Those who hold slots and who wait, before and after one owner's claims."""

    def __init__(self, standings: Iterable[Standing]) -> None:
        """Start from who is there."""
        self.standings = {(each.flow_run, each.ordinal): each for each in standings}
        self._held: Counter[str] = Counter()
        self._waiting: defaultdict[str, list[int]] = defaultdict(list)
        for each in self.standings.values():
            self._count(each)
        self._next_place = 1 + max((each.place for each in self.standings.values()), default=0)

    def claim(self, claim: Claim, lease: Lease) -> Standing | None:
        """Return where a claim stands now, None for one that needs no slot."""
        key = lease.flow_run, claim.ordinal
        before = self.standings.get(key)
        if before is not None and before.is_held:
            return before
        if before is not None:
            del self.standings[key]
            self._waiting[before.tags[0]].remove(before.place)
        if not claim.limits:
            return None
        place = self._place() if before is None else before.place
        full = next((tag for tag, slots in sorted(claim.limits.items()) if self._ahead(tag, place) >= slots), None)
        tags = tuple(sorted(claim.limits)) if full is None else (full,)
        standing = Standing(lease.flow_run, claim.ordinal, tags, place, lease.token, full is None)
        self.standings[key] = standing
        self._count(standing)
        return standing

    def _place(self) -> int:
        self._next_place += 1
        return self._next_place - 1

    def _ahead(self, tag: str, place: int) -> int:
        """Return how many slots of a tag are taken, or will be by those who came before."""
        return self._held[tag] + bisect_left(self._waiting[tag], place)

    def _count(self, standing: Standing) -> None:
        if standing.is_held:
            self._held.update(standing.tags)
        else:
            insort(self._waiting[standing.tags[0]], standing.place)
