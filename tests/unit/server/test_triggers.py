"""Triggers and webhooks over HTTP: what clients of executions read, and what they may ask."""

from __future__ import annotations

import logging

import pytest

from runwright.executions.registered_flows import RegisteredFlows
from runwright.server.app import create_app
from runwright.server.context import ServerOptions
from runwright.server.request_log import LOGGER
from runwright.triggering.trigger_watch import TriggerWatch

from .conftest import TestClient

FLOW = """
id: hooked
namespace: company.team
tasks:
  - id: say
    type: debug.Return
    format: "{{ trigger | json }}"
triggers:
  - id: clock
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "0 * * * *"
  - id: door
    type: trigger.Webhook
    key: sesame
    when: "{{ (trigger.parameters.who ?? ['x'])[0] != 'nobody' }}"
  - id: off
    type: trigger.Webhook
    key: closed
    disabled: true
"""
DOOR = "/api/v1/main/executions/webhook/company.team/hooked/sesame"
CLOCK = {"namespace": "company.team", "flowId": "hooked", "triggerId": "clock"}
TRIGGERS = "/api/v1/main/triggers"


@pytest.fixture
def record(runwright_record):
    """Give a record that what creates executions finds too."""
    return runwright_record


@pytest.fixture
def server(record):
    RegisteredFlows(record).keep(FLOW)
    app = create_app(record, options=ServerOptions(hosts=("testserver",)))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def watch(record):
    return TriggerWatch(record, lambda _: None)


def of_clock(server):
    return server.get(f"{TRIGGERS}/company.team/hooked/clock").json()


# ---- webhooks


