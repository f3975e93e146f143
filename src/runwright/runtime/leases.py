"""Leases: keeping the right to append to a flow run while its process lives."""

from __future__ import annotations

import logging
import os
import socket
import threading
from typing import TYPE_CHECKING
from uuid import uuid4

from runwright.errors import LeaseLost

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from runwright.store import Lease, Store

_logger = logging.getLogger("runwright.Leases")


def owner_name() -> str:
    """Return a name for this process that no other ever has; host and process id are for people to read."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:12]}"


class LeaseKeeper:
    """Renews one lease every third of its length, from its own thread, until it is released or lost."""

    def __init__(self, store: Store, flow_run: UUID, seconds: float, on_lost: Callable[[LeaseLost], None]) -> None:
        """Take the lease; raises `LeaseHeld` while another process has it."""
        self._store = store
        self._seconds = seconds
        self._on_lost = on_lost
        self._stopped = threading.Event()
        self.lease: Lease = store.acquire(flow_run, owner_name(), seconds)
        self._thread = threading.Thread(target=self._renew, name="runwright-lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give the lease up."""
        self._stopped.set()
        self._thread.join()
        self._store.release(self.lease)

    def _renew(self) -> None:
        while not self._stopped.wait(self._seconds / 3):
            try:
                self.lease = self._store.renew(self.lease, self._seconds)
            except LeaseLost as lost:
                self._on_lost(lost)
                return
            except Exception:
                _logger.exception("The lease could not be renewed; trying again.")
