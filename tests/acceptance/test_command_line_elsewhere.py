"""The command line and the views on a machine that has no record: they read and steer what a server has, by its address."""

from __future__ import annotations

import json
import subprocess
import sys
from uuid import UUID

import pytest
from tests.acceptance.served import KEY, Served
from tests.acceptance.workers import FLOW, until

from runwright.backend import FlowRunView, TaskRunView
from runwright.open_records import close_records, open_record
from runwright.remote_runs import RemoteRuns

pytestmark = pytest.mark.timeout(300)  # each starts several processes, on machines that do other things too


@pytest.fixture
def served(tmp_path, monkeypatch):
    monkeypatch.setenv("EFFECTS", str(tmp_path / "effects"))
    with Served(tmp_path / "home") as served:
        yield served
    close_records()


@pytest.fixture
def runwright(served, tmp_path):
    """Give what runs a command elsewhere: with the address and the key, and a home of its own."""
    environment = {**served.environment, "RUNWRIGHT_HOME": str(tmp_path / "elsewhere"), "RUNWRIGHT_RECORD": served.url}

    def run(*words, expected=0):
        command = [sys.executable, "-m", "runwright", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert expected == done.returncode, done.stderr
        return done

    return run


def test_runs_are_looked_up(served, runwright, monkeypatch):
    served.run_demo()
    (flow_run,) = json.loads(runwright("flow-run", "ls", "--json").stdout)
    failed = json.loads(runwright("task-run", "ls", "--state", "failed", "--limit", "1", "--json").stdout)[0]

    assert failed["name"] in runwright("task-run", "get", failed["id"]).stdout
    assert "Failed" in runwright("task-run", "attempts", failed["id"]).stdout
    assert flow_run["name"] in runwright("flow-run", "get", flow_run["id"]).stdout
    assert runwright("flow-run", "logs", flow_run["id"]).stdout
    assert runwright("events", "ls", "--limit", "3").stdout
    assert {"task_run_aggregate": {"aggregate": {"count": sum(flow_run["task_runs"].values())}}} == json.loads(
        runwright("query", "{task_run_aggregate {aggregate {count}}}").stdout
    )
    monkeypatch.setenv("RUNWRIGHT_API_KEY", KEY)
    view = FlowRunView.from_flow_run_id(flow_run["id"], record=served.url)
    assert flow_run["state"] == type(view.state).__name__
    assert "Failed" == type(TaskRunView.from_task_run_id(failed["id"], record=served.url).state).__name__


def test_a_run_is_cancelled_and_watched(served, runwright, tmp_path):
    file = tmp_path / "flows.py"
    file.write_text(FLOW)
    command = [sys.executable, "-m", "runwright", "flow", "register", f"{file}:waiting"]
    registered = subprocess.run(command, env=served.environment, capture_output=True, text=True, check=True)
    record = open_record(f"{served.environment['RUNWRIGHT_HOME']}/record.db")
    flow_run = str(RemoteRuns(record).create(flow_id=UUID(registered.stdout.strip())))
    until((tmp_path / "effects").exists)

    assert "cancel: done" in runwright("flow-run", "cancel", flow_run).stdout
    assert "Cancelled" in runwright("flow-run", "watch", flow_run, expected=6).stdout


def test_what_runs_flows_says_that_it_runs_none_there(served, runwright, tmp_path):
    file = tmp_path / "flows.py"
    file.write_text(FLOW)

    for command in (["run", f"{file}:many"], ["worker", "start"], ["server", "start"], ["automation", "ls"]):
        told = runwright(*command, expected=5).stderr
        assert told.startswith("error: The record behind http://127.0.0.1"), told
        assert "read and steered only: `runwright flow start NAME` has the server run a flow" in told
    assert "set RUNWRIGHT_API_KEY" in _without_key(served)

    assert [] == json.loads(runwright("flow", "ls", "--json").stdout)


TIMED = """
from datetime import timedelta
from runwright import Flow, Parameter, task
from runwright.schedules import IntervalSchedule

@task
def tick(word):
    return word

with Flow("timed", schedule=IntervalSchedule(timedelta(seconds=1))) as flow:
    tick(Parameter("word", required=True))
"""
HELLO = "id: hello\nnamespace: io.tests\ntasks: [{id: t, type: debug.Return, format: hi}]\n"
WHO = "inputs: [{id: who, type: STRING}]\n"


def test_flows_are_registered_and_start_at_their_times(served, runwright, tmp_path):
    (tmp_path / "timed.py").write_text(TIMED)
    (tmp_path / "hello.yaml").write_text(HELLO)

    assert "word" in runwright("flow", "register", f"{tmp_path}/timed.py", expected=2).stderr
    told = runwright("flow", "register", f"{tmp_path}/timed.py", "-p", "word=hi")
    again = runwright("flow", "register", f"{tmp_path}/timed.py", "-p", "word=hi")
    yaml = [runwright("flow", "register", f"{tmp_path}/hello.yaml").stderr for _ in range(2)]

    assert told.stdout == again.stdout
    assert "its next run is due at" in told.stderr
    assert ["io.tests/hello is registered, version 1\n"] * 2 == yaml
    assert ["io.tests/hello", "timed"] == sorted(
        each["name"] for each in json.loads(runwright("flow", "ls", "--json").stdout)
    )
    until(lambda: "success" in runwright("flow-run", "ls", "--flow", "timed").stdout.lower())
    assert "starts nothing" in runwright("flow", "pause", "timed").stderr
    (schedule,) = json.loads(runwright("flow", "schedules", "--json").stdout)
    assert (True, {"word": "hi"}) == (schedule["paused"], schedule["parameters"])


@pytest.mark.parametrize("is_elsewhere", [True, False])
def test_a_registered_flow_is_started_by_its_name(served, runwright, tmp_path, is_elsewhere):
    (tmp_path / "hello.yaml").write_text(HELLO.replace("format: hi", "format: 'hi {{ inputs.who }}'") + WHO)
    (tmp_path / "timed.py").write_text(TIMED.replace(", schedule=IntervalSchedule(timedelta(seconds=1))", ""))
    record = ["--record", served.url if is_elsewhere else _database(served)]
    for name in ("hello.yaml", "timed.py"):
        runwright("flow", "register", f"{tmp_path}/{name}", *record)

    yaml = runwright(
        "flow", "start", "io.tests/hello", "-i", "who=Ada", "-l", "team:blue", "--run-name", "one", *record
    )
    python = runwright("flow", "start", "timed", "-p", "word=hi", *record)

    assert f"waits for a server or a worker: runwright fr watch {python.stdout.strip()}" in python.stderr
    for started in (yaml, python):
        assert "Success" in runwright("flow-run", "watch", started.stdout.strip()).stdout
    assert {"value": "hi Ada"} == json.loads(runwright("task-run", "result", f"{yaml.stdout.strip()}/t").stdout)
    assert "one" == json.loads(runwright("flow-run", "get", yaml.stdout.strip(), "--json").stdout)["name"]
    assert "There is no flow 'nothing'" in runwright("flow", "start", "nothing", *record, expected=3).stderr
    assert "word" in runwright("flow", "start", "timed", *record, expected=2).stderr


def test_what_is_no_flow_is_refused_as_where_the_record_is(served, runwright, tmp_path):
    (tmp_path / "wrong.yaml").write_text("id: wrong\nnamespace: io.tests\ntasks: [{id: t, type: no.Such}]\n")
    (tmp_path / "wrong.py").write_text("flow = 1\n")
    for name, status in (("wrong.yaml", 8), ("wrong.py", 2), ("missing.py", 2)):
        there = runwright("flow", "register", f"{tmp_path}/{name}", expected=status)
        here = runwright("flow", "register", f"{tmp_path}/{name}", "--record", str(tmp_path / "r.db"), expected=status)
        assert here.stderr == there.stderr
    assert [] == json.loads(runwright("flow", "ls", "--json").stdout)


def _database(served):
    return f"{served.environment['RUNWRIGHT_HOME']}/record.db"


def _without_key(served):
    environment = {**served.environment, "RUNWRIGHT_RECORD": served.url, "RUNWRIGHT_HOME": "/nowhere"}
    del environment["RUNWRIGHT_API_KEY"]
    command = [sys.executable, "-m", "runwright", "flow-run", "ls"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stderr
