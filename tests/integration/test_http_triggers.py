"""Triggers that ask a web server at intervals: an answer as expected starts one execution, whoever looks."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runwright.triggering.progress import progress_of
from runwright.triggering.trigger_service import TriggerService
from runwright.triggering.trigger_watch import TriggerWatch

from .trigger_server import executions, run

PLACE = "company.team", "polled", "poll"
FLOW = """
id: polled
namespace: company.team
tasks:
  - {{id: say, type: debug.Return, format: "{{{{ trigger.body }}}} {{{{ trigger.code }}}}"}}
triggers:
  - id: poll
    type: http.Trigger
    uri: "{uri}"
    interval: PT30S
    responseCondition: "{{{{ response.statusCode == 200 and response.body == 'ready' }}}}"
"""


class Answers(ThreadingHTTPServer):
    """A web server that answers with the texts that it was given, in turn; the last one again and again."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = [(200, "ready")]
        self.asked = 0

    @property
    def uri(self):
        return f"http://127.0.0.1:{self.server_port}/state"


class Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_GET(self):
        self.server.asked += 1
        status, text = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def web():
    with Answers() as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield web
        web.shutdown()
        thread.join()


@pytest.fixture
def watching(record, now):
    """Give what makes a watch that asks at once, and the executions that were to be run."""

    def watch():
        started = []
        watch = TriggerWatch(record, started.append, later=lambda call: call())
        return watch, started

    return watch


def test_an_answer_as_expected_starts_an_execution_that_sees_it(watching, register, now, record, web):
    web.answers = [(200, "not yet"), (503, "ready"), (200, "ready")]
    register(FLOW.format(uri=web.uri))
    watch, started = watching()
    for _ in range(3):
        watch.look()
        watch.look()
        now.advance(30)

    assert [3, 1] == [web.asked, len(started)]
    assert "ready 200" == run(record, started[0])
    assert {"code": 200, "body": "ready"} == {
        key: value
        for key, value in executions(record, "company.team/polled")[0].details["trigger"]["variables"].items()
        if key in {"code", "body"}
    }


def test_nothing_is_asked_while_what_was_started_runs(watching, register, now, record, web):
    register(FLOW.format(uri=web.uri))
    watch, started = watching()
    for _ in range(3):
        watch.look()
        now.advance(30)
    assert [1, 1] == [web.asked, len(started)]

    run(record, started[0])
    watch.look()

    assert [2, 2] == [web.asked, len(started)]


def test_of_two_who_look_one_asks(watching, register, now, record, web):
    register(FLOW.format(uri=web.uri))
    (one, first), (other, second) = watching(), watching()
    one.look()
    other.look()

    assert [1, 1, 0] == [web.asked, len(first), len(second)]


def test_a_server_that_does_not_answer_is_asked_again(watching, register, now, record, web):
    register(FLOW.format(uri="http://127.0.0.1:9/"))
    watch, started = watching()
    watch.look()
    before = progress_of(record.find_trigger(*PLACE))
    now.advance(30)
    watch.look()

    assert "failed" in before.problem
    assert before.fired < progress_of(record.find_trigger(*PLACE)).fired
    assert [] == started


def test_what_is_turned_off_asks_nothing_until_it_is_on_again(watching, register, now, record, web):
    register(FLOW.format(uri=web.uri))
    service = TriggerService(record)
    service.switch(PLACE, is_disabled=True)
    watch, _ = watching()
    watch.look()
    assert 0 == web.asked

    service.switch(PLACE, is_disabled=False)
    watch.look()
    watch.look()

    assert 1 == web.asked
