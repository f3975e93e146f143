"""Limits of tags, set over HTTP and heeded by a flow run in a process of its own: it waits, says so, and goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.acceptance.served import KEY, Served

pytestmark = pytest.mark.timeout(300)  # each starts several processes, on machines that do other things too

AUTH = {"Authorization": f"Bearer {KEY}"}
ROOT = Path(__file__).parents[2]
CLIENT = Path(os.environ.get("RUNWRIGHT_PREFECT3_PYTHON", ROOT / ".clients/prefect3/bin/python"))
needs_client = pytest.mark.skipif(not CLIENT.exists(), reason="no client of Prefect 3: `make clients` installs one")
FLOW = """
import time
from runwright import Flow, task
from runwright.open_records import open_record
from runwright.views import TaskRunFilter

@task(tags=["db"])
def ask(number):
    while number == 1 and open_record().count_task_runs(TaskRunFilter(states=("Queued",)))["count"] < 3:
        time.sleep(0.01)  # until the others have asked for the slot

with Flow("limited") as flow:
    ask.map([1, 2, 3, 4])
"""
WAITED = ["Pending", "AwaitingConcurrencySlot", "Running", "Completed"]


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path / "home") as served:
        yield served


def run_limited(served, folder):
    """Run the flow with a limit that the command line sets by the server's address."""
    (folder / "limited.py").write_text(FLOW)
    for command in (
        ["limit", "set", "db", "1", "--record", served.url],
        ["run", f"{folder}/limited.py", "-e", "threads:4"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "runwright", *command],
            env=served.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert 0 == done.returncode, done.stderr


def check_waited(events):
    """Check that of the four children all but the first waited, and that no two ran at once."""
    names, running, most = defaultdict(list), set(), 0
    for each in sorted(events, key=lambda each: each["occurred"]):
        name = each["event"].rpartition(".")[2]
        names[each["resource"]].append(name)
        if "AwaitingConcurrencySlot" in names[each["resource"]]:
            (running.add if name == "Running" else running.discard)(each["resource"])
            most = max(most, len(running))
    assert 3 == [*names.values()].count(WAITED)
    assert 1 == most


def test_what_waits_for_a_slot_says_so_to_everybody(served, tmp_path):
    run_limited(served, tmp_path)
    which = {"filter": {"event": {"prefix": ["prefect.task-run."]}}, "limit": 50}
    found = httpx.post(f"{served.url}/api/events/filter", json=which, headers=AUTH).json()["events"]
    check_waited([{**each, "resource": each["resource"]["prefect.resource.id"]} for each in found])
    limit = httpx.get(f"{served.url}/api/concurrency_limits/tag/db", headers=AUTH).json()
    assert (1, []) == (limit["concurrency_limit"], limit["active_slots"])


@needs_client
def test_the_client_of_prefect_3_hears_of_it(served, tmp_path):
    environment = served.environment_of_a_client(tmp_path)
    command = [CLIENT, Path(__file__).with_name("prefect3_client.py"), "listen"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "listening\n":
            pass
        run_limited(served, tmp_path)
        end = {
            "occurred": datetime.now(UTC).isoformat(),
            "event": "hello.end",
            "id": "01a1fd09-35be-7154-a236-19693cf4dad6",
            "resource": {"prefect.resource.id": "somebody"},
        }
        assert 204 == httpx.post(f"{served.url}/api/events", json=[end], headers=AUTH).status_code
        heard = json.loads(process.stdout.readline())
    check_waited([each for each in heard if not each["event"].startswith("hello.")])


@needs_client
def test_the_client_of_prefect_3_keeps_limits(served, tmp_path):
    command = [CLIENT, Path(__file__).with_name("prefect3_limits.py")]
    environment = served.environment_of_a_client(tmp_path)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    assert json.loads(done.stdout) == {
        "read": ["db", 2, [], True],
        "listed": ["db"],
        "missing": "ObjectNotFound",
        "named": ["tag:web", 1, 0, True],
        "every": ["tag:web"],
    }
