"""Leasing: who gets the lease of a flow run, decided the same way by every store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.clock import NANOSECONDS, to_iso
from runwright.errors import LeaseHeld, LeaseLost
from runwright.store import Lease

if TYPE_CHECKING:
    from uuid import UUID


def granted(newest: Lease | None, flow_run: UUID, owner: str, seconds: float, at: int) -> Lease:
    """Return a lease with a token that nobody had; `newest` is the last one given, its owner empty once it was given up.

    Raises `LeaseHeld` while that of another owner has not expired.
    """
    if newest is not None and newest.owner not in {"", owner} and newest.expires > at:
        raise LeaseHeld(
            f"Flow run {flow_run} is run by {newest.owner} until {to_iso(newest.expires)} at least: "
            "wait for the end of its lease."
        )
    return Lease(flow_run, owner, 1 if newest is None else newest.token + 1, expiry(seconds, at))


def check_held(newest: Lease | None, lease: Lease | None, flow_run: UUID) -> None:
    """Raise `LeaseLost` unless `lease` is the newest; that its time has run out does not matter until somebody else comes."""
    if lease is None or newest is None or not newest.owner or newest.token != lease.token:
        raise LeaseLost(f"The lease of flow run {flow_run} is not held here, or no longer: nothing was recorded.")


def expiry(seconds: float, at: int) -> int:
    """Return when a lease given at a time ends."""
    return at + int(seconds * NANOSECONDS)
