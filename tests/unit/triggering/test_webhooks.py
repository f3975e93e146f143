"""Webhooks: which key opens which trigger, what keeps one shut, and what a request starts."""

from __future__ import annotations

import pytest

from runwright import app
from runwright.errors import IllegalTransition, NotOnRecord
from runwright.executions.registered_flows import RegisteredFlows
from runwright.triggering.webhooks import Webhooks

FLOW = """
id: doors
namespace: company
DISABLED
inputs: [{id: who, type: STRING, required: false}]
tasks: [{id: say, type: debug.Return, format: "{{ inputs.who }} {{ trigger.body.n }}"}]
triggers:
  - {id: front, type: trigger.Webhook, key: sesame, inputs: {who: "{{ trigger.body.who }}"}}
  - {id: back, type: trigger.Webhook, key: "{{ secret('BACK') }}", conditions: [{type: condition.Expression, expression: "{{ trigger.body.n > 1 }}"}]}
  - {id: shut, type: trigger.Webhook, key: shut, disabled: true}
"""


@pytest.fixture
def keep(runwright_record):
    """Give a function that registers the flow."""
    return lambda more="": RegisteredFlows(runwright_record).keep(FLOW.replace("DISABLED", more))


@pytest.fixture
def ran():
    return []


@pytest.fixture
def webhooks(runwright_record, ran):
    return Webhooks(runwright_record, ran.append)


def test_each_key_opens_its_own_trigger(keep, webhooks, monkeypatch):
    monkeypatch.setenv("SECRET_BACK", "YmFja2Rvb3I=")
    keep()
    assert ["front", "back"] == [webhooks.find("company", "doors", key)[1].id for key in ("sesame", "backdoor")]


@pytest.mark.parametrize("key", ["", "Sesame", "sesame ", "{{ secret('BACK') }}"])
def test_what_is_no_key_opens_nothing(keep, webhooks, key):
    """Not even the text of a key whose secret nobody has set."""
    keep()
    with pytest.raises(NotOnRecord, match="Webhook not found"):
        webhooks.find("company", "doors", key)


def test_what_is_turned_off_starts_nothing(keep, webhooks):
    keep()
    with pytest.raises(IllegalTransition, match="The trigger is disabled"):
        webhooks.find("company", "doors", "shut")
    keep("disabled: true")
    with pytest.raises(IllegalTransition, match="The flow is disabled"):
        webhooks.find("company", "doors", "sesame")


def test_a_flow_that_is_not_there_has_no_webhook(webhooks):
    with pytest.raises(NotOnRecord, match="Flow not found"):
        webhooks.find("company", "doors", "sesame")


def test_every_request_starts_an_execution_of_its_own(keep, webhooks, ran, runwright_record):
    keep()
    registered, _ = webhooks.find("company", "doors", "sesame")
    started = [webhooks.take(registered, {"body": {"who": "Ada", "n": 1}}) for _ in range(2)]
    assert (2, started) == (len(set(started)), ran)
    assert {"who": "Ada"} == app.find_flow_run(runwright_record, started[0]).parameters


@pytest.mark.parametrize(("number", "count"), [(1, 0), (2, 1)])
def test_a_request_that_does_not_meet_the_conditions_starts_nothing(keep, webhooks, ran, monkeypatch, number, count):
    monkeypatch.setenv("SECRET_BACK", "YmFja2Rvb3I=")
    keep()
    registered, _ = webhooks.find("company", "doors", "backdoor")
    assert (count == 0) is (webhooks.take(registered, {"body": {"n": number}}) is None)
    assert count == len(ran)
