"""A browser signs in once with a link, or with the key; its cookie lets it read, and change what its own pages ask for."""

from __future__ import annotations

import html
import re

import pytest

from runwright.server.auth import Principal, Role
from runwright.server.sessions import COOKIE, IDLE_SECONDS, MOST_SESSIONS, Sessions

from .conftest import KEYS

READER = Principal("reader", Role.VIEWER)
OWN_PAGE = {"Origin": "http://testserver"}


@pytest.fixture
def browser(locked):
    locked.follow_redirects = False
    return locked


def test_a_link_lets_one_browser_in_once(browser):
    link = f"/sign-in?code={browser.app.state.context.sessions.make_code(READER)}"
    answer = browser.get(link)

    assert (303, "/") == (answer.status_code, answer.headers["Location"])
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(answer.headers["Set-Cookie"].split("; "))
    assert 200 == browser.get("/metrics").status_code
    browser.cookies.clear()
    assert 403 == browser.get(link).status_code
    assert 401 == browser.get("/metrics").status_code


def test_a_key_lets_a_browser_in(browser):
    assert 200 == browser.get("/sign-in").status_code
    assert 401 == browser.post("/sign-in", data={"key": "wrong"}).status_code
    assert 303 == browser.post("/sign-in", data={"key": KEYS[Role.ADMIN]}, headers=OWN_PAGE).status_code
    assert 200 == browser.get("/metrics").status_code


def test_a_browser_that_opens_a_page_is_led_to_the_key_and_back(browser):
    opening = {"Accept": "text/html,*/*"}
    asked = browser.get("/ui/task-runs?q=state:failed%20%22a%22", headers=opening)
    form = browser.get(asked.headers["Location"]).text
    to = html.unescape(re.search('name="to" value="(.*?)"', form)[1])
    led = browser.post("/sign-in", data={"key": KEYS[Role.VIEWER], "to": to}, headers=OWN_PAGE)

    assert (303, "/ui/task-runs?q=state:failed%20%22a%22") == (led.status_code, led.headers["Location"])
    assert 200 == browser.get(led.headers["Location"], headers=opening).status_code


def test_a_program_that_opens_a_page_is_told_that_it_needs_a_key(browser):
    assert 401 == browser.get("/ui/task-runs").status_code
    assert (
        401 == browser.get("/ui/task-runs", headers={"Accept": "text/html", "Authorization": "Bearer no"}).status_code
    )


@pytest.mark.parametrize("to", ["//evil.example/ui/", "https://evil.example/ui/", "/\\evil.example", "/metrics", ""])
def test_signing_in_leads_to_pages_of_this_server_only(browser, to):
    answer = browser.post("/sign-in", data={"key": KEYS[Role.ADMIN], "to": to}, headers=OWN_PAGE)

    assert "/" == answer.headers["Location"]


def test_what_a_session_changes_its_own_pages_ask_for(browser):
    browser.cookies.set(COOKIE, browser.app.state.context.sessions.begin(Principal("author", Role.AUTHOR)))

    assert 403 == browser.post("/api/events", json=[]).status_code
    assert 403 == browser.post("/api/events", json=[], headers={"Origin": "https://evil.example"}).status_code
    assert 204 == browser.post("/api/events", json=[], headers=OWN_PAGE).status_code


def test_a_session_has_the_role_of_who_signed_in(browser):
    browser.cookies.set(COOKIE, browser.app.state.context.sessions.begin(READER))

    assert 200 == browser.get("/metrics").status_code
    assert 403 == browser.post("/api/events", json=[], headers=OWN_PAGE).status_code


def test_a_wrong_key_is_not_helped_by_a_session(browser):
    browser.cookies.set(COOKIE, browser.app.state.context.sessions.begin(READER))

    assert 401 == browser.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code


def test_who_signs_out_is_out(browser):
    browser.cookies.set(COOKIE, text := browser.app.state.context.sessions.begin(READER))

    assert 303 == browser.post("/sign-out", headers=OWN_PAGE).status_code
    browser.cookies.set(COOKIE, text)
    assert 401 == browser.get("/metrics").status_code


def test_the_page_runs_nothing(browser):
    answer = browser.get("/sign-in?code=<script>&to=/ui/%22><script>")

    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "no-store" == answer.headers["Cache-Control"]


def test_a_session_ends_a_day_after_its_last_use():
    now = [0.0]
    sessions = Sessions(now=lambda: now[0])
    text = sessions.begin(READER)
    for _ in range(3):
        now[0] += IDLE_SECONDS - 1
        assert READER == sessions.principal_of(text)
    now[0] += IDLE_SECONDS

    assert sessions.principal_of(text) is None


def test_a_code_ends_soon():
    now = [0.0]
    sessions = Sessions(now=lambda: now[0])
    code = sessions.make_code(READER)
    now[0] = 900.0

    assert sessions.redeem(code) is None
    assert sessions.redeem("other") is None


def test_there_are_only_so_many_sessions():
    sessions = Sessions()
    first = sessions.begin(READER)
    others = [sessions.begin(READER) for _ in range(MOST_SESSIONS)]

    assert sessions.principal_of(first) is None
    assert READER == sessions.principal_of(others[0])
    assert all(sessions.principal_of(each) is None for each in ("", None, "x"))
