"""Triggers: which upstream states let a task run.

A trigger gets `{Edge: State}` and returns True, or raises the signal for the state the task ends in instead:
TRIGGERFAIL, SKIP or PAUSE. The state of a mapped task counts as its children's. Write your own as a function with the
same contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.context import context
from runwright.signals import PAUSE, SKIP, TRIGGERFAIL
from runwright.states import Mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from runwright.states import State

    UpstreamStates = Mapping[Any, State]
    Trigger = Callable[[dict[Any, State]], bool]


def all_successful(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task succeeded; a skip counts as a success. The default."""
    if not all(state.is_successful() for state in _kinds(upstream_states)):
        raise TRIGGERFAIL('Trigger was "all_successful" but some of the upstream tasks failed.')
    return True


def all_failed(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task failed."""
    if not all(state.is_failed() for state in _kinds(upstream_states)):
        raise TRIGGERFAIL('Trigger was "all_failed" but some of the upstream tasks succeeded.')
    return True


def all_finished(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task has ended, whichever way."""
    if not all(state.is_finished() for state in _kinds(upstream_states)):
        raise TRIGGERFAIL('Trigger was "all_finished" but some of the upstream tasks were not finished.')
    return True


always_run = all_finished


def any_successful(upstream_states: UpstreamStates) -> bool:
    """Run when at least one upstream task succeeded, or there is none."""
    kinds = list(_kinds(upstream_states))
    if kinds and not any(state.is_successful() for state in kinds):
        raise TRIGGERFAIL('Trigger was "any_successful" but none of the upstream tasks succeeded.')
    return True


def any_failed(upstream_states: UpstreamStates) -> bool:
    """Run when at least one upstream task failed, or there is none."""
    kinds = list(_kinds(upstream_states))
    if kinds and not any(state.is_failed() for state in kinds):
        raise TRIGGERFAIL('Trigger was "any_failed" but none of the upstream tasks failed.')
    return True


def not_all_skipped(upstream_states: UpstreamStates) -> bool:
    """Run when every upstream task succeeded and at least one was not skipped; skip when all were."""
    kinds = list(_kinds(upstream_states))
    if all(state.is_skipped() for state in kinds):
        raise SKIP("All upstreams were skipped", result=None)
    if not all(state.is_successful() for state in kinds):
        raise TRIGGERFAIL('Trigger was "not_all_skipped" but some of the upstream tasks failed.')
    return True


def manual_only(upstream_states: UpstreamStates) -> bool:
    """Pause until somebody resumes the task, whatever upstream did."""
    del upstream_states
    if not context.get("resume"):
        raise PAUSE('Trigger function is "manual_only"')
    return True


class Threshold:
    """A trigger that counts: between `at_least` and `at_most` of the upstream states are as asked.

    A bound below 1 is a share of all upstream states, from 1 on it is a number of them; None is no bound.
    """

    def __init__(self, name: str, predicate: str, at_least: float | None = None, at_most: float | None = None) -> None:
        """Hold the bounds; `predicate` is the method of a state that is asked."""
        bounds = {"at_least": at_least, "at_most": at_most}
        shown = ", ".join(f"{key}={value}" for key, value in bounds.items() if value is not None)
        self.__name__ = f"{name}({shown})"
        self.name = name
        self.predicate = predicate
        self.at_least = at_least
        self.at_most = at_most

    def __call__(self, upstream_states: UpstreamStates) -> bool:
        """Return True when the count is within the bounds, or when there is nothing upstream."""
        if not upstream_states:
            return True
        verdicts = [getattr(state, self.predicate)() for state in _each(upstream_states)]
        count = sum(verdicts)
        too_few = self.at_least is not None and count < _number(self.at_least, len(verdicts))
        too_many = self.at_most is not None and count > _number(self.at_most, len(verdicts))
        if too_few or too_many:
            raise TRIGGERFAIL(f'Trigger was "{self.name}" but thresholds were not met.')
        return True

    def __repr__(self) -> str:
        """Return how it was written."""
        return self.__name__


def some_failed(at_least: float | None = None, at_most: float | None = None) -> Threshold:
    """Run when the number of failed upstream tasks is within bounds; a bound below 1 is a share of them."""
    return Threshold("some_failed", "is_failed", at_least, at_most)


def some_successful(at_least: float | None = None, at_most: float | None = None) -> Threshold:
    """Run when the number of successful upstream tasks is within bounds; a bound below 1 is a share of them."""
    return Threshold("some_successful", "is_successful", at_least, at_most)


def _mark_passing(*passing: Callable[[UpstreamStates], bool]) -> None:
    """Mark the triggers that pass on plain successes and on nothing: the runtime need not ask them then."""
    for trigger in passing:
        trigger.passes_on_success = True  # type: ignore[attr-defined]  functions take attributes


_mark_passing(all_successful, all_finished, any_successful)


def _kinds(upstream_states: UpstreamStates) -> Iterable[State]:
    """Yield states that stand for all: of a mapped task's many children one of each kind, where they are known so."""
    for state in upstream_states.values():
        if isinstance(state, Mapped):
            yield from getattr(state.map_states, "kinds", state.map_states)
        else:
            yield state


def _each(upstream_states: UpstreamStates) -> Iterable[State]:
    """Yield every state, a mapped task's children one by one."""
    for state in upstream_states.values():
        if isinstance(state, Mapped):
            yield from state.map_states
        else:
            yield state


def _number(bound: float, total: int) -> float:
    return bound if bound >= 1 else bound * total
