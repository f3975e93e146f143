"""Pause: how long it waits, and what the end of its wait means."""

from __future__ import annotations

import pytest
from tests.unit.flowables.seen import flowable, scope

from runwright.errors import FlowError, InputError
from runwright.flowable import Children, Waiting


@pytest.mark.parametrize(
    ("seconds", "keys"),
    [
        (None, ""),
        (3600.0, "delay: PT1H"),
        (60.0, "timeout: PT1M"),
        (60.0, "delay: PT1H\ntimeout: PT1M"),
        (5.0, "pauseDuration: '{{ s }}'"),
    ],
)
def test_it_waits_for_the_first_that_comes(seconds, keys):
    assert Waiting(seconds) == flowable(f"type: flow.Pause\n{keys}").expand(scope(s="PT5S"))


@pytest.mark.parametrize(
    ("state", "keys"),
    [
        ("Success", "delay: PT1S"),
        ("Failed", "timeout: PT1S"),
        ("Success", "timeout: PT1S\nbehavior: RESUME"),
        ("Warning", "pauseDuration: PT1S\nbehavior: WARN"),
        ("Failed", "pauseDuration: PT1S\nbehavior: FAIL"),
        ("Cancelled", "pauseDuration: PT1S\nbehavior: CANCEL"),
        ("Warning", "timeout: PT1S\nallowFailure: true"),
    ],
)
def test_the_end_of_its_time_means_what_it_says(state, keys):
    assert state == flowable(f"type: flow.Pause\n{keys}").expand(scope(was_paused=True)).state


def test_whoever_lets_it_go_on_gives_what_it_asks_for():
    asks = flowable(
        "type: flow.Pause\ntimeout: PT1S\nonResume: [{id: n, type: INT}, {id: s, type: STRING, defaults: d}]"
    )
    found = asks.expand(scope(was_paused=True, given={"n": "3"}))
    assert ("Success", {"onResume": {"n": 3, "s": "d"}}) == (found.state, found.outputs)
    with pytest.raises(InputError, match="n"):
        asks.expand(scope(was_paused=True, given={"n": "many"}))


def test_tasks_that_it_has_of_old_run_after_the_wait():
    old = flowable("type: flow.Pause\ntasks: [{id: a, type: debug.Return}]")
    assert Waiting(None) == old.expand(scope())
    assert Children(body=(1,)) == old.expand(scope(was_paused=True, given={}))


def test_a_time_that_is_none_is_told():
    with pytest.raises(FlowError, match="'soon' is no duration"):
        flowable("type: flow.Pause\ndelay: '{{ s }}'").expand(scope(s="soon"))
