"""Store: a record in one SQLite file: one connection that writes, and as many that read as there are readers.

A batch is folded, written and committed in one Transaction, after the leases of its flow runs were checked in it. Several
processes may use one file; SQLite's lock keeps their commits apart.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

from runwright.errors import IllegalTransition, RecordError
from runwright.failpoints import hit
from runwright.given_tags import TagChange
from runwright.stores.kept_limits import KeptLimits
from runwright.stores.projection import Fold
from runwright.stores.registration import flow_id_of
from runwright.stores.sql import (
    cards,
    flows,
    given_tags,
    key_values,
    leases,
    requests,
    retention,
    slots,
    tag_slots,
    trigger_states,
)
from runwright.stores.sql.dialect import Dialect
from runwright.stores.sql.log import keys_of
from runwright.stores.sql.views import SqlViews
from runwright.stores.sqlite import log, rebuild, received, schema
from runwright.stores.sqlite.connection import (
    Transaction,
    connect_to_check,
    connect_to_read,
    connect_to_write,
    explained,
)
from runwright.stores.sqlite.requests import OpenRequests
from runwright.stores.sqlite.rows import SqliteRows
from runwright.stores.sqlite.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from uuid import UUID

    from runwright.cards import Card
    from runwright.events import Batch
    from runwright.key_values import KeyValue
    from runwright.received_events import ReceivedEvent
    from runwright.request import Answer, Request
    from runwright.retention import Purged
    from runwright.runs import FlowVersion, Project
    from runwright.store import Difference, Lease
    from runwright.stores.sqlite.connection import SqliteConnection
    from runwright.tag_limits import Claim
    from runwright.trigger_states import TriggerState

_LOOK = 0.02
"""Seconds between two looks at a log that somebody waits for: a file says nothing by itself."""


class SqliteStore(SqlViews, KeptLimits):
    """A record in a file. `read_only` opens it for views alone; `synchronous` NORMAL leaves the sync of commits to the system."""

    is_remote = False

    def __init__(
        self, path: str | Path, *, read_only: bool = False, synchronous: Literal["FULL", "NORMAL"] = "FULL"
    ) -> None:
        """Open the file, made when it is not there, and bring its schema up to date.

        Raises `RecordUnreadable`, `RecordTooNew`, `RecordFull`.
        """
        super().__init__("sqlite", Dialect())
        self.path = str(Path(path).absolute())
        self.url = f"sqlite:///{self.path}"
        self._lock = threading.Lock()
        self._db: SqliteConnection | None = None
        self._idle: deque[SqliteConnection] = deque()
        self._is_closed = False
        self._open_requests = OpenRequests(lambda: connect_to_read(self.path))
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

    def keep_events(self, events: Sequence[ReceivedEvent], *, same_only: bool = False) -> int:
        """Write those whose ids are new, in one commit, and return how many those were; raises `EventTaken` with `same_only`."""
        with self._writing() as db, Transaction(db):
            return received.keep(db, events, same_only=same_only)

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

    def requests(self, flow_run: UUID | None = None, *, open_only: bool = True) -> list[Request]:
        """Return requests, oldest first; the open ones of one flow run without a query while the file is unchanged."""
        if flow_run is None or not open_only:
            return super().requests(flow_run, open_only=open_only)
        with explained(self.path):
            self._check_open()
            return self._open_requests.of(flow_run)

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

    def claim_tag_slots(self, lease: Lease, claims: Sequence[Claim], given_back: Collection[int] = ()) -> list[int]:
        """Give slots of tags back, and take others; see `runwright.tag_limits.TagLimits`."""
        with self._writing() as db, Transaction(db):
            return tag_slots.claim(db, lease, claims, given_back)

    def await_events(self, after: int, seconds: float) -> int:
        """Return the last cursor as soon as it is beyond `after`, or after so many seconds what it is then."""
        end = time.monotonic() + seconds
        while True:
            with self._reading() as db:
                cursor = log.last_cursor(db)
            left = end - time.monotonic()
            if cursor > after or left <= 0:
                return cursor
            time.sleep(min(_LOOK, left))

    def keep_trigger(self, state: TriggerState) -> TriggerState | None:
        """Write a state over the version that it was read in, and return it; None when that is not the newest."""
        with self._writing() as db, Transaction(db):
            return trigger_states.keep(db, state, leases.now(db))

    def delete_trigger(self, namespace: str, flow: str, trigger: str) -> bool:
        """Delete the state of a trigger; False where there was none."""
        with self._writing() as db, Transaction(db):
            return trigger_states.delete(db, namespace, flow, trigger)

    def keep_card(self, card: Card) -> Card | None:
        """Write a card over the version that it was read in, and return it; None when that is not the newest."""
        with self._writing() as db, Transaction(db):
            return cards.keep(db, card, leases.now(db))

    def delete_card(self, kind: str, name: str) -> bool:
        """Delete a card; False where there was none."""
        with self._writing() as db, Transaction(db):
            return cards.delete(db, kind, name)

    def change_tags(
        self, task_runs: Sequence[UUID], add: Sequence[str] = (), remove: Sequence[str] = (), *, by: str = ""
    ) -> int:
        """Change the tags of task runs, and return how many of those have changed; raises `TagRefused`, `NotOnRecord`."""
        change = TagChange.checked(add, remove)
        with self._writing() as db, Transaction(db):
            return given_tags.change(db, task_runs, change, by)

    def purge(self, flow_runs: Sequence[UUID]) -> Purged:
        """Delete flow runs that have ended with all that is kept of them, and return which those were."""
        with self._writing() as db, Transaction(db):
            self._standing = None
            return retention.purge(db, flow_runs)

    def purge_log_lines(
        self,
        flow_run: UUID,
        *,
        levels: Collection[int] | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> int:
        """Delete log lines of a flow run, and return how many."""
        with self._writing() as db, Transaction(db):
            return retention.purge_log_lines(db, flow_run, levels, since, until)

    def purge_metrics(self, flow_run: UUID) -> int:
        """Delete the numbers of a flow run, and return how many there were."""
        with self._writing() as db, Transaction(db):
            return retention.purge_metrics(db, flow_run)

    def find_damage(self) -> list[str]:
        """Return what is wrong with the file itself: its pages, its constraints, and lines of runs that are not there."""
        with explained(self.path):
            db = connect_to_check(self.path)
            try:
                damage = [text for (text,) in db.execute("PRAGMA integrity_check") if text != "ok"]
                return damage or [f"I17: {text}" for (text,) in db.execute(self._sql["orphans"])]
            finally:
                db.close()

    def rebuild(self, *, replace: bool = False) -> list[Difference]:
        """Return how the rows differ from the fold of the log; with `replace`, put the fold in their place."""
        with explained(self.path):
            if not replace:
                return rebuild.compare(self.path)
            with self._writing() as db:
                return rebuild.replace(db)

    def close(self) -> None:
        """Let go of the file; connections that read close when their read is over."""
        self._close_idle()
        with self._lock:
            if self._db is not None:
                self._db.close(True)  # noqa: FBT003  the library takes no keyword
                self._db = self._commits = None

    @contextmanager
    def _writing(self) -> Iterator[SqliteConnection]:
        with self._lock, self._explained:
            yield self._db or self._refuse()

    def _refuse(self) -> NoReturn:
        reason = "was closed" if self._is_closed else "is open for reading only"
        raise RecordError(f"The record {self.path} {reason}: open it again to write.")

    @contextmanager
    def _reading(self) -> Iterator[SqliteConnection]:
        with explained(self.path):
            self._check_open()
            try:
                db = self._idle.pop()
            except IndexError:
                db = connect_to_read(self.path)
            try:
                yield db
            finally:
                self._idle.append(db)
                if self._is_closed:
                    self._close_idle()

    def _check_open(self) -> None:
        if self._is_closed:
            raise RecordError(f"The record {self.path} was closed: open it again.")

    def _close_idle(self) -> None:
        self._is_closed = True
        self._open_requests.close()
        while self._idle:
            self._idle.pop().close(True)  # noqa: FBT003  the library takes no keyword


def _append(transaction: Transaction, batch: Batch, held: dict[UUID, Lease], standing: Standing) -> int:
    """Write a batch inside the caller's transaction."""
    db = transaction.db
    cursor = log.number(db, batch.events, standing.cursor) if batch.events else 0
    rows = SqliteRows(db)
    try:
        fold = Fold(rows, standing.folds).add(batch.events)
    except IllegalTransition:  # who has lost a lease is told that, and not what another has recorded since
        for flow_run in {event.flow_run for event in batch.events}:
            leases.check(db, flow_run, held.get(flow_run))
        raise
    keys = {flow_run: run.row.key for flow_run, run in fold.runs.items()}
    if batch.logs or batch.metrics:
        keys = keys_of(db, batch, keys)
    for flow_run, key in keys.items():
        lease = held.get(flow_run)
        if lease is None or standing.leases.get(key) != lease.token:
            leases.check(db, flow_run, lease)
            standing.trust(key, lease)
    log.append(transaction.cursor, batch, keys)
    rows.put(fold, transaction.cursor)
    standing.keep(fold, cursor)
    return cursor
