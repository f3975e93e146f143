"""Loops: the values that rounds stand for, and when turns are enough."""

from __future__ import annotations

import pytest
from tests.unit.flowables.seen import FAILED, OK, flowable, scope

from runwright.errors import FlowError
from runwright.flowable import Children, Settled, Waiting
from runwright.flowables.loops import texts_of

TASKS = "tasks: [{id: a, type: debug.Return}]"
HOUR = 3_600 * 10**9


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "b"], '["a", "b", "a"]'),
        (["1", "true", "1.5"], [1, True, 1.5, 1]),
        (['{"k":"é"}'], [{"k": "é"}]),
        (['{"key":"k","value":1}'], {"k": 1}),
        (["1", "2"], (1, "1", 2)),
        ([], []),
        ([], "[]"),
    ],
)
def test_values_are_texts_each_once(expected, found):
    assert expected == texts_of(found)


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Found '2' null values on Each, with values=[null, a, null]", [None, "a", None]),
        ("A value is itself a list, ['a']: flatten the values first.", [["a"]]),
        ("The values are no JSON list: 'a, b'", "a, b"),
        ("The values are no list: 7.", "7"),
        ("The values are no list: True.", True),
        ("The values are no list: None.", None),
    ],
)
def test_what_are_no_values_is_told(message, found):
    with pytest.raises(FlowError) as caught:
        texts_of(found)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("limit", "keys"),
    [
        (1, "type: flow.ForEach\nvalues: '{{ v }}'"),
        (2, "type: flow.ForEach\nvalues: '{{ v }}'\nconcurrencyLimit: 2"),
        (0, "type: flow.ForEach\nvalues: '{{ v }}'\nconcurrencyLimit: 0"),
        (1, "type: flow.EachSequential\nvalue: '{{ v }}'"),
        (0, "type: flow.EachParallel\nvalue: '{{ v }}'"),
        (3, "type: flow.EachParallel\nvalue: '{{ v }}'\nconcurrent: 3"),
    ],
)
def test_a_round_for_each_value_and_so_many_at_once(limit, keys):
    expected = Children(body=(1,), rounds=2, limit=limit, values=("x", "y"))
    assert expected == flowable(f"{keys}\n{TASKS}").expand(scope(v=["x", "y", "x"]))


def test_no_values_are_a_success():
    assert "Success" == flowable(f"type: flow.ForEach\nvalues: []\n{TASKS}").expand(scope()).state


UNTIL = f"type: flow.LoopUntil\ncondition: '{{{{ done }}}}'\n{TASKS}"


def test_a_turn_follows_the_one_before():
    assert Children(body=(1,), turn=1, outputs={"iterationCount": 1}) == flowable(UNTIL).expand(scope())
    assert Children(body=(1,), turn=4, outputs={"iterationCount": 4}) == flowable(UNTIL).expand(scope(turn=3))


def test_turns_end_when_the_condition_holds():
    found = flowable(UNTIL).settle({"tasks": OK}, scope(turn=3, done=True))
    assert ("Success", {"iterationCount": 3}) == (found.state, found.outputs)
    assert Waiting(1.0, "Waiting for the next turn.") == flowable(UNTIL).settle(
        {"tasks": OK}, scope(turn=3, done=False)
    )


def test_a_turn_that_failed_is_the_last():
    assert "Failed" == flowable(UNTIL).settle({"tasks": FAILED}, scope(turn=1, done=True)).state


@pytest.mark.parametrize(
    ("expected", "frequency", "seen"),
    [
        ("Success", "", {"turn": 100}),
        (Waiting, "", {"turn": 99}),
        ("Success", "", {"turn": 1, "now": HOUR + 1}),
        (Waiting, "", {"turn": 1, "now": HOUR}),
        ("Success", "maxIterations: 3", {"turn": 3}),
        (Waiting, "maxIterations: 300", {"turn": 100}),
        ("Success", "maxIterations: '{{ most }}'", {"turn": 2, "most": 2}),
        ("Success", "maxDuration: PT1M", {"turn": 1, "now": HOUR}),
        (Waiting, "maxDuration: PT2H", {"turn": 1, "now": HOUR}),
        (Waiting, "maxIterations: 3", {"turn": 5, "turns_before": 3}),
        ("Success", "maxIterations: 3", {"turn": 6, "turns_before": 3}),
        (Waiting, "maxDuration: PT1M", {"turn": 9, "started": HOUR, "now": HOUR + 60 * 10**9}),
        ("Success", "maxDuration: PT1M", {"turn": 9, "started": HOUR, "now": HOUR + 61 * 10**9}),
    ],
)
@pytest.mark.parametrize("fails", [False, True])
def test_turns_end_when_there_were_enough(expected, frequency, seen, fails):
    keys = f"{UNTIL}\nfailOnMaxReached: {str(fails).lower()}\ncheckFrequency: {{{frequency}}}"
    found = flowable(keys).settle({"tasks": OK}, scope(done=False, **seen))
    if expected is Waiting:
        assert isinstance(found, Waiting)
    else:
        assert isinstance(found, Settled)
        assert ("Failed" if fails else expected) == found.state


LOOP = f"type: flow.Loop\nvalues: '{{{{ v }}}}'\n{TASKS}"


def test_a_loop_has_a_round_for_every_item_equal_ones_too():
    found = flowable(LOOP).expand(scope(v=["x", "x"]))
    assert (2, ("x", "x"), 0) == (found.rounds, found.values, found.limit)
    assert {"iterationCount": 2, "items": {"keys": None, "values": ["x", "x"]}} == found.outputs


def test_a_loop_over_a_mapping_knows_its_keys():
    found = flowable(LOOP).expand(scope(v={"k": 1, "l": [2]}))
    assert (("k", "l"), {"keys": ["k", "l"], "values": [1, [2]]}) == (found.values, found.outputs["items"])


def test_a_loop_begins_again_with_the_items_that_it_had():
    held = {"items": {"keys": None, "values": [1, 2, 3]}}
    assert 3 == flowable(LOOP).expand(scope(own=held, v=["other"])).rounds


@pytest.mark.parametrize("found", ["text", 7, None])
def test_what_is_neither_list_nor_mapping_is_no_loop(found):
    with pytest.raises(FlowError):
        flowable(LOOP).expand(scope(v=found))


def test_failed_rounds_count_where_they_are_transmitted():
    assert "Failed" == flowable(LOOP).settle({"tasks": FAILED}, scope(v=[1])).state
    assert "Success" == flowable(f"{LOOP}\ntransmitFailed: false").settle({"tasks": FAILED}, scope(v=[1])).state
