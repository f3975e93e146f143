"""Presence: whether the file that pages are read from still stands where it was opened. It opens and reads nothing."""

from __future__ import annotations

import os

_SQLITE = "sqlite:///"
_GO_ON = "What you see is what this process still holds open, and nothing new is kept: end it, and start it again"
GONE = f"The file of this record, {{path}}, was moved or deleted. {_GO_ON} when the file is back."
REPLACED = f"Another file has taken the place of this record, {{path}}. {_GO_ON} to see that one."


class Presence:
    """The file of a record as it was found at first; a record that is no file is always there."""

    def __init__(self, url: str) -> None:
        """Remember which file is at the place that a record's URL names."""
        self._path = url.removeprefix(_SQLITE) if url.startswith(_SQLITE) else ""
        self._known = self._found()

    def trouble(self) -> str:
        """Return what has happened to the file, and what to do; empty while it is there."""
        found = self._found()
        if found == self._known:
            return ""
        return (REPLACED if found else GONE).format(path=self._path)

    def _found(self) -> tuple[int, int] | None:
        try:
            file = os.stat(self._path) if self._path else None  # noqa: PTH116  a path object costs more than the question
        except OSError:
            return None
        return (file.st_dev, file.st_ino) if file else None
