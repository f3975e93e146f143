"""What a server's runs are asked by its address outlives the server: killed in between, the next one on its record sees it through."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from uuid import UUID

import pytest
from tests.acceptance.served import Served
from tests.acceptance.workers import until

from runwright import app
from runwright.open_records import close_records, open_record
from runwright.remote_runs import RemoteRuns
from runwright.views import FlowRunFilter, TaskRunFilter

pytestmark = pytest.mark.timeout(300)  # each starts several processes, on machines that do other things too

PYTHON = """
import os
import time

from runwright import Flow, task
from runwright.context import context
from runwright.signals import PAUSE


def trace(text):
    with open(os.environ["EFFECTS"], "a") as effects:
        effects.write(text + "\\n")


@task
def one():
    trace("one")
    return 1


@task
def two(number):
    trace("two")
    if not os.path.exists(os.environ["EFFECTS"] + ".mended"):
        raise ValueError("broken")
    while not os.path.exists(os.environ["EFFECTS"] + ".go"):
        time.sleep(0.02)
    return number + 1


@task
def ask():
    trace("ask")
    if not context.get("resume"):
        raise PAUSE("Go on?")


with Flow("failing") as failing:
    two(one())

with Flow("asking") as asking:
    two(one(), upstream_tasks=[ask()])
