"""GivenStates: what is over before anything runs, and what an attempt starts from."""

from __future__ import annotations

import pytest

from runwright import Flow, Task, task
from runwright.runtime.given_states import GivenStates, recorded
from runwright.states import (
    Cached,
    Cancelled,
    Failed,
    Mapped,
    Paused,
    Pending,
    Retrying,
    Running,
    Skipped,
    Submitted,
    Success,
    TriggerFailed,
)


@task
def step(x=None):
    return x


class Opens(Task):
    runs_again = True


@pytest.fixture
def flow():
    """One task, that is followed by one that runs again."""
    flow = Flow("f")
    flow.add_edge(step, Opens(name="opens"))
    return flow


def given(flow, state, slug="step-1"):
    chosen = next(node.task for node in flow.compile().nodes if node.slug == slug)
    return GivenStates(flow.compile(), {chosen: state})


@pytest.mark.parametrize("state", [Success(), Failed(), Skipped(), Cancelled(), TriggerFailed()], ids=repr)
def test_what_is_final_is_over(flow, state):
    states = given(flow, state)
    assert [(1, state)] == states.final()
    assert {} == states.states


@pytest.mark.parametrize("state", [Pending(), Running(), Paused(), Retrying(), Cached(), Mapped()], ids=repr)
def test_what_is_open_or_to_be_checked_is_where_the_attempt_starts(flow, state):
    states = given(flow, state)
    assert [] == states.final()
    assert state is states.take(1)
    assert None is states.take(1)


def test_a_wrapped_state_counts_as_what_it_wraps(flow):
    success = Success()
    assert [(1, success)] == given(flow, Submitted(state=success)).final()


@pytest.mark.parametrize("state", [Success(), Failed(), Skipped()], ids=repr)
def test_a_task_that_runs_again_forgets_how_it_ended(flow, state):
    states = given(flow, state, "opens-1")
    assert ([], {}) == (states.final(), states.states)


@pytest.mark.parametrize("state", [Cached(), Pending(), Paused()], ids=repr)
def test_a_task_that_runs_again_keeps_what_is_open_or_cached(flow, state):
    assert {2: state} == given(flow, state, "opens-1").states


def test_a_constant_is_over():
    with Flow("f") as flow:
        step.map([1, 2])
    ((_, state),) = GivenStates(flow.compile()).final()
    assert ("Auto-generated constant value", [1, 2]) == (state.message, state.result)


def test_children_that_did_not_succeed_run_afresh(flow):
    states = GivenStates(flow.compile())
    success, later = Success(), Retrying()
    states.expect_children(10, 5, [success, Failed(), None, later, Cancelled(), Success()])
    assert {10: success, 13: later} == states.states


def test_what_an_attempt_left_is_where_the_next_one_starts(flow):
    states = GivenStates(flow.compile())
    later = Retrying()
    states.wait_in(1, later)
    assert (later, later, None) == (states.last(1), states.take(1), states.last(1))


def test_what_the_machine_is_told():
    ((told),) = recorded([(3, Failed("broken", result=ValueError("x")))])
    assert (3, "Failed") == (told.ordinal, Failed.kind.name)
    assert {"message": "broken", "error": {"type": "ValueError", "text": "x"}} == told.data
