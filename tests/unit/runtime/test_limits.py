"""A limit lets so many flow runs in, and the others wait in line or are turned away."""

from __future__ import annotations

import pytest

from runwright import ids
from runwright.runtime.limits import Limit
from runwright.stores.memory import MemoryStore
from runwright.testing.scribe import NOON


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def limit(store):
    """Return the limit of one slot as a new flow run sees it."""

    def of_a_new_flow_run():
        lease = store.acquire(ids.new_flow_run_id(NOON), "somebody", 600)
        return Limit(store, "nightly", 1, lambda: lease)

    return of_a_new_flow_run


def test_who_comes_when_all_slots_are_taken_is_turned_away(limit):
    first, second, third = limit(), limit(), limit()

    assert first.enter()
    assert not second.enter()
    first.leave()
    assert third.enter()


def test_who_waits_enters_when_a_slot_is_given_back(limit, fake_clock):
    first, second = limit(), limit()
    first.enter()
    looks = []

    def is_wanted():
        looks.append(len(looks))
        if len(looks) == 3:
            first.leave()
        return True

    assert second.wait(is_wanted)
    assert 3 == len(looks)
    assert not first.enter()


def test_who_is_not_wanted_any_more_gives_its_place_up(limit, fake_clock):
    first, second, third = limit(), limit(), limit()
    first.enter()

    assert not second.wait(lambda: False)
    first.leave()
    assert third.enter()


def test_a_free_slot_is_entered_without_a_wait(limit):
    assert limit().wait(lambda: pytest.fail("nobody needs to be asked"))


def test_a_kept_slot_stays_taken_without_an_owner(store, limit):
    first, second = limit(), limit()
    first.enter()
    first.keep()
    store.release(first._lease())

    assert not second.enter()
