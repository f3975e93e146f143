"""Slot contract: never more flow runs under a limit than it says, and no slot that is lost. Part of the store contract."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest

from runwright import ids
from runwright.errors import LeaseLost
from runwright.testing.scribe import NOON, Scribe

if TYPE_CHECKING:
    from runwright.store import Lease, Store

THREADS = 8


def _lease(store: Store, owner: str = "one") -> Lease:
    return store.acquire(ids.new_flow_run_id(NOON), owner, 60)


class SlotContract:
    """Slots. Who holds one is counted from the leases that live: no test waits for one to end."""

    def test_a_limit_lets_so_many_in(self, store: Store) -> None:
        """Asked again, everybody gets the same answer."""
        first, second, third = (_lease(store) for _ in range(3))
        for _ in range(2):
            assert [True, True, False] == [store.claim_slot("a", 2, lease) for lease in (first, second, third)]

    def test_limits_of_other_names_are_not_in_the_way(self, store: Store) -> None:
        """One flow run may hold a slot of each."""
        first, second = _lease(store), _lease(store)
        assert store.claim_slot("a", 1, first)
        assert store.claim_slot("b", 1, first)
        assert not store.claim_slot("a", 1, second)

    def test_a_slot_given_back_goes_to_who_came_first(self, store: Store) -> None:
        """Who asks more often does not go before."""
        first, second, third = (_lease(store) for _ in range(3))
        assert [True, False, False] == [store.claim_slot("a", 1, lease) for lease in (first, second, third)]
        store.release_slot("a", first)
        assert not store.claim_slot("a", 1, third)
        assert store.claim_slot("a", 1, second)
        assert not store.claim_slot("a", 1, third)

    def test_who_gives_a_slot_back_comes_last(self, store: Store) -> None:
        """A place in the line is for one slot."""
        first, second = _lease(store), _lease(store)
        assert [True, False] == [store.claim_slot("a", 1, lease) for lease in (first, second)]
        store.release_slot("a", first)
        assert [False, True] == [store.claim_slot("a", 1, lease) for lease in (first, second)]

    def test_who_does_not_wait_has_no_place_in_the_line(self, store: Store) -> None:
        """It is refused, and nobody waits behind it."""
        first, second, third = (_lease(store) for _ in range(3))
        assert store.claim_slot("a", 1, first)
        assert not store.claim_slot("a", 1, second, is_waiting=False)
        assert not store.claim_slot("a", 1, third)
        store.release_slot("a", first)
        assert store.claim_slot("a", 1, third)

    def test_who_stops_waiting_lets_others_go_before(self, store: Store) -> None:
        """As when a flow run is cancelled while it waits."""
        first, second, third = (_lease(store) for _ in range(3))
        assert [True, False, False] == [store.claim_slot("a", 1, lease) for lease in (first, second, third)]
        store.release_slot("a", second)
        store.release_slot("a", first)
        assert store.claim_slot("a", 1, third)

    @pytest.mark.parametrize("end", ["expired", "given up"])
    def test_a_slot_ends_with_its_lease(self, store: Store, end: str) -> None:
        """A dead owner holds nothing, and neither does one that waited."""
        holder, waiter, third = (_lease(store) for _ in range(3))
        assert [True, False, False] == [store.claim_slot("a", 1, lease) for lease in (holder, waiter, third)]
        for lease in (holder, waiter):
            if end == "expired":
                store.renew(lease, 0)
            else:
                store.release(lease)
        assert store.claim_slot("a", 1, third)

    def test_an_owner_that_comes_back_late_has_lost_its_slot(self, store: Store) -> None:
        """Its lease had expired, and somebody else has the slot: asked again, the answer is no."""
        late, other = _lease(store), _lease(store)
        assert store.claim_slot("a", 1, late)
        late = store.renew(late, 0)
        assert store.claim_slot("a", 1, other)
        late = store.renew(late, 60)
        assert not store.claim_slot("a", 1, late)

    def test_the_next_owner_waits_where_the_last_one_stood(self, store: Store) -> None:
        """It takes the flow run over with its place in the line, and claims the slot anew."""
        first, second = _lease(store), _lease(store)
        assert [True, False] == [store.claim_slot("a", 1, lease) for lease in (first, second)]
        store.release(first)
        taken_over = store.acquire(first.flow_run, "two", 60)
        assert [False, True] == [store.claim_slot("a", 1, lease) for lease in (second, taken_over)]

    def test_a_kept_slot_outlives_its_lease(self, store: Store) -> None:
        """A flow run that is paused lets nobody in, until it goes on or ends."""
        scribe = Scribe(store).start()
        scribe.commit()
        other = _lease(store)
        assert store.claim_slot("a", 1, scribe.lease)
        store.keep_slot("a", scribe.lease)
        store.release(scribe.lease)
        assert not store.claim_slot("a", 1, other)
        scribe.lease = store.acquire(scribe.flow_run, "two", 60)
        assert store.claim_slot("a", 1, scribe.lease)
        store.release(scribe.lease)
        assert store.claim_slot("a", 1, other)

    def test_a_flow_run_that_has_ended_holds_no_slot(self, store: Store) -> None:
        """Kept or not, its lease alive or not."""
        scribe = Scribe(store).start()
        scribe.commit()
        other = _lease(store)
        assert store.claim_slot("a", 1, scribe.lease)
        store.keep_slot("a", scribe.lease)
        assert not store.claim_slot("a", 1, other)
        scribe.run(1, 2).enter(0, "Success").commit()
        assert store.claim_slot("a", 1, other)

    def test_who_lost_its_lease_claims_and_gives_back_nothing(self, store: Store) -> None:
        """The new owner's slot is not its to give back."""
        old = store.renew(_lease(store), 0)
        new = store.acquire(old.flow_run, "two", 60)
        assert store.claim_slot("a", 1, new)
        with pytest.raises(LeaseLost):
            store.claim_slot("a", 1, old)
        with pytest.raises(LeaseLost):
            store.keep_slot("a", old)
        store.release_slot("a", old)
        assert not store.claim_slot("a", 1, _lease(store))

    def test_many_threads_never_share_a_slot(self, store: Store) -> None:
        """Each holds it alone, gives it back, and all get their turn."""
        self.check_turns([store] * THREADS)

    def check_turns(self, stores: list[Store]) -> None:
        """Let one thread for each store take its turn under a limit of two, and count who is inside."""
        inside: list[int] = []
        most: list[int] = []
        barrier = Barrier(len(stores))

        def take_turn(number: int, store: Store) -> None:
            lease = _lease(store, f"owner {number}")
            barrier.wait()
            while not store.claim_slot("a", 2, lease):
                pass
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)
            store.release_slot("a", lease)

        threads = [Thread(target=take_turn, args=each) for each in enumerate(stores)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(stores) == len(most)
        assert max(most) <= 2
