"""Leases: keeping the right to append to a flow run while its process lives."""

from __future__ import annotations

import logging
import os
import socket
import threading
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from runwright.errors import LeaseLost

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from runwright.store import Lease, Store

_logger = logging.getLogger("runwright.Leases")


def worker_name() -> str:
    """Return the name of this process for people to read: its host and number."""
    return f"{socket.gethostname()}:{os.getpid()}"


def owner_name() -> str:
    """Return a name for this process that no other ever has: it begins as people read it."""
    return f"{worker_name()}:{uuid4().hex[:12]}"


def is_left(store: Store, flow_run: UUID) -> bool:
    """Say whether whoever ran a flow run is gone: the lease has run out, and was not given up."""
    lease = store.find_lease(flow_run)
    return lease is not None and lease.expires <= store.now()


SOON = 5.0
"""Seconds after which a lease gets a guard that has to be started first: most flow runs are over by then."""


class Guard(Protocol):
    """Who renews leases when their process cannot: see `runwright.lease_guard`."""

    @property
    def is_running(self) -> bool:
        """Say whether leases are watched without a start first."""
        ...

    def watch(self, lease: Lease, seconds: float) -> None:
        """Have a lease renewed that this process does not renew in time."""
        ...

    def forget(self, lease: Lease) -> None:
        """Leave a lease alone from now on."""
        ...


class LeaseKeeper:
    """Renews one lease every third of its length, from its own thread, until it is released or lost.

    A `guard` does so when that thread gets no turn.
    """

    def __init__(
        self,
        store: Store,
        flow_run: UUID,
        seconds: float,
        on_lost: Callable[[LeaseLost], None],
        guard: Guard | None = None,
    ) -> None:
        """Take the lease; raises `LeaseHeld` while another process has it."""
        self._store = store
        self._guard = guard
        self._seconds = seconds
        self._on_lost = on_lost
        self._stopped = threading.Event()
        self.lease: Lease = store.acquire(flow_run, owner_name(), seconds)
        if guard is not None and guard.is_running:
            guard.watch(self.lease, seconds)
        self._thread = threading.Thread(target=self._renew, name="runwright-lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give the lease up."""
        self._stopped.set()
        self._thread.join()
        if self._guard is not None:
            self._guard.forget(self.lease)
        self._store.release(self.lease)

    def _renew(self) -> None:
        if self._guard is not None and (self._guard.is_running or not self._stopped.wait(min(SOON, self._seconds / 3))):
            self._guard.watch(self.lease, self._seconds)
        while not self._stopped.wait(self._seconds / 3):
            try:
                self.lease = self._store.renew(self.lease, self._seconds)
            except LeaseLost as lost:
                self._on_lost(lost)
                return
            except Exception:
                _logger.exception("The lease could not be renewed; trying again.")
