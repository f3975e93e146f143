"""KeyValues: values that flows keep under keys of a namespace, on the record. The contract; every store has it.

They are no part of any run: nothing of them is in the log.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec


class KeyValue(msgspec.Struct, frozen=True):
    """A value under a key. `type` is its declared kind (`STRING`, `NUMBER`, ...), `expires` (ns) None for never.

    `version` counts how often it was written; times are nanoseconds since 1970.
    """

    namespace: str
    key: str
    value: Any
    type: str
    created: int
    updated: int
    version: int = 1
    expires: int | None = None
    description: str | None = None


class KeyValues(Protocol):
    """Values by namespace and key. One that has expired is not there."""

    def find_value(self, namespace: str, key: str) -> KeyValue | None:
        """Return what is under a key, None where nothing is."""
        ...

    def list_values(self, namespace: str, prefix: str = "") -> list[KeyValue]:
        """Return what a namespace has under keys that begin with `prefix`, by key."""
        ...

    def keep_value(self, value: KeyValue, *, overwrite: bool = True) -> KeyValue:
        """Write a value and return it as it is kept; raises `KeyTaken` without `overwrite` when the key has one."""
        ...

    def delete_value(self, namespace: str, key: str) -> bool:
        """Delete what is under a key; False where nothing was."""
        ...
