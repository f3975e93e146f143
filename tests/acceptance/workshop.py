"""A workshop: a home, a record, a file that task bodies leave traces in, and the processes of one flow that work there."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.acceptance import leases, two_hundred

from runwright import app, clock
from runwright.open_records import open_record
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from uuid import UUID

FLOW = Path(two_hundred.__file__)
TASK_RUNS = two_hundred.LINKS + two_hundred.CHILDREN + two_hundred.FLAKY + 5
EXPECTED = sum(n * n for n in range(two_hundred.LINKS, two_hundred.LINKS + two_hundred.CHILDREN)) + sum(
    range(two_hundred.FLAKY)
)
LEASE_HELD = 4


class Workshop:
    """One home, one effects file, and the processes that run there."""

    def __init__(self, home: Path, record: str = "") -> None:
        """Work in `home`, with a lease that ends soon after its owner; without a URL the record is a file there."""
        self.effects = home / "effects"
        self.effects.touch()
        self.environment = {
            **os.environ,
            "EFFECTS": str(self.effects),
            "RUNWRIGHT_HOME": str(home),
            "RUNWRIGHT_RECORD": record or f"sqlite:///{home}/record.db",
            "RUNWRIGHT_LEASE_SECONDS": "1",
        }
        self.record = self.environment["RUNWRIGHT_RECORD"]
        self.results = home / "results"

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start the flow."""
        return subprocess.Popen(
            [sys.executable, "-m", "runwright", "run", str(FLOW)],
            env={**self.environment, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def resume(self, flow_run: UUID, **environment: str) -> subprocess.CompletedProcess[str]:
        """Resume until the dead owner's lease has ended."""
        command = [sys.executable, "-m", "runwright", "flow-run", "resume", str(flow_run)]
        while True:
            leases.wait_for_end(open_record(self.record), flow_run)
            done = subprocess.run(
                command, env={**self.environment, **environment}, capture_output=True, text=True, check=False
            )
            if done.returncode != LEASE_HELD:
                return done

    def traces(self) -> list[str]:
        """Return what the bodies left so far."""
        return self.effects.read_text().splitlines()

    def successes(self) -> set[str]:
        """Return what is recorded as a success, named as the traces are."""
        rows = open_record(self.record).task_runs(TaskRunFilter(states=("Success",)))
        return {f"{row.slug}[{row.map_index if row.map_index >= 0 else None}]" for row in rows}

    def flow_run(self) -> UUID | None:
        """Return the flow run that is on record, if it came so far."""
        rows = open_record(self.record).flow_runs(FlowRunFilter())
        return rows[0].id if rows else None


def kill_after(process: subprocess.Popen[bytes], workshop: Workshop, traces: int) -> None:
    """Kill a process once it has left a number of traces (or when it has ended)."""
    wait_for_traces(process, workshop, traces)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def wait_for_traces(process: subprocess.Popen[bytes], workshop: Workshop, traces: int) -> None:
    """Return at once when a process has left a number of traces, or has ended; while it starts it has the processor to itself."""
    while process.poll() is None and (found := workshop.effects.read_bytes().count(b"\n")) < traces:
        if not found:
            clock.wait(queue.SimpleQueue(), 0.001)


def end_it(workshop: Workshop, kills: int) -> None:
    """Resume what was killed and check everything that is promised."""
    assert [] == app.check_record(open_record(workshop.record), results=workshop.results)
    flow_run = workshop.flow_run()
    if flow_run is None:
        return
    recorded, before = workshop.successes(), len(workshop.traces())
    row = open_record(workshop.record).flow_runs(FlowRunFilter(id=flow_run))[0]
    if not row.kind.phase.is_final:
        done = workshop.resume(flow_run)
        assert done.returncode == 0, done.stderr
    run_again = {trace.split(" ", 1)[1] for trace in workshop.traces()[before:]}
    assert set() == run_again & recorded
    check_ended(workshop, flow_run, kills)


def check_ended(workshop: Workshop, flow_run: UUID, kills: int) -> None:
    store = open_record(workshop.record)
    assert [] == app.check_record(store, results=workshop.results)
    row = store.flow_runs(FlowRunFilter(id=flow_run))[0]
    assert row.kind.name == "Success"
    assert sum(row.counts.values()) == TASK_RUNS
    assert set(row.counts) <= {"Success", "Mapped"}
    exits = Counter(trace for trace in workshop.traces() if trace.startswith("exit"))
    assert len(exits) == TASK_RUNS - 3
    assert max(exits.values()) <= 1 + kills
