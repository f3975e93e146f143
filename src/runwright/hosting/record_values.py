"""RecordValues: the key-values of a record that is known by its URL, opened when the first one is asked for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from runwright.stores import open_store

if TYPE_CHECKING:
    from runwright.key_values import KeyValue, KeyValues


class RecordValues:
    """The values of the record at `url`; a process that has the record open already gives it. Others open their own."""

    def __init__(self, url: str, opened: KeyValues | None = None) -> None:
        """Open nothing yet."""
        self.url = url
        self._opened = opened
        self._lock = threading.Lock()

    def find_value(self, namespace: str, key: str) -> KeyValue | None:
        """Return what is under a key, None where nothing is."""
        return self._record.find_value(namespace, key)

    def list_values(self, namespace: str, prefix: str = "") -> list[KeyValue]:
        """Return what a namespace has under keys that begin with `prefix`, by key."""
        return self._record.list_values(namespace, prefix)

    def keep_value(self, value: KeyValue, *, overwrite: bool = True) -> KeyValue:
        """Write a value and return it as it is kept; raises `KeyTaken` without `overwrite` when the key has one."""
        return self._record.keep_value(value, overwrite=overwrite)

    def delete_value(self, namespace: str, key: str) -> bool:
        """Delete what is under a key; False where nothing was."""
        return self._record.delete_value(namespace, key)

    @property
    def _record(self) -> KeyValues:
        with self._lock:
            if self._opened is None:
                self._opened = open_store(self.url)
            return self._opened

    def __reduce__(self) -> tuple[type[RecordValues], tuple[str]]:
        """Travel by the URL."""
        return RecordValues, (self.url,)
