"""TriggerWatch: looks after the triggers of one record in a thread of its own, until it is stopped.

Any number of processes may do so: who starts what is settled on the record.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from runwright.triggering.firing import Starter
from runwright.triggering.flow_scheduler import FlowScheduler
from runwright.triggering.flow_triggers import FlowTriggers
from runwright.triggering.polling import Polling
from runwright.triggering.registered_triggers import RegisteredTriggers
from runwright.triggering.scheduler import Scheduler

if TYPE_CHECKING:
    from runwright.store import Store
    from runwright.triggering.firing import Run
    from runwright.triggering.polling import Later

LOOK = 0.25
"""Seconds between two looks."""

_logger = logging.getLogger("runwright.Triggers")


class TriggerWatch:
    """The triggers of a record; `run` is told of each execution that is to be run now, `later` makes calls that may take long."""

    def __init__(self, record: Store, run: Run, later: Later | None = None) -> None:
        """Look at nothing yet."""
        starter = Starter(record, run)
        self.triggers = RegisteredTriggers(record)
        self._watchers = (
            Scheduler(self.triggers, starter),
            FlowTriggers(self.triggers, starter),
            FlowScheduler(record, run),
            Polling(self.triggers, starter, later),
        )
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="runwright-triggers", daemon=True)
        self._is_planned = False
        self._is_failing = False

    def start(self) -> TriggerWatch:
        """Begin to look."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Look once."""
        self._is_planned = not self.triggers.refresh() and self._is_planned
        if not self._is_planned:
            for each in self._watchers:
                each.plan()
            self._is_planned = True
        for each in self._watchers:
            each.look()

    def _work(self) -> None:
        while not self._stopped.wait(LOOK):
            try:
                self.look()
                self._is_failing = False
            except Exception:
                if not self._is_failing:
                    _logger.exception("The triggers could not be looked after; looking again.")
                self._is_failing = True
