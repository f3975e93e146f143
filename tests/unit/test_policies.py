"""Policies: the delay before another attempt."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from runwright.policies import RetryPolicy

delays = st.lists(st.floats(0, 1e6), min_size=1, max_size=5).map(tuple)


def test_without_delays_the_next_attempt_is_made_at_once() -> None:
    assert 0.0 == RetryPolicy(limit=3).delay(1)


def test_each_attempt_has_its_delay_and_the_last_repeats() -> None:
    policy = RetryPolicy(limit=9, delays=(1.0, 10.0))
    assert [1.0, 10.0, 10.0, 10.0] == [policy.delay(attempts) for attempts in (1, 2, 3, 9)]


def test_jitter_adds_its_share() -> None:
    policy = RetryPolicy(limit=1, delays=(10.0,), jitter=0.5)
    assert [10.0, 12.5, 15.0] == [policy.delay(1, chance) for chance in (0.0, 0.5, 1.0)]


@given(waits=delays, jitter=st.floats(0, 2), attempts=st.integers(1, 50))
def test_a_delay_is_never_shorter_than_said_nor_longer_than_its_jitter(
    waits: tuple[float, ...], jitter: float, attempts: int
) -> None:
    base = waits[min(attempts, len(waits)) - 1]
    delay = RetryPolicy(limit=9, delays=waits, jitter=jitter).delay(attempts)
    assert base <= delay <= base * (1 + jitter) + 1e-9 * base


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        RetryPolicy().limit = 3  # type: ignore[misc]  what is refused
