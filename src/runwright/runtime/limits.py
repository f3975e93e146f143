"""Limits: how many flow runs of one name run at once, counted from the leases that live, so that no slot is ever lost.

Who may run is decided by the store; what becomes of a flow run that may not, by whoever asks.
"""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

from runwright import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.store import Lease, Store

LOOK = 0.5
"""Seconds between two looks at whether a slot is free."""


class Limit:
    """One of `slots` for the flow run of a lease, under a name that all share who are counted together.

    `lease` returns the lease as it is now: a slot lasts as long as that is kept.
    """

    def __init__(self, store: Store, name: str, slots: int, lease: Callable[[], Lease]) -> None:
        """Ask for nothing yet."""
        self._store = store
        self._lease = lease
        self.name = name
        self.slots = slots

    def enter(self) -> bool:
        """Take a slot if one is free now; says whether it did. Nobody waits behind who was refused."""
        return self._store.claim_slot(self.name, self.slots, self._lease(), is_waiting=False)

    def wait(self, is_wanted: Callable[[], bool]) -> bool:
        """Wait for a slot, in the order in which others came; False when it is not wanted any more, and the place is given up."""
        while not self._store.claim_slot(self.name, self.slots, self._lease()):
            if not is_wanted():
                self.leave()
                return False
            clock.wait(queue.SimpleQueue(), LOOK)
        return True

    def keep(self) -> None:
        """Keep the slot while nobody runs the flow run, as when it is paused: until the next owner enters, or it is ended."""
        self._store.keep_slot(self.name, self._lease())

    def leave(self) -> None:
        """Give the slot back."""
        self._store.release_slot(self.name, self._lease())
