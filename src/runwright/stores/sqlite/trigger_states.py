"""Trigger states: how far triggers have come, in a SQLite record. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.stores.keeping import kept_trigger
from runwright.stores.sql import queries
from runwright.stores.sqlite.connection import rows_of
from runwright.stores.texts import from_json, to_json, to_text
from runwright.trigger_states import TriggerState

if TYPE_CHECKING:
    import apsw

_SQL = queries("sqlite", "trigger_states")


def find(db: apsw.Connection, namespace: str, flow: str, trigger: str) -> TriggerState | None:
    """Return the state of a trigger."""
    row = db.execute(_SQL["find"], (to_text(namespace), to_text(flow), to_text(trigger))).fetchone()
    return None if row is None else _state(row)


def list_all(db: apsw.Connection, namespace: str | None, flow: str | None) -> list[TriggerState]:
    """Return states by namespace, flow and trigger."""
    values = {
        "namespace": None if namespace is None else to_text(namespace),
        "flow": None if flow is None else to_text(flow),
    }
    return [_state(row) for row in rows_of(db, _SQL["list"], values)]


def due(db: apsw.Connection, at: int) -> list[TriggerState]:
    """Return the states that are due."""
    return [_state(row) for row in rows_of(db, _SQL["due"], (at,))]


def keep(db: apsw.Connection, state: TriggerState, at: int) -> TriggerState | None:
    """Write a state over the version that it was read in; None when there is a newer one."""
    added = kept_trigger(find(db, state.namespace, state.flow, state.trigger), state, at)
    if added is not None:
        db.execute(
            _SQL["put"],
            (
                added.namespace,
                added.flow,
                added.trigger,
                added.due,
                added.is_disabled,
                to_json(added.data),
                added.created,
                added.updated,
                added.version,
            ),
        )
    return added


def delete(db: apsw.Connection, namespace: str, flow: str, trigger: str) -> bool:
    """Delete the state of a trigger; False where there was none."""
    before = db.total_changes()
    db.execute(_SQL["delete"], (to_text(namespace), to_text(flow), to_text(trigger)))
    return db.total_changes() > before


def count_flow_versions(db: apsw.Connection) -> int:
    """Return how many versions of flows there are."""
    return db.execute(_SQL["count_flow_versions"]).get


def _state(row: Any) -> TriggerState:
    namespace, flow, trigger, due_at, is_disabled, data, *rest = row
    return TriggerState(namespace, flow, trigger, due_at, bool(is_disabled), from_json(data), *rest)
