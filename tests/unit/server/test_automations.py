"""Automations over HTTP, as clients of Prefect 3 keep, find and change them."""

from __future__ import annotations

from uuid import UUID

import pytest

PATH = "/api/automations"
NONE = UUID(int=1)


def declared(name="watchful", **more):
    trigger = {"type": "event", "expect": ["order.late"], "posture": "Reactive", "threshold": 1, "within": 0}
    return {"name": name, "trigger": trigger, "actions": [{"type": "cancel-flow-run"}], **more}


def created(client, *args, **more):
    answer = client.post(f"{PATH}/", json=declared(*args, **more))
    assert 201 == answer.status_code, answer.text
    return answer.json()


def found(client, **query):
    return [each["name"] for each in client.post(f"{PATH}/filter", json=query).json()]


def test_an_automation_comes_back_as_it_was_written(client):
    kept = created(client, description="what for", tags=["a"])
    assert kept == client.get(f"{PATH}/{kept['id']}").json()
    assert ("watchful", "what for", ["a"], True) == (kept["name"], kept["description"], kept["tags"], kept["enabled"])
    assert declared()["trigger"].items() <= kept["trigger"].items()
    assert "cancel-flow-run" == kept["actions"][0]["type"]
    assert {"id", "created", "updated", "actions_on_trigger", "actions_on_resolve"} <= kept.keys()


def test_automations_are_found_and_counted(client):
    for name, tags in (("b", ["x"]), ("a", ["x", "y"]), ("c", [])):
        created(client, name, tags=tags)
    assert ["a", "b", "c"] == found(client)
    assert ["c", "b"] == found(client, sort="NAME_DESC", limit=2)
    assert ["b", "c"] == found(client, offset=1)
    assert ["c", "a", "b"] == found(client, sort="CREATED_DESC")
    assert ["a", "c"] == found(client, automations={"name": {"any_": ["c", "a", "z"]}})
    assert ["a"] == found(client, automations={"tags": {"all_": ["x", "y"]}})
    assert ["a", "b"] == found(client, automations={"tags": {"any_": ["x"]}})
    assert ["c"] == found(client, automations={"tags": {"is_null_": True}})
    assert [] == found(client, automations={"created": {"before_": "2000-01-01T00:00:00Z"}})
    assert ["a", "c"] == found(
        client, automations={"operator": "or_", "name": {"any_": ["c"]}, "tags": {"all_": ["y"]}}
    )
    assert 3 == client.post(f"{PATH}/count").json()


def test_an_automation_is_replaced_turned_off_and_deleted(client):
    identity = created(client)["id"]
    assert 204 == client.put(f"{PATH}/{identity}", json=declared("other")).status_code
    assert 204 == client.patch(f"{PATH}/{identity}", json={"enabled": False}).status_code
    changed = client.get(f"{PATH}/{identity}").json()
    assert ("other", False) == (changed["name"], changed["enabled"])
    assert 204 == client.delete(f"{PATH}/{identity}").status_code
    assert 404 == client.get(f"{PATH}/{identity}").status_code


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_what_is_not_there_is_not_found(client, method):
    assert 404 == client.request(method, f"{PATH}/{NONE}", json=declared()).status_code or method == "PATCH"
    assert 422 == client.request(method, f"{PATH}/nothing", json=declared() if method == "PUT" else {}).status_code


def test_those_of_a_resource(client):
    created(client, "owned", owner_resource="prefect.deployment.1")
    named = declared("named")
    named["trigger"]["match"] = {"prefect.resource.id": "prefect.deployment.1"}
    client.post(f"{PATH}/", json=named)
    created(client, "other")
    related = client.get(f"{PATH}/related-to/prefect.deployment.1").json()
    assert {"owned", "named"} == {each["name"] for each in related}
    assert 202 == client.delete(f"{PATH}/owned-by/prefect.deployment.1").status_code
    assert ["named", "other"] == found(client)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": None},
        {"trigger": {"type": "metric"}},
        {"trigger": {"type": "event", "posture": "Proactive", "within": 5}},
        {"trigger": {"type": "event", "threshold": 0}},
        {"actions": [{"type": "declare-incident"}]},
        {"actions": [{"type": "call-webhook", "block_document_id": str(NONE)}]},
        {"actions_on_resolve": [{"type": "do-nothing"}]},
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(client, wrong):
    answer = client.post(f"{PATH}/", json=declared() | wrong)
    assert 422 == answer.status_code
    assert "body" == answer.json()["exception_detail"][0]["loc"][0]
    assert 0 == client.post(f"{PATH}/count").json()


def test_a_page_is_bounded(client):
    assert 422 == client.post(f"{PATH}/filter", json={"limit": 201}).status_code
    assert 422 == client.post(f"{PATH}/filter", json={"automations": {"nothing": 1}}).status_code