@pytest.mark.parametrize(
    ("expected", "sent"),
    [
        ({"a": [1, None]}, {"json": {"a": [1, None]}}),
        ("bla", {"content": "bla"}),
        ('{"a": ', {"content": '{"a": '}),
        (7, {"content": "7"}),
        (None, {}),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_request_starts_an_execution_that_sees_it(expected, sent, method, server):
    answer = server.request(
        method, f"{DOOR}/deep?age=12&age=13", headers={"X-Test": "v", "Authorization": "Bearer mine"}, **sent
    )

    assert [200, "hooked"] == [answer.status_code, answer.json()["flowId"]]
    trigger = answer.json()["trigger"]
    assert ["door", "io.kestra.plugin.core.trigger.Webhook"] == [trigger["id"], trigger["type"]]
    seen = trigger["variables"]
    assert [expected, {"age": ["12", "13"]}, "deep"] == [seen.get("body"), seen["parameters"], seen["path"]]
    assert ["v"] == seen["headers"]["x-test"]
    assert "authorization" not in seen["headers"]


@pytest.mark.parametrize(
    ("status", "path"),
    [
        (200, DOOR),
        (200, DOOR.replace("/main", "")),
        (204, f"{DOOR}?who=nobody"),
        (404, DOOR.replace("sesame", "wrong")),
        (404, DOOR.replace("hooked", "none")),
        (409, DOOR.replace("sesame", "closed")),
    ],
)
def test_what_a_request_is_answered(status, path, server):
    assert status == server.get(path).status_code


def test_a_webhook_of_a_flow_that_is_off_is_refused(server, record):
    RegisteredFlows(record).keep(f"{FLOW}\ndisabled: true\n")

    assert 409 == server.get(DOOR).status_code


def test_strangers_need_the_key_of_the_trigger_and_no_other(locked, record):
    RegisteredFlows(record).keep(FLOW)

    assert 200 == locked.post(DOOR).status_code
    assert 401 == locked.get(f"{TRIGGERS}/search").status_code


def test_a_body_that_is_no_text_or_nested_too_deeply_is_refused(server):
    assert 400 == server.post(DOOR, content=b"\xff\xfe").status_code
    assert 400 == server.post(DOOR, content="[" * 100 + "]" * 100).status_code


def test_the_log_of_requests_does_not_tell_the_key(server, caplog):
    with caplog.at_level(logging.INFO, logger=LOGGER):
        server.post(f"{DOOR}/deep")

    assert '"/api/v1/main/executions/webhook/company.team/hooked/***/deep"' in caplog.text
    assert "sesame" not in caplog.text


# ---- triggers


def test_triggers_are_listed_with_their_next_times(server, watch):
    watch.look()
    found = server.get(f"{TRIGGERS}/company.team/hooked").json()

    assert 3 == found["total"]
    clock, door, off = found["results"]
    assert {
        **CLOCK,
        "flowRevision": 1,
        "type": "io.kestra.plugin.core.trigger.Schedule",
        "nextExecutionDate": "2023-11-14T23:00:00.000000Z",
        "disabled": False,
    } == {name: value for name, value in clock.items() if name != "updatedDate"}
    assert [False, True] == [door["disabled"], off["disabled"]]


@pytest.mark.parametrize(
    ("expected", "query"),
    [
        (["clock", "door", "off"], ""),
        (["clock", "door", "off"], "?namespace=company"),
        ([], "?namespace=comp"),
        (["door"], "?q=doo"),
        (["off"], "?filters[disabled][EQUALS]=true"),
        (["clock", "off"], "?filters[triggerId][IN]=clock,off"),
        (["off", "door", "clock"], "?sort=triggerId:desc"),
    ],
)
def test_triggers_are_searched(expected, query, server):
    found = server.get(f"{TRIGGERS}/search{query}").json()["results"]

    assert expected == [each["triggerContext"]["triggerId"] for each in found]
    assert expected == [each["abstractTrigger"]["id"] for each in found]


def test_a_trigger_is_turned_off_and_on(server, watch):
    watch.look()

    assert server.put(TRIGGERS, json={**CLOCK, "disabled": True, "more": 1}).json()["disabled"] is True
    assert "nextExecutionDate" not in of_clock(server)
    answer = server.post(
        f"{TRIGGERS}/set-disabled/by-triggers",
        json={"triggers": [CLOCK, {**CLOCK, "triggerId": "x"}], "disabled": False},
    )
    assert {"count": 1} == answer.json()
    watch.look()
    assert "2023-11-14T23:00:00.000000Z" == of_clock(server)["nextExecutionDate"]
    assert {"count": 1} == server.post(f"{TRIGGERS}/set-disabled/by-query?q=clock&disabled=true").json()


def test_a_backfill_is_begun_paused_and_left(server, watch):
    watch.look()
    given = {"start": "2023-11-14T19:30:00Z", "inputs": {"a": 1}, "labels": [{"key": "why", "value": "audit"}]}

    begun = server.put(TRIGGERS, json={**CLOCK, "backfill": given}).json()["backfill"]
    assert ["2023-11-14T20:00:00.000000Z", False, {"a": 1}, given["labels"]] == [
        begun[name] for name in ("currentDate", "paused", "inputs", "labels")
    ]
    assert server.post(f"{TRIGGERS}/backfill/pause", json=CLOCK).json()["backfill"]["paused"] is True
    assert server.put(f"{TRIGGERS}/backfill/unpause", json=CLOCK).json()["backfill"]["paused"] is False
    assert {"count": 1} == server.post(f"{TRIGGERS}/backfill/delete/by-triggers", json=[CLOCK]).json()
    assert "backfill" not in of_clock(server)


def test_a_schedule_that_waits_is_unlocked_or_begins_anew(server, watch, now):
    watch.look()
    now.advance(3_600)
    watch.look()
    assert of_clock(server)["executionId"]

    assert "executionId" not in server.post(f"{TRIGGERS}/company.team/hooked/clock/unlock").json()
    assert 409 == server.post(f"{TRIGGERS}/company.team/hooked/clock/unlock").status_code
    assert 200 == server.post(f"{TRIGGERS}/company.team/hooked/clock/restart").status_code
    watch.look()
    assert "2023-11-15T00:00:00.000000Z" == of_clock(server)["nextExecutionDate"]


def test_a_trigger_that_is_forgotten_begins_as_if_it_were_new(server, watch):
    watch.look()
    server.put(f"{TRIGGERS}/set-disabled", json={**CLOCK, "disabled": True})

    assert 204 == server.delete(f"{TRIGGERS}/company.team/hooked/clock").status_code
    door = {**CLOCK, "triggerId": "door"}
    assert {"count": 1} == server.request("DELETE", f"{TRIGGERS}/delete/by-triggers", json=[door]).json()
    watch.look()
    assert [False, "2023-11-14T23:00:00.000000Z"] == [
        of_clock(server)[name] for name in ("disabled", "nextExecutionDate")
    ]


@pytest.mark.parametrize(
    ("status", "method", "path", "body"),
    [
        (404, "GET", "/company.team/hooked/none", None),
        (404, "PUT", "", {**CLOCK, "triggerId": "none", "disabled": True}),
        (409, "PUT", "", {**CLOCK, "triggerId": "off", "disabled": False}),
        (409, "PUT", "", {**CLOCK, "triggerId": "door", "backfill": {"start": "2023-11-14T19:30:00Z"}}),
        (422, "PUT", "", {**CLOCK, "backfill": {"start": "then"}}),
        (422, "PUT", "", {"namespace": "company.team"}),
        (409, "POST", "/backfill/pause", CLOCK),
        (422, "GET", "/search?filters[none][EQUALS]=1", None),
    ],
)
def test_what_is_refused(status, method, path, body, server):
    assert status == server.request(method, f"{TRIGGERS}{path}", json=body).status_code
