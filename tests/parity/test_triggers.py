"""Triggers: when each passes, and what it says when it does not."""

from __future__ import annotations

from typing import Any

import pytest

from runwright import Edge, Task, context, triggers
from runwright.signals import PAUSE, SKIP, TRIGGERFAIL
from runwright.states import Cached, Failed, Mapped, Pending, Retrying, Running, Skipped, State, Success, TriggerFailed


def upstream(*states: State) -> dict[Any, State]:
    """Return the states, each on an edge of its own."""
    return {Edge(Task(name=f"t{i}"), Task(name="t")): state for i, state in enumerate(states)}


S, F, K, P = Success, Failed, Skipped, Pending
FAILED = 'Trigger was "{}" but {}'

PASSES = [
    (triggers.all_successful, []),
    (triggers.all_successful, [S, S]),
    (triggers.all_successful, [S, K, Cached]),
    (triggers.all_failed, []),
    (triggers.all_failed, [F, TriggerFailed]),
    (triggers.all_finished, []),
    (triggers.all_finished, [S, F, K]),
    (triggers.always_run, [S, F, K]),
    (triggers.any_successful, []),
    (triggers.any_successful, [S, F]),
    (triggers.any_failed, []),
    (triggers.any_failed, [S, F]),
    (triggers.some_failed(at_least=1), []),
    (triggers.some_failed(at_least=2), [F, F, S]),
    (triggers.some_failed(at_most=1), [F, S, S]),
    (triggers.some_failed(at_least=1, at_most=2), [F, F, S]),
    (triggers.some_failed(at_least=0.5), [F, F, S, S]),
    (triggers.some_failed(at_most=0.5), [F, F, S, S]),
    (triggers.some_failed(at_most=0), [S, S]),
    (triggers.some_failed(), [S, F]),
    (triggers.some_successful(at_least=1), []),
    (triggers.some_successful(at_least=0.25, at_most=0.75), [S, F, F, F]),
    (triggers.some_successful(at_least=2, at_most=3), [S, S, S, F]),
    (triggers.not_all_skipped, [S, K]),
    (triggers.not_all_skipped, [S, S]),
]

REFUSALS = [
    (triggers.all_successful, [S, F], "all_successful", "some of the upstream tasks failed."),
    (triggers.all_successful, [S, P], "all_successful", "some of the upstream tasks failed."),
    (triggers.all_failed, [S, F], "all_failed", "some of the upstream tasks succeeded."),
    (triggers.all_failed, [F, K], "all_failed", "some of the upstream tasks succeeded."),
    (triggers.all_finished, [S, Running], "all_finished", "some of the upstream tasks were not finished."),
    (triggers.always_run, [S, Retrying], "all_finished", "some of the upstream tasks were not finished."),
    (triggers.any_successful, [F, F], "any_successful", "none of the upstream tasks succeeded."),
    (triggers.any_failed, [S, K], "any_failed", "none of the upstream tasks failed."),
    (triggers.some_failed(at_least=2), [F, S], "some_failed", "thresholds were not met."),
    (triggers.some_failed(at_most=1), [F, F], "some_failed", "thresholds were not met."),
    (triggers.some_failed(at_least=0.75), [F, F, S, S], "some_failed", "thresholds were not met."),
    (triggers.some_failed(at_most=0), [F, S], "some_failed", "thresholds were not met."),
    (triggers.some_successful(at_least=1), [F, F], "some_successful", "thresholds were not met."),
    (triggers.some_successful(at_most=0.25), [S, S, F, F], "some_successful", "thresholds were not met."),
    (triggers.not_all_skipped, [S, F], "not_all_skipped", "some of the upstream tasks failed."),
    (triggers.not_all_skipped, [K, F], "not_all_skipped", "some of the upstream tasks failed."),
]


@pytest.mark.parametrize(("trigger", "kinds"), PASSES)
def test_passes(trigger: Any, kinds: list[type[State]]) -> None:
    assert trigger(upstream(*(kind() for kind in kinds))) is True


@pytest.mark.parametrize(("trigger", "kinds", "name", "reason"), REFUSALS)
def test_refuses(trigger: Any, kinds: list[type[State]], name: str, reason: str) -> None:
    with pytest.raises(TRIGGERFAIL) as caught:
        trigger(upstream(*(kind() for kind in kinds)))
    assert FAILED.format(name, reason) == str(caught.value) == caught.value.state.message
    assert TriggerFailed is type(caught.value.state)


@pytest.mark.parametrize(("trigger", "kinds"), [each for each in PASSES if each[1]])
def test_children_of_a_mapped_task_count_one_by_one(trigger: Any, kinds: list[type[State]]) -> None:
    assert trigger(upstream(Mapped(map_states=[kind() for kind in kinds]))) is True


@pytest.mark.parametrize(("trigger", "kinds", "name", "reason"), REFUSALS)
def test_children_of_a_mapped_task_refuse(trigger: Any, kinds: list[type[State]], name: str, reason: str) -> None:
    with pytest.raises(TRIGGERFAIL):
        trigger(upstream(Mapped(map_states=[kind() for kind in kinds])))


def test_when_everything_was_skipped_so_is_the_task() -> None:
    with pytest.raises(SKIP) as caught:
        triggers.not_all_skipped(upstream(Skipped(), Skipped()))
    assert ("All upstreams were skipped", None) == (caught.value.state.message, caught.value.state.result)


def test_manual_only_pauses_until_it_is_resumed() -> None:
    with pytest.raises(PAUSE) as caught:
        triggers.manual_only(upstream(Success()))
    assert 'Trigger function is "manual_only"' == caught.value.state.message
    with context(resume=True):
        assert triggers.manual_only(upstream(Failed())) is True


def test_always_run_is_all_finished() -> None:
    assert triggers.always_run is triggers.all_finished
