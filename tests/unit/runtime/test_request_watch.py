"""What is asked of a flow run reaches who runs it once, and is answered whatever becomes of the run."""

from __future__ import annotations

import queue
from uuid import uuid4

import pytest

from runwright import app, ids
from runwright.engine.stimuli import Created, FinishRun, Reported, Started
from runwright.errors import IllegalTransition, LeaseLost, RecordFull
from runwright.graph import Graph, Node
from runwright.request import Answer, Request
from runwright.runs import FlowVersion, TaskInfo
from runwright.runtime.leases import LeaseKeeper
from runwright.runtime.request_watch import RequestWatch, heed
from runwright.runtime.root import Root
from runwright.runtime.writer import Writer
from runwright.states import KIND_BY_NAME
from runwright.stores.memory import MemoryStore
from runwright.testing.scribe import NOON

DONE = Answer()


class Owner:
    """A process that has begun a flow run of one task, on a record that others share."""

    def __init__(self, store, flow_run=None):
        self.store = store
        self.flow_run = flow_run or ids.new_flow_run_id(NOON)
        self.keeper = LeaseKeeper(store, self.flow_run, 600, pytest.fail)
        graph = Graph("story", [Node(0, "first", "first", None, is_reference=True)], [])
        self.root = Root(app.machine_of(self.flow_run, graph), Writer(store))
        self.root.writer.hold(self.keeper.lease)
        if flow_run is None:
            flow = store.register(FlowVersion("story", "1", (TaskInfo("first", "first"),)))
            self.root.apply(Created({"flow": flow.name, "flow_version": flow.version, "name": "once"}))
            self.root.apply(Started())
        else:
            self.root.machine.restore(store.iterate_events(flow_run))
        self.root.writer.flush()
        self.inbox = queue.SimpleQueue()

    def watch(self):
        return RequestWatch(self.store, self.keeper, self.root, self.inbox.put)

    def ask(self, intent, **arguments):
        return self.store.ask(Request(uuid4(), self.flow_run, intent, by="me", **arguments))

    def heed(self, asked):
        heed(asked, self.root.machine, self.apply, self.root.writer.flush)

    def apply(self, stimulus):
        for effect in self.root.apply(stimulus):
            if isinstance(effect, FinishRun):
                self.root.apply(Reported(0, 0, KIND_BY_NAME[effect.state].code))

    def report(self, state):
        self.apply(Reported(1, 1, KIND_BY_NAME[state].code))
        self.root.writer.flush()

    def answer_to(self, request):
        (found,) = (each for each in self.store.requests(self.flow_run, open_only=False) if each.id == request.id)
        return found.answer

    def requested(self):
        """Return what the log says that somebody asked for."""
        return [each.data for each in self.store.iterate_events(self.flow_run) if "intent" in (each.data or {})]


@pytest.fixture
def owner():
    return Owner(MemoryStore())


def test_what_was_asked_before_is_there_before_anything_begins(owner):
    request = owner.ask("cancel")
    watch = owner.watch()

    asked = owner.inbox.get_nowait()
    assert (request, True) == (asked.request, asked.is_early)
    watch.stop()
    assert owner.inbox.empty()


def test_what_is_asked_later_comes_too_and_once(owner):
    watch = owner.watch()
    first = owner.ask("pause")
    second = owner.ask("resume")

    assert [first, second] == [owner.inbox.get(timeout=60).request for _ in range(2)]
    watch.stop()
    assert owner.inbox.empty()


def test_a_request_is_in_the_log_before_it_is_answered(owner):
    request = owner.ask("cancel", data={"why": "too late"})
    watch = owner.watch()
    owner.heed(owner.inbox.get_nowait())
    watch.stop()

    assert DONE == owner.answer_to(request)
    expected = {"intent": "cancel", "by": "me", "ordinal": 0, "data": {"why": "too late"}, "request": str(request.id)}
    assert [expected] == owner.requested()


def test_what_the_machine_refuses_is_refused_with_its_words(owner):
    request = owner.ask("replay")
    watch = owner.watch()
    owner.heed(owner.inbox.get_nowait())
    watch.stop()

    answer = owner.answer_to(request)
    assert ("IllegalTransition", True) == (answer.error, "'replay'" in answer.message)
    assert [] == owner.requested()


def test_what_is_refused_leaves_no_trace_and_the_run_goes_on(owner):
    watch = owner.watch()
    answers = []
    for _ in range(2):
        request = owner.ask("pause")
        owner.heed(owner.inbox.get(timeout=60))
        answers.append(owner.answer_to(request).error)
    resumed = owner.ask("resume")
    owner.heed(owner.inbox.get(timeout=60))
    watch.stop()

    assert ([None, "IllegalTransition"], DONE) == (answers, owner.answer_to(resumed))
    assert ["pause", "resume"] == [each["intent"] for each in owner.requested()]


