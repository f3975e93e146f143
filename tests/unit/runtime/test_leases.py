"""Leases: the right to append is kept while its process lives, and whoever loses it hears of it."""

from __future__ import annotations

import threading

import pytest

from runwright import ids
from runwright.errors import LeaseHeld, LeaseLost
from runwright.runtime.leases import LeaseKeeper, owner_name
from runwright.stores.memory import MemoryStore
from runwright.testing.scribe import NOON

LONG, SHORT = 600.0, 0.03


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def flow_run():
    return ids.new_flow_run_id(NOON)


def test_one_has_it_until_it_is_given_up(store, flow_run):
    keeper = LeaseKeeper(store, flow_run, LONG, pytest.fail)
    with pytest.raises(LeaseHeld):
        LeaseKeeper(store, flow_run, LONG, pytest.fail)
    keeper.release()
    other = LeaseKeeper(store, flow_run, LONG, pytest.fail)
    assert other.lease.token > keeper.lease.token
    other.release()


def test_it_is_renewed_before_it_ends(store, flow_run):
    renewed = threading.Event()
    renew = store.renew

    def noted(lease, seconds):
        found = renew(lease, seconds)
        renewed.set()
        return found

    store.renew = noted
    keeper = LeaseKeeper(store, flow_run, SHORT, pytest.fail)
    first = keeper.lease
    assert renewed.wait(60)
    keeper.release()
    assert (first.token, True) == (keeper.lease.token, keeper.lease.expires > first.expires)


def test_whoever_loses_it_is_told_once(store, flow_run):
    told, heard = [], threading.Event()

    def lost(error):
        told.append(error)
        heard.set()

    def taken(lease, seconds):
        raise LeaseLost("Another process has it.")

    store.renew = taken
    keeper = LeaseKeeper(store, flow_run, SHORT, lost)
    assert heard.wait(60)
    keeper._thread.join(60)
    assert ["Another process has it."] == [str(each) for each in told]
    keeper.release()


def test_a_store_that_does_not_answer_is_asked_again(store, flow_run, caplog):
    """It may answer before the lease ends."""
    calls, answered = [], threading.Event()
    renew = store.renew

    def falters(lease, seconds):
        calls.append(lease)
        if len(calls) == 1:
            raise OSError("the network")
        answered.set()
        return renew(lease, seconds)

    store.renew = falters
    keeper = LeaseKeeper(store, flow_run, SHORT, pytest.fail)
    assert answered.wait(60)
    keeper.release()
    assert "could not be renewed" in caplog.text


def test_no_two_owners_have_the_same_name():
    assert 100 == len({owner_name() for _ in range(100)})
