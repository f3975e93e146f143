"""Store: a record in one SQLite file: one connection that writes, and as many that read as there are readers.

A batch is folded, written and committed in one Transaction, after the leases of its flow runs were checked in it. Several
processes may use one file; SQLite's lock keeps their commits apart.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

from runwright.errors import NotOnRecord, RecordError
from runwright.failpoints import hit
from runwright.stores.projection import Fold
from runwright.stores.registration import flow_id_of
from runwright.stores.sqlite import (
    flows,
    key_values,
    leases,
    log,
    rebuild,
    received,
    requests,
    schema,
    slots,
    trigger_states,
)
from runwright.stores.sqlite.connection import Transaction, connect_to_read, connect_to_write, explained
from runwright.stores.sqlite.reads import SqliteViews
from runwright.stores.sqlite.rows import SqliteRows
from runwright.stores.sqlite.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    import apsw

    from runwright.events import Batch
    from runwright.key_values import KeyValue
    from runwright.received_events import ReceivedEvent
    from runwright.request import Answer, Request
    from runwright.runs import FlowVersion, Project
    from runwright.store import Difference, Lease
    from runwright.trigger_states import TriggerState


class SqliteStore(SqliteViews):
    """A record in a file. `read_only` opens it for views alone; `synchronous` NORMAL leaves the sync of commits to the system."""

    def __init__(
        self, path: str | Path, *, read_only: bool = False, synchronous: Literal["FULL", "NORMAL"] = "FULL"
    ) -> None:
        """Open the file, made when it is not there, and bring its schema up to date.

        Raises `RecordUnreadable`, `RecordTooNew`, `RecordFull`.
        """
        super().__init__(str(Path(path).absolute()))
        self._lock = threading.Lock()
        self._db: apsw.Connection | None = None
        self._commits: Transaction | None = None
        self._explained = explained(self.path)
        self._standing: Standing | None = None
        if read_only:
            db = connect_to_read(self.path)
            self._idle.append(db)
            schema.check_version(db, self.path, is_current=True)
        else:
            self._db = connect_to_write(self.path, synchronous)
            self._commits = Transaction(self._db)
            self.migrate()

    def migrate(self) -> None:
        """Bring the schema up to date; raises `RecordTooNew`."""
        with self._writing() as db:
            schema.migrate(db, self.path)

    def register(self, flow: FlowVersion) -> FlowVersion:
        """Return the flow with its id and version, recorded now unless its fingerprint is known for its name."""
        with self._writing() as db, Transaction(db):
            return flows.register(db, flow, flow_id_of(flow), flow.created or leases.now(db))

    def add_project(self, name: str, description: str | None = None) -> Project:
        """Return the project of a name, recorded now unless there is one."""
        with self._writing() as db, Transaction(db):
            return flows.add_project(db, name, description, leases.now(db))

    def append(self, batch: Batch, held: dict[UUID, Lease]) -> int:
        """Commit a batch and return the cursor of its last event (0 for none); see `runwright.store.Store`."""
        with self._lock, self._explained:  # not `_writing`: a generator costs each commit more
            transaction = self._commits or self._refuse()
            standing, self._standing = self._standing or Standing(), None
            with transaction:
                cursor = _append(transaction, batch, held, standing.confirmed(transaction.db))
                hit("append.before_commit")
            self._standing = standing.of(transaction.db)
            hit("append.after_commit")
        return cursor

    def keep_events(self, events: Sequence[ReceivedEvent]) -> int:
        """Write those whose ids are new, in one commit, and return how many those were."""
        with self._writing() as db, Transaction(db):
            return received.keep(db, events)

    def acquire(self, flow_run: UUID, owner: str, seconds: float) -> Lease:
        """Return a lease with a new token; raises `LeaseHeld` while another owner's has not expired."""
        with self._writing() as db, Transaction(db):
            return leases.acquire(db, flow_run, owner, seconds)

    def renew(self, lease: Lease, seconds: float) -> Lease:
        """Return the lease, extended; raises `LeaseLost` when a newer token exists."""
        with self._writing() as db, Transaction(db):
            return leases.renew(db, lease, seconds)

    def release(self, lease: Lease) -> None:
        """Give the lease up; one that was lost is left alone."""
        with self._writing() as db, Transaction(db):
            leases.release(db, lease)

    def find_lease(self, flow_run: UUID) -> Lease | None:
        """Return the newest lease of a flow run that was not given up, expired or not."""
        with self._reading() as db:
            lease = leases.find(db, flow_run)
        return lease if lease is not None and lease.owner else None

    def find_value(self, namespace: str, key: str) -> KeyValue | None:
        """Return what is under a key, None where nothing is."""
        with self._reading() as db:
            return key_values.find(db, namespace, key, leases.now(db))

    def list_values(self, namespace: str, prefix: str = "") -> list[KeyValue]:
        """Return what a namespace has under keys that begin with `prefix`, by key."""
        with self._reading() as db:
            return key_values.list_all(db, namespace, prefix, leases.now(db))

    def keep_value(self, value: KeyValue, *, overwrite: bool = True) -> KeyValue:
        """Write a value and return it as it is kept; raises `KeyTaken` without `overwrite` when the key has one."""
        with self._writing() as db, Transaction(db):
            return key_values.keep(db, value, leases.now(db), overwrite=overwrite)

    def delete_value(self, namespace: str, key: str) -> bool:
        """Delete what is under a key; False where nothing was."""
        with self._writing() as db, Transaction(db):
            return key_values.delete(db, namespace, key, leases.now(db))

    def ask(self, request: Request) -> Request:
        """Keep a request, and return it with the time it came; one whose id is known is returned as it is kept."""
        with self._writing() as db, Transaction(db):
            return requests.ask(db, request)

    def answer(self, request: UUID, lease: Lease, answer: Answer) -> Request:
        """Answer a request and return it; one that has an answer keeps it. Raises `LeaseLost`."""
        with self._writing() as db, Transaction(db):
            return requests.answer(db, request, lease, answer)

    def claim_slot(self, name: str, limit: int, lease: Lease, *, is_waiting: bool = True) -> bool:
        """Take one of `limit` slots of this name; says whether the flow run has one now. See `runwright.store.Store`."""
        with self._writing() as db, Transaction(db):
            return slots.claim(db, name, limit, lease, is_waiting=is_waiting)

    def keep_slot(self, name: str, lease: Lease) -> None:
        """Keep the slot that was claimed under a lease beyond its end, for the next owner to claim."""
        with self._writing() as db, Transaction(db):
            slots.keep(db, name, lease)

    def release_slot(self, name: str, lease: Lease) -> None:
        """Give a slot back, or stop waiting for one."""
        with self._writing() as db, Transaction(db):
            slots.release(db, name, lease)

    def find_trigger(self, namespace: str, flow: str, trigger: str) -> TriggerState | None:
        """Return the state of a trigger, None for one that has none yet."""
        with self._reading() as db:
            return trigger_states.find(db, namespace, flow, trigger)

    def list_triggers(self, namespace: str | None = None, flow: str | None = None) -> list[TriggerState]:
        """Return states by namespace, flow and trigger; those of one namespace or flow where given."""
        with self._reading() as db:
            return trigger_states.list_all(db, namespace, flow)

    def due_triggers(self, at: int) -> list[TriggerState]:
        """Return the states that are due at a time or were before, those that are turned off left out."""
        with self._reading() as db:
            return trigger_states.due(db, at)

    def keep_trigger(self, state: TriggerState) -> TriggerState | None:
        """Write a state over the version that it was read in, and return it; None when that is not the newest."""
        with self._writing() as db, Transaction(db):
            return trigger_states.keep(db, state, leases.now(db))

    def delete_trigger(self, namespace: str, flow: str, trigger: str) -> bool:
        """Delete the state of a trigger; False where there was none."""
        with self._writing() as db, Transaction(db):
            return trigger_states.delete(db, namespace, flow, trigger)

    def count_flow_versions(self) -> int:
        """Return how many versions of flows there are."""
        with self._reading() as db:
            return trigger_states.count_flow_versions(db)

    def now(self) -> int:
        """Return the clock of the database."""
        with self._reading() as db:
            return leases.now(db)

    def rebuild(self, *, replace: bool = False) -> list[Difference]:
        """Return how the rows differ from the fold of the log; with `replace`, put the fold in their place."""
        with explained(self.path):
            if not replace:
                return rebuild.compare(self.path)
            with self._writing() as db:
                return rebuild.replace(db)

    def close(self) -> None:
        """Let go of the file."""
        super().close()
        with self._lock:
            if self._db is not None:
                self._db.close(True)  # noqa: FBT003  the library takes no keyword
                self._db = self._commits = None

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        with self._lock, self._explained:
            yield self._db or self._refuse()

    def _refuse(self) -> NoReturn:
        reason = "was closed" if self._is_closed else "is open for reading only"
        raise RecordError(f"The record {self.path} {reason}: open it again to write.")


