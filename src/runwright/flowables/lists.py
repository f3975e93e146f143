"""Lists: flowables that run the tasks they list: in order, at once, along their dependencies, or in spite of a failure."""

from __future__ import annotations

from typing import Any, TYPE_CHECKING

from runwright.flowables.composite import Composite

if TYPE_CHECKING:
    from runwright.flowable import Answer


class Sequential(Composite):
    """Runs its tasks one after the other: also a `WorkingDirectory`, whose tasks share a folder, and the flow itself."""


class AllowFailure(Composite):
    """Runs its tasks one after the other; a failure among them is a warning."""

    allows_failure = True


class Parallel(Composite):
    """Runs its tasks at the same time, or so many as it allows."""

    def expand(self, scope: Any) -> Answer:
        """Return the tasks, together."""
        del scope
        return self.opened(self.bodies.tasks, order="together", limit=self.task.concurrent)


class Dag(Composite):
    """Runs each of its tasks when those that it depends on have ended."""

    def expand(self, scope: Any) -> Answer:
        """Return the tasks, in the order of the graph's links."""
        del scope
        return self.opened(self.bodies.tasks, order="explicit", limit=self.task.concurrent)
