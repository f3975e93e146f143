"""Workers: `runwright worker start` as real processes that share one record, and a flow whose task runs leave traces."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from runwright import app
from runwright.flow_files import load_flow
from runwright.open_records import close_records, open_record
from runwright.remote_runs import RemoteRuns
from runwright.states import Phase
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from runwright.runs import FlowRun
    from runwright.store import Store

FLOW = """
import ctypes
import os
import time
from datetime import timedelta

from runwright import Flow, Parameter, task, unmapped
from runwright.schedules import IntervalSchedule


def trace(text):
    with open(os.environ["EFFECTS"], "a") as effects:
        effects.write(text + "\\n")


@task
def begin(name):
    trace(f"{name} begin {os.getpid()}")
    return name


@task
def work(name, number):
    trace(f"{name} {number} {os.getpid()}")
    time.sleep(0.02)
    return number


@task
def wait(name):
    trace(f"{name} waits {os.getpid()}")
    while not os.path.exists(os.environ["EFFECTS"] + ".go"):
        time.sleep(0.02)


@task(tags=["db"])
def lock(name):
    wait.run(name)


@task
def hold(seconds):
    trace(f"hold {os.getpid()}")
    ctypes.PyDLL(None).sleep(seconds)  # it keeps the lock of the interpreter: no other thread of the process runs


with Flow("many") as many:
    name = Parameter("name", default="")
    work.map(unmapped(begin(name)), list(range(8)))

with Flow("waiting") as waiting:
    wait(Parameter("name", default=""))

with Flow("locking") as locking:
    lock(Parameter("name", default=""))

with Flow("holding") as holding:
    hold(Parameter("seconds", default=1))

with Flow("ticking", schedule=IntervalSchedule(timedelta(seconds=1))) as ticking:
    begin(Parameter("name", default="tick"))
"""


class Team:
    """A record, the flows on it, and the workers that share it."""

    def __init__(self, home: Path, record: str, lease_seconds: float = 4) -> None:
        """Register the flows; no worker runs yet."""
        self.file = home / "flows.py"
        self.file.write_text(FLOW)
        self.effects = home / "effects"
        self.effects.touch()
        self.environment = {
            **os.environ,
            "EFFECTS": str(self.effects),
            "RUNWRIGHT_HOME": str(home),
            "RUNWRIGHT_RECORD": record,
            "RUNWRIGHT_LEASE_SECONDS": str(lease_seconds),
            "RUNWRIGHT_EXECUTOR": "inline",
        }
        self.record = record
        self.workers: list[subprocess.Popen[bytes]] = []
        for name in ("many", "waiting", "locking", "holding"):
            self.store.register(load_flow(f"{self.file}:{name}").to_version())

    @property
    def store(self) -> Store:
        """Return the record."""
        return open_record(self.record)

    def start_worker(
        self, *options: str, stderr: Any = subprocess.DEVNULL, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a worker, and return its process."""
        worker = subprocess.Popen(
            [sys.executable, "-m", "runwright", "worker", "start", "--grace", "0s", *options],
            env={**self.environment, **environment},
            stderr=stderr,
        )
        self.workers.append(worker)
        return worker

    def order(self, flow: str, **parameters: object) -> UUID:
        """Create a run of a flow, for any worker."""
        version = self.store.flows(name=flow)[0]
        return RemoteRuns(self.store).create(flow_id=version.id, parameters=parameters)

    def run(self, flow_run: UUID) -> FlowRun:
        """Return a flow run as it is."""
        return app.find_flow_run(self.store, flow_run)

    def runs(self) -> list[FlowRun]:
        """Return all flow runs."""
        return self.store.flow_runs(FlowRunFilter())

    def failures(self) -> list[tuple[str, str, str | None]]:
        """Return name, state and message of each flow run that did not end well, and of its task runs that did not."""
        ill = [row for row in self.runs() if row.kind.name != "Success"]
        inner = [row for run in ill for row in self.store.task_runs(TaskRunFilter(flow_run=run.id))]
        return [(row.name, row.kind.name, row.message) for row in [*ill, *inner] if row.kind.phase is not Phase.OK]

    def attempts(self, flow_run: UUID) -> list[int]:
        """Return how often each task run of a flow run was tried."""
        return [row.attempt for row in self.store.task_runs(TaskRunFilter(flow_run=flow_run))]

    def traces(self) -> list[str]:
        """Return what task runs have left, without the process."""
        return [line.rpartition(" ")[0] for line in self.effects.read_text().splitlines()]

    def go(self) -> None:
        """Let what waits go on."""
        self.effects.with_name("effects.go").touch()

    def close(self) -> None:
        """End the workers."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
            worker.wait()
        close_records()


def until(is_so: Callable[[], object], seconds: float = 90) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not become so"
        time.sleep(0.02)
