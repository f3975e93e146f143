"""Lease contract: one owner at a time, and no word from those who lost their lease. Part of the store contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from runwright import ids
from runwright.errors import LeaseHeld, LeaseLost
from runwright.events import Batch
from runwright.states import KIND_BY_NAME
from runwright.testing.scribe import NOON, Scribe
from runwright.views import EventFilter

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.store import Store


@pytest.fixture
def flow_run() -> UUID:
    """Give the id of a flow run."""
    return ids.new_flow_run_id(NOON)


class LeaseContract:
    """Leases. A lease for 0 seconds has expired when it is given: no test waits."""

    @pytest.fixture
    def flow_run(self) -> UUID:
        """Give the id of a flow run."""
        return ids.new_flow_run_id(NOON)

    def test_a_lease_keeps_others_out(self, store: Store, flow_run: UUID) -> None:
        """Until it expires, whoever asks."""
        lease = store.acquire(flow_run, "one", 60)
        assert lease.expires > store.now()
        with pytest.raises(LeaseHeld, match="one"):
            store.acquire(flow_run, "two", 60)
        assert lease == store.find_lease(flow_run)

    def test_another_flow_run_has_another_lease(self, store: Store, flow_run: UUID) -> None:
        """Tokens are counted for each."""
        store.acquire(flow_run, "one", 60)
        other = store.acquire(ids.new_flow_run_id(NOON), "two", 60)
        assert other.token == 1

    def test_an_expired_lease_can_be_taken_over(self, store: Store, flow_run: UUID) -> None:
        """The token grows, and the old owner can neither renew nor release."""
        old = store.acquire(flow_run, "one", 0)
        assert old == store.find_lease(flow_run)
        new = store.acquire(flow_run, "two", 60)
        assert new.token > old.token
        with pytest.raises(LeaseLost):
            store.renew(old, 60)
        store.release(old)
        assert new == store.find_lease(flow_run)

    def test_an_owner_may_take_its_own_lease_again(self, store: Store, flow_run: UUID) -> None:
        """With a new token: the process before may have been another."""
        old = store.acquire(flow_run, "one", 60)
        assert store.acquire(flow_run, "one", 60).token > old.token

    def test_renewing_extends_a_lease(self, store: Store, flow_run: UUID) -> None:
        """Also one that has expired, as long as nobody else came."""
        lease = store.acquire(flow_run, "one", 0)
        renewed = store.renew(lease, 60)
        assert (lease.token, "one") == (renewed.token, renewed.owner)
        assert renewed.expires > lease.expires
        with pytest.raises(LeaseHeld):
            store.acquire(flow_run, "two", 60)

    def test_a_released_lease_is_free(self, store: Store, flow_run: UUID) -> None:
        """Its token is never given again."""
        lease = store.acquire(flow_run, "one", 60)
        store.release(lease)
        assert store.find_lease(flow_run) is None
        with pytest.raises(LeaseLost):
            store.renew(lease, 60)
        assert store.acquire(flow_run, "two", 60).token > lease.token

    def test_an_unknown_flow_run_has_no_lease(self, store: Store, flow_run: UUID) -> None:
        """There is nothing to find or renew."""
        assert store.find_lease(flow_run) is None

    def test_what_lost_processes_left_is_found(self, store: Store) -> None:
        """The leases that expired: not those that live, not those that were given up, and none that was taken over."""
        first, second, taken, given_up, alive = (ids.new_flow_run_id(NOON + each) for each in range(5))
        lost = [store.acquire(flow_run, "lost", seconds) for flow_run, seconds in ((first, -2), (second, -1))]
        store.acquire(taken, "lost", 0)
        store.acquire(taken, "found", 60)
        store.release(store.acquire(given_up, "ended", 0))
        store.acquire(alive, "running", 60)
        assert lost == store.lost_leases()

    def test_a_late_owner_that_nobody_replaced_may_append(self, store: Store) -> None:
        """Its lease has expired, and is still the newest."""
        scribe = Scribe(store).start()
        lease = store.renew(scribe.lease, 0)
        scribe.commit(lease)
        assert store.events(EventFilter()) != []

    @pytest.mark.parametrize("loss", ["taken over", "released", "never held"])
    def test_without_the_newest_lease_nothing_is_appended(self, store: Store, loss: str) -> None:
        """No event, no log line, no row."""
        scribe = Scribe(store).start()
        scribe.commit()
        before = store.events(EventFilter())
        if loss == "taken over":
            store.acquire(scribe.flow_run, "two", 60) if store.renew(scribe.lease, 0) else None
        elif loss == "released":
            store.release(scribe.lease)
        held = {} if loss == "never held" else {scribe.flow_run: scribe.lease}
        scribe.run(1).log(1, "late")
        with pytest.raises(LeaseLost):
            store.append(scribe.batch, held)
        assert before == store.events(EventFilter())
        assert store.logs(scribe.flow_run) == []
        assert store.rebuild() == []

    def test_who_has_lost_the_lease_is_told_that_and_not_what_another_made_of_the_run(self, store: Store) -> None:
        """Its late report does not fit what was recorded since; that it is another's is why it is refused."""
        scribe = Scribe(store).start().enter(1, "Running")
        scribe.commit()
        lost, late = scribe.lease, Batch([*scribe.enter(1, "Success").batch.events], [], [])
        scribe.batch.events[0] = replace(late.events[0], state=KIND_BY_NAME["Failed"].code)
        store.release(lost)
        lease = store.acquire(scribe.flow_run, "another", 60)
        scribe.run(2).enter(0, "Failed").commit(lease)
        before = store.events(EventFilter())
        with pytest.raises(LeaseLost):
            store.append(late, {scribe.flow_run: lost})
        assert before == store.events(EventFilter())

    def test_log_lines_alone_need_the_lease_too(self, store: Store) -> None:
        """A process that lost its flow run is not heard at all."""
        scribe = Scribe(store).start()
        scribe.commit()
        store.release(scribe.lease)
        with pytest.raises(LeaseLost):
            scribe.log(1, "late").commit()
        assert store.logs(scribe.flow_run) == []

    def test_one_lost_lease_stops_the_whole_batch(self, store: Store) -> None:
        """A batch is committed or it is not."""
        kept, lost = Scribe(store), Scribe(store)
        store.release(lost.lease)
        kept.batch.events.extend(lost.batch.events)
        with pytest.raises(LeaseLost):
            store.append(kept.batch, {kept.flow_run: kept.lease, lost.flow_run: lost.lease})
        assert store.events(EventFilter()) == []
