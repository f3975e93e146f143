"""Pause: a flowable that waits: for a person, for a time, or for whichever comes first."""

from __future__ import annotations

from typing import Any

from runwright.flowable import Answer, Settled, Waiting
from runwright.flowables.composite import Composite

# What the end of the time does, by behaviour.
_AFTER = {
    "RESUME": ("Success", "The time of the pause is over."),
    "WARN": ("Warning", "The time of the pause is over."),
    "FAIL": ("Failed", "Nobody let it go on in time."),
    "CANCEL": ("Cancelled", "Nobody let it go on in time."),
}


class Pause(Composite):
    """Waits, then runs the tasks that it has of old, or ends."""

    def expand(self, scope: Any) -> Answer:
        """Return the wait, and when that is over what its end means."""
        if not scope.was_paused:
            return Waiting(self._seconds(scope))
        if scope.given is None:
            state, message = _AFTER[self._behavior()]
            if state != "Success":
                return self.ended(Settled(state, message))
        outputs = {"onResume": scope.resumed_with(self.task.on_resume)} if self.task.on_resume else None
        return self.opened(self.bodies.tasks, outputs=outputs)

    def _seconds(self, scope: Any) -> float | None:
        times = [scope.seconds(each) for each in (self.task.delay, self.task.timeout) if each is not None]
        return min(times, default=None)

    def _behavior(self) -> str:
        return self.task.behavior or ("RESUME" if self.task.delay is not None else "FAIL")
