"""The server as a process: found by programs, told what other processes run, stopped in order, and closed to strangers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.acceptance.served import KEY, Served
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from runwright.open_records import open_record
from runwright.views import FlowRunFilter, TaskRunFilter

pytestmark = pytest.mark.timeout(300)  # each starts several processes, on machines that do other things too

AUTH = {"Authorization": f"Bearer {KEY}"}
END = {
    "event": "hello.end",
    "id": "01a1fd09-35be-7154-a236-19693cf4dad6",
    "resource": {"prefect.resource.id": "somebody"},
}
TASK_RUNS = {"event": {"prefix": ["prefect.task-run."]}}
FINAL = {"Completed", "Failed", "Cached", "Skipped", "NotReady"}
ROOT = Path(__file__).parents[2]
CLIENT = Path(os.environ.get("RUNWRIGHT_PREFECT3_PYTHON", ROOT / ".clients/prefect3/bin/python"))
needs_client = pytest.mark.skipif(not CLIENT.exists(), reason="no client of Prefect 3: `make clients` installs one")


@pytest.fixture
def served(tmp_path):
    with Served(tmp_path / "home") as served:
        yield served


@contextmanager
def subscribe(served):
    url = served.url.replace("http", "ws") + "/api/events/out"
    with connect(url, subprotocols=["prefect"], compression=None) as socket:
        socket.send(json.dumps({"type": "auth", "token": f"admin:{KEY}"}))
        assert {"type": "auth_success"} == json.loads(socket.recv(10))
        socket.send(json.dumps({"type": "filter", "filter": TASK_RUNS}))
        yield socket


def record_of(served):
    return open_record(f"{served.environment['RUNWRIGHT_HOME']}/record.db", read_only=True)


def check_chains(events):
    """Check that those of one task run follow each other, each once, from Pending to an end."""
    chains = defaultdict(list)
    for each in events:
        chains[each["resource"]].append(each)
    for chain in chains.values():
        assert [None, *(each["id"] for each in chain[:-1])] == [each["follows"] for each in chain]
        assert sorted(each["occurred"] for each in chain) == [each["occurred"] for each in chain]
        assert "prefect.task-run.Pending" == chain[0]["event"]
        assert chain[-1]["event"].rpartition(".")[2] in FINAL
    return chains


def test_what_another_process_runs_is_told_as_it_happens(served):
    with subscribe(served) as socket:
        served.run_demo()
        record = record_of(served)
        expected = record.count_task_runs(TaskRunFilter())["count"]
        ended, events = set(), []
        while len(ended) < expected:
            event = json.loads(socket.recv(10))["event"]
            events.append({**event, "resource": event["resource"]["prefect.resource.id"]})
            if event["event"].rpartition(".")[2] in FINAL:
                ended.add(event["resource"]["prefect.resource.id"])

    assert expected == len(check_chains(events))
    found = httpx.post(f"{served.url}/api/events/filter", json={"filter": TASK_RUNS, "limit": 0}, headers=AUTH).json()
    assert len(events) == found["total"]
    assert expected == httpx.post(f"{served.url}/api/task_runs/count", headers=AUTH).json()


def test_a_server_that_is_stopped_ends_its_streams_and_itself(served):
    with subscribe(served) as socket:
        assert 204 == httpx.post(f"{served.url}/api/events", content="[]", headers=AUTH).status_code
        assert 0 == served.stop()
        with pytest.raises(ConnectionClosed) as end:
            socket.recv(10)

    assert 1012 == end.value.rcvd.code


def test_strangers_are_told_nothing(served):
    assert "ok" == httpx.get(f"{served.url}/livez").text
    assert 401 == httpx.post(f"{served.url}/api/task_runs/count").status_code
    assert 401 == httpx.get(f"{served.url}/api/v1/configs").status_code
    assert 421 == httpx.get(f"{served.url}/livez", headers={"Host": "evil.example"}).status_code
    assert 403 == httpx.post(f"{served.url}/api/events", headers={**AUTH, "Origin": "https://evil.example"}).status_code
    assert "server" not in httpx.get(f"{served.url}/livez").headers


def test_a_flow_is_registered_and_found_after_a_restart(tmp_path):
    text = "id: a\nnamespace: io.tests\ntasks: [{id: t, type: io.kestra.plugin.core.debug.Return}]\n"
    with Served(tmp_path / "home") as served:
        answer = httpx.post(f"{served.url}/api/v1/main/flows", content=text, headers=AUTH)
        assert 200 == answer.status_code
    with Served(tmp_path / "home") as served:
        found = httpx.get(f"{served.url}/api/v1/flows/io.tests/a?source=true", headers=AUTH)

    assert answer.json() == found.json()


@pytest.mark.parametrize(
    ("expected", "options"),
    [
        ("anybody", ["--host", "0.0.0.0", "--no-auth"]),  # noqa: S104  it is refused
        ("16 characters", ["--token", "short"]),
        ("cannot be listened on", ["--host", "192.0.2.1"]),
    ],
)
def test_a_server_that_would_be_unsafe_does_not_start(tmp_path, expected, options):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "runwright",
            "server",
            "start",
            "--port",
            "0",
            "--home",
            str(tmp_path),
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert 2 == done.returncode
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def client(served, tmp_path):
    """Give what starts the client of Prefect 3 against the server."""
    environment = served.environment_of_a_client(tmp_path)

    def start(*arguments):
        command = [CLIENT, Path(__file__).with_name("prefect3_client.py"), *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    return start


@needs_client
def test_the_client_of_prefect_3_reads_runs(served, client):
    served.run_demo()
    record = record_of(served)
    name = record.flow_runs(FlowRunFilter())[0].name
    with client("read", name) as process:
        told = json.loads(process.stdout.readline())
    counts = record.count_task_runs(TaskRunFilter(), "state")

    assert 0 == process.returncode
    assert sum(counts.values()) == told.pop("runs")
    ok = ("Success", "Cached", "Mapped", "Skipped")
    assert sum(counts.get(state, 0) for state in ok) == told.pop("completed")
    assert told.pop("logs") > 0
    assert told.pop("events") > told.pop("next") == 10
    assert told == {
        "healthy": True,
        "version": "3.9.1",
        "again": True,
        "flow_runs": 1,
        "flows": 1,
        "missing": "ObjectNotFound",
    }


@needs_client
def test_the_client_of_prefect_3_hears_every_transition_in_order(served, client):
    served.run_demo()
    with client("listen") as process:
        assert "listening\n" in iter(process.stdout.readline, "")
        served.run_demo()
        assert (
            204
            == httpx.post(
                f"{served.url}/api/events", json=[END | {"occurred": datetime.now(UTC).isoformat()}], headers=AUTH
            ).status_code
        )
        heard = json.loads(process.stdout.readline())
    chains = check_chains([each for each in heard if not each["event"].startswith("hello.")])

    assert 0 == process.returncode
    assert record_of(served).count_task_runs(TaskRunFilter())["count"] == len(chains)
    assert len(heard) == len({each["id"] for each in heard})
