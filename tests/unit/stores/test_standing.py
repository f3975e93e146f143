"""Standing: what a writer knows from its own last commit counts only while nobody else has written."""

from __future__ import annotations

from contextlib import closing

import pytest

from runwright.errors import LeaseLost
from runwright.stores import open_store
from runwright.testing.scribe import Scribe
from runwright.views import EventFilter, TaskRunFilter


@pytest.fixture
def writers(tmp_path):
    """Open one record twice, as two processes do."""
    url = f"sqlite:///{tmp_path / 'record.db'}"
    with closing(open_store(url, synchronous="NORMAL")) as one, closing(open_store(url, synchronous="NORMAL")) as other:
        yield one, other


def test_a_lease_that_another_has_taken_is_refused_though_the_last_commit_was_under_it(writers):
    one, other = writers
    scribe = Scribe(one).start().run(1)
    scribe.commit()
    one.release(scribe.lease)
    other.acquire(scribe.flow_run, "other", 60)
    scribe.run(2)

    with pytest.raises(LeaseLost):
        scribe.commit()
    assert ["Pending"] == [row.kind.name for row in one.task_runs(TaskRunFilter(task="second"))]


def test_cursors_go_on_where_another_writer_has_left_them(writers):
    one, other = writers
    first, second = Scribe(one).start(), Scribe(other, name="twice").start()
    first.commit()
    between = second.commit()
    last = first.run(1).commit()

    assert between + 2 == last
    assert list(range(1, last + 1)) == [event.cursor for event in one.events(EventFilter(limit=100))]
    assert [] == one.rebuild()


def test_a_run_goes_on_from_what_another_owner_has_recorded_of_it(writers):
    one, other = writers
    scribe = Scribe(one).start().enter(1, "Running")
    scribe.commit()
    one.release(scribe.lease)
    taken = other.acquire(scribe.flow_run, "other", 60)
    scribe.store = other
    scribe.enter(1, "Success").commit(taken)
    other.release(taken)
    scribe.store = one
    scribe.run(2).commit(one.acquire(scribe.flow_run, "scribe", 60))

    assert {"first": "Success", "second": "Success"} == {
        row.slug: row.kind.name for row in one.task_runs(TaskRunFilter())
    }
    assert [] == one.rebuild()
