"""`runwright limit`: limits of tags are set, looked at and lifted."""

from __future__ import annotations

import pytest

from runwright.tag_limits import Claim
from runwright.testing.scribe import Scribe


def test_a_limit_is_set_listed_and_lifted(runwright, store):
    assert "db is limited: 2 at once" in runwright("limit", "set", "db", "2").err
    assert 0 == runwright("limit", "set", "db", "3").status
    (row,) = runwright("limit", "ls", "--json").data
    assert ("db", 3, 0, 0, []) == tuple(row[name] for name in ("tag", "slots", "running", "waiting", "task_runs"))
    assert ["TAG", "db"] == [line.split("\t")[0] for line in runwright("limit", "ls").lines]
    assert 0 == runwright("limit", "delete", "db").status
    assert [] == runwright("limit", "ls", "--json").data


def test_who_holds_the_slots_of_a_tag_and_how_many_wait_is_shown(runwright, store):
    runwright("limit", "set", "nightly", "1")
    scribe = Scribe(store, tags=("nightly",)).start()
    scribe.enter(1, "Running").enter(2, "Queued").commit()
    store.claim_tag_slots(scribe.lease, [Claim(ordinal, {"nightly": 1}) for ordinal in (1, 2)])
    held, _ = store.tag_slots()
    told = runwright("limit", "get", "nightly").lines
    assert ["nightly: 1 at once, 1 running, 1 waiting", str(held.task_run)] == told


@pytest.mark.parametrize("command", ["get", "delete"])
def test_a_tag_without_a_limit_is_not_found(runwright, store, command):
    outcome = runwright("limit", command, "db")
    assert 3 == outcome.status
    assert "runwright limit set db SLOTS" in outcome.err


@pytest.mark.parametrize("slots", ["-1", "many"])
def test_what_is_no_number_of_slots_is_refused(runwright, store, slots):
    assert 2 == runwright("limit", "set", "--", "db", slots).status
    assert [] == store.tag_limits()
