"""Values of namespaces over REST: written as JSON or text, read with their kind, listed, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from runwright.server.key_values import read_value
from runwright.stores.memory import MemoryStore

needs_values = pytest.mark.skipif(not hasattr(MemoryStore, "find_value"), reason="the store keeps no values yet")


@pytest.mark.parametrize(
    ("value", "kind", "body"),
    [
        ("text", "STRING", b"text"),
        ("text", "STRING", b'"text"'),
        ("", "STRING", b""),
        (1, "NUMBER", b"1"),
        (1.5, "NUMBER", b"1.5"),
        (True, "BOOLEAN", b"true"),
        ({"a": [1]}, "JSON", b'{"a": [1]}'),
        ([], "JSON", b"[]"),
        ("2024-01-02", "DATE", b"2024-01-02"),
        ("2024-01-02T03:04:05Z", "DATETIME", b'"2024-01-02T03:04:05Z"'),
        ("PT5M", "DURATION", b"PT5M"),
        ("{broken", "STRING", b"{broken"),
    ],
)
def test_a_value_is_what_it_is_written_as(value, kind, body):
    assert (value, kind) == read_value(body)


@needs_values
@pytest.mark.parametrize("base", ["/api/v1", "/api/v1/main"])
def test_values_are_kept_read_listed_and_deleted(client: Any, base: str):
    every = f"{base}/namespaces/io.tests/kv"
    path = f"{every}/my-key"

    assert 404 == client.get(path).status_code
    assert 200 == client.put(path, content='{"a": 1}', headers={"description": "Mine."}).status_code
    assert ("JSON", {"a": 1}) == tuple(client.get(path).json()[key] for key in ("type", "value"))
    assert [("my-key", "Mine.")] == [(each["key"], each["description"]) for each in client.get(every).json()]
    assert {"a": 1} == client.get(f"{path}/detail").json()["value"]
    assert 409 == client.put(f"{path}?overwrite=false", content="2").status_code
    assert True is client.delete(path).json()
    assert False is client.delete(path).json()


@needs_values
def test_values_end_when_their_time_is_over(client):
    path = "/api/v1/namespaces/io.tests/kv/soon"

    assert 422 == client.put(path, content="1", headers={"ttl": "soon"}).status_code
    assert 200 == client.put(path, content="1", headers={"ttl": "PT10M"}).status_code
    assert client.get(f"{path}/detail").json()["expirationDate"]


@needs_values
def test_several_values_are_deleted_together(client):
    every = "/api/v1/namespaces/io.tests/kv"
    for key in ("a", "b"):
        client.put(f"{every}/{key}", content="1")

    assert {"keys": ["a", "b"]} == client.request("DELETE", every, json={"keys": ["a", "none", "b"]}).json()


@pytest.mark.parametrize("key", ["-a", "a b", "a%00", "x" * 201])
def test_a_key_has_plain_signs(client, key):
    assert 422 == client.put(f"/api/v1/namespaces/io.tests/kv/{key}", content="1").status_code
