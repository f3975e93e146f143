"""API keys open what their roles allow until they are revoked or expire, and the audit says who changed what."""

from __future__ import annotations

import pytest

from runwright import clock
from runwright.server import event_sockets
from runwright.server.auth import Role
from runwright.server.kept_keys import KIND, KeptKeys

from .conftest import KEYS

ADMIN = {"Authorization": f"Bearer {KEYS[Role.ADMIN]}"}
PING = {"id": "01a1fd09-35be-7154-a236-19693cf4dad6", "occurred": "2023-11-14T00:00:00Z", "event": "ping"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Let a gate look at every key again each time."""
    monkeypatch.setattr("runwright.server.kept_keys.OLDEST", 0.0)


def make(locked, name="ada", role="viewer", **more):
    answer = locked.post("/api/keys", json={"name": name, "role": role, **more}, headers=ADMIN)
    assert 201 == answer.status_code, answer.text
    return {"Authorization": f"Bearer {answer.json()['key']}"}


def status(locked, key, method="GET", path="/metrics", **more):
    return locked.request(method, path, headers=key, **more).status_code


@pytest.mark.parametrize(("role", "expected"), [("viewer", 403), ("operator", 403), ("author", 201), ("admin", 201)])
def test_a_key_may_do_what_its_role_may(locked, role, expected):
    key = make(locked, role=role)
    automation = {"name": "a", "trigger": {"type": "event"}, "actions": []}
    assert 200 == status(locked, key)
    assert expected == status(locked, key, "POST", "/api/automations/", json=automation)
    assert (200 if role == "admin" else 403) == status(locked, key, path="/api/keys")


def test_a_key_that_is_revoked_opens_nothing(locked):
    key = make(locked)
    assert 204 == status(locked, ADMIN, "DELETE", "/api/keys/ada")
    assert 401 == status(locked, key)
    assert 404 == status(locked, ADMIN, "DELETE", "/api/keys/ada")


def test_a_key_that_has_expired_opens_nothing(locked, now):
    ends = clock.to_iso(now.at + 3_600 * clock.NANOSECONDS)
    key = make(locked, expires=ends)
    assert 200 == status(locked, key)
    now.advance(3_601)
    assert 401 == status(locked, key)


def test_the_text_of_a_key_is_told_once_and_kept_nowhere(locked, record):
    text = make(locked)["Authorization"].split()[1]
    (row,) = locked.get("/api/keys", headers=ADMIN).json()
    assert ("ada", "viewer", "admin", None) == (row["name"], row["role"], row["by"], row["expires"])
    assert row["hint"] == text[: len(row["hint"])]
    kept = str(record.list_cards(KIND)) + str(locked.get("/api/audit", headers=ADMIN).json())
    assert text not in kept


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        (409, {"name": "ada", "role": "viewer"}),
        (422, {"name": "admin", "role": "viewer"}),
        (422, {"name": "-x", "role": "viewer"}),
        (422, {"name": "b", "role": "anyone"}),
        (422, {"name": "b", "role": "viewer", "more": 1}),
    ],
)
def test_keys_that_cannot_be_are_refused(locked, expected, body):
    make(locked)
    expected = 422 if expected == 500 else expected
    assert expected == locked.post("/api/keys", json=body, headers=ADMIN).status_code
    assert 1 == len(locked.get("/api/keys", headers=ADMIN).json())


def test_a_browser_that_signed_in_with_a_key_goes_with_it(locked):
    key = make(locked)["Authorization"].split()[1]
    locked.follow_redirects = False
    locked.post("/sign-in", data={"key": key}, headers={"Origin": "http://testserver"})
    assert 200 == status(locked, {})
    locked.delete("/api/keys/ada", headers=ADMIN)
    assert 401 == status(locked, {})


def test_a_websocket_ends_with_its_key(locked, monkeypatch):
    monkeypatch.setattr(event_sockets, "RECHECK_SECONDS", 0.01)
    key = make(locked)["Authorization"].split()[1]
    with locked.websocket_connect("/api/events/out", subprotocols=["prefect"]) as socket:
        socket.send_json({"type": "auth", "token": key})
        assert {"type": "auth_success"} == socket.receive_json()
        socket.send_json({"type": "filter", "filter": {}})
        locked.delete("/api/keys/ada", headers=ADMIN)
        assert (1008, "The key is not known any more.") == _end(socket)


def _end(socket):
    message = socket.receive()
    return message["code"], message["reason"]


def test_what_is_known_of_keys_is_a_second_old_at_most(record, monkeypatch):
    monkeypatch.setattr("runwright.server.kept_keys.OLDEST", 1.0)
    time = [0.0]
    known, other = KeptKeys(record, now=lambda: time[0]), KeptKeys(record)
    assert known.principal_from_key("unknown") is None
    _, text = other.create("ada", Role.VIEWER, by="me")
    assert known.principal_from_key(text) is None
    time[0] = 1.0
    principal = known.principal_from_key(text)
    assert principal is not None
    assert ("ada", Role.VIEWER, True) == (principal.name, principal.role, known.knows(principal))
    other.revoke("ada")
    time[0] = 2.0
    assert (None, False) == (known.principal_from_key(text), known.knows(principal))


# ---- the audit


def entries(locked, **query):
    return locked.get("/api/audit", params=query, headers=ADMIN).json()["entries"]


def test_the_audit_says_who_changed_what(locked):
    key = make(locked, "ada", "author")
    locked.post("/api/automations/", json={"name": "a", "trigger": {"type": "event"}, "actions": []}, headers=key)
    created, made = entries(locked)
    assert ("ada", "author", "POST", "/api/automations/", 201) == _said(created)
    assert ("admin", "admin", "POST", "/api/keys", 201) == _said(made)
    assert created["address"] == "testclient"


def _said(entry):
    return tuple(entry[name] for name in ("who", "role", "method", "path", "status"))


def test_what_was_refused_is_there_too(locked):
    key = make(locked, "ada", "viewer")
    status(locked, key, "DELETE", "/api/keys/ada")
    status(locked, {"Authorization": "Bearer wrong"}, "DELETE", "/api/keys/ada")
    unknown, refused = entries(locked)[:2]
    assert (("", "", 401), ("ada", "viewer", 403)) == tuple(
        (each["who"], each["role"], each["status"]) for each in (unknown, refused)
    )


def test_what_only_reads_and_what_programs_send_is_not(locked):
    locked.post("/api/events", json=[{**PING, "resource": {"prefect.resource.id": "x"}}], headers=ADMIN)
    locked.post("/api/events/filter", json={}, headers=ADMIN)
    locked.get("/metrics", headers=ADMIN)
    locked.post("/graphql", json={"query": "{ flow { id } }"}, headers=ADMIN)
    locked.delete("/api/keys/ada")
    assert [] == entries(locked)


def test_mutations_of_graphql_are_there(locked):
    locked.post("/graphql", json={"query": 'mutation { create_project(input: {name: "p"}) { id } }'}, headers=ADMIN)
    assert [("admin", "admin", "POST", "/graphql", 200)] == [_said(each) for each in entries(locked)]


def test_the_key_of_a_webhook_is_hidden(locked, record):
    locked.post("/api/v1/executions/webhook/n/f/a-secret-key", headers=ADMIN)
    assert "a-secret-key" not in str(record.list_cards("audit"))


def test_the_audit_is_read_page_by_page(locked):
    for number in range(5):
        make(locked, f"key{number}")
    first = locked.get("/api/audit?limit=3", headers=ADMIN).json()
    second = locked.get("/api/audit", params={"limit": 3, "before": first["next"]}, headers=ADMIN).json()
    assert ([3, 2], None) == ([len(first["entries"]), len(second["entries"])], second["next"])
    assert 5 == len({each["id"] for each in first["entries"] + second["entries"]})


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1", "1e9"])
def test_a_page_is_bounded(locked, limit):
    assert 422 == status(locked, ADMIN, path=f"/api/audit?limit={limit}")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.AUTHOR])
@pytest.mark.parametrize("path", ["/api/audit", "/api/keys"])
def test_nobody_else_reads_the_keys_and_the_audit(locked, role, path):
    assert 403 == status(locked, {"Authorization": f"Bearer {KEYS[role]}"}, path=path)


def test_a_key_may_expire_after_the_end_of_all_times_on_record(locked):
    assert 200 == status(locked, make(locked, expires="9999-12-31T23:59:59-23:59"))
