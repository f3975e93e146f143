"""Retention contract: what is deleted is gone without a trace, and nothing else is. Part of the store contract."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from runwright import ids
from runwright.errors import LeaseLost, NotOnRecord
from runwright.request import Answer, Request
from runwright.retention import Purged
from runwright.stores.checking import check
from runwright.testing.scribe import NOON, Scribe
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from runwright.store import Store


def ended(store: Store, name: str = "once", *, at: int = NOON) -> Scribe:
    """Return a flow run that has ended, with a map, log lines and numbers, and that nobody holds."""
    scribe = Scribe(store, name=name, at=at).start()
    scribe.enter(1, "Running").map(1, 2)
    scribe.enter(1, "Mapped").run(3, 4).log(3, "a").log(4, "b").measure(3, "m", 1.0).run(2).enter(0, "Success")
    scribe.commit()
    store.release(scribe.lease)
    return scribe


class RetentionContract:
    """Deleting flow runs, log lines and numbers."""

    def check_sound(self, store: Store) -> None:
        """Check that rows are the fold of the log that is left, and that every invariant holds."""
        assert ([], [], []) == (store.find_damage(), store.rebuild(), list(check(store)))

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_a_flow_run_is_deleted_whole(self, store: Store, place: int) -> None:
        """The first, one in the middle, or the newest; the others stay as they are, and keep their cursors."""
        runs = [ended(store, name, at=NOON + number * 10**9) for number, name in enumerate("abc")]
        gone = runs.pop(place).flow_run
        before = [[*store.iterate_events(each.flow_run)] for each in runs]
        assert Purged((gone,), 2, 1) == store.purge([gone])
        assert [each.flow_run for each in reversed(runs)] == [row.id for row in store.flow_runs(FlowRunFilter())]
        assert before == [[*store.iterate_events(each.flow_run)] for each in runs]
        assert [event for events in before for event in events] == store.events(EventFilter())
        assert ([], [], [], []) == (
            store.task_runs(TaskRunFilter(flow_run=gone)),
            store.logs(gone),
            store.metrics(gone),
            [*store.iterate_events(gone)],
        )
        assert store.find_lease(gone) is None
        self.check_sound(store)

    @pytest.mark.parametrize("leaves", [0, 1])
    def test_no_cursor_is_given_twice(self, store: Store, leaves: int) -> None:
        """Whether something of the log is left or nothing: whoever follows it misses nothing that comes later."""
        runs = [ended(store, name, at=NOON + number * 10**9) for number, name in enumerate("ab")]
        last = store.events(EventFilter())[-1].cursor
        store.purge([each.flow_run for each in runs[leaves:]])
        assert last == store.await_events(0, 0)
        later = ended(store, "c", at=NOON + 10 * 10**9)
        assert last + 1 == next(iter(store.iterate_events(later.flow_run))).cursor
        assert [later.flow_run] == list({each.flow_run for each in store.events(EventFilter(after=last))})
        self.check_sound(store)

    def test_rows_can_be_made_again_afterwards(self, store: Store) -> None:
        """From the log that is left, also after new flow runs have come."""
        runs = [ended(store, name, at=NOON + number * 10**9) for number, name in enumerate("abc")]
        store.purge([runs[1].flow_run])
        ended(store, "d", at=NOON + 10 * 10**9)
        rows = store.flow_runs(FlowRunFilter())
        assert [] == store.rebuild(replace=True)
        assert rows == store.flow_runs(FlowRunFilter())

    def test_what_goes_on_stays(self, store: Store) -> None:
        """A flow run that has not ended, one that is held, one of which something is asked, and one that is not there."""
        open_run, held, asked = Scribe(store, name="a").start(), ended(store, "b"), ended(store, "c")
        open_run.commit()
        store.release(open_run.lease)
        store.acquire(held.flow_run, "somebody", 60)
        store.ask(Request(uuid4(), asked.flow_run, "restart", by="somebody"))
        wanted = [open_run.flow_run, held.flow_run, asked.flow_run, ids.new_flow_run_id(NOON)]
        assert Purged() == store.purge(wanted)
        assert 3 == len(store.flow_runs(FlowRunFilter()))
        self.check_sound(store)

    def test_what_was_answered_goes_with_it(self, store: Store) -> None:
        """And the lease that a lost process has left."""
        scribe = ended(store)
        lease = store.acquire(scribe.flow_run, "somebody", 0)
        request = store.ask(Request(uuid4(), scribe.flow_run, "restart", by="somebody"))
        store.answer(request.id, lease, Answer())
        assert (scribe.flow_run,) == store.purge([scribe.flow_run, scribe.flow_run]).flow_runs
        assert ([], []) == (store.requests(open_only=False), store.lost_leases())

    def test_a_late_owner_of_it_is_not_heard(self, store: Store) -> None:
        """Nothing comes back of what was deleted."""
        scribe = ended(store)
        lease = store.acquire(scribe.flow_run, "late", 0)
        store.purge([scribe.flow_run])
        with pytest.raises((LeaseLost, NotOnRecord)):
            scribe.log(1, "late").commit(lease)
        assert [] == store.events(EventFilter())

    def test_a_flow_run_may_come_again_under_its_id(self, store: Store) -> None:
        """As a new one."""
        scribe = ended(store)
        store.purge([scribe.flow_run])
        scribe.batch.events.clear()
        again = ended(store)
        assert [again.flow_run] == [row.id for row in store.flow_runs(FlowRunFilter())]
        self.check_sound(store)

    def test_log_lines_are_deleted_by_level_and_time(self, store: Store) -> None:
        """Those of other flow runs stay."""
        scribe, other = ended(store, "a"), ended(store, "b")
        first, second = store.logs(scribe.flow_run)
        assert 0 == store.purge_log_lines(scribe.flow_run, levels=[30, 40])
        assert 0 == store.purge_log_lines(scribe.flow_run, levels=[])
        assert 1 == store.purge_log_lines(scribe.flow_run, levels=[20], since=first.at, until=second.at)
        assert [second] == store.logs(scribe.flow_run)
        assert 1 == store.purge_log_lines(scribe.flow_run)
        assert ([], 2) == (store.logs(scribe.flow_run), len(store.logs(other.flow_run)))
        self.check_sound(store)

    def test_numbers_are_deleted(self, store: Store) -> None:
        """Those of other flow runs stay."""
        scribe, other = ended(store, "a"), ended(store, "b")
        assert (1, 0) == (store.purge_metrics(scribe.flow_run), store.purge_metrics(scribe.flow_run))
        assert ([], 1) == (store.metrics(scribe.flow_run), len(store.metrics(other.flow_run)))
        self.check_sound(store)

    def test_a_writer_goes_on_after_others_were_deleted(self, store: Store) -> None:
        """What it knew of the record from its own last commit is looked up again."""
        going_on, gone = Scribe(store, name="a", at=NOON - 10**9).start(), ended(store, "b")
        going_on.commit()
        store.purge([gone.flow_run])
        going_on.run(1, 2).enter(0, "Success").commit()
        assert "Success" == store.flow_runs(FlowRunFilter(id=going_on.flow_run))[0].kind.name
        self.check_sound(store)
