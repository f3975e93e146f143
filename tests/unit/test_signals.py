"""Signals: what user code raises to choose its state."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from runwright import signals, states

DOCUMENTED = {
    signals.FAIL: states.Failed,
    signals.TRIGGERFAIL: states.TriggerFailed,
    signals.VALIDATIONFAIL: states.ValidationFailed,
    signals.SUCCESS: states.Success,
    signals.RETRY: states.Retrying,
    signals.SKIP: states.Skipped,
    signals.PAUSE: states.Paused,
    signals.LOOP: states.Looped,
}


@pytest.mark.parametrize("signal", DOCUMENTED)
def test_each_signal_makes_its_state_with_message_and_keywords(signal: type[signals.PipelineSignal]) -> None:
    raised = signal("why", result=3)
    assert DOCUMENTED[signal] is type(raised.state)
    assert ("why", 3) == (raised.state.message, raised.state.result)


@pytest.mark.parametrize("signal", DOCUMENTED)
def test_an_except_exception_in_user_code_does_not_stop_a_signal(signal: type[signals.PipelineSignal]) -> None:
    assert not issubclass(signal, Exception)

    def body() -> None:
        try:
            raise signal("why")
        except Exception:
            pytest.fail("the signal was stopped")

    with pytest.raises(signal):
        body()


@pytest.mark.parametrize("signal", [each for each in DOCUMENTED if each is not signals.LOOP])
def test_without_a_result_the_signal_itself_is_the_result(signal: type[signals.PipelineSignal]) -> None:
    raised = signal("why")
    assert raised is raised.state.result


def test_a_loop_without_a_result_has_the_repr_of_the_signal() -> None:
    assert "LOOP('again')" == signals.LOOP("again").state.result
    assert signals.LOOP("again", result=None).state.result is None


def test_keywords_reach_the_state() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert noon == vars(signals.RETRY("later", start_time=noon).state)["start_time"]
    assert noon == vars(signals.PAUSE("later", start_time=noon).state)["start_time"]
    assert vars(signals.PAUSE("for ever").state)["start_time"] is None
    assert 4 == vars(signals.LOOP("again", loop_count=4).state)["loop_count"]


def test_a_trigger_failure_is_a_failure() -> None:
    assert issubclass(signals.TRIGGERFAIL, signals.FAIL)


def test_endrun_carries_any_state_and_is_no_pipeline_signal() -> None:
    state = states.Success()
    assert state is signals.ENDRUN(state).state
    assert not issubclass(signals.ENDRUN, signals.PipelineSignal | Exception)


@pytest.mark.parametrize(("signal", "state"), DOCUMENTED.items())
def test_a_state_leads_to_the_signal_of_its_own_class(
    signal: type[signals.PipelineSignal], state: type[states.State]
) -> None:
    assert signal is signals.signal_from_state(state())


def test_a_state_without_a_signal_is_refused() -> None:
    for state in (states.Running(), states.Cached(), states.TimedOut()):
        with pytest.raises(ValueError, match="No signal matches"):
            signals.signal_from_state(state)


@pytest.mark.parametrize("signal", DOCUMENTED)
def test_signals_travel(signal: type[signals.PipelineSignal]) -> None:
    back = pickle.loads(pickle.dumps(signal("why", result=3)))
    assert DOCUMENTED[signal] is type(back.state)
    assert ("why", 3) == (back.state.message, back.state.result)
