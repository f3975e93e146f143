"""Retries: when the next attempt begins, and when it was enough."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from runwright.runtime.retries import next_try
from runwright.spec import parse_flow_spec

SECOND = 10**9
BEGAN, NOW = 1_000 * SECOND, 1_060 * SECOND


def retry(keys):
    text = f"id: f\nnamespace: n\ntasks: [{{id: t, type: debug.Return, retry: {{{keys}}}}}]"
    return parse_flow_spec(text).tasks[0].retry


def waits(keys, attempts=range(1, 5), **more):
    """Return how many seconds it waits after each attempt, None where it gives up."""
    found = [next_try(retry(keys), each, BEGAN, NOW, **more) for each in attempts]
    return [None if due is None else (due - NOW) / SECOND for due in found]


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        ([10, 10, 10, 10], "type: constant, interval: PT10S, maxDuration: PT2H"),
        ([10, 10, None, None], "type: constant, interval: PT10S, maxAttempts: 3"),
        ([None, None, None, None], "type: constant, interval: PT10S, maxAttempts: 1"),
        ([10, 20, 40, 80], "type: exponential, interval: PT10S, maxDuration: PT2H"),
        ([10, 30, 90, 270], "type: exponential, interval: PT10S, delayFactor: 3, maxDuration: PT2H"),
        ([10, 15, 22.5, 33.75], "type: exponential, interval: PT10S, delayFactor: 1.5, maxDuration: PT2H"),
        ([10, 20, 25, 25], "type: exponential, interval: PT10S, maxInterval: PT25S, maxDuration: PT2H"),
    ],
)
def test_it_waits_as_it_says(expected, keys):
    assert expected == waits(keys)


@pytest.mark.parametrize(("expected", "seconds"), [(10, 70), (None, 69)], ids=["just in time", "a second too late"])
def test_the_next_attempt_must_begin_in_time(expected, seconds):
    """60 seconds are over, and it waits for 10 more."""
    assert [expected] == waits(f"type: constant, interval: PT10S, maxDuration: PT{seconds}S", [1])


@pytest.mark.parametrize(("expected", "chance"), [(10, 0.0), (15, 0.5), (19.99, 0.999)])
def test_a_random_wait_lies_between(expected, chance):
    keys = "type: random, minInterval: PT10S, maxInterval: PT20S, maxAttempts: 9"
    assert [expected] == waits(keys, [1], chance=chance)


def test_a_linear_wait_grows_by_the_interval_and_begins_at_once():
    keys = "type: exponential, interval: PT10S, maxInterval: PT50S, maxAttempts: 9"
    assert [0, 20, 40, 50] == waits(keys, is_linear=True)


@given(attempts=st.integers(1, 10_000), factor=st.floats(1.1, 1_000))
def test_no_wait_is_longer_than_its_longest(attempts, factor):
    keys = f"type: exponential, interval: PT1S, delayFactor: {factor:.3f}, maxInterval: PT1H, maxAttempts: 100000"
    (wait,) = waits(keys, [attempts])
    assert 1 <= wait <= 3_600


def test_a_wait_without_a_longest_is_still_a_time():
    (wait,) = waits("type: exponential, interval: PT1S, maxAttempts: 10000", [9_999])
    assert wait == 100 * 365 * 86_400
