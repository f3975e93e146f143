"""Leases: who may append to which flow run, by the database's own clock. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.store import Lease
from runwright.stores import leasing
from runwright.stores.sql import queries

if TYPE_CHECKING:
    from uuid import UUID

    import apsw

_SQL = queries("sqlite", "leases")


def now(db: apsw.Connection) -> int:
    """Return the clock of the database."""
    return db.execute(_SQL["now"]).get


def find(db: apsw.Connection, flow_run: UUID) -> Lease | None:
    """Return the last lease given, its owner empty once it was given up."""
    row = db.execute(_SQL["find"], (flow_run.bytes,)).fetchone()
    return Lease(flow_run, *row) if row else None


def acquire(db: apsw.Connection, flow_run: UUID, owner: str, seconds: float) -> Lease:
    """Take the lease; raises `LeaseHeld`."""
    lease = leasing.granted(find(db, flow_run), flow_run, owner, seconds, now(db))
    _put(db, lease)
    return lease


def renew(db: apsw.Connection, lease: Lease, seconds: float) -> Lease:
    """Extend the lease; raises `LeaseLost`."""
    leasing.check_held(find(db, lease.flow_run), lease, lease.flow_run)
    extended = Lease(lease.flow_run, lease.owner, lease.token, leasing.expiry(seconds, now(db)))
    _put(db, extended)
    return extended


def release(db: apsw.Connection, lease: Lease) -> None:
    """Give the lease up, unless it was lost."""
    db.execute(_SQL["give_up"], (lease.flow_run.bytes, lease.token))


def check(db: apsw.Connection, flow_run: UUID, lease: Lease | None) -> None:
    """Raise `LeaseLost` unless this lease is the newest."""
    leasing.check_held(find(db, flow_run), lease, flow_run)


def _put(db: apsw.Connection, lease: Lease) -> None:
    db.execute(_SQL["put"], (lease.flow_run.bytes, lease.owner, lease.token, lease.expires))
