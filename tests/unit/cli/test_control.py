"""The verbs that ask something of a flow run: what they print, and what they end with."""

from __future__ import annotations

import pytest
from tests.unit.backend.recorded import RecordedRun

from runwright.request import Answer
from runwright.views import FlowRunFilter


@pytest.fixture
def held(store):
    """Return a flow run that somebody else holds."""
    return RecordedRun(store).start().commit()


@pytest.fixture
def left(store, held):
    """Return a flow run that nobody holds any more."""
    store.release(held._lease)
    return held


@pytest.mark.parametrize(("verb", "ending"), [("cancel", "Cancelled"), ("kill", "Killed"), ("pause", "Paused")])
def test_what_was_done_is_said_in_a_line(runwright, left, verb, ending):
    outcome = runwright("fr", verb, "brisk-otter")

    assert (0, "") == (outcome.status, outcome.err)
    assert [f"{verb}: done; etl/brisk-otter is {ending}"] == outcome.lines


def test_the_beginning_of_an_id_is_enough(runwright, left):
    assert "Killed" == runwright("fr", "kill", str(left.id)[:8], "--json").data["state"]


def test_what_was_done_is_told_as_data(runwright, left, store):
    data = runwright("fr", "cancel", "brisk-otter", "--json", "--fields", "id,state,request_id,is_answered").data

    (request,) = store.requests(open_only=False)
    expected = {"id": str(left.id), "state": "Cancelled", "request_id": str(request.id), "is_answered": True}
    assert expected == data


def test_who_does_not_wait_has_asked(runwright, held, store):
    outcome = runwright("fr", "cancel", "brisk-otter", "--no-wait")

    assert (0, "cancel: asked; etl/brisk-otter is Running\n", "") == outcome
    assert ["cancel"] == [each.intent for each in store.requests()]


def test_an_owner_that_does_not_answer_in_time_is_told_of(runwright, held, fake_clock):
    outcome = runwright("fr", "kill", "brisk-otter", "--timeout", "5s")

    assert (7, "kill: asked; etl/brisk-otter is Running\n") == (outcome.status, outcome.out)
    assert f"runwright fr watch {held.id}" in outcome.err


def test_an_owner_that_answers_and_does_not_end_is_told_of_too(runwright, held, store, fake_clock, monkeypatch):
    def answer(*_):
        for request in store.requests():
            store.answer(request.id, held._lease, Answer())
        return wait(*_)

    wait = fake_clock.wait
    monkeypatch.setattr(fake_clock, "wait", answer, raising=False)
    outcome = runwright("fr", "kill", "brisk-otter", "--timeout", "5s")

    assert (7, "kill: done; etl/brisk-otter is Running\n") == (outcome.status, outcome.out)


def test_a_python_flow_whose_code_is_nowhere_is_not_restarted(runwright, run):
    outcome = runwright("fr", "restart", "brisk-otter")

    assert (2, "") == (outcome.status, outcome.out)
    assert "does not know where the code of etl is" in outcome.err


@pytest.mark.parametrize("verb", ["cancel", "kill", "pause", "resume"])
def test_what_has_ended_is_a_conflict(runwright, run, verb):
    outcome = runwright("fr", verb, "brisk-otter")

    assert (4, "") == (outcome.status, outcome.out)
    assert "has ended: it is Failed" in outcome.err


@pytest.mark.parametrize("verb", ["cancel", "kill", "pause", "resume", "restart"])
def test_what_is_not_there_is_not_found(runwright, run, verb):
    assert 3 == runwright("fr", verb, "nobody").status


def test_a_run_that_another_process_runs_is_not_resumed(runwright, held, store):
    outcome = runwright("fr", "resume", "brisk-otter")

    assert (4, "") == (outcome.status, outcome.out)
    assert "is run by test" in outcome.err
    assert "Running" == store.flow_runs(FlowRunFilter(id=held.id))[0].kind.name


def test_a_paused_task_run_of_a_held_run_is_asked_to_go_on(runwright, held, store):
    held.put(1, "Paused").commit()
    outcome = runwright("fr", "resume", "brisk-otter", "--task-run", "brisk-otter/extract-1", "-i", "n=1", "--no-wait")

    assert (0, "resume: asked; etl/brisk-otter is Running\n", "") == outcome
    (request,) = store.requests()
    assert ("resume", 1, {"n": 1}) == (request.intent, request.ordinal, request.data)
