"""Who may do what: keys, roles, and pages of other origins. Every route has a role, and nothing is reached around it."""

from __future__ import annotations

import base64

import pytest
from starlette.routing import Route

from runwright.server.app import create_app
from runwright.server.auth import FAILURES_PER_MINUTE, ApiKey, Gate, Principal, Role
from runwright.server.problems import Problem
from runwright.server.routes import GuardedMount, GuardedRoute, GuardedSocket

from .conftest import KEYS

KEY = KEYS[Role.ADMIN]
TRICKS = (
    "{}/health",
    "{}/livez",
    "/livez{}",
    "{};x",
    "/{}",
    "/livez/..{}",
    "/./{}",
    "{}.",
    "{}/",
    "{}?livez",
    "{}%2flivez",
)
UNSAFE = ("POST", "PUT", "PATCH", "DELETE", "QUERY")


def routes_of(app):
    return [each for each in app.router.routes if isinstance(each, GuardedRoute)]


def test_every_route_names_a_role(app):
    assert all(isinstance(each, GuardedRoute | GuardedSocket | GuardedMount) for each in app.router.routes)


def test_a_route_without_a_role_is_not_served(record):
    with pytest.raises(TypeError, match="names no role"):
        create_app(record, surfaces=[lambda _: [Route("/open", lambda _: None)]])


def test_only_health_and_the_door_are_open_to_strangers_and_webhooks_which_have_keys_of_their_own(app):
    open_paths = {each.path for each in routes_of(app) if each.role is Role.ANYONE}
    webhooks = {path for path in open_paths if path.startswith("/api/v1/") and "/executions/webhook/" in path}

    assert {"/livez", "/readyz", "/sign-in", "/sign-out"} == open_paths - webhooks
    assert all("{key}" in path for path in webhooks)


def test_a_stranger_gets_nowhere_by_tricks_with_paths(locked):
    answers = {
        (each.path, trick): locked.request(method, trick.format(each.path)).status_code
        for each in routes_of(locked.app)
        if each.role is not Role.ANYONE
        for method in each.verbs
        for trick in ("{}", *TRICKS)
    }

    assert set() == set(answers.values()) - {401, 404, 405}


def test_each_role_reaches_its_routes_only(locked):
    wrong = {}
    for route in routes_of(locked.app):
        for role, key in KEYS.items():
            method = route.verbs[0]
            status = locked.request(method, route.path, headers={"Authorization": f"Bearer {key}"}).status_code
            if (status == 403) != (role < route.role):
                wrong[route.path, role.name] = status

    assert {} == wrong


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("expected", "header"),
    [
        (200, f"Bearer {KEY}"),
        (200, f"bearer  {KEY} "),
        (200, basic(f"anybody:{KEY}")),
        (200, basic(f":{KEY}")),
        (401, None),
        (401, ""),
        (401, "Bearer"),
        (401, f"Bearer {KEY}x"),
        (401, "Bearer " + "x" * 10_000),
        (401, f"Token {KEY}"),
        (401, basic(KEY)),
        (401, "Basic !!!"),
        (401, "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()),
    ],
)
def test_a_key_is_a_bearer_token_or_a_password(locked, expected, header):
    answer = locked.get("/metrics", headers={} if header is None else {"Authorization": header})

    assert expected == answer.status_code
    assert expected != 401 or "Bearer" in answer.headers["WWW-Authenticate"]


def test_a_key_in_the_url_is_none(locked):
    assert 401 == locked.get(f"/metrics?token={KEY}&api_key={KEY}").status_code


def test_two_authorizations_are_refused(locked):
    headers = [("Authorization", f"Bearer {KEY}"), ("Authorization", "Bearer other")]

    assert 400 == locked.get("/metrics", headers=headers).status_code


def test_an_address_that_fails_too_often_has_to_wait():
    now = [0.0]
    gate = Gate([ApiKey.from_text(KEY, Principal("admin", Role.ADMIN))], now=lambda: now[0])
    for _ in range(FAILURES_PER_MINUTE):
        assert 401 == refusal(gate, "wrong", "one")

    assert 429 == refusal(gate, KEY, "one")
    assert 200 == refusal(gate, KEY, "two")
    now[0] = 60.0
    assert 200 == refusal(gate, KEY, "one")


def refusal(gate, key, address):
    try:
        gate.principal_from_key(key, address)
    except Problem as problem:
        return problem.status
    return 200


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://localhost:9"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_origin_changes_nothing(client, method, headers):
    assert 403 == client.request(method, "/api/events", headers=headers, content="[]").status_code


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}])
def test_programs_and_pages_of_this_server_may(client, headers):
    assert 204 == client.post("/api/events", headers=headers, content="[]").status_code


@pytest.mark.parametrize(
    ("expected", "host"),
    [
        (200, "localhost"),
        (200, "LOCALHOST:4200"),
        (200, "127.0.0.1:4200"),
        (200, "[::1]:4200"),
        (200, "10.1.2.3"),
        (200, "testserver"),
        (421, "evil.example"),
        (421, "localhost.evil.example"),
        (421, "evil/livez"),
        (421, ""),
        (421, "[::1"),
    ],
)
def test_the_server_answers_to_its_own_names(client, expected, host):
    assert expected == client.get("/livez", headers={"Host": host}).status_code
