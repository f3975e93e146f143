"""`runwright automation`: automations are kept from files, listed, turned off and deleted."""

from __future__ import annotations

import json

import pytest

TEXT = """
- name: late orders
  trigger: {type: event, expect: [order.late], threshold: 3, within: 60}
  actions:
    - {type: run-flow, flow: company.team/report}
    - {type: do-nothing}
- name: silence
  trigger: {type: event, posture: Proactive, expect: [alive], within: 30}
  actions: []
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "automations.yaml").write_text(TEXT)
    return str(tmp_path / "automations.yaml")


def listed(runwright):
    return {each["name"]: each["enabled"] for each in runwright("automation", "ls", "--json").data}


def test_automations_of_a_file_are_kept_and_replaced(runwright, store, file):
    assert 2 == runwright("automation", "create", "-f", file).err.count("created")
    assert 2 == runwright("automation", "create", "-f", file).err.count("replaced")
    assert {"late orders": True, "silence": True} == listed(runwright)
    row = runwright("automation", "get", "late orders", "--json").data
    assert (3, "run-flow") == (row["trigger"]["threshold"], row["actions"][0]["type"])
    assert "run-flow, do-nothing" in runwright("automation", "ls", "--color", "never").out
    assert "name: late orders" in runwright("automation", "get", row["id"]).out


def test_an_automation_is_turned_off_and_on_and_deleted(runwright, store, file):
    runwright("automation", "create", "-f", file)
    assert 0 == runwright("automation", "pause", "silence").status
    assert not listed(runwright)["silence"]
    assert 0 == runwright("automation", "resume", "silence").status
    assert listed(runwright)["silence"]
    assert 0 == runwright("automation", "delete", "silence").status
    assert {"late orders": True} == listed(runwright)
    assert 3 == runwright("automation", "delete", "silence").status


@pytest.mark.parametrize(
    "text", ["name: x", "[1]", "a: *b", json.dumps({"name": "x", "trigger": {"type": "odd"}, "actions": []})]
)
def test_what_is_no_automation_is_refused(runwright, store, tmp_path, text):
    (tmp_path / "wrong.yaml").write_text(text)
    outcome = runwright("automation", "create", "-f", str(tmp_path / "wrong.yaml"))
    assert 0 != outcome.status
    assert "error: " in outcome.err
    assert {} == listed(runwright)
