"""What one process runs, another ends, holds or lets go on; and when the first one dies, nothing that was asked is lost."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from tests.acceptance import endless

from runwright import app, clock
from runwright.clock import NANOSECONDS
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runwright.runs import FlowRun

FLOWS = Path(endless.__file__)
CONFLICT, CANCELLED = 4, 6
PROMISED = 2 * NANOSECONDS
LONG = "60s"


class Office:
    """One record, the process that runs a flow, and those that ask something of it."""

    def __init__(self, home: Path) -> None:
        """Work in `home`, with a lease that ends soon after its owner."""
        self.effects = home / "effects"
        self.effects.touch()
        self.environment = {
            **os.environ,
            "EFFECTS": str(self.effects),
            "RUNWRIGHT_HOME": str(home),
            "RUNWRIGHT_RECORD": f"sqlite:///{home}/record.db",
            "RUNWRIGHT_LEASE_SECONDS": "1",
        }
        self.store = app.open_record(self.environment["RUNWRIGHT_RECORD"])
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command of Runwright."""
        process = subprocess.Popen(
            [sys.executable, "-m", "runwright.cli.main", *arguments],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, flow: str, executor: str, *, traces: int, **environment: str) -> subprocess.Popen[str]:
        """Start a flow, and return when so many bodies have begun, and that it began is on record."""
        process = self.start("run", f"{FLOWS}:{flow}", "-e", executor, **environment)
        self.wait_for(lambda: len(self.traces()) >= traces and bool(self.store.flow_runs(FlowRunFilter())))
        return process

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Runwright to its end."""
        process = self.start("fr", *arguments)
        out, errors = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, out, errors)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Look until something holds."""
        while not condition():
            clock.wait(queue.SimpleQueue(), 0.02)

    def traces(self) -> list[list[str]]:
        """Return name and process id of every body that began."""
        return [line.split() for line in self.effects.read_text().splitlines()]

    def flow_run(self) -> FlowRun:
        """Return the flow run on record."""
        (row,) = self.store.flow_runs(FlowRunFilter())
        return row

    def states(self) -> dict[str, list[str]]:
        """Return the states of the task runs of each task, those of mapped ones themselves left out."""
        rows = self.store.task_runs(TaskRunFilter(oldest_first=True))
        parents = {row.parent for row in rows}
        found: dict[str, list[str]] = {}
        for row in rows:
            if row.ordinal not in parents:
                found.setdefault(row.task_name, []).append(row.kind.name)
        return found

    def latency(self) -> int:
        """Return how long (ns) it took from the first request to the end of the flow run."""
        return (self.flow_run().end_time or 0) - self.store.requests(open_only=False)[0].at

    def close(self) -> None:
        """End what was started here, and check the record."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        assert [] == app.check_record(self.store)
        assert [] == self.store.requests()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Give each test a place of its own, where in the end no request is open and the record is sound."""
    home = tmp_path / "home"
    home.mkdir()
    office = Office(home)
    yield office
    office.close()
    app.close_records()


