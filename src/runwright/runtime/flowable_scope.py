"""FlowableScope: what a flowable of a YAML flow sees when it opens and when it goes on: texts to render, and where it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from runwright.errors import FlowError
from runwright.spec.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.flowable import Tally
    from runwright.runtime.attempt_scope import AttemptScope


class FlowableScope:
    """What one flowable is told.

    `attempt` is the scope below, `state` what the tasks that have ended call for. `turn` is that of a loop, `now` and `started` are
    times (ns), and `turns_before` the turns before that start: a restart is a new one. After a wait, `given` is what somebody
    gave with a request, None where the time of the wait was over.
    """

    def __init__(
        self,
        scope: AttemptScope,
        *,
        turn: int,
        was_paused: bool,
        given: dict[str, Any] | None,
        now: int,
        started: int,
        turns_before: int = 0,
        state: str = "Success",
        resume: Callable[[Any, dict[str, Any]], dict[str, Any]],
        own: dict[str, Any] | None = None,
        round_of: Callable[[int], dict[str, Any]] | None = None,
    ) -> None:
        """Look at one run.

        `resume` takes what was given for the inputs that a pause declares. `own` is what the flowable hands on by now,
        `round_of` gives the variables of a round of a loop.
        """
        self.attempt = self._scope = scope
        self.own = own or {}
        self._round_of = round_of
        self._resume = resume
        self.turn = turn
        self.was_paused = was_paused
        self.given = given
        self.now = now
        self.started = started
        self.turns_before = turns_before
        self.state = state

    def text(self, template: Any) -> str:
        """Return a rendered text."""
        return self._scope.render(template if isinstance(template, str) else str(template))

    def value(self, declared: Any) -> Any:
        """Return a declared value, rendered however deep."""
        return self._scope.evaluate(declared)

    def value_in(self, declared: Any, number: int) -> Any:
        """Return a declared value as a round of the loop sees it."""
        return self._scope.evaluate(declared, **({} if self._round_of is None else self._round_of(number)))

    def seconds(self, declared: Any) -> float:
        """Return a declared duration; raises `FlowError` for a rendered text that is none."""
        if isinstance(declared, timedelta):
            return declared.total_seconds()
        try:
            return parse_duration(self.text(declared)).total_seconds()
        except ValueError as error:
            raise FlowError(str(error)) from error

    def resumed_with(self, inputs: Any) -> dict[str, Any]:
        """Return the values of the inputs that a pause declares, from what was given."""
        return self._resume(inputs, self.given or {})


def worst_of(tallies: dict[str, Tally]) -> str:
    """Return how a run ends whose children ended well: with a warning where one of them did."""
    return "Warning" if any(tally.warned for tally in tallies.values()) else "Success"
