"""Store: a record in one schema of a PostgreSQL database, written and read through pools of connections.

A batch is folded, written and committed in one transaction that holds the leases of its flow runs. Others commit at the same
time; only the last step of each, giving cursors, is taken one after the other.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from runwright.errors import IllegalTransition, NotOnRecord, RecordError
from runwright.failpoints import hit
from runwright.given_tags import TagChange
from runwright.retention import Purged
from runwright.store import Lease
from runwright.stores import leasing
from runwright.stores.kept_limits import KeptLimits
from runwright.stores.postgres import damage, log, rebuild, received, schema
from runwright.stores.postgres.connection import connect
from runwright.stores.postgres.dialect import PostgresDialect
from runwright.stores.postgres.hints import Hints
from runwright.stores.postgres.pool import Pool
from runwright.stores.postgres.rows import PostgresRows
from runwright.stores.postgres.standing import Standing
from runwright.stores.projection import Fold
from runwright.stores.registration import flow_id_of
from runwright.stores.sql import (
    cards,
    flows,
    given_tags,
    key_values,
    leases,
    queries,
    requests,
    retention,
    slots,
    tag_slots,
    trigger_states,
)
from runwright.stores.sql.log import find_key, keys_of
from runwright.stores.sql.views import SqlViews
from runwright.stores.urls import without_password

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from runwright.cards import Card
    from runwright.events import Batch
    from runwright.key_values import KeyValue
    from runwright.received_events import ReceivedEvent
    from runwright.request import Answer, Request
    from runwright.runs import FlowVersion, Project
    from runwright.store import Difference
    from runwright.stores.postgres.connection import PostgresConnection
    from runwright.stores.postgres.pool import Found
    from runwright.stores.projection import RunFold
    from runwright.tag_limits import Claim
    from runwright.trigger_states import TriggerState

PATIENCE = 600.0
"""Seconds that a commit waits for a server that went away: what runs meanwhile is not lost."""
SHORT_PATIENCE = 30.0
"""Seconds that everything else waits for it."""
_READERS, _WRITERS = 8, 4
_LEASES, _LOG = queries("postgres", "leases"), queries("postgres", "log")


class PostgresStore(SqlViews, KeptLimits):
    """A record at a URL. `read_only` opens it for views alone; `synchronous` NORMAL does not wait for the server's disk."""

    is_remote = True

    def __init__(
        self,
        url: str,
        *,
        read_only: bool = False,
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
        is_patient: bool = False,
    ) -> None:
        """Connect, and bring the schema up to date, made when it is not there; `is_patient` waits for a server that is away.

        Raises `RecordUnreachable`, `RecordUnreadable`, `RecordTooNew`.
        """
        super().__init__("postgres", PostgresDialect())
        self.url = without_password(url)
        self._lock = threading.Lock()
        self._standing = Standing()
        self._is_closed = False
        first = partial(connect, url, read_only=read_only, synchronous=synchronous)
        again = partial(first, schema=self._prepare(first, read_only=read_only, patience=SHORT_PATIENCE * is_patient))
        self._readers = Pool(self.url, again, _READERS)
        self._writers = None if read_only else Pool(self.url, again, _WRITERS)
        self._hints = Hints(again)

    def migrate(self) -> None:
        """Bring the schema up to date; raises `RecordTooNew`."""
        self._write(lambda db: schema.migrate(db, self.url))

    def register(self, flow: FlowVersion) -> FlowVersion:
        """Return the flow with its id and version, recorded now unless its fingerprint is known for its name."""

        def write(db: PostgresConnection) -> FlowVersion:
            known = flows.find_known(db, flow)
            if known is not None:
                return known
            with db.transaction():
                _take_turns(db, "log")
                return flows.register(db, flow, flow_id_of(flow), flow.created or leases.now(db))

        return self._write(write)

    def add_project(self, name: str, description: str | None = None) -> Project:
        """Return the project of a name, recorded now unless there is one."""
        return self._write_at_once(lambda db: flows.add_project(db, name, description, leases.now(db)))

    def append(self, batch: Batch, held: dict[UUID, Lease]) -> int:
        """Commit a batch and return the cursor of its last event (0 for none); see `runwright.store.Store`.

        A server that goes away is waited for; a batch whose commit it did not answer is looked for before it is written again.
        """
        if not (batch.events or batch.logs or batch.metrics):
            return 0
        is_new = True

        def write(db: PostgresConnection) -> int:
            nonlocal is_new
            cursor = None if is_new else log.find(db, batch)
            is_new = False
            return (
                self._append(db, batch, held)
                if cursor is None
                else log.number(batch.events, cursor - len(batch.events))
            )

        with self._lock:
            cursor = self._write(write, PATIENCE)
        hit("append.after_commit")
        return cursor

    def acquire(self, flow_run: UUID, owner: str, seconds: float) -> Lease:
        """Return a lease with a new token; raises `LeaseHeld` while another owner's has not expired."""
        return self._write_at_once(lambda db: leases.acquire(db, flow_run, owner, seconds))

    def renew(self, lease: Lease, seconds: float) -> Lease:
        """Return the lease, extended; raises `LeaseLost` when a newer token exists."""
        return self._write_at_once(lambda db: leases.renew(db, lease, seconds))

    def release(self, lease: Lease) -> None:
        """Give the lease up; one that was lost is left alone."""
        self._write_at_once(lambda db: leases.release(db, lease))

    def keep_events(self, events: Sequence[ReceivedEvent], *, same_only: bool = False) -> int:
        """Write those whose ids are new, in one commit, and return how many those were; raises `EventTaken` with `same_only`."""
        return self._write_at_once(lambda db: received.keep(db, events, same_only=same_only))

    def keep_value(self, value: KeyValue, *, overwrite: bool = True) -> KeyValue:
        """Write a value and return it as it is kept; raises `KeyTaken` without `overwrite` when the key has one."""

        def write(db: PostgresConnection) -> KeyValue:
            _take_turns(db, f"key {value.namespace}")
            return key_values.keep(db, value, leases.now(db), overwrite=overwrite)

        return self._write_at_once(write)

    def delete_value(self, namespace: str, key: str) -> bool:
        """Delete what is under a key; False where nothing was."""

        def write(db: PostgresConnection) -> bool:
            _take_turns(db, f"key {namespace}")
            return key_values.delete(db, namespace, key, leases.now(db))

        return self._write_at_once(write)

    def ask(self, request: Request) -> Request:
        """Keep a request, and return it with the time it came; one whose id is known is returned as it is kept."""
        return self._write_at_once(lambda db: requests.ask(db, request))

    def answer(self, request: UUID, lease: Lease, answer: Answer) -> Request:
        """Answer a request and return it; one that has an answer keeps it. Raises `LeaseLost`."""
        return self._write_at_once(lambda db: requests.answer(db, request, lease, answer))

    def claim_slot(self, name: str, limit: int, lease: Lease, *, is_waiting: bool = True) -> bool:
        """Take one of `limit` slots of this name; says whether the flow run has one now. See `runwright.store.Store`."""

        def write(db: PostgresConnection) -> bool:
            _take_turns(db, f"slot {name}")
            return slots.claim(db, name, limit, lease, is_waiting=is_waiting)

        return self._write_at_once(write)

    def keep_slot(self, name: str, lease: Lease) -> None:
        """Keep the slot that was claimed under a lease beyond its end, for the next owner to claim."""
        self._write_at_once(lambda db: slots.keep(db, name, lease))

    def release_slot(self, name: str, lease: Lease) -> None:
        """Give a slot back, or stop waiting for one."""
        self._write_at_once(lambda db: slots.release(db, name, lease))

    def claim_tag_slots(self, lease: Lease, claims: Sequence[Claim], given_back: Collection[int] = ()) -> list[int]:
        """Give slots of tags back, and take others; see `runwright.tag_limits.TagLimits`. A server that goes away is waited for."""

        def write(db: PostgresConnection) -> list[int]:
            with db.transaction():
                _take_turns(db, "tag slots")
                return tag_slots.claim(db, lease, claims, given_back)

        return self._write(write, PATIENCE)

    def keep_trigger(self, state: TriggerState) -> TriggerState | None:
        """Write a state over the version that it was read in, and return it; None when that is not the newest.

        One whose commit was not answered is looked for: else who has written it would take it for somebody else's.
        """
        is_new = True

        def write(db: PostgresConnection) -> TriggerState | None:
            nonlocal is_new
            _take_turns(db, f"trigger {state.namespace} {state.flow}")
            before = None if is_new else trigger_states.find_kept(db, state)
            is_new = False
            return before or trigger_states.keep(db, state, leases.now(db))

        return self._write_at_once(write)

    def delete_trigger(self, namespace: str, flow: str, trigger: str) -> bool:
        """Delete the state of a trigger; False where there was none."""
        return self._write_at_once(lambda db: trigger_states.delete(db, namespace, flow, trigger))

    def keep_card(self, card: Card) -> Card | None:
        """Write a card over the version that it was read in, and return it; None when that is not the newest."""

        def write(db: PostgresConnection) -> Card | None:
            _take_turns(db, f"card {card.kind} {card.name}")
            return cards.keep(db, card, leases.now(db))

        return self._write_at_once(write)

    def delete_card(self, kind: str, name: str) -> bool:
        """Delete a card; False where there was none."""
        return self._write_at_once(lambda db: cards.delete(db, kind, name))

    def change_tags(
        self, task_runs: Sequence[UUID], add: Sequence[str] = (), remove: Sequence[str] = (), *, by: str = ""
    ) -> int:
        """Change the tags of task runs, and return how many of those have changed; raises `TagRefused`, `NotOnRecord`."""
        change = TagChange.checked(add, remove)
        return self._write_at_once(lambda db: given_tags.change(db, task_runs, change, by))

    def await_events(self, after: int, seconds: float) -> int:
        """Return the last cursor as soon as it is beyond `after`, or after so many seconds what it is then."""
        end = time.monotonic() + seconds
        while True:
            self._hints.listen()
            with self._reading() as db:
                cursor = log.last_cursor(db)
            left = end - time.monotonic()
            if cursor > after or left <= 0:
                return cursor
            self._hints.wait(left)

    def purge(self, flow_runs: Sequence[UUID]) -> Purged:
        """Delete flow runs that have ended with all that is kept of them, and return which those were."""
        before = Purged()

        def write(db: PostgresConnection) -> Purged:
            nonlocal before
            db.execute(_LEASES["lock_several"], ([each.bytes for each in flow_runs],))
            _take_turns(db, "log")
            if before.flow_runs and all(find_key(db, each) is None for each in before.flow_runs):
                return before  # the commit was made, and the server did not answer it
            before = retention.purge(db, flow_runs)
            return before

        with self._lock:
            self._standing = Standing()
            return self._write_at_once(write)

    def purge_log_lines(
        self,
        flow_run: UUID,
        *,
        levels: Collection[int] | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> int:
        """Delete log lines of a flow run, and return how many."""
        return self._write_at_once(lambda db: retention.purge_log_lines(db, flow_run, levels, since, until))

    def purge_metrics(self, flow_run: UUID) -> int:
        """Delete the numbers of a flow run, and return how many there were."""
        return self._write_at_once(lambda db: retention.purge_metrics(db, flow_run))

    def find_damage(self) -> list[str]:
        """Return what is wrong with the tables themselves: constraints, indexes, and lines of runs that are not there."""
        with self._readers.lend(SHORT_PATIENCE) as db:
            return damage.find(db)

    def rebuild(self, *, replace: bool = False) -> list[Difference]:
        """Return how the rows differ from the fold of the log; with `replace`, put the fold in their place."""
        if replace:
            return self._write(rebuild.replace)
        with self._readers.lend(SHORT_PATIENCE) as db:
            return rebuild.compare(db)

    def close(self) -> None:
        """Let go of the server; connections in use close when they are given back."""
        self._is_closed = True
        self._readers.close()
        if self._writers is not None:
            self._writers.close()
        self._hints.close()

    def _prepare(self, connect: Callable[[], PostgresConnection], *, read_only: bool, patience: float) -> str:
        """Make the schema, or check it, and return its name."""

        def prepare(db: PostgresConnection) -> str:
            if read_only:
                schema.check_version(db, self.url, is_current=True)
            else:
                schema.migrate(db, self.url)
            return db.schema

        with closing(Pool(self.url, connect, 1)) as pool:
            return pool.run(prepare, patience)

    @contextmanager
    def _reading(self) -> Iterator[_Reader]:
        yield _Reader(self._readers)

    def _write(self, action: Callable[[PostgresConnection], Found], patience: float = SHORT_PATIENCE) -> Found:
        if self._writers is None:
            raise RecordError(f"The record {self.url} is open for reading only: open it again to write.")
        return self._writers.run(action, patience)

    def _write_at_once(self, action: Callable[[PostgresConnection], Found]) -> Found:
        def write(db: PostgresConnection) -> Found:
            with db.transaction():
                return action(db)

        return self._write(write)

    def _append(self, db: PostgresConnection, batch: Batch, held: dict[UUID, Lease]) -> int:
        """Write a batch, in one message where what is known of its flow runs still holds, else after they were looked up."""
        standing, self._standing = self._standing, Standing()
        flow_runs = log.flow_runs_of(batch)
        known = standing.of(flow_runs)
        cursor = None if known is None else _append_at_once(db, batch, held, known, standing)
        if cursor is None:
            cursor = _look_up_and_append(db, batch, held, flow_runs, standing)
        self._standing = standing
        return cursor


class _Reader:
    """A connection as the shared reads know it: each query takes one from the pool, and is asked again when that was lost."""

    dialect = "postgres"

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def execute(self, query: str, values: Any = ()) -> Any:
        return self._pool.run(lambda db: db.execute(query, values), SHORT_PATIENCE)


def _take_turns(db: PostgresConnection, what: str) -> None:
    """Wait until nobody else does the same to the same thing, and keep others waiting until the transaction ends."""
    db.execute(_LOG["lock"], (schema.lock_of(db.schema, what),))


def _append_at_once(
    db: PostgresConnection, batch: Batch, held: dict[UUID, Lease], known: dict[UUID, RunFold], standing: Standing
) -> int | None:
    """Write a batch whose flow runs are known, and commit it; None where they only seem to be, so that it does not fit."""
    count = log.number(batch.events)
    seen = {flow_run: run.row.cursor for flow_run, run in known.items()}
    try:
        leases_held = [held[flow_run] for flow_run in known]
        fold = Fold(PostgresRows(db), known).add(batch.events)
    except (KeyError, IllegalTransition, NotOnRecord):
        return None
    keys = {flow_run: run.row.key for flow_run, run in known.items()}
    hit("append.before_commit")
    assumed = log.Assumed(standing.rebuilds, leases_held, seen)
    last = db.answer(log.APPEND, log.message(db.schema, batch, keys, fold, assumed))
    return _stand(batch, fold, count, last, standing)


def _look_up_and_append(
    db: PostgresConnection, batch: Batch, held: dict[UUID, Lease], flow_runs: list[UUID], standing: Standing
) -> int:
    """Write a batch: what it needs to know is asked under the locks of its leases, and everything is written and committed then."""
    count = log.number(batch.events)
    with db.pipeline():
        db.execute("BEGIN")
        locked = db.execute(_LEASES["lock_several"], ([each.bytes for each in flow_runs],))
        rebuilds: Any = db.execute(_LOG["rebuilds"])
        newest = {lease.flow_run: lease for lease in (Lease(UUID(bytes=row[0]), *row[1:]) for row in locked)}
        standing.forget(flow_runs, rebuilds.fetchone()[0])
        try:
            fold = Fold(PostgresRows(db)).add(batch.events)
        except IllegalTransition:  # who has lost a lease is told that, and not what another has recorded since
            for flow_run in {event.flow_run for event in batch.events}:
                leasing.check_held(newest.get(flow_run), held.get(flow_run), flow_run)
            raise
        keys = keys_of(db, batch, {flow_run: run.row.key for flow_run, run in fold.runs.items()})
        for flow_run in flow_runs:
            leasing.check_held(newest.get(flow_run), held.get(flow_run), flow_run)
        assumed = log.Assumed(standing.rebuilds)
        appended: Any = db.execute(log.APPEND, log.message(db.schema, batch, keys, fold, assumed))
        hit("append.before_commit")
        db.execute("COMMIT")
    return _stand(batch, fold, count, appended.fetchone()[0], standing)


def _stand(batch: Batch, fold: Fold, count: int, last: Any, standing: Standing) -> int:
    """Give the events of a committed batch their cursors, remember what they made of their flow runs, and return the last one."""
    cursor = int(last)
    standing.keep(fold, count, cursor)
    return log.number(batch.events, cursor - count)
