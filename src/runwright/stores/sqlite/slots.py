"""Slots: who may run under a limit, in a SQLite record. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.stores.sql import queries
from runwright.stores.sqlite import leases

if TYPE_CHECKING:
    import apsw

    from runwright.store import Lease

_SQL = queries("sqlite", "slots")


def claim(db: apsw.Connection, name: str, limit: int, lease: Lease, *, is_waiting: bool) -> bool:
    """Take a slot if one is free for this flow run; raises `LeaseLost`."""
    leases.check(db, lease.flow_run, lease)
    db.execute(_SQL["sweep"], (name,))
    db.execute(_SQL["line_up"], (name, lease.flow_run.bytes))
    place, token, is_kept = db.execute(_SQL["mine"], (name, lease.flow_run.bytes)).get
    values = {"name": name, "place": place, "now": leases.now(db), "token": lease.token}
    if is_kept or token == lease.token or db.execute(_SQL["ahead"], values).get < limit:
        db.execute(_SQL["lapse"], values)
        db.execute(_SQL["give"], values)
        return True
    if not is_waiting:
        db.execute(_SQL["leave"], (name, lease.flow_run.bytes))
    return False


def keep(db: apsw.Connection, name: str, lease: Lease) -> None:
    """Keep a slot beyond the lease that it was claimed under; raises `LeaseLost`."""
    leases.check(db, lease.flow_run, lease)
    db.execute(_SQL["keep"], (name, lease.flow_run.bytes, lease.token))


def release(db: apsw.Connection, name: str, lease: Lease) -> None:
    """Give a slot back, or a place in the line, unless another owner has taken it over."""
    newest = leases.find(db, lease.flow_run)
    if newest is not None and newest.token == lease.token:
        db.execute(_SQL["leave"], (name, lease.flow_run.bytes))
