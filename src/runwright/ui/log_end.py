"""Log end: the cursor of the newest event of a record, found without a read of its own in the contract of stores."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from runwright.views import EventFilter

if TYPE_CHECKING:
    from runwright.views import Views


class LogEnd:
    """Remembers where the log ended and looks on from there: twice as far each step, then by halves."""

    def __init__(self, views: Views) -> None:
        """Know nothing yet."""
        self._views = views
        self._last = 0
        self._lock = threading.Lock()

    def cursor(self) -> int:
        """Return the cursor of the newest event, 0 for a log without any."""
        with self._lock:
            step = 1
            while (found := self._first_after(self._last + step - 1)) is not None:
                self._last, step = found, step * 2
            while step > 1:
                step //= 2
                found = self._first_after(self._last + step - 1)
                if found is not None:
                    self._last = found
            return self._last

    def _first_after(self, cursor: int) -> int | None:
        found = self._views.events(EventFilter(after=cursor, limit=1))
        return found[0].cursor if found else None
