"""Slots: who may run under a limit, in a record in a database. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.stores.sql import leases, queries, value_of

if TYPE_CHECKING:
    from runwright.store import Lease
    from runwright.stores.sql import Connection


def claim(db: Connection, name: str, limit: int, lease: Lease, *, is_waiting: bool) -> bool:
    """Take a slot if one is free for this flow run; raises `LeaseLost`."""
    leases.check(db, lease.flow_run, lease)
    db.execute(_sql(db)["sweep"], (name,))
    db.execute(_sql(db)["line_up"], (name, lease.flow_run.bytes))
    place, token, is_kept = db.execute(_sql(db)["mine"], (name, lease.flow_run.bytes)).fetchone()
    values = {"name": name, "place": place, "now": leases.now(db), "token": lease.token}
    if is_kept or token == lease.token or value_of(db, _sql(db)["ahead"], values) < limit:
        db.execute(_sql(db)["lapse"], values)
        db.execute(_sql(db)["give"], values)
        return True
    if not is_waiting:
        db.execute(_sql(db)["leave"], (name, lease.flow_run.bytes))
    return False


def keep(db: Connection, name: str, lease: Lease) -> None:
    """Keep a slot beyond the lease that it was claimed under; raises `LeaseLost`."""
    leases.check(db, lease.flow_run, lease)
    db.execute(_sql(db)["keep"], (name, lease.flow_run.bytes, lease.token))


def release(db: Connection, name: str, lease: Lease) -> None:
    """Give a slot back, or a place in the line, unless another owner has taken it over."""
    newest = leases.find(db, lease.flow_run)
    if newest is not None and newest.token == lease.token:
        db.execute(_sql(db)["leave"], (name, lease.flow_run.bytes))


def _sql(db: Connection) -> dict[str, str]:
    return queries(db.dialect, "slots")
