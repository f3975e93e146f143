"""Leases: who may append to which flow run, by the database's own clock. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from runwright.store import Lease
from runwright.stores import leasing
from runwright.stores.sql import queries, rows_of, value_of

if TYPE_CHECKING:
    from runwright.stores.sql import Connection


def now(db: Connection) -> int:
    """Return the clock of the database."""
    return value_of(db, _sql(db)["now"])


def find(db: Connection, flow_run: UUID) -> Lease | None:
    """Return the last lease given, its owner empty once it was given up."""
    row = db.execute(_sql(db)["find"], (flow_run.bytes,)).fetchone()
    return Lease(flow_run, *row) if row else None


def lost(db: Connection) -> list[Lease]:
    """Return the leases that have expired and were not given up, the oldest first."""
    return [Lease(UUID(bytes=flow_run), *rest) for flow_run, *rest in rows_of(db, _sql(db)["lost"], (now(db),))]


def lock(db: Connection, flow_run: UUID) -> Lease | None:
    """Return the last lease given, as `find` does, which nobody else can change before the transaction ends."""
    row = db.execute(_sql(db)["lock"], (flow_run.bytes,)).fetchone()
    return Lease(flow_run, *row) if row else None


def acquire(db: Connection, flow_run: UUID, owner: str, seconds: float) -> Lease:
    """Take the lease; raises `LeaseHeld`."""
    lease = leasing.granted(lock(db, flow_run), flow_run, owner, seconds, now(db))
    _put(db, lease)
    return lease


def renew(db: Connection, lease: Lease, seconds: float) -> Lease:
    """Extend the lease; raises `LeaseLost`."""
    leasing.check_held(lock(db, lease.flow_run), lease, lease.flow_run)
    extended = Lease(lease.flow_run, lease.owner, lease.token, leasing.expiry(seconds, now(db)))
    _put(db, extended)
    return extended


def release(db: Connection, lease: Lease) -> None:
    """Give the lease up, unless it was lost."""
    db.execute(_sql(db)["give_up"], (lease.flow_run.bytes, lease.token))


def check(db: Connection, flow_run: UUID, lease: Lease | None) -> None:
    """Raise `LeaseLost` unless this lease is the newest."""
    leasing.check_held(lock(db, flow_run), lease, flow_run)


def _put(db: Connection, lease: Lease) -> None:
    db.execute(_sql(db)["put"], (lease.flow_run.bytes, lease.owner, lease.token, lease.expires))


def _sql(db: Connection) -> dict[str, str]:
    return queries(db.dialect, "leases")
