"""Store: the event log and its rows, and the leases that say who may append. The contract.

`append` writes the log and folds the rows in one transaction. There is no queue between them that an event could be dropped
from. A store is used from one thread at a time for writing and from any thread for reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import msgspec

from runwright.received_events import ReceivedEvents
from runwright.views import Views

if TYPE_CHECKING:
    from runwright.events import Batch
    from runwright.runs import FlowVersion


class Lease(msgspec.Struct, frozen=True):
    """The right to append to one flow run until `expires` (ns, the store's clock). `token` grows with every new owner."""

    flow_run: UUID
    owner: str
    token: int
    expires: int


class Difference(msgspec.Struct, frozen=True):
    """A row that does not say what the log says: `table`, `key`, and both contents (None: no such row)."""

    table: str
    key: str
    recorded: str | None
    rebuilt: str | None

    def __str__(self) -> str:
        """Return all of it in one line."""
        where = f"{self.table} {self.key}".strip()
        return f"I4: {where}: recorded {self.recorded or 'nothing'}, by the log {self.rebuilt or 'nothing'}"


class Store(Views, ReceivedEvents, Protocol):
    """A record. Adapters: `runwright.stores`."""

    url: str

    def migrate(self) -> None:
        """Bring the schema up to date; raises `RecordTooNew`, `RecordUnreadable`."""
        ...

    def register(self, flow: FlowVersion) -> FlowVersion:
        """Return the flow with its id and version, recorded now unless its fingerprint is known for its name."""
        ...

    def append(self, batch: Batch, held: dict[UUID, Lease]) -> int:
        """Commit a batch and return the cursor of its last event (0 for none).

        Every flow run in the batch needs its lease in `held`, still the newest: else `LeaseLost` and nothing is written.
        Raises `IllegalTransition` when a final state would be followed by anything but a restart or a version is not the next,
        `RecordFull` when the disk has no room; nothing is written then either.
        """
        ...

    def acquire(self, flow_run: UUID, owner: str, seconds: float) -> Lease:
        """Return a lease with a new token; raises `LeaseHeld` while another owner's has not expired."""
        ...

    def renew(self, lease: Lease, seconds: float) -> Lease:
        """Return the lease, extended; raises `LeaseLost` when a newer token exists."""
        ...

    def release(self, lease: Lease) -> None:
        """Give the lease up; one that was lost is left alone."""
        ...

    def find_lease(self, flow_run: UUID) -> Lease | None:
        """Return the newest lease of a flow run that was not given up, expired or not."""
        ...

    def now(self) -> int:
        """Return the store's clock (ns), which decides when a lease ends."""
        ...

    def find_damage(self) -> list[str]:
        """Return what is wrong with the place that keeps the record, whatever the record says; it reads all of it."""
        ...

    def rebuild(self, *, replace: bool = False) -> list[Difference]:
        """Return how the rows differ from the fold of the log; with `replace`, put the fold in their place."""
        ...

    def close(self) -> None:
        """Let go of the record."""
        ...
