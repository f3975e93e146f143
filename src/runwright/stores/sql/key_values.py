"""Key-values: what flows keep under keys of a namespace, in a record in a database. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.key_values import KeyValue
from runwright.stores.keeping import is_over, kept
from runwright.stores.sql import queries, rows_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from runwright.stores.sql import Connection


def find(db: Connection, namespace: str, key: str, at: int) -> KeyValue | None:
    """Return what is under a key at a time."""
    value = _find(db, namespace, key)
    return None if value is None or is_over(value, at) else value


def list_all(db: Connection, namespace: str, prefix: str, at: int) -> list[KeyValue]:
    """Return what a namespace has at a time under keys that begin with `prefix`, by key."""
    values = {"namespace": to_text(namespace), "prefix": to_text(prefix), "at": at}
    return [_value(row) for row in rows_of(db, _sql(db)["list"], values)]


def keep(db: Connection, value: KeyValue, at: int, *, overwrite: bool) -> KeyValue:
    """Write a value and return it as it is kept; raises `KeyTaken`. What has expired in its namespace goes."""
    added = kept(_find(db, value.namespace, value.key), value, at, overwrite=overwrite)
    db.execute(_sql(db)["delete_expired"], (added.namespace, at))
    db.execute(
        _sql(db)["put"],
        (
            added.namespace,
            added.key,
            to_json(added.value),
            added.type,
            added.created,
            added.updated,
            added.version,
            added.expires,
            added.description,
        ),
    )
    return added


def delete(db: Connection, namespace: str, key: str, at: int) -> bool:
    """Delete what is under a key; False where nothing was at that time."""
    was_there = find(db, namespace, key, at) is not None
    db.execute(_sql(db)["delete"], (to_text(namespace), to_text(key)))
    return was_there


def _find(db: Connection, namespace: str, key: str) -> KeyValue | None:
    row = db.execute(_sql(db)["find"], (to_text(namespace), to_text(key))).fetchone()
    return None if row is None else _value(row)


def _value(row: Any) -> KeyValue:
    namespace, key, value, *rest = row
    return KeyValue(namespace, key, from_json(value), *rest)


def _sql(db: Connection) -> dict[str, str]:
    return queries(db.dialect, "key_values")
