"""Trigger states: how far triggers have come, in a memory record. The caller holds the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from runwright.stores.keeping import kept_trigger
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from runwright.trigger_states import TriggerState

    Place = tuple[str, str, str]


class MemoryTriggerStates:
    """States by the place of their triggers."""

    def __init__(self) -> None:
        """Hold none."""
        self._held: dict[Place, TriggerState] = {}

    def find(self, namespace: str, flow: str, trigger: str) -> TriggerState | None:
        """Return the state of a trigger."""
        state = self._held.get((to_text(namespace), to_text(flow), to_text(trigger)))
        return None if state is None else _copied(state)

    def list_all(self, namespace: str | None, flow: str | None) -> list[TriggerState]:
        """Return states by namespace, flow and trigger."""
        return [
            _copied(state)
            for (own_namespace, own_flow, _), state in sorted(self._held.items())
            if namespace in {None, own_namespace} and flow in {None, own_flow}
        ]

    def due(self, at: int) -> list[TriggerState]:
        """Return the states that are due."""
        found = [(each.due, each) for each in self.list_all(None, None) if each.due is not None and each.due <= at]
        return [each for _, each in sorted(found, key=lambda pair: pair[0]) if not each.is_disabled]

    def keep(self, state: TriggerState, at: int) -> TriggerState | None:
        """Write a state over the version that it was read in; None when there is a newer one."""
        place = to_text(state.namespace), to_text(state.flow), to_text(state.trigger)
        added = kept_trigger(self._held.get(place), state, at)
        if added is None:
            return None
        self._held[place] = added
        return _copied(added)

    def delete(self, namespace: str, flow: str, trigger: str) -> bool:
        """Delete the state of a trigger; False where there was none."""
        return self._held.pop((to_text(namespace), to_text(flow), to_text(trigger)), None) is not None


def _copied(state: TriggerState) -> TriggerState:
    """Return a state whose data its reader may change."""
    return replace(state, data=from_json(to_json(state.data)))
