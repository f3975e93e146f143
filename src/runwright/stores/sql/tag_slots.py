"""Slots of tags: which task runs hold them, in a record in a database. The caller holds the transaction, alone."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

from runwright.stores.admission import Admission, Standing
from runwright.stores.sql import leases, queries, rows_of
from runwright.stores.texts import to_text
from runwright.tag_limits import TagSlot

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from runwright.store import Lease
    from runwright.stores.sql import Connection
    from runwright.tag_limits import Claim


def living(db: Connection) -> list[TagSlot]:
    """Return those who hold slots or wait for them."""
    found = rows_of(db, _sql(db)["living"], (leases.now(db),))
    return [TagSlot(tag, UUID(bytes=flow_run), ordinal, bool(held)) for tag, flow_run, ordinal, held in found]


def claim(db: Connection, lease: Lease, claims: Sequence[Claim], given_back: Collection[int]) -> list[int]:
    """Give slots back and take others; raises `LeaseLost`."""
    leases.check(db, lease.flow_run, lease)
    for ordinal in given_back:
        db.execute(_sql(db)["leave"], (lease.flow_run.bytes, ordinal))
    if not claims:
        return []
    db.execute(_sql(db)["sweep"], (leases.now(db),))
    admission = Admission(_standings(db))
    before = dict(admission.standings)
    taken: list[int] = []
    for each in claims:
        standing = admission.claim(each, lease)
        if standing is None or standing.is_held:
            taken.append(each.ordinal)
        if standing != before.get((lease.flow_run, each.ordinal)):
            _put(db, lease, each.ordinal, standing)
    return taken


def _standings(db: Connection) -> Iterator[Standing]:
    rows = groupby(rows_of(db, _sql(db)["list"]), key=lambda row: row[:2])
    for (flow_run, ordinal), found in rows:
        mine = list(found)
        *_, place, token, is_held = mine[0]
        yield Standing(UUID(bytes=flow_run), ordinal, tuple(row[2] for row in mine), place, token, bool(is_held))


def _put(db: Connection, lease: Lease, ordinal: int, standing: Standing | None) -> None:
    db.execute(_sql(db)["leave"], (lease.flow_run.bytes, ordinal))
    if standing is None:
        return
    for tag in standing.tags:
        values = lease.flow_run.bytes, ordinal, to_text(tag), standing.place, lease.token, int(standing.is_held)
        db.execute(_sql(db)["put"], values)


def _sql(db: Connection) -> dict[str, str]:
    return queries(db.dialect, "tag_slots")
