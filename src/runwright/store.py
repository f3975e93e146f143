"""Store: the event log and its rows, who may append and what is asked of them, and the values of namespaces. The contract.

`append` writes the log and folds the rows in one transaction. There is no queue between them that an event could be dropped
from. A store is used from one thread at a time for writing and from any thread for reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import msgspec

from runwright.cards import Cards
from runwright.given_tags import GivenTags
from runwright.key_values import KeyValues
from runwright.received_events import ReceivedEvents
from runwright.retention import Retention
from runwright.tag_limits import TagLimits
from runwright.trigger_states import TriggerStates
from runwright.views import Views

if TYPE_CHECKING:
    from runwright.events import Batch
    from runwright.request import Answer, Request
    from runwright.runs import FlowVersion, Project


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


class Store(Views, KeyValues, ReceivedEvents, TriggerStates, Retention, Cards, TagLimits, GivenTags, Protocol):
    """A record. Adapters: `runwright.stores`.

    One that `is_remote` is committed to by another process: who waits for that could do something else meanwhile.
    """

    url: str
    is_remote: bool

    def migrate(self) -> None:
        """Bring the schema up to date; raises `RecordTooNew`, `RecordUnreadable`."""
        ...

    def register(self, flow: FlowVersion) -> FlowVersion:
        """Return the flow with its id and version, recorded now unless its fingerprint is known for its name."""
        ...

    def add_project(self, name: str, description: str | None = None) -> Project:
        """Return the project of a name, recorded now unless there is one."""
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

    def lost_leases(self) -> list[Lease]:
        """Return the leases that have expired and were not given up, the oldest first: what lost processes have left.

        Cheap however many flow runs there are: that is looked at every moment.
        """
        ...

    def ask(self, request: Request) -> Request:
        """Keep a request, and return it with the time it came; one whose id is known is returned as it is kept.

        Raises `NotOnRecord` when there is no such flow run.
        """
        ...

    def requests(self, flow_run: UUID | None = None, *, open_only: bool = True) -> list[Request]:
        """Return requests, oldest first. Cheap for the open ones of one flow run: that is looked at several times a second."""
        ...

    def answer(self, request: UUID, lease: Lease, answer: Answer) -> Request:
        """Answer a request and return it; one that has an answer keeps it.

        Raises `LeaseLost` unless `lease` is the newest of the request's flow run, `NotOnRecord` for a request that is not there.
        """
        ...

    def claim_slot(self, name: str, limit: int, lease: Lease, *, is_waiting: bool = True) -> bool:
        """Take one of `limit` slots of this name for the flow run of a lease; says whether it has one now.

        A slot is in use while the lease that it was given under lives, or while it is kept and its flow run is not final. Whoever
        is refused waits, and goes before those who come later as long as its lease lives; with `is_waiting` False it does not
        wait. Asked again it answers again. Raises `LeaseLost`.
        """
        ...

    def keep_slot(self, name: str, lease: Lease) -> None:
        """Keep the slot that was claimed under a lease beyond its end, for the next owner to claim; raises `LeaseLost`."""
        ...

    def release_slot(self, name: str, lease: Lease) -> None:
        """Give a slot back, or stop waiting for one; of another owner's it does nothing."""
        ...

    def now(self) -> int:
        """Return the store's clock (ns), which decides when a lease ends."""
        ...

    def await_events(self, after: int, seconds: float) -> int:
        """Return the last cursor of the log as soon as it is beyond `after`, or what it is when so many seconds are over."""
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
