"""Trigger states: how far triggers have come, in a record in a database. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.stores.keeping import kept_trigger
from runwright.stores.sql import queries, rows_of, value_of
from runwright.stores.texts import from_json, to_json, to_text
from runwright.trigger_states import TriggerState

if TYPE_CHECKING:
    from runwright.stores.sql import Connection


def find(db: Connection, namespace: str, flow: str, trigger: str) -> TriggerState | None:
    """Return the state of a trigger."""
    row = db.execute(_sql(db)["find"], (to_text(namespace), to_text(flow), to_text(trigger))).fetchone()
    return None if row is None else _state(row)


def list_all(db: Connection, namespace: str | None, flow: str | None) -> list[TriggerState]:
    """Return states by namespace, flow and trigger."""
    values = {
        "namespace": None if namespace is None else to_text(namespace),
        "flow": None if flow is None else to_text(flow),
    }
    return [_state(row) for row in rows_of(db, _sql(db)["list"], values)]


def due(db: Connection, at: int) -> list[TriggerState]:
    """Return the states that are due."""
    return [_state(row) for row in rows_of(db, _sql(db)["due"], (at,))]


def keep(db: Connection, state: TriggerState, at: int) -> TriggerState | None:
    """Write a state over the version that it was read in; None when there is a newer one."""
    added = kept_trigger(find(db, state.namespace, state.flow, state.trigger), state, at)
    if added is not None:
        db.execute(
            _sql(db)["put"],
            (
                added.namespace,
                added.flow,
                added.trigger,
                added.due,
                int(added.is_disabled),
                to_json(added.data),
                added.created,
                added.updated,
                added.version,
            ),
        )
    return added


def find_kept(db: Connection, state: TriggerState) -> TriggerState | None:
    """Return the state that `keep` has made of this one before, None when it has not, or when there is a newer one."""
    found = find(db, state.namespace, state.flow, state.trigger)
    if found is None:
        return None
    wanted = kept_trigger(msgspec.structs.replace(found, version=state.version), state, found.updated)
    return found if wanted == found else None


def delete(db: Connection, namespace: str, flow: str, trigger: str) -> bool:
    """Delete the state of a trigger; False where there was none."""
    place = to_text(namespace), to_text(flow), to_text(trigger)
    return value_of(db, _sql(db)["delete"], place) is not None


def count_flow_versions(db: Connection) -> int:
    """Return how many versions of flows there are."""
    return value_of(db, _sql(db)["count_flow_versions"])


def _state(row: Any) -> TriggerState:
    namespace, flow, trigger, due_at, is_disabled, data, *rest = row
    return TriggerState(namespace, flow, trigger, due_at, bool(is_disabled), from_json(data), *rest)


def _sql(db: Connection) -> dict[str, str]:
    return queries(db.dialect, "trigger_states")
