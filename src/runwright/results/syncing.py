"""Syncing: which files of this process may not be on the disk yet, and putting them there.

A write that returned survives the process at once, and the machine after the next `sync`. Many syncs become a few: a
disk is slow to answer and quick to write.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from runwright.errors import ResultError

if TYPE_CHECKING:
    from collections.abc import Callable

FEW = 16
"""With more files than these, everything is written at once before each is asked for."""

_sync_data = getattr(os, "fdatasync", os.fsync)  # not every system has the cheaper one


class Unsynced:
    """The files and folders that were written to since the last `sync`."""

    def __init__(self) -> None:
        """Hold none."""
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self.failures = 0
        """How often a disk has failed since the process began."""
        self._failure = ""
        self._lock = threading.Lock()  # held until the bytes are there: who finds nothing to do may rely on it

    def add_file(self, path: str) -> None:
        """Remember a file; to be called after its bytes were written, and before anybody hears of them."""
        self._files.add(path)

    def add_folder(self, path: str) -> None:
        """Remember a folder that has a new entry."""
        self._folders.add(path)

    def sync(self, known: int = 0) -> None:
        """Put everything that was written before this call on the disk. What is gone in the meantime is passed over.

        Raises `ResultError` when disks have failed more often than `known`, whoever's call it was that met the failure:
        nobody knows what is there.
        """
        with self._lock:
            files, folders = tuple(self._files), tuple(self._folders)
            # Taken out first: bytes that are written from here on are either synced below or remembered again.
            self._files.difference_update(files)
            self._folders.difference_update(folders)
            if len(files) > FEW:
                os.sync()
            for path in files:
                self._sync(path, _sync_data)
            for path in folders:
                self._sync(path, os.fsync)
            if self.failures > known:
                raise ResultError(self._failure)

    def _sync(self, path: str, sync: Callable[[int], None]) -> None:
        try:
            with suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    sync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as failure:
            self.failures += 1
            self._failure = (
                f"The result in {path} may not be on the disk: {failure.strerror}. Check the disk, then resume the "
                "flow run: what was not recorded runs again."
            )


unsynced = Unsynced()


def _forget_after_fork() -> None:
    unsynced.__init__()  # the parent syncs what it wrote, and its threads may hold the lock


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