def _append(transaction: Transaction, batch: Batch, held: dict[UUID, Lease], standing: Standing) -> int:
    """Write a batch inside the caller's transaction."""
    db = transaction.db
    cursor = log.number(db, batch.events, standing.cursor) if batch.events else 0
    rows = SqliteRows(db)
    fold = Fold(rows, standing.folds).add(batch.events)
    keys = {flow_run: run.row.key for flow_run, run in fold.runs.items()}
    if batch.logs or batch.metrics:
        _add_keys(db, batch, keys)
    for flow_run, key in keys.items():
        lease = held.get(flow_run)
        if lease is None or standing.leases.get(key) != lease.token:
            leases.check(db, flow_run, lease)
            standing.trust(key, lease)
    log.append(transaction.cursor, batch, keys)
    rows.put(fold, transaction.cursor)
    standing.keep(fold, cursor)
    return cursor


def _add_keys(db: apsw.Connection, batch: Batch, keys: dict[UUID, int]) -> None:
    """Look up the flow runs that log lines and metrics alone are of."""
    for flow_run in {line.flow_run for line in batch.logs} | {each.flow_run for each in batch.metrics}:
        if flow_run not in keys:
            key = log.find_key(db, flow_run)
            if key is None:
                raise NotOnRecord(f"No flow run {flow_run} is on this record: its first event must be CREATED.")
            keys[flow_run] = key
