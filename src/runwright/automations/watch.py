"""AutomationWatch: looks after the automations of one record in two threads, until it is stopped: one listens, one acts.

Any number of processes may do so: what fires and who acts is settled on the record.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from runwright.automations.acting import Acting
from runwright.automations.listening import Listening

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.automations.actions import Run
    from runwright.store import Store

LOOK = 0.25
"""Seconds between two looks."""

_logger = logging.getLogger("runwright.Automations")


class AutomationWatch:
    """The automations of a record; `run` is told of each flow run that is to be run now."""

    def __init__(self, record: Store, run: Run) -> None:
        """Look at nothing yet."""
        self.listening = Listening(record)
        self.acting = Acting(record, run)
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(look,), name=f"runwright-automations-{name}", daemon=True)
            for name, look in (("listen", self.listening.look), ("act", self.acting.look))
        ]

    def start(self) -> AutomationWatch:
        """Begin to look."""
        for each in self._threads:
            each.start()
        return self

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        for each in self._threads:
            if each.is_alive():
                each.join()

    def look(self) -> None:
        """Look once: listen, then act."""
        self.listening.look()
        self.acting.look()

    def _work(self, look: Callable[[], object]) -> None:
        is_failing = False
        while not self._stopped.wait(LOOK):
            try:
                look()
                is_failing = False
            except Exception:
                if not is_failing:
                    _logger.exception("The automations could not be looked after; looking again.")
                is_failing = True
