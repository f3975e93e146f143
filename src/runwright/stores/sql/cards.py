"""Cards: small documents beside all runs, in a record in a database. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.cards import Card
from runwright.stores.keeping import kept_card
from runwright.stores.sql import queries, rows_of, value_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from runwright.stores.sql import Connection

_ALL = (1 << 31) - 1


def find(db: Connection, kind: str, name: str) -> Card | None:
    """Return a card."""
    row = db.execute(_sql(db)["find"], (to_text(kind), to_text(name))).fetchone()
    return None if row is None else _card(row)


def list_all(db: Connection, kind: str, after: str | None, limit: int | None, *, newest_first: bool) -> list[Card]:
    """Return cards by name, or the other way round."""
    values = {"kind": to_text(kind), "after": to_text(after or ""), "limit": _ALL if limit is None else limit}
    return [_card(row) for row in rows_of(db, _sql(db)["list_newest_first" if newest_first else "list"], values)]


def keep(db: Connection, card: Card, at: int) -> Card | None:
    """Write a card over the version that it was read in; None when there is a newer one."""
    added = kept_card(find(db, card.kind, card.name), card, at)
    if added is not None:
        values = added.kind, added.name, to_json(added.data), added.created, added.updated, added.version
        db.execute(_sql(db)["put"], values)
    return added


def delete(db: Connection, kind: str, name: str) -> bool:
    """Delete a card; False where there was none."""
    return value_of(db, _sql(db)["delete"], (to_text(kind), to_text(name))) is not None


def _card(row: Any) -> Card:
    kind, name, data, *rest = row
    return Card(kind, name, from_json(data), *rest)


def _sql(db: Connection) -> dict[str, str]:
    return queries(db.dialect, "cards")
