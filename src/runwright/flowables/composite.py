"""Composite: what every flowable of a YAML flow shares: its errors after a failure, its `finally` at the end, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.flowable import Answer, Children, Settled, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable

_ASIDE = frozenset({"errors", "finally"})


class Bodies(NamedTuple):
    """The nodes of a task's lists of tasks, by index."""

    tasks: tuple[int, ...] = ()
    errors: tuple[int, ...] = ()
    finally_: tuple[int, ...] = ()
    others: dict[str, tuple[int, ...]] = {}  # noqa: RUF012  never changed


class Composite:
    """Runs tasks; a subclass says which, and in what order. `task` is the declared one, None for the flow itself."""

    allows_failure = False
    restarts_whole = False

    def __init__(self, task: Any, bodies: Bodies) -> None:
        """Hold the declaration and the nodes that came of it."""
        self.task = task
        self.bodies = bodies

    def expand(self, scope: Any) -> Answer:
        """Return the tasks, one after the other; a run with none is a success."""
        del scope
        return self.opened(self.bodies.tasks)

    def settle(self, tallies: dict[str, Tally], scope: Any) -> Answer:
        """Return the errors after a failure, then `finally`, then the end that the children call for."""
        latest = next(reversed(tallies))
        state = worst(tallies.values())
        if latest not in _ASIDE:
            if state in {"Failed", "Retried"}:
                if self.bodies.errors and state == "Failed":
                    return Children(body=self.bodies.errors, branch="errors")
            elif state != "Killed":
                more = self.go_on(scope)
                if more is not None and not (isinstance(more, Settled) and self.bodies.finally_):
                    return self.ended(_with_warning(more, state)) if isinstance(more, Settled) else more
        if latest != "finally" and self.bodies.finally_ and state != "Killed":
            return Children(body=self.bodies.finally_, branch="finally")
        outputs = self.gathered(scope) if state in {"Success", "Warning"} else None
        judged = self.judged(scope) if latest == "finally" and state in {"Success", "Warning"} else None
        return self.ended(_with_warning(judged or Settled(state, _MESSAGES[state], outputs), state))

    def go_on(self, scope: Any) -> Answer | None:
        """Return what follows the tasks before `finally` and the end, or what ends them; None for nothing."""
        del scope

    def judged(self, scope: Any) -> Settled | None:
        """Return after `finally` what had ended the flowable before it; None where that were its tasks, none of which failed."""
        del scope

    def gathered(self, scope: Any) -> dict[str, Any] | None:
        """Return what the flowable hands on at its end, None for nothing more than while it was under way."""
        del scope

    def opened(self, body: tuple[int, ...], **plan: Any) -> Answer:
        """Return the children of a body; where it is empty `finally`, or the end."""
        if body:
            return Children(body=body, **plan)
        if self.bodies.finally_:
            return Children(body=self.bodies.finally_, branch="finally", outputs=plan.get("outputs"))
        return self.ended(Settled("Success", _MESSAGES["Success"], plan.get("outputs")))

    def ended(self, end: Settled) -> Settled:
        """Return how the flowable ends whose children ended so: failures and warnings may be allowed."""
        state = end.state
        if state == "Failed" and (self.allows_failure or getattr(self.task, "allow_failure", False)):
            state = "Warning"
        if state == "Warning" and getattr(self.task, "allow_warning", False):
            state = "Success"
        return Settled(state, end.message, end.outputs)


def _with_warning(end: Settled, state: str) -> Settled:
    """Return an end that is no better than what the tasks call for."""
    return Settled(state, end.message, end.outputs) if (end.state, state) == ("Success", "Warning") else end


def worst(tallies: Iterable[Tally]) -> str:
    """Return the state that follows from how children ended: killed before failed before warned before well."""
    every = list(tallies)
    if any(tally.killed for tally in every):
        return "Killed"
    if any(tally.failed > tally.retried for tally in every):
        return "Failed"
    if any(tally.retried for tally in every):
        return "Retried"
    return "Warning" if any(tally.warned for tally in every) else "Success"


_MESSAGES = {
    "Success": "All tasks succeeded.",
    "Warning": "A task ended with a warning.",
    "Failed": "A task failed.",
    "Killed": "A task was killed.",
    "Retried": "A new execution replaces this one.",
}
