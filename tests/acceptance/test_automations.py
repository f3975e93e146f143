"""Automations of a server as a process: killed again and again, every event that it took is answered, and none of them twice."""

from __future__ import annotations

import json
import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from tests.acceptance.served import KEY, Served

from runwright.automations.automation import OPEN
from runwright.open_records import open_record
from runwright.views import FlowRunFilter

pytestmark = pytest.mark.timeout(300)  # each starts several processes, on machines that do other things too

AUTH = {"Authorization": f"Bearer {KEY}"}
FLOW = """
id: receiver
namespace: tests
inputs: [{id: who, type: STRING}]
tasks: [{id: t, type: debug.Return, format: "{{ inputs.who }}"}]
"""
AUTOMATION = {
    "name": "orders",
    "trigger": {"type": "event", "expect": ["order"]},
    "actions": [
        {
            "type": "run-flow",
            "flow": "tests/receiver",
            "parameters": {"who": "{{ event.resource['prefect.resource.id'] }}"},
        }
    ],
}
ROUNDS, EVENTS = 4, 5
CLIENT = Path(os.environ.get("RUNWRIGHT_PREFECT3_PYTHON", Path(__file__).parents[2] / ".clients/prefect3/bin/python"))


def order(name):
    resource = {"prefect.resource.id": name}
    return {"id": str(uuid4()), "occurred": datetime.now(UTC).isoformat(), "event": "order", "resource": resource}


def send(served, names):
    answer = httpx.post(f"{served.url}/api/events", json=[order(name) for name in names], headers=AUTH)
    assert 204 == answer.status_code


def answered(home):
    """Return whom flow runs were started for, and what the automations told."""
    record = open_record(f"{home}/record.db", read_only=True)
    rows = record.flow_runs(FlowRunFilter(flow="tests/receiver"))
    told = [each.name.removeprefix("prefect.automation.") for each in record.received_events() if each.name != "order"]
    waits = record.list_cards(OPEN)
    return sorted(row.parameters["who"] for row in rows if row.kind.name == "Success"), len(rows), told, waits


def test_a_server_that_is_killed_answers_every_event_once(tmp_path):
    home, expected = tmp_path / "home", []
    for number in range(ROUNDS):
        with Served(home) as served:
            if not number:
                assert 200 == httpx.post(f"{served.url}/api/v1/flows", content=FLOW, headers=AUTH).status_code
                assert 201 == httpx.post(f"{served.url}/api/automations/", json=AUTOMATION, headers=AUTH).status_code
            names = [f"order.{number}.{each}" for each in range(EVENTS)]
            send(served, names)
            expected += names
            time.sleep(0.15 * number)  # somewhere between hearing of them and having run all of them
            served.process.kill()
            served.process.wait()
    with Served(home):
        for _ in range(1_200):
            done, count, told, waits = answered(home)
            if expected == done and not waits:
                break
            time.sleep(0.1)
    assert (expected, len(expected)) == (done, count)
    assert 3 * [len(expected)] == [told.count(each) for each in ("triggered", "action.triggered", "action.executed")]


@pytest.mark.skipif(not CLIENT.exists(), reason="no client of Prefect 3: `make clients` installs one")
def test_the_client_of_prefect_3_keeps_automations(tmp_path):
    with Served(tmp_path / "home") as served:
        environment = served.environment_of_a_client(tmp_path)
        command = [CLIENT, Path(__file__).with_name("prefect3_automations.py")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr
        expected = {
            "read": ["quiet", "event", ["prefect.task-run.Failed"], 3, 60.0],
            "compound": [2, ["event", "event"]],
            "found": ["loud", "quiet"],
            "named": 1,
            "paused": False,
            "resumed": True,
            "updated": "changed",
            "related": 1,
            "deleted": None,
            "owned": ["changed"],
        }
        assert expected == json.loads(done.stdout)
