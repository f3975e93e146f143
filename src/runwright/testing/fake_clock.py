"""FakeClock: time that stands still until it is moved, so that retries of an hour take no time in a test."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Any, Self

from runwright import clock

if TYPE_CHECKING:
    from types import TracebackType

_START = 1_767_225_600_000_000_000
_PATIENCE = 0.02


class FakeClock:
    """A clock that starts on 1 January 2026 and jumps to the end of every wait. Use as a context manager, or `install` it.

    Every look at it passes one microsecond, so that two events never have the same time.
    """

    def __init__(self, at: int = _START) -> None:
        """Stand at `at` (ns since 1970)."""
        self.at = at

    def now(self) -> int:
        """Return the time, one microsecond later each time."""
        self.at += 1_000
        return self.at

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.at += int(seconds * clock.NANOSECONDS)

    def wait(self, inbox: queue.SimpleQueue[Any], seconds: float | None) -> Any:
        """Return what is in the inbox; else jump ahead by `seconds`, once whoever works elsewhere had a chance to report."""
        try:
            return inbox.get(timeout=None if seconds is None else _PATIENCE)
        except queue.Empty:
            self.advance(seconds or 0)
            return None

    def __enter__(self) -> Self:
        """Become the clock of this process."""
        self._before = clock.install(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the time back."""
        clock.install(self._before)
