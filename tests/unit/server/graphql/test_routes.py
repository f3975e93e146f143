"""Where GraphQL is served, to whom, and in which shapes."""

from __future__ import annotations

import pytest
from tests.unit.server.conftest import KEYS

HELLO = {"query": "{ hello }"}
PROJECT = {"query": 'mutation { create_project(input: {name: "P"}) { id } }'}


@pytest.mark.parametrize("path", ["/graphql", "/"])
def test_queries_are_posted(client, path):
    assert {"data": {"hello": "👋"}} == client.post(path, json=HELLO).json()


def test_queries_may_stand_in_the_address_but_mutations_may_not(client):
    assert {"data": {"hello": "👋"}} == client.get("/graphql", params=HELLO).json()
    assert 400 == client.get("/graphql").status_code
    assert 405 == client.get("/graphql", params=PROJECT).status_code


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (415, b"query=%7Bhello%7D", "application/x-www-form-urlencoded"),
        (415, b'{"query": "{ hello }"}', "text/plain"),
        (400, b"[]", "application/json"),
        (400, b'[{"query": "{ hello }"}]', "application/json"),
        (400, b"{", "application/json"),
        (400, b'{"query": 1}', "application/json"),
        (400, b'{"query": "{ hello }", "variables": [1]}', "application/json"),
        (400, b"\xff\xfe", "application/json"),
    ],
)
def test_what_is_no_request_is_refused(client, status, body, kind):
    answer = client.post("/graphql", content=body, headers={"content-type": kind})

    assert status == answer.status_code
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(("status", "role"), [(200, "VIEWER"), (200, "OPERATOR"), (200, "ADMIN")])
def test_whoever_may_look_may_ask(locked, status, role):
    keys = {each.name: key for each, key in KEYS.items()}

    assert 401 == locked.post("/graphql", json=HELLO).status_code
    assert status == locked.post("/", json=HELLO, headers={"authorization": f"Bearer {keys[role]}"}).status_code


@pytest.mark.parametrize(("status", "role"), [(403, "VIEWER"), (403, "OPERATOR"), (200, "AUTHOR")])
def test_registering_takes_an_author(locked, status, role):
    keys = {each.name: key for each, key in KEYS.items()}

    answer = locked.post("/graphql", json=PROJECT, headers={"authorization": f"Bearer {keys[role]}"})

    assert status == answer.status_code


@pytest.mark.parametrize(("status", "role"), [(403, "VIEWER"), (200, "OPERATOR")])
def test_running_takes_an_operator(locked, status, role):
    keys = {each.name: key for each, key in KEYS.items()}
    query = {"query": 'mutation { register_agent(input: {type: "Any"}) { id } }'}

    answer = locked.post("/graphql", json=query, headers={"authorization": f"Bearer {keys[role]}"})

    assert status == answer.status_code