def is_alive(pid: str) -> bool:
    """Say whether a process is there."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("executor", ["threads:2", "processes:2"])
@pytest.mark.parametrize(("verb", "ending"), [("cancel", "Cancelled"), ("kill", "Killed")])
def test_a_flow_run_is_ended_from_another_process(office: Office, executor: str, verb: str, ending: str) -> None:
    """Within two seconds: attempts are stopped with their processes, what had not begun never does."""
    owner = office.run("hanging", executor, traces=2)
    answer = office.call(verb, str(office.flow_run().id)[:13], "--json")
    assert 0 == answer.returncode, answer.stderr
    data = json.loads(answer.stdout)
    assert (ending, True) == (data["state"], data["is_answered"])
    owner.communicate()
    assert CANCELLED == owner.returncode
    states = office.states()
    assert ["Killed", "Killed"] == states["hang"]
    assert {"Cancelled": ["Cancelled"], "Killed": ["Killed"]}[ending] == states["after"]
    assert [] == [pid for _, pid in office.traces() if is_alive(pid)]
    assert office.latency() < PROMISED


def test_a_flow_run_is_ended_between_two_tasks_that_run_inline(office: Office) -> None:
    """The one that runs comes to its end, the next ones never begin."""
    owner = office.run("chain", "inline", traces=3)
    answer = office.call("cancel", office.flow_run().name)
    assert 0 == answer.returncode, answer.stderr
    owner.communicate()
    assert CANCELLED == owner.returncode
    states = office.states()["link"]
    began = len(office.traces())
    assert ["Success"] * began + ["Cancelled"] * (endless.LINKS - began) == states
    assert office.latency() < PROMISED


def test_what_a_dead_process_ran_is_ended_by_whoever_asks(office: Office) -> None:
    """Once its lease has ended; nobody needs its code, or runs any of it."""
    owner = office.run("hanging", "threads:2", traces=2)
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    answer = office.call("kill", str(office.flow_run().id), "--timeout", LONG)
    assert 0 == answer.returncode, answer.stderr
    assert "Killed" == office.flow_run().kind.name
    assert {"Killed"} == set(office.states()["hang"])
    assert 2 == len(office.traces())


def test_what_was_asked_of_a_dead_process_is_done_by_the_next(office: Office) -> None:
    """Before that begins anything."""
    owner = office.run("hanging", "threads:2", traces=2, RUNWRIGHT_LEASE_SECONDS="3")
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    flow_run = str(office.flow_run().id)
    asked = office.call("kill", flow_run, "--no-wait", "--json")
    assert (0, False) == (asked.returncode, json.loads(asked.stdout)["is_answered"])
    office.wait_for(lambda: not _is_held(office))
    resumed = office.call("resume", flow_run)
    assert CANCELLED == resumed.returncode, resumed.stderr
    assert "Killed" == office.flow_run().kind.name
    assert 2 == len(office.traces())


def test_two_who_ask_at_once_are_both_answered(office: Office) -> None:
    """One of them ends the flow run; the other is told that it was done, or that it is over."""
    owner = office.run("hanging", "threads:2", traces=2)
    flow_run = str(office.flow_run().id)
    askers = [office.start("fr", verb, flow_run) for verb in ("cancel", "kill")]
    for asker in askers:
        asker.communicate()
    owner.communicate()
    assert {0} <= {asker.returncode for asker in askers} <= {0, CONFLICT}
    assert office.flow_run().kind.name in {"Cancelled", "Killed"}


def test_what_has_ended_is_not_ended_again(office: Office) -> None:
    """The answer says what it ended as."""
    office.run("hanging", "threads:2", traces=2)
    flow_run = str(office.flow_run().id)
    assert 0 == office.call("cancel", flow_run).returncode
    again = office.call("cancel", flow_run)
    assert CONFLICT == again.returncode
    assert "has ended: it is Cancelled" in again.stderr


def test_a_paused_task_run_goes_on_in_the_process_that_holds_it(office: Office) -> None:
    """While others of that flow run are still at work."""
    office.run("asking", "threads:2", traces=1)
    flow_run = office.flow_run()
    office.wait_for(lambda: office.states()["asks"] == ["Paused"])
    answer = office.call("resume", str(flow_run.id))
    assert 0 == answer.returncode, answer.stderr
    office.wait_for(lambda: ["asks"] == [name for name, _ in office.traces() if name == "asks"])
    again = office.call("resume", str(flow_run.id))
    assert (CONFLICT, True) == (again.returncode, "nothing of it is paused" in again.stderr)
    assert 0 == office.call("cancel", str(flow_run.id)).returncode


def test_a_flow_run_is_held_and_goes_on_later_elsewhere(office: Office) -> None:
    """Its process leaves; the one that resumes it runs the rest, and nothing again."""
    owner = office.run("chain", "inline", traces=3)
    flow_run = str(office.flow_run().id)
    assert 0 == office.call("pause", flow_run).returncode
    owner.communicate()
    assert 0 == owner.returncode
    began = len(office.traces())
    assert ["Success"] * began == [state for state in office.states()["link"] if state != "Pending"]
    office.start("fr", "resume", flow_run, "-e", "inline")
    office.wait_for(lambda: len(office.traces()) > began)
    assert 0 == office.call("cancel", flow_run).returncode


def _is_held(office: Office) -> Any:
    lease = office.store.find_lease(UUID(str(office.flow_run().id)))
    return lease is not None and lease.expires > office.store.now()
