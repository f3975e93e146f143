"""A record that a server has is read over HTTP as it is read where it is kept."""

from __future__ import annotations

from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, cast

import pytest
from tests.served_record import ReadOverHttp, serving

from runwright.errors import (
    IllegalTransition,
    LimitRefused,
    NotOnRecord,
    QueryError,
    RecordError,
    RecordUnreachable,
    RecordUnreadable,
    TagRefused,
)
from runwright.ids import new_flow_run_id, task_run_id
from runwright.query import Compare, Query, columns
from runwright.request import Request
from runwright.server.auth import ApiKey, Principal, Role
from runwright.server.context import ServerOptions
from runwright.stores import open_store
from runwright.testing.scribe import Scribe
from runwright.testing.view_contract import ViewContract
from runwright.views import TaskRunFilter

KEY = "key-of-a-viewer-in-tests"


class Replaceable:
    """A record in whose place a test puts an empty one."""

    record = open_store("memory://")

    def __getattr__(self, name):
        return getattr(self.record, name)


@pytest.fixture(scope="module")
def place():
    """Give one server for all tests of the contract."""
    held = Replaceable()
    with serving(held) as url, closing(open_store(url)) as served:
        yield held, served


class TestServed(ViewContract):
    @pytest.fixture
    def store(self, place):
        held, served = place
        with closing(open_store("memory://")) as record:
            held.record = record
            yield ReadOverHttp(record, served)


@pytest.fixture
def record():
    with closing(open_store("memory://")) as record:
        yield record


@pytest.fixture
def served(record):
    with serving(record) as url, closing(open_store(url)) as served:
        yield served


def test_queries_requests_and_leases_go_over_the_wire(record, served):
    scribe = Scribe(record, name="first").start()
    scribe.commit()
    query = Query("flow_run", columns("name"), Compare("id", "eq", scribe.flow_run))
    assert record.query(query) == served.query(query)
    assert record.find_lease(scribe.flow_run) == served.find_lease(scribe.flow_run)
    assert None is served.find_lease(new_flow_run_id(1))

    asked = served.ask(Request(new_flow_run_id(2), scribe.flow_run, "cancel", by="me"))

    assert [asked] == record.requests(scribe.flow_run) == served.requests(scribe.flow_run)


def test_errors_of_the_record_are_raised_here(served):
    with pytest.raises(NotOnRecord):
        served.ask(Request(new_flow_run_id(2), new_flow_run_id(1), "cancel"))
    with pytest.raises(QueryError):
        served.query(Query("nothing", columns("id")))


def test_nothing_else_is_done_there(served):
    with pytest.raises(RecordError, match="read and steered only"):
        served.acquire(new_flow_run_id(1), "me", 60)


def test_a_connection_that_was_closed_is_made_again(record):
    with serving(record) as url:
        served = open_store(url)
        served.close()
        assert [] == served.flows()
        cast("Any", served)._local.connection.sock.close()
        assert [] == served.flows()
        served.close()
    with pytest.raises(RecordUnreachable, match="does not answer"):
        served.flows()


@pytest.mark.parametrize(
    "address", ["http://me:secret@127.0.0.1:1", "https:///path", "http://127.0.0.1:99999", "http://127.0.0.1:x"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(RecordUnreadable, match="no address of a server"):
        open_store(address)


def test_a_server_asks_for_its_key(record, monkeypatch, tmp_path):
    keys = (ApiKey.from_text(KEY, Principal("viewer", Role.VIEWER)),)
    with serving(record, ServerOptions(keys=keys)) as url:
        with pytest.raises(RecordUnreadable, match="asks for a key: set RUNWRIGHT_API_KEY"):
            open_store(url, home=tmp_path)
        (tmp_path / "server").mkdir()
        file = tmp_path / "server/api-key"
        file.write_text(f"{KEY}\n")
        file.chmod(0o600)
        with closing(open_store(url, home=tmp_path)) as served:
            assert [] == served.flows()
            flow_run = Scribe(record).start().flow_run
            with pytest.raises(RecordUnreadable, match="to one with a role that may"):
                served.ask(Request(new_flow_run_id(2), flow_run, "cancel"))
        monkeypatch.setenv("RUNWRIGHT_API_KEY", "another-key-altogether")
        with pytest.raises(RecordUnreadable, match="takes another key"):
            open_store(url, home=tmp_path)


def test_limits_of_tags_are_set_and_read_over_http(record, served):
    kept = served.keep_tag_limit("db", 2)
    assert [kept] == served.tag_limits() == record.tag_limits()
    assert [True, False] == [served.delete_tag_limit("db") for _ in range(2)]
    with pytest.raises(LimitRefused):
        served.keep_tag_limit("db", -1)


def test_what_has_not_ended_is_not_repeated_over_http(record, served):
    scribe = Scribe(record).start()
    scribe.commit()
    with pytest.raises(IllegalTransition):
        served.repeat(scribe.flow_run, "key")
    with pytest.raises(NotOnRecord):
        served.replay(new_flow_run_id(1), "key")


def test_a_key_that_is_none_is_refused(record, monkeypatch):
    monkeypatch.setenv("RUNWRIGHT_API_KEY", "two\nlines")
    with serving(record) as url, pytest.raises(RecordUnreadable, match="has characters that no key has"):
        open_store(url)


class _Stranger(BaseHTTPRequestHandler):
    """A web server that answers whatever it is asked with a page."""

    def do_POST(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Hello")

    def log_message(self, *_):
        """Say nothing."""


def test_a_server_of_somebody_else_is_told_from_ours():
    with HTTPServer(("127.0.0.1", 0), _Stranger) as stranger:
        thread = Thread(target=stranger.serve_forever)
        thread.start()
        try:
            with pytest.raises(RecordUnreadable, match="is no server of Runwright"):
                open_store(f"http://127.0.0.1:{stranger.server_port}")
        finally:
            stranger.shutdown()
            thread.join()


def test_task_runs_are_tagged_over_http(record, served):
    scribe = Scribe(record).start().run(1)
    scribe.commit()
    task_run = task_run_id(scribe.flow_run, 1)

    assert 1 == served.change_tags([task_run], ["seen", "odd"], by="ada")
    assert 1 == served.change_tags([task_run], remove=["odd"])
    (row,) = served.task_runs(TaskRunFilter(tags=("seen",)))
    assert [("seen", "ada")] == [(each.tag, each.by) for each in row.given_tags]
    assert ["seen"] == served.given_tags() == record.given_tags()
    with pytest.raises(TagRefused):
        served.change_tags([task_run])
