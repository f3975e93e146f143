"""Tag limit contract: never more task runs with a tag than its limit says, and no slot that is lost. Part of the store contract."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import TYPE_CHECKING

import pytest

from runwright import ids
from runwright.errors import LeaseLost, LimitRefused
from runwright.tag_limits import LONGEST_TAG, MOST_SLOTS, Claim, TagSlot
from runwright.testing.scribe import NOON

if TYPE_CHECKING:
    from runwright.store import Lease, Store

THREADS = 4


def _lease(store: Store, owner: str = "one") -> Lease:
    return store.acquire(ids.new_flow_run_id(NOON), owner, 60)


def _claims(*ordinals: int, **limits: int) -> list[Claim]:
    return [Claim(ordinal, limits) for ordinal in ordinals]


class TagLimitContract:
    """Limits of tags. Who holds a slot is counted from the leases that live: no test waits for one to end."""

    def test_a_limit_comes_back_as_it_is_kept(self, store: Store) -> None:
        """By tag; one that is kept again has another number, and the time it came."""
        assert [] == store.tag_limits()
        second, first = store.keep_tag_limit("web", 1), store.keep_tag_limit("db", 0)
        assert [first, second] == store.tag_limits()
        assert ("db", 0) == (first.tag, first.slots)
        changed = store.keep_tag_limit("db", 5)
        assert (5, first.created) == (changed.slots, changed.created)
        assert [changed, second] == store.tag_limits()

    def test_a_limit_is_lifted(self, store: Store) -> None:
        """Once."""
        store.keep_tag_limit("db", 1)
        assert [True, False] == [store.delete_tag_limit("db") for _ in range(2)]
        assert [] == store.tag_limits()

    @pytest.mark.parametrize(
        ("tag", "slots"), [("", 1), ("a\nb", 1), ("a" * (LONGEST_TAG + 1), 1), ("db", -1), ("db", MOST_SLOTS + 1)]
    )
    def test_what_is_no_limit_is_refused(self, store: Store, tag: str, slots: int) -> None:
        """And nothing is kept."""
        with pytest.raises(LimitRefused):
            store.keep_tag_limit(tag, slots)
        assert [] == store.tag_limits()

    def test_so_many_of_one_flow_run_get_a_slot(self, store: Store) -> None:
        """The first; asked again, everybody gets the same answer."""
        lease = _lease(store)
        for _ in range(2):
            assert [1, 2] == store.claim_tag_slots(lease, _claims(1, 2, 3, db=2))

    def test_flow_runs_share_the_slots(self, store: Store) -> None:
        """Whoever gives one back lets in who came first."""
        one, two, three = (_lease(store) for _ in range(3))
        assert [1] == store.claim_tag_slots(one, _claims(1, db=1))
        assert [] == store.claim_tag_slots(two, _claims(1, db=1))
        assert [] == store.claim_tag_slots(three, _claims(1, db=1))
        assert [] == store.claim_tag_slots(one, [], [1])
        assert [] == store.claim_tag_slots(three, _claims(1, db=1))
        assert [1] == store.claim_tag_slots(two, _claims(1, db=1))

    def test_a_slot_changes_hands_in_one_call(self, store: Store) -> None:
        """Others who came before go before."""
        one, two = _lease(store), _lease(store)
        assert [1] == store.claim_tag_slots(one, _claims(1, db=1))
        assert [2] == store.claim_tag_slots(one, _claims(2, db=1), [1])
        assert [] == store.claim_tag_slots(two, _claims(1, db=1))
        assert [] == store.claim_tag_slots(one, _claims(3, db=1), [2])
        assert [1] == store.claim_tag_slots(two, _claims(1, db=1))

    def test_several_tags_are_had_together_or_not_at_all(self, store: Store) -> None:
        """Who waits for one slot keeps no other from anybody: no two wait for each other."""
        one, two, three = (_lease(store) for _ in range(3))
        assert [1] == store.claim_tag_slots(one, _claims(1, db=1))
        assert [] == store.claim_tag_slots(two, _claims(1, db=1, web=1))
        assert [1] == store.claim_tag_slots(three, _claims(1, web=1))
        store.claim_tag_slots(one, [], [1])
        assert [] == store.claim_tag_slots(two, _claims(1, db=1, web=1))
        store.claim_tag_slots(three, [], [1])
        assert [1] == store.claim_tag_slots(two, _claims(1, db=1, web=1))
        assert [TagSlot("db", two.flow_run, 1), TagSlot("web", two.flow_run, 1)] == store.tag_slots()

    def test_who_waits_keeps_its_place_from_tag_to_tag(self, store: Store) -> None:
        """It goes before those who came later for either."""
        one, two, three = (_lease(store) for _ in range(3))
        assert [1, 2] == store.claim_tag_slots(one, [Claim(1, {"db": 1}), Claim(2, {"web": 1})])
        assert [] == store.claim_tag_slots(two, _claims(1, db=1, web=1))
        assert [] == store.claim_tag_slots(three, _claims(1, web=1))
        store.claim_tag_slots(one, [], [1])
        assert [] == store.claim_tag_slots(two, _claims(1, db=1, web=1))
        store.claim_tag_slots(one, [], [2])
        assert [] == store.claim_tag_slots(three, _claims(1, web=1))
        assert [1] == store.claim_tag_slots(two, _claims(1, db=1, web=1))

    def test_a_limit_of_none_lets_none_in(self, store: Store) -> None:
        """And keeps nobody from another tag; raised, it lets in who came first."""
        one, two = _lease(store), _lease(store)
        assert [] == store.claim_tag_slots(one, _claims(1, db=0, web=1))
        assert [1] == store.claim_tag_slots(two, _claims(1, web=1))
        store.claim_tag_slots(two, [], [1])
        assert [1] == store.claim_tag_slots(one, _claims(1, db=1, web=1))

    def test_who_needs_no_slot_any_more_gets_its_way_and_leaves_the_line(self, store: Store) -> None:
        """As when the limit that it waited for is lifted."""
        one, two = _lease(store), _lease(store)
        assert [1] == store.claim_tag_slots(one, _claims(1, db=1))
        assert [] == store.claim_tag_slots(two, _claims(1, db=1))
        assert [1] == store.claim_tag_slots(two, [Claim(1, {})])
        assert [TagSlot("db", one.flow_run, 1)] == store.tag_slots()

    def test_who_stops_waiting_lets_others_go_before(self, store: Store) -> None:
        """As when its flow run is cancelled."""
        one, two, three = (_lease(store) for _ in range(3))
        store.claim_tag_slots(one, _claims(1, db=1))
        store.claim_tag_slots(two, _claims(1, db=1))
        store.claim_tag_slots(three, _claims(1, db=1))
        store.claim_tag_slots(two, [], [1])
        store.claim_tag_slots(one, [], [1])
        assert [1] == store.claim_tag_slots(three, _claims(1, db=1))

    @pytest.mark.parametrize("end", ["expired", "given up"])
    def test_a_slot_ends_with_its_lease(self, store: Store, end: str) -> None:
        """A dead owner holds nothing, and neither does one that waited."""
        holder, waiter, third = (_lease(store) for _ in range(3))
        assert [[1], []] == [store.claim_tag_slots(lease, _claims(1, db=1)) for lease in (holder, waiter)]
        for lease in (holder, waiter):
            if end == "expired":
                store.renew(lease, 0)
            else:
                store.release(lease)
        assert [] == store.tag_slots()
        assert [1] == store.claim_tag_slots(third, _claims(1, db=1))

    def test_an_owner_that_comes_back_late_has_lost_its_slot(self, store: Store) -> None:
        """Its lease had expired, and somebody else has the slot: asked again, the answer is no."""
        late, other = _lease(store), _lease(store)
        assert [1] == store.claim_tag_slots(late, _claims(1, db=1))
        late = store.renew(late, 0)
        assert [1] == store.claim_tag_slots(other, _claims(1, db=1))
        late = store.renew(late, 60)
        assert [] == store.claim_tag_slots(late, _claims(1, db=1))

    def test_who_lost_its_lease_claims_and_gives_back_nothing(self, store: Store) -> None:
        """The new owner's slot is not its to give back."""
        old = store.renew(_lease(store), 0)
        new = store.acquire(old.flow_run, "two", 60)
        assert [1] == store.claim_tag_slots(new, _claims(1, db=1))
        for claims, given_back in ((_claims(1, db=1), ()), ([], [1])):
            with pytest.raises(LeaseLost):
                store.claim_tag_slots(old, claims, given_back)
        assert [TagSlot("db", new.flow_run, 1)] == store.tag_slots()

    def test_many_threads_never_share_a_slot(self, store: Store) -> None:
        """Each task run holds it alone, gives it back, and all get their turn."""
        self.check_turns([store] * THREADS)

    def check_turns(self, stores: list[Store]) -> None:
        """Let two task runs of one flow run for each store take their turns under a limit of two, and count who is inside."""
        inside: set[tuple[int, int]] = set()
        most: list[int] = []
        barrier = Barrier(len(stores))

        def take_turns(number: int, store: Store) -> None:
            lease = _lease(store, f"owner {number}")
            barrier.wait()
            open_ones, over = {1, 2, 3}, list[int]()
            while open_ones:
                taken = store.claim_tag_slots(lease, _claims(*sorted(open_ones), db=2), over)
                inside.update((number, ordinal) for ordinal in taken)
                most.append(len(inside))
                inside.difference_update([(number, ordinal) for ordinal in taken])
                open_ones.difference_update(taken)
                over = taken
            store.claim_tag_slots(lease, [], over)

        threads = [Thread(target=take_turns, args=each) for each in enumerate(stores)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [] == stores[0].tag_slots()
        assert max(most) <= 2
