"""An office: one record, the process that runs a flow there, those that ask something of it, and what task bodies left behind."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.acceptance import endless

from runwright import app, clock
from runwright.open_records import open_record
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.runs import FlowRun

FLOWS = Path(endless.__file__)
WRONG, CONFLICT, CANCELLED = 2, 4, 6
LONG = "60s"


class Office:
    """One record, the process that runs a flow, and those that ask something of it."""

    def __init__(self, home: Path) -> None:
        """Work in `home`, with a lease that outlasts a busy machine: only a test whose owner dies makes it short."""
        self.effects = home / "effects"
        self.effects.touch()
        self.environment = {
            **os.environ,
            "EFFECTS": str(self.effects),
            "RUNWRIGHT_HOME": str(home),
            "RUNWRIGHT_RECORD": f"sqlite:///{home}/record.db",
            "RUNWRIGHT_LEASE_SECONDS": "60",
        }
        self.store = open_record(self.environment["RUNWRIGHT_RECORD"])
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command of Runwright."""
        process = subprocess.Popen(
            [sys.executable, "-m", "runwright", *arguments],
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

    def close(self) -> None:
        """End what was started here, and check the record."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        assert [] == app.check_record(self.store)
        assert [] == self.store.requests()


def is_alive(pid: str) -> bool:
    """Say whether a process is there."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True
