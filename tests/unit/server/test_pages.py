"""The pages stand below `/ui` of a server, for those who may read."""

from __future__ import annotations

from tests.unit.server.conftest import KEYS

from runwright.server.auth import Role


def bearer(role):
    return {"Authorization": f"Bearer {KEYS[role]}"}


def test_the_way_in_leads_to_the_pages(client, scribe):
    scribe.run(1).commit()

    page = client.get("/")

    assert (200, "/ui/task-runs") == (page.status_code, page.url.path)
    assert f'href="/ui/flow-runs/{scribe.flow_run}"' in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_pages_are_for_those_who_may_read(locked, scribe):
    scribe.commit()

    assert 401 == locked.get("/ui/task-runs").status_code
    assert 401 == locked.get("/ui/static/frame.css").status_code
    assert 200 == locked.get("/ui/task-runs", headers=bearer(Role.VIEWER)).status_code
    assert 200 == locked.get("/ui/flow-runs.json", headers=bearer(Role.VIEWER)).status_code


def test_preferences_are_kept_by_readers_of_these_pages_only(client):
    own = client.post(
        "/ui/preferences", data={"theme": "dark", "back": "settings"}, headers={"Origin": "http://testserver"}
    )
    foreign = client.post("/ui/preferences", data={"theme": "dark"}, headers={"Origin": "https://evil.example"})

    assert (200, 403) == (own.status_code, foreign.status_code)
    assert 'data-theme="dark"' in own.text


def test_what_is_not_there_is_a_page_that_says_so(client):
    answer = client.get("/ui/nowhere")

    assert 404 == answer.status_code
    assert "No such page" in answer.text
