"""TriggerStates: how far each trigger of a registered flow has come, on the record. The contract; every store has it.

They are no part of any run: nothing of them is in the log. Whoever starts an execution for a trigger writes its state over the
version that it has read, so that of several who look at once one goes ahead.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec


class TriggerState(msgspec.Struct, frozen=True):
    """One trigger, by the namespace and id of its flow and its own id.

    `due` (ns) is when somebody has to look at it, None for never. `data` is what the trigger itself knows of its progress.
    `version` counts how often it was written, 0 for what is not on record; times are nanoseconds since 1970.
    """

    namespace: str
    flow: str
    trigger: str
    due: int | None = None
    is_disabled: bool = False
    data: dict[str, Any] = {}
    created: int = 0
    updated: int = 0
    version: int = 0


class TriggerStates(Protocol):
    """States of triggers."""

    def find_trigger(self, namespace: str, flow: str, trigger: str) -> TriggerState | None:
        """Return the state of a trigger, None for one that has none yet."""
        ...

    def list_triggers(self, namespace: str | None = None, flow: str | None = None) -> list[TriggerState]:
        """Return states by namespace, flow and trigger; those of one namespace or flow where given."""
        ...

    def due_triggers(self, at: int) -> list[TriggerState]:
        """Return the states that are due at a time or were before, those that are turned off left out; the earliest first."""
        ...

    def keep_trigger(self, state: TriggerState) -> TriggerState | None:
        """Write a state over the version that it was read in, and return it as it is kept; None when that is not the newest.

        Both are one transaction. Its times and its next version are the store's to say.
        """
        ...

    def delete_trigger(self, namespace: str, flow: str, trigger: str) -> bool:
        """Delete the state of a trigger; False where there was none."""
        ...

    def count_flow_versions(self) -> int:
        """Return how many versions of flows there are: when it has grown, there are triggers that were not there before."""
        ...
