"""What nobody should send: every path answers it with what is wrong, never with a failure of its own, and nothing of it is kept."""

from __future__ import annotations

import re

import pytest

from runwright.server import sockets
from runwright.server.auth import Role
from runwright.server.routes import GuardedRoute

from .conftest import KEYS

ADMIN = {"Authorization": f"Bearer {KEYS[Role.ADMIN]}"}
DEEP = 2_000
BODIES = {
    "nothing": b"",
    "no JSON": b"{not json",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1e400",
    "not a number": b'{"limit": NaN}',
    "no UTF-8": b'{"name": "\xff\xfe", "query": "\xff"}',
    "a query that is no UTF-8": b'{"query": "\xff"}',
    "half a character": b'{"name": "\\ud800", "filter": {"text": {"query": "\\ud800"}}}',
    "a null character": b'{"name": "\\u0000"}',
    "a deep list": b"[" * DEEP + b"]" * DEEP,
    "a deep object": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a limit that is none": b'{"limit": 1e9, "offset": -1}',
    "a limit of another type": b'{"limit": true, "sort": "name;--", "fields": "*"}',
    "a number without end": b'{"limit": ' + b"9" * 5_000 + b"}",
    "what objects are made of": b'{"__proto__": {"role": "admin"}, "__class__": "x"}',
    "a file of the server": b'{"files": {"filepath": "/etc/passwd", "filename": "../../x"}}',
}
PARAMETERS = (
    "x",
    "00000000-0000-0000-0000-000000000000",
    "{123}",
    "..%2f..%2fetc%2fpasswd",
    "a'%20OR%201=1--",
    "%00",
    "\u2603" * 300,
)
STREAMS = re.compile(r"/follow|/live")


def routes_of(app):
    return [each for each in app.router.routes if isinstance(each, GuardedRoute) and not STREAMS.search(each.path)]


@pytest.mark.parametrize("body", BODIES)
def test_no_path_fails_for_a_body(client, body):
    wrong = {}
    for route in routes_of(client.app):
        path = re.sub(r"\{[^}]*\}", "x", route.path)
        for method in route.verbs:
            answer = client.request(method, path, content=BODIES[body], headers={"Content-Type": "application/json"})
            if answer.status_code >= 500:
                wrong[method, route.path] = answer.text
            assert "Traceback" not in answer.text
    assert {} == wrong


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_no_path_fails_for_what_stands_in_it(client, parameter):
    wrong = {}
    for route in routes_of(client.app):
        path = re.sub(r"\{[^}]*\}", lambda _: parameter, route.path)
        query = dict.fromkeys(
            ("id", "limit", "page-token", "sort", "page", "size", "task_run_id", "flow_run_id"), parameter
        )
        for method in route.verbs:
            answer = client.request(method, path, params=query)
            if answer.status_code >= 500:
                wrong[method, route.path] = answer.text
    assert {} == wrong


@pytest.mark.parametrize("path", ["/api/task_runs", "/api/flow_runs", "/api/flows"])
@pytest.mark.parametrize(
    "body",
    [
        {"sort": "name;--"},
        {"limit": 1_000_000_000},
        {"limit": True},
        {"limit": -1},
        {"offset": -1},
        {"offset": "1; DROP TABLE event"},
        {"task_runs": {"nothing": 1}},
    ],
)
def test_searches_that_cannot_be_are_refused(client, path, body):
    assert 422 == client.post(f"{path}/filter", json=body).status_code


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_whoever_only_looks_tells_no_events(locked, role):
    headers = {"Authorization": f"Bearer {KEYS[role]}"}
    assert 403 == locked.post("/api/events", json=[], headers=headers).status_code


def test_who_says_nothing_is_not_waited_for(locked, monkeypatch):
    monkeypatch.setattr(sockets, "AUTH_SECONDS", 0.01)
    for path in ("/api/events/in", "/api/events/out"):
        with locked.websocket_connect(path, subprotocols=["prefect"]) as socket:
            message = socket.receive()
            assert (1008, "Expected 'auth' message") == (message["code"], message["reason"])


@pytest.mark.parametrize("path", ["/api/automations/", "/api/keys"])
def test_what_is_refused_is_not_kept(locked, record, path):
    for body in BODIES.values():
        assert locked.post(path, content=body, headers=ADMIN).status_code in {400, 413, 422}
    assert [] == [*record.list_cards("automation"), *record.list_cards("api key")]
