"""Signals: each one with its state, its result and what catches it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runwright import context, signals, states
from runwright.result import Result
from runwright.runtime.timeouts import TaskTimeout
from runwright.signals import ENDRUN, FAIL, LOOP, PAUSE, RETRY, SKIP, SUCCESS, TRIGGERFAIL, VALIDATIONFAIL

STATES = {
    FAIL: states.Failed,
    TRIGGERFAIL: states.TriggerFailed,
    VALIDATIONFAIL: states.ValidationFailed,
    SUCCESS: states.Success,
    RETRY: states.Retrying,
    SKIP: states.Skipped,
    PAUSE: states.Paused,
    LOOP: states.Looped,
}


@pytest.mark.parametrize("signal", STATES)
class TestEverySignal:
    def test_makes_exactly_its_state(self, signal: Any) -> None:
        assert STATES[signal] is type(signal().state)

    def test_message_is_the_text_and_the_states_message(self, signal: Any) -> None:
        raised = signal("why")
        assert ("why", "why") == (str(raised), raised.state.message)
        assert "why" == signal(message="why").state.message

    def test_a_result_may_be_given_by_keyword_or_second(self, signal: Any) -> None:
        assert 3 == signal("why", result=3).state.result
        assert 3 == signal("why", 3).state.result
        held = Result(3, location="here")
        assert signal("why", result=held).state._result is held

    def test_is_no_exception_that_users_catch(self, signal: Any) -> None:
        assert not issubclass(signal, Exception)

    def test_leads_back_from_its_state(self, signal: Any) -> None:
        assert signal is signals.signal_from_state(STATES[signal]())


def test_the_result_is_the_signal_itself_but_for_loops() -> None:
    for signal in STATES.keys() - {LOOP}:
        raised = signal("why")
        assert raised is raised.state.result
    assert "LOOP('why')" == LOOP("why").state.result


def test_two_signals_are_failures() -> None:
    assert issubclass(TRIGGERFAIL, FAIL)
    assert issubclass(VALIDATIONFAIL, FAIL)


def test_the_end_of_a_run_and_a_timeout_are_no_exceptions_either() -> None:
    assert not issubclass(ENDRUN, Exception)
    assert not issubclass(TaskTimeout, Exception)
    assert not issubclass(ENDRUN, signals.PipelineSignal)


def test_a_retry_starts_now_or_when_told_and_naive_times_are_utc() -> None:
    again: Any = RETRY().state
    assert abs(again.start_time - datetime.now(UTC)) < timedelta(minutes=1)
    naive = datetime(2026, 1, 1)
    again = RETRY(start_time=naive).state
    assert naive.replace(tzinfo=UTC) == again.start_time
    paused: Any = PAUSE().state
    assert paused.start_time is None


def test_a_retry_knows_the_run_it_comes_from() -> None:
    with context(task_run_count=3):
        again: Any = RETRY().state
        assert 3 == again.run_count


@pytest.mark.parametrize(
    "cls",
    [states.Cached, states.Cancelled, states.TimedOut, states.Mapped, states.Running, states.Pending, states.State],
)
def test_states_without_a_signal_of_their_own(cls: Any) -> None:
    with pytest.raises(ValueError, match="No signal matches the provided state"):
        signals.signal_from_state(cls())
