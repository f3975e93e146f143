"""RunnableRunner: what the end of an attempt of a YAML task counts as: warnings, what is allowed, retries, times that are over."""

from __future__ import annotations

import asyncio
import base64

import pytest

from runwright import app
from runwright.clock import NANOSECONDS, from_datetime
from runwright.errors import RunnableFailed
from runwright.results import InlineResult
from runwright.runtime.attempt_scope import Situation, StopSignal
from runwright.runtime.declared_task import DeclaredTask
from runwright.runtime.runnable_runner import LABELS, OUTPUTS, RunnableRunner
from runwright.scope import Outcome
from runwright.spec import parse_flow_spec
from runwright.states import Retrying
from runwright.testing.fake_clock import FakeClock

WORD = "{{ secret('WORD') }}"
TOLD, HANDED_ON = "no luck, ********", {"n": 1, "word": "not ********"}
RETRY = "retry: {type: constant, interval: PT1M, maxAttempts: 3%s}"


@pytest.fixture(autouse=True)
def secret(runwright_home, monkeypatch):
    """Give the place where attempts are made a secret."""
    monkeypatch.setenv("SECRET_WORD", base64.b64encode(b"hidden-word").decode())


def attempt(run, keys="", *, number=1, limit=None, executions=1, is_async=False):
    """Return the state that an attempt ends in, the announced ones before it, and the runner."""
    spec = parse_flow_spec(f"id: f\nnamespace: n\ntasks: [{{id: t, type: debug.Return{keys and ', ' + keys}}}]").tasks[
        0
    ]
    runner = RunnableRunner(DeclaredTask(spec, run, retry=spec.retry), InlineResult())
    situation = Situation(
        task=spec, namespace="n", flow_id="f", execution_id="e", task_id="t", task_run_id="r", variables={}, host=app.execution_host(),
        prefix="", stopping=StopSignal(), attempt=number,
    )  # fmt: skip
    announced = []
    runner.announce = announced.append
    context = {
        "situation": situation, "limit": limit, "first_began": 0, "execution_attempt": (executions, 0), "is_linear": False,
    }  # fmt: skip
    if is_async:
        from runwright.context import activate, deactivate

        token = activate(context)
        try:
            state = asyncio.run(runner.run_async(None, {}))
        finally:
            deactivate(token)
    else:
        state = runner.run_in(context, None, {}, False)
    return state, [type(each).__name__ for each in announced], runner


def fails(task, scope):
    raise RunnableFailed(f"no luck, {scope.render(WORD)}", {"n": 1, "word": f"not {scope.render(WORD)}"})


def answers(**outcome):
    return lambda *_: Outcome(**outcome)


def test_a_success_hands_on_its_outputs_and_labels():
    state, announced, _ = attempt(answers(outputs={"n": 1}, labels={"a": "b"}))
    assert ("Success", ["Running"]) == (type(state).__name__, announced)
    assert ({"n": 1}, {"a": "b"}) == (state.result, state.context[LABELS])
    plain, _, _ = attempt(lambda *_: {"n": 2})
    nothing, _, _ = attempt(lambda *_: None)
    assert ({"n": 2}, None) == (plain.result, nothing.result)


@pytest.mark.parametrize("is_async", [False, True])
def test_a_failure_keeps_its_outputs_and_hides_what_is_secret(is_async):
    async def fails_later(task, scope):
        fails(task, scope)

    state, announced, _ = attempt(fails_later if is_async else fails, is_async=is_async)
    assert ("Failed", TOLD, HANDED_ON) == (type(state).__name__, state.message, state.context[OUTPUTS])
    assert ["Running"] == announced


@pytest.mark.parametrize(
    ("expected", "run", "keys"),
    [
        ("Failed", fails, ""),
        ("Warning", fails, "allowFailure: true"),
        ("Success", fails, "allowFailure: true, allowWarning: true"),
        ("Failed", fails, "allowWarning: true"),
        ("Warning", answers(state="Warning"), "allowFailure: true"),
        ("Success", answers(state="Warning"), "allowWarning: true"),
        ("Failed", answers(state="Failed"), ""),
        ("Killed", answers(state="Killed"), "allowFailure: true, allowWarning: true"),
        ("Cancelled", answers(state="Cancelled"), "allowFailure: true"),
    ],
)
def test_what_is_allowed_counts_as_something_better(expected, run, keys):
    assert expected == type(attempt(run, keys)[0]).__name__


def test_a_failure_that_is_allowed_hands_on_its_outputs_as_a_result():
    assert HANDED_ON == attempt(fails, "allowFailure: true")[0].result


@pytest.mark.parametrize(
    ("expected", "more", "number"),
    [("Success", "", 2), ("Success", ", warningOnRetry: true", 1), ("Warning", ", warningOnRetry: true", 2)],
)
def test_a_success_after_a_retry_may_be_a_warning(expected, more, number):
    assert expected == type(attempt(answers(), RETRY % more, number=number)[0]).__name__


def test_a_failure_is_tried_again_before_anything_is_allowed():
    with FakeClock() as clock:
        state, _, runner = attempt(fails, f"{RETRY % ''}, allowFailure: true", number=2)
        assert isinstance(state, Retrying)
        assert 60 * NANOSECONDS == from_datetime(state.start_time) - clock.at
        assert TOLD == runner.failed.message
        assert "Warning" == type(attempt(fails, f"{RETRY % ''}, allowFailure: true", number=3)[0]).__name__


@pytest.mark.parametrize(("expected", "executions"), [("Retried", 1), ("Retried", 2), ("Failed", 3)])
def test_a_new_execution_counts_executions_and_not_attempts(expected, executions):
    state, _, _ = attempt(fails, RETRY % ", behavior: CREATE_NEW_EXECUTION", number=9, executions=executions)
    assert expected == type(state).__name__
    assert ("_due" in state.context) == (expected == "Retried")


@pytest.mark.parametrize("is_async", [False, True])
def test_what_takes_too_long_is_late_and_told_to_stop(is_async):
    seen = []

    def waits(task, scope):
        seen.append(scope)
        scope.wait(60)

    async def waits_too(task, scope):
        seen.append(scope)
        await asyncio.sleep(60)

    state, _, _ = attempt(waits_too if is_async else waits, limit=0.01, is_async=is_async)
    assert "TimedOut" == type(state).__name__
    assert state.message.startswith("Timeout after 0.01 s")
    assert [True] == [scope.stopping.is_set() for scope in seen]


def test_an_error_of_the_task_itself_is_a_failure_with_its_words():
    def breaks(task, scope):
        raise ZeroDivisionError

    state, _, _ = attempt(breaks)
    assert ("Failed", "ZeroDivisionError") == (type(state).__name__, state.message)
