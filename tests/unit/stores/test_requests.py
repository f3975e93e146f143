"""Looking for requests several times a second costs next to nothing while nobody asks anything."""

from __future__ import annotations

from contextlib import ExitStack, closing
from uuid import uuid4

import pytest

from runwright.errors import RecordError
from runwright.request import Request
from runwright.stores.sqlite import SqliteStore, requests
from runwright.testing.scribe import Scribe


@pytest.fixture
def stores(tmp_path):
    """Return one record as two processes have it open."""
    with ExitStack() as stack:
        path = tmp_path / "record.db"
        yield [stack.enter_context(closing(SqliteStore(path, synchronous="NORMAL"))) for _ in range(2)]


@pytest.fixture
def queries(monkeypatch):
    """Count the queries for requests."""
    asked = []
    find = requests.find

    def count(*arguments, **keywords):
        asked.append(arguments)
        return find(*arguments, **keywords)

    monkeypatch.setattr(requests, "find", count)
    return asked


def test_an_unchanged_file_is_not_asked_again(stores, queries):
    scribe = Scribe(stores[0]).start()
    scribe.commit()
    for _ in range(5):
        assert [] == stores[0].requests(scribe.flow_run)
    assert 1 == len(queries)


def test_what_another_process_asks_is_seen_at_the_next_look(stores, queries):
    here, there = stores
    scribe = Scribe(here).start()
    scribe.commit()
    assert [] == here.requests(scribe.flow_run)
    request = there.ask(Request(uuid4(), scribe.flow_run, "cancel"))
    assert [request] == here.requests(scribe.flow_run) == here.requests(scribe.flow_run)
    assert 2 == len(queries)


def test_what_is_found_is_the_callers_own(stores):
    scribe = Scribe(stores[0]).start()
    scribe.commit()
    stores[0].ask(Request(uuid4(), scribe.flow_run, "cancel"))
    stores[0].requests(scribe.flow_run).clear()
    assert 1 == len(stores[0].requests(scribe.flow_run))


def test_a_record_that_is_open_for_reading_shows_requests_and_takes_none(tmp_path, stores):
    scribe = Scribe(stores[0]).start()
    scribe.commit()
    with closing(SqliteStore(tmp_path / "record.db", read_only=True)) as reader:
        assert [] == reader.requests(scribe.flow_run) == reader.requests()
        with pytest.raises(RecordError, match="reading only"):
            reader.ask(Request(uuid4(), scribe.flow_run, "cancel"))


def test_a_closed_record_says_so(stores):
    scribe = Scribe(stores[0]).start()
    scribe.commit()
    stores[0].close()
    with pytest.raises(RecordError, match="was closed"):
        stores[0].requests(scribe.flow_run)
