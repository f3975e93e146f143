"""Slots of tags: which task runs hold them, in a memory record. The caller holds the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.stores.admission import Admission
from runwright.tag_limits import TagSlot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from uuid import UUID

    from runwright.store import Lease
    from runwright.stores.admission import Standing
    from runwright.tag_limits import Claim


class MemoryTagSlots:
    """Who holds slots or waits for them. `token_of` returns the token of a lease that lives, 0 without one."""

    def __init__(self, token_of: Callable[[UUID], int]) -> None:
        """Hold none."""
        self._token_of = token_of
        self._standings: dict[tuple[UUID, int], Standing] = {}

    def living(self) -> list[TagSlot]:
        """Return those who hold slots or wait for them."""
        found = sorted(self._living(), key=lambda each: (each.place, each.flow_run, each.ordinal))
        return [TagSlot(tag, each.flow_run, each.ordinal, each.is_held) for each in found for tag in each.tags]

    def claim(self, lease: Lease, claims: Sequence[Claim], given_back: Collection[int]) -> list[int]:
        """Give slots back and take others."""
        for ordinal in given_back:
            self._standings.pop((lease.flow_run, ordinal), None)
        if not claims:
            return []
        admission = Admission(self._living())
        standings = [(each.ordinal, admission.claim(each, lease)) for each in claims]
        self._standings = admission.standings
        return [ordinal for ordinal, standing in standings if standing is None or standing.is_held]

    def drop(self, flow_run: UUID) -> None:
        """Forget a flow run."""
        self._standings = {key: each for key, each in self._standings.items() if key[0] != flow_run}

    def _living(self) -> list[Standing]:
        return [each for each in self._standings.values() if each.token == self._token_of(each.flow_run)]
