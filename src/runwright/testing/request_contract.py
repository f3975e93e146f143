"""Request contract: what is asked of a flow run waits until its owner answers. Part of the store contract."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from runwright import ids
from runwright.errors import IllegalTransition, LeaseLost, NotOnRecord
from runwright.request import INTENTS, Answer, Request
from runwright.testing.scribe import NOON, Scribe

if TYPE_CHECKING:
    from runwright.store import Store

DONE = Answer()


def _begun(store: Store) -> Scribe:
    scribe = Scribe(store).start()
    scribe.commit()
    return scribe


def _ask(store: Store, flow_run: UUID, intent: str = "cancel") -> Request:
    return store.ask(Request(uuid4(), flow_run, intent, by="me"))


class RequestContract:
    """Requests: asked by anybody, answered by the owner of the lease alone."""

    def test_a_request_comes_back_as_it_was_asked(self, store: Store) -> None:
        """With the time that the store got it, as the oldest of those that are open."""
        scribe = _begun(store)
        request = Request(uuid4(), scribe.flow_run, "mark", 2, {"state": "Success", "inputs": {"n": [1]}}, "me")
        before = store.now()
        kept = store.ask(request)
        later = _ask(store, scribe.flow_run)
        assert replace(request, at=kept.at) == kept
        assert before <= kept.at <= store.now()
        assert kept.is_open
        assert [kept, later] == store.requests(scribe.flow_run) == store.requests()

    @pytest.mark.parametrize("intent", INTENTS)
    def test_everything_on_the_list_can_be_asked(self, store: Store, intent: str) -> None:
        """The list of intents is closed, and the same everywhere."""
        scribe = _begun(store)
        _ask(store, scribe.flow_run, intent)
        assert [intent] == [each.intent for each in store.requests(scribe.flow_run)]

    def test_a_request_that_is_sent_twice_is_one(self, store: Store) -> None:
        """Whoever is not sure that it came may send it again; what was kept first stands, and its answer too."""
        scribe = _begun(store)
        first = _ask(store, scribe.flow_run)
        assert first == store.ask(replace(first, intent="kill", at=0))
        answered = store.answer(first.id, scribe.lease, DONE)
        assert answered == store.ask(first)
        assert [] == store.requests(scribe.flow_run)

    def test_an_unknown_flow_run_cannot_be_asked(self, store: Store) -> None:
        """Nobody would ever answer."""
        with pytest.raises(NotOnRecord):
            _ask(store, ids.new_flow_run_id(NOON))
        assert [] == store.requests(open_only=False)

    def test_requests_of_other_flow_runs_are_not_in_the_way(self, store: Store) -> None:
        """An owner sees its own, whoever looks at the record sees all."""
        one, other = _begun(store), _begun(store)
        of_one, of_other = _ask(store, one.flow_run), _ask(store, other.flow_run)
        assert [of_one] == store.requests(one.flow_run)
        assert [of_other] == store.requests(other.flow_run)
        assert [of_one, of_other] == store.requests()

    def test_an_answer_closes_a_request(self, store: Store) -> None:
        """It stays on record, with who asked, when it was taken and what became of it."""
        scribe = _begun(store)
        asked = _ask(store, scribe.flow_run)
        refused = Answer.from_error(IllegalTransition("It has ended."))
        answered = store.answer(asked.id, scribe.lease, refused)
        assert (refused, False) == (answered.answer, answered.is_open)
        assert answered.taken_at is not None
        assert answered.taken_at >= asked.at
        assert [] == store.requests(scribe.flow_run)
        assert [answered] == store.requests(scribe.flow_run, open_only=False) == store.requests(open_only=False)
        with pytest.raises(IllegalTransition, match=r"It has ended\."):
            refused.raise_if_refused()

    def test_the_first_answer_stands(self, store: Store) -> None:
        """An owner that is not sure whether its answer came may give it again."""
        scribe = _begun(store)
        asked = _ask(store, scribe.flow_run)
        first = store.answer(asked.id, scribe.lease, DONE)
        assert first == store.answer(asked.id, scribe.lease, Answer("IllegalTransition", "Too late."))

    @pytest.mark.parametrize("loss", ["taken over", "released", "of another flow run"])
    def test_only_the_owner_answers(self, store: Store, loss: str) -> None:
        """The request stays open for whoever holds the flow run next."""
        scribe = _begun(store)
        asked = _ask(store, scribe.flow_run)
        lease = scribe.lease
        if loss == "taken over":
            store.acquire(scribe.flow_run, "two", 60) if store.renew(lease, 0) else None
        elif loss == "released":
            store.release(lease)
        else:
            lease = _begun(store).lease
        with pytest.raises(LeaseLost):
            store.answer(asked.id, lease, DONE)
        assert [asked] == store.requests(scribe.flow_run)

    def test_the_next_owner_answers(self, store: Store) -> None:
        """Requests outlive the owner that they were asked of."""
        scribe = _begun(store)
        asked = _ask(store, scribe.flow_run)
        store.release(scribe.lease)
        lease = store.acquire(scribe.flow_run, "two", 60)
        assert [asked] == store.requests(scribe.flow_run)
        assert not store.answer(asked.id, lease, DONE).is_open

    def test_an_unknown_request_cannot_be_answered(self, store: Store) -> None:
        """There is nobody to tell."""
        scribe = _begun(store)
        with pytest.raises(NotOnRecord):
            store.answer(uuid4(), scribe.lease, DONE)

    def test_requests_are_no_part_of_the_log(self, store: Store) -> None:
        """Rows are the fold of the log, with and without them."""
        scribe = _begun(store)
        asked = _ask(store, scribe.flow_run)
        assert [] == store.rebuild(replace=True) + store.rebuild()
        assert [asked] == store.requests(scribe.flow_run)