@pytest.mark.parametrize("ordinal", [0, 1])
def test_what_is_not_paused_is_not_resumed(owner, ordinal):
    watch = owner.watch()
    request = owner.ask("resume", ordinal=ordinal)
    owner.heed(owner.inbox.get(timeout=60))
    watch.stop()

    with pytest.raises(IllegalTransition, match="paused: let it run"):
        owner.answer_to(request).raise_if_refused()
    assert [] == owner.requested()


def test_taking_a_flow_run_over_is_all_that_a_waiting_resume_asked_for(owner):
    request = owner.ask("resume")
    watch = owner.watch()
    owner.heed(owner.inbox.get_nowait())
    watch.stop()

    assert DONE == owner.answer_to(request)


def test_a_paused_flow_run_is_resumed(owner):
    watch = owner.watch()
    for intent in ("pause", "resume"):
        request = owner.ask(intent)
        owner.heed(owner.inbox.get(timeout=60))
        assert DONE == owner.answer_to(request)
    watch.stop()


def test_what_comes_after_the_end_is_refused(owner):
    watch = owner.watch()
    owner.report("Running")
    owner.report("Success")
    late = owner.ask("cancel")
    watch.stop()

    with pytest.raises(IllegalTransition, match="has ended: there is nothing left to cancel"):
        owner.answer_to(late).raise_if_refused()


@pytest.mark.parametrize("intent", ["kill", "cancel"])
def test_who_wanted_a_run_stopped_that_ends_so_with_what_it_waited_for_has_got_it(owner, intent):
    """A kill reaches the executions below, too: one that ends first may end what waited for it."""
    watch = owner.watch()
    for ordinal, attempt, state in ((1, 1, "Running"), (1, 1, "Killed"), (0, 0, "Killed")):
        owner.root.apply(Reported(ordinal, attempt, KIND_BY_NAME[state].code))
    late = owner.ask(intent)
    watch.stop()

    assert DONE == owner.answer_to(late)


def test_who_wanted_the_same_end_has_got_it(owner):
    requests = [owner.ask(intent) for intent in ("cancel", "kill", "pause")]
    watch = owner.watch()
    owner.report("Running")
    for _ in range(2):
        owner.heed(owner.inbox.get_nowait())
    owner.report("Killed")
    owner.heed(owner.inbox.get_nowait())
    later = owner.ask("kill")
    watch.stop()

    errors = [owner.answer_to(request).error for request in (*requests, later)]
    assert [None, None, "IllegalTransition", None] == errors


def test_what_nobody_took_is_for_the_next_owner(owner):
    watch = owner.watch()
    watch.stop()
    request = owner.ask("cancel")
    owner.keeper.release()

    heir = Owner(owner.store, owner.flow_run)
    heir.watch().stop()
    assert request == heir.inbox.get_nowait().request


def test_what_an_owner_did_and_did_not_live_to_answer_is_not_done_again(owner, monkeypatch):
    def die(*_):
        raise SystemExit

    request = owner.ask("pause")
    watch = owner.watch()
    monkeypatch.setattr(watch, "answer", die)
    with pytest.raises(SystemExit):
        owner.heed(owner.inbox.get_nowait())
    owner.keeper.release()

    heir = Owner(owner.store, owner.flow_run)
    heir.watch().stop()
    assert heir.inbox.empty()
    assert DONE == heir.answer_to(request)
    assert [str(request.id)] == [each["request"] for each in heir.requested()]
    watch.stop()


@pytest.mark.parametrize(("error", "answer"), [(KeyError("state"), "KeyError"), (RecordFull("full"), None)])
def test_what_breaks_one_owner_does_not_break_the_next(owner, error, answer):
    def break_down(_):
        raise error

    request = owner.ask("pause")
    watch = owner.watch()
    with pytest.raises(type(error)):
        heed(owner.inbox.get_nowait(), owner.root.machine, break_down, owner.root.writer.flush)
    watch.stop()

    given = owner.answer_to(request)
    assert answer == (given and given.error)


def test_what_cannot_be_recorded_is_answered_and_breaks_its_owner(owner):
    def refuse():
        raise IllegalTransition("Nothing was recorded.")

    request = owner.ask("pause")
    watch = owner.watch()
    with pytest.raises(IllegalTransition, match="Nothing was recorded"):
        heed(owner.inbox.get_nowait(), owner.root.machine, owner.apply, refuse)
    watch.stop()

    assert "IllegalTransition" == owner.answer_to(request).error


def test_an_owner_that_lost_the_flow_run_answers_nothing(owner):
    request = owner.ask("cancel")
    watch = owner.watch()
    owner.keeper.release()

    with pytest.raises(LeaseLost):
        owner.heed(owner.inbox.get_nowait())
    assert owner.answer_to(request) is None
    watch.stop()
