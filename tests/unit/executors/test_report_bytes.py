"""Reports come back, whatever is in them."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

import pytest

from runwright.codec import RemoteError
from runwright.errors import ResultSerializationError
from runwright.events import LogLine, Metric
from runwright.executor import Report
from runwright.executors.report_bytes import LIMIT, pack_report, unpack_report
from runwright.result import Result, ResultRef
from runwright.states import Failed, Looped, Retrying, Running, Success
from runwright.testing.executor_poison import HoldsALock, NeedsTwoArguments, RaisesWhenRead

FLOW_RUN = UUID(int=0)


def travelled(state, *, is_final=True, **details) -> Any:
    """Return the report as the flow's process gets it."""
    body = pack_report(Report(7, 2, 99, state, is_final=is_final, **details))
    return unpack_report(7, 2, body, is_final=is_final)


def stored(value, size):
    held = Result(value, location="there")
    held.ref = ResultRef("local", "there", "json", size, "abc")
    return held


def test_a_report_arrives_as_it_was():
    logs = [LogLine(1, FLOW_RUN, 7, 2, 20, "logger", "message")]
    metrics = [Metric(1, FLOW_RUN, 7, 2, "rows", 3.0)]
    failed = Failed("why", result=ValueError("why"))

    report = travelled(
        Retrying("again", run_count=2),
        length=3,
        logs=logs,
        metrics=metrics,
        name="a name",
        attempt_state=failed,
        is_cut_short=True,
    )

    assert (7, 2, 99, True, True, 3, "a name") == (
        report.ordinal,
        report.attempt,
        report.at,
        report.is_final,
        report.is_cut_short,
        report.length,
        report.name,
    )
    assert (logs, metrics) == (report.logs, report.metrics)
    assert (Retrying, 2) == (type(report.state), vars(report.state)["run_count"])
    assert ("why", ("why",)) == (report.attempt_state.message, report.attempt_state.result.args)


@pytest.mark.parametrize("value", [None, 1, "text", [1, 2], {"a": {1}}, ValueError("a value")], ids=repr)
def test_values_arrive(value):
    assert repr(value) == repr(travelled(Success(result=Result(value))).state.result)


def test_a_big_value_that_is_stored_stays_there():
    for size, value in [
        (LIMIT + 1, [1]),
        (1, b"x" * (LIMIT + 1)),
        (1, "x" * (LIMIT + 1)),
        (LIMIT + 1, b"x" * (LIMIT + 1)),
    ]:
        report = travelled(Success(result=stored(value, size)))

        assert (Success, None) == (type(report.state), report.state.result)
        assert ("there", size) == (report.state._result.location, report.state._result.ref.size)
        assert not report.is_cut_short


def test_a_small_value_that_is_stored_comes_along():
    report = travelled(Success(result=stored([1], 10)))

    assert ([1], "there") == (report.state.result, report.state._result.location)


def test_a_big_value_that_is_not_stored_comes_along():
    assert b"x" * (2 * LIMIT) == travelled(Success(result=Result(b"x" * (2 * LIMIT)))).state.result


def test_the_worker_keeps_its_own_state_whole():
    state = Success(result=stored([1], LIMIT + 1))
    travelled(state)

    assert [1] == state.result


def test_a_value_that_cannot_be_pickled_fails_the_attempt():
    report = travelled(Success(result=Result(threading.Lock())))

    assert (Failed, ResultSerializationError, True) == (
        type(report.state),
        type(report.state.result),
        report.is_cut_short,
    )
    assert "a lock, cannot be sent back" in report.state.message


def test_a_value_that_cannot_be_pickled_but_is_stored_stays_there():
    report = travelled(Success(result=stored(threading.Lock(), 10)))

    assert (Success, "there") == (type(report.state), report.state._result.location)


def test_a_value_that_cannot_be_read_fails_the_attempt_and_leaves_its_logs():
    logs = [LogLine(1, FLOW_RUN, 7, 2, 20, "logger", "message")]
    report = travelled(Success(result=Result(RaisesWhenRead())), logs=logs)

    assert (Failed, ResultSerializationError, True) == (
        type(report.state),
        type(report.state.result),
        report.is_cut_short,
    )
    assert "ValueError: This value cannot be read" in report.state.message
    assert logs == report.logs


def test_a_value_that_cannot_be_read_but_is_stored_stays_there():
    report = travelled(Success(result=stored(RaisesWhenRead(), 10)))

    assert (Success, "there") == (type(report.state), report.state._result.location)


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        (("HoldsALock", "holds a lock"), HoldsALock()),
        (("NeedsTwoArguments", "one and two"), NeedsTwoArguments("one", "two")),
    ],
    ids=["cannot be pickled", "cannot be read"],
)
def test_an_exception_that_cannot_travel_becomes_its_type_and_text(expected, error):
    state = travelled(Failed("as it was", result=error)).state

    assert (RemoteError, expected) == (type(state.result), (state.result.type_name, state.result.text))
    assert "as it was" == state.message


def test_the_exception_of_an_attempt_that_is_tried_again_becomes_its_type_and_text():
    failed = travelled(Retrying(run_count=1), attempt_state=Failed(result=HoldsALock())).attempt_state

    assert "holds a lock" == failed.result.text


def test_a_loop_goes_on_although_its_value_cannot_travel():
    report = travelled(Looped(result=Result(threading.Lock()), loop_count=3), is_final=False)

    assert (Looped, 3, None) == (type(report.state), vars(report.state)["loop_count"], report.state.result)


@pytest.mark.parametrize("poison", [threading.Lock(), RaisesWhenRead()], ids=["lock", "raises when read"])
def test_what_users_put_into_a_state_costs_at_most_the_state(poison):
    report = travelled(Success("fine", Result(5), context={"poison": poison}))

    assert 5 == report.state.result or isinstance(report.state.result, ResultSerializationError)


def test_a_context_that_cannot_be_pickled_is_left_behind():
    report = travelled(Success("fine", Result([5]), context={"lock": threading.Lock()}))

    assert ("fine", [5], {}) == (report.state.message, report.state.result, report.state.context)


def test_a_result_adapter_that_cannot_be_pickled_is_left_behind():
    held = stored([5], 10)
    vars(held)["connection"] = threading.Lock()

    state = travelled(Success(result=held)).state

    assert ([5], "there", 10) == (state.result, state._result.location, state._result.ref.size)


def test_a_state_that_cannot_be_pickled_at_all_fails_the_attempt():
    state = Success(result=Result([5]))
    vars(state)["lock"] = threading.Lock()

    assert (Failed, True) == (type((report := travelled(state)).state), report.is_cut_short)


def test_a_very_long_message_is_shortened():
    assert 2 * LIMIT > len(travelled(Failed("x" * (10 * LIMIT))).state.message)


def test_a_report_that_nobody_can_read_fails_the_attempt():
    report = unpack_report(7, 2, b"no pickle", is_final=True)

    assert (7, 2, True, True) == (report.ordinal, report.attempt, report.is_final, report.is_cut_short)
    assert Failed is type(report.state)


def test_a_report_on_the_way_that_nobody_can_read_is_dropped():
    assert unpack_report(7, 2, pack_report(Report(7, 2, 1, Running()))[:-5], is_final=False) is None