"""
ONE = "{id: one, type: shell.Commands, commands: ['echo one >> $EFFECTS']}"
TWO = (
    "{id: two, type: shell.Commands, commands: ['echo two >> $EFFECTS', 'test -e $EFFECTS.mended', "
    "'until test -e $EFFECTS.go; do sleep 0.05; done']}"
)
FAILING = f"id: failing\nnamespace: tests\ntasks:\n- {ONE}\n- {TWO}\n"
ASKING = f"id: asking\nnamespace: tests\ntasks:\n- {ONE}\n- {{id: ask, type: flow.Pause}}\n- {TWO}\n"


class Place:
    """A home, the server on it, killed and started again, and the command line somewhere else."""

    def __init__(self, home):
        """Start the server."""
        self.home = home
        self.effects = home / "effects"
        self.record = str(home / "home" / "record.db")
        self.effects.touch()
        (home / "elsewhere").mkdir()
        self.start()

    def start(self):
        """Start a server, where none runs."""
        served = Served(self.home / "home")
        served.environment |= {"EFFECTS": str(self.effects), "RUNWRIGHT_LEASE_SECONDS": "2"}
        self.served = served.__enter__()

    def kill(self):
        """End the server as a machine that fails does, and start another."""
        self.served.process.kill()
        self.served.process.wait()
        self.served.__exit__()
        self.start()

    def call(self, *words, expected=0):
        """Run a command on another machine, with the address of the server."""
        environment = {**self.served.environment, "RUNWRIGHT_HOME": str(self.home / "elsewhere")}
        environment["RUNWRIGHT_RECORD"] = self.served.url
        command = [sys.executable, "-m", "runwright", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert expected in {None, done.returncode}, done.stderr
        return done

    def begin(self, name, state):
        """Register a flow in Python or YAML from elsewhere and have it run, until it is left in a state."""
        file = self.home / f"{name}.yaml"
        if name.startswith("tests/"):
            file = self.home / "flow.yaml"
            file.write_text(FAILING if "failing" in name else ASKING)
        else:
            (self.home / "flows.py").write_text(PYTHON)
            file = f"{self.home}/flows.py:{name}"
        identity = UUID(self.call("flow", "register", str(file)).stdout.strip())
        flow_run = RemoteRuns(self.store).create(flow_id=identity)
        until(lambda: state == self.run(flow_run).kind.name or state in self.run(flow_run).counts)
        return str(flow_run)

    def touch(self, name):
        """Let bodies go on that wait for a file."""
        (self.home / f"effects.{name}").touch()

    @property
    def store(self):
        """Return the record."""
        return open_record(self.record)

    def run(self, flow_run):
        """Return a flow run."""
        return app.find_flow_run(self.store, UUID(str(flow_run)))

    def newest(self):
        """Return the flow run that began last."""
        return self.store.flow_runs(FlowRunFilter(limit=1))[0]

    def task_run(self, flow_run, name):
        """Return the id of the run of a task."""
        (row,) = self.store.task_runs(TaskRunFilter(flow_run=UUID(flow_run), task=name))
        return str(row.id)

    def counts(self):
        """Return how often each body has begun."""
        return Counter(self.effects.read_text().split())

    def succeeds(self, flow_run):
        """Wait until a flow run has ended, well, and check the record."""
        until(lambda: self.run(flow_run).kind.phase.is_final)
        assert "Success" == self.run(flow_run).kind.name
        until(lambda: self.store.find_lease(UUID(str(flow_run))) is None)
        assert [] == app.check_record(self.store)


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.served.__exit__()
    close_records()


@pytest.mark.parametrize("name", ["asking", "tests/asking"])
def test_a_paused_run_is_resumed_after_its_server_was_killed_and_again_while_it_runs(place, name):
    flow_run = place.begin(name, "Paused")
    place.touch("mended")
    place.kill()
    place.call("flow-run", "resume", flow_run, "--no-wait")
    until(lambda: place.counts()["two"])
    place.kill()
    place.touch("go")
    place.succeeds(flow_run)
    assert 1 == place.counts()["one"]
    assert 2 == place.counts()["two"]


@pytest.mark.parametrize("name", ["failing", "tests/failing"])
def test_what_failed_is_restarted_and_its_server_killed_meanwhile(place, name):
    flow_run = place.begin(name, "Failed")
    until(lambda: place.run(flow_run).kind.phase.is_final)
    place.touch("mended")
    told = place.call("flow-run", "restart", flow_run, "--timeout", "60s")
    until(lambda: 2 == place.counts()["two"])
    place.kill()
    place.touch("go")
    again = place.newest()
    assert str(again.id) in told.stderr
    assert (name == "failing") == (str(again.id) != flow_run)
    place.succeeds(again.id)
    assert {"one": 1, "two": 3} == place.counts()


def test_an_execution_is_replayed_from_a_task_run_and_its_server_killed_meanwhile(place):
    flow_run = place.begin("tests/failing", "Failed")
    until(lambda: place.run(flow_run).kind.phase.is_final)
    place.touch("mended")
    told = place.call("flow-run", "replay", flow_run, "--task-run", place.task_run(flow_run, "two"))
    until(lambda: 2 == place.counts()["two"])
    place.kill()
    place.touch("go")
    again = place.newest()
    assert str(again.id) in told.stderr
    assert flow_run == again.details["parent"]
    place.succeeds(again.id)
    assert {"one": 1, "two": 3} == place.counts()
    place.call("flow-run", "replay", flow_run)
    place.succeeds(place.newest().id)
    assert {"one": 2, "two": 4} == place.counts()


def test_a_task_run_is_marked_and_the_execution_goes_on_after_its_server_was_killed(place):
    flow_run = place.begin("tests/failing", "Failed")
    until(lambda: place.run(flow_run).kind.phase.is_final)
    place.kill()
    marked = place.call("task-run", "mark", place.task_run(flow_run, "two"), "Success")
    assert "two is Success" in marked.stderr
    place.succeeds(flow_run)
    assert {"one": 1, "two": 1} == place.counts()


def test_what_is_asked_while_no_server_runs_is_said_and_asked_of_the_next(place):
    flow_run = place.begin("tests/asking", "Paused")
    place.touch("mended")
    place.touch("go")
    place.served.process.kill()
    place.served.process.wait()
    refused = place.call("flow-run", "resume", flow_run, expected=5)
    assert "does not answer" in refused.stderr
    place.served.__exit__()
    place.start()
    place.call("flow-run", "resume", flow_run, "--timeout", "60s")
    place.succeeds(flow_run)


def test_what_a_flow_in_python_cannot_be_asked_is_refused_elsewhere_as_here(place):
    flow_run = place.begin("failing", "Failed")
    until(lambda: place.run(flow_run).kind.phase.is_final)
    task_run = place.task_run(flow_run, "two")
    for words in (["task-run", "mark", task_run, "Success"], ["flow-run", "replay", flow_run]):
        there = place.call(*words, expected=None)
        here = place.call(*words, "--record", place.record, expected=None)
        assert (here.returncode, here.stderr) == (there.returncode, there.stderr)
        assert 0 != there.returncode
    assert [flow_run] == [each["id"] for each in json.loads(place.call("flow-run", "ls", "--json").stdout)]
