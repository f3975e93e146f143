"""Leases: waiting in this process until what a killed one held is nobody's; to try again and again starts a process each time."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

from runwright import clock

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.store import Store


def wait_for_end(store: Store, flow_run: UUID) -> None:
    """Look until the lease of a flow run has ended."""
    while (lease := store.find_lease(flow_run)) is not None and lease.expires > store.now():
        clock.wait(queue.SimpleQueue(), 0.02)
