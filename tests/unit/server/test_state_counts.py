"""Counts that are kept up with the log say what counting says, whatever happens to the record."""

from __future__ import annotations

import pytest

from runwright.server import state_counts
from runwright.server.state_counts import StateCounts
from runwright.testing.scribe import Scribe
from runwright.views import TaskRunFilter


@pytest.fixture
def counts(record, monkeypatch):
    """Give counts that may not be counted anew once they are there."""
    counts = StateCounts(record)
    assert {} == counts.read()
    monkeypatch.setattr(counts, "_count", lambda: pytest.fail("this can be followed"))
    return counts


def counted(record):
    return record.count_task_runs(TaskRunFilter(), "state")


def test_what_happens_is_followed(record, counts):
    first = Scribe(record, name="first", tasks=2).start()
    first.run(1).commit()
    assert counted(record) == counts.read() == {"Success": 1, "Pending": 1}

    children = first.map(2, 5)
    first.run(*children[:2]).commit()
    second = Scribe(record, name="second", tasks=3).start()
    second.enter(1, "Running").commit()
    assert counted(record) == counts.read()

    first.run(*children[2:], ending="Failed").enter(2, "Mapped").enter(0, "Failed").commit()
    assert counted(record) == counts.read() == {"Success": 3, "Failed": 3, "Mapped": 1, "Running": 1, "Pending": 2}
    assert counted(record) == counts.read()


def test_who_begins_in_the_middle_knows_what_was_before(record):
    ended = Scribe(record, name="ended", tasks=1).start()
    ended.run(1).enter(0, "Success").commit()
    opened = Scribe(record, name="opened", tasks=2).start()
    opened.run(1).commit()
    counts = StateCounts(record)
    assert counted(record) == counts.read() == {"Success": 2, "Pending": 1}

    opened.run(2).enter(0, "Success").commit()

    assert counted(record) == counts.read() == {"Success": 3}


def test_what_cannot_be_followed_is_counted_anew(record, monkeypatch):
    counts = StateCounts(record)
    ended = Scribe(record, name="ended", tasks=2).start()
    ended.run(1).run(2, ending="Failed").enter(0, "Failed").commit()
    assert counted(record) == counts.read()

    ended.enter(0, "Resume", restart=True).enter(2, "Resume", restart=True).commit()
    assert counted(record) == counts.read()

    monkeypatch.setattr(state_counts, "MOST_EVENTS", 1)
    ended.enter(2, "Running").enter(2, "Success").commit()
    assert counted(record) == counts.read() == {"Success": 2}


def test_while_something_is_written_each_request_counts(record, monkeypatch):
    scribe = Scribe(record, name="busy", tasks=3).start()
    scribe.commit()
    counts, original = StateCounts(record), record.count_task_runs

    def write_too(*arguments):
        found = original(*arguments)
        scribe.log(1, "busy").enter(1 + scribe_count.pop(), "Running").commit()
        return found

    scribe_count = [1, 0]
    monkeypatch.setattr(record, "count_task_runs", write_too)
    counts.read()
    monkeypatch.undo()

    assert counted(record) == counts.read() == {"Running": 2, "Pending": 1}
