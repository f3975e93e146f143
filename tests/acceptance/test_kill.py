"""A flow process killed with SIGKILL loses nothing that was committed, and never runs a recorded success again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from tests.acceptance import two_hundred

from runwright import app
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

FLOW = Path(two_hundred.__file__)
TASK_RUNS = two_hundred.LINKS + two_hundred.CHILDREN + two_hundred.FLAKY + 5
EXPECTED = sum(n * n for n in range(two_hundred.LINKS, two_hundred.LINKS + two_hundred.CHILDREN)) + sum(
    range(two_hundred.FLAKY)
)
LEASE_HELD = 4
SEED = int(os.environ.get("RUNWRIGHT_TEST_SEED", "20261121"))
FAILPOINTS = (
    "append.before_commit",
    "append.after_commit",
    "result.write.before",
    "result.write.mid",
    "result.write.after",
)


class Workshop:
    """One home, one effects file, and the processes that run there."""

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
        self.record = self.environment["RUNWRIGHT_RECORD"]
        self.results = home / "results"

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start the flow."""
        return subprocess.Popen(
            [sys.executable, "-m", "runwright.cli.main", "run", str(FLOW)],
            env={**self.environment, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def resume(self, flow_run: UUID, **environment: str) -> subprocess.CompletedProcess[str]:
        """Resume until the dead owner's lease has ended."""
        command = [sys.executable, "-m", "runwright.cli.main", "flow-run", "resume", str(flow_run)]
        while True:
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
        rows = app.open_record(self.record).task_runs(TaskRunFilter(states=("Success",)))
        return {f"{row.slug}[{row.map_index if row.map_index >= 0 else None}]" for row in rows}

    def flow_run(self) -> UUID | None:
        """Return the flow run that is on record, if it came so far."""
        rows = app.open_record(self.record).flow_runs(FlowRunFilter())
        return rows[0].id if rows else None


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Give each test a place of its own, and check its record when it is over."""
    home = tmp_path / "home"
    home.mkdir()
    yield Workshop(home)
    app.close_records()


def _kill_after(process: subprocess.Popen[bytes], workshop: Workshop, traces: int) -> None:
    """Kill a process once it has left a number of traces (or when it has ended)."""
    while process.poll() is None and workshop.effects.read_bytes().count(b"\n") < traces:
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()


def _end_it(workshop: Workshop, kills: int) -> None:
    """Resume what was killed and check everything that is promised."""
    assert [] == app.check_record(app.open_record(workshop.record), results=workshop.results)
    flow_run = workshop.flow_run()
    if flow_run is None:
        return
    recorded, before = workshop.successes(), len(workshop.traces())
    row = app.open_record(workshop.record).flow_runs(FlowRunFilter(id=flow_run))[0]
    if not row.kind.phase.is_final:
        done = workshop.resume(flow_run)
        assert done.returncode == 0, done.stderr
    run_again = {trace.split(" ", 1)[1] for trace in workshop.traces()[before:]}
    assert set() == run_again & recorded
    _check_ended(workshop, flow_run, kills)


def _check_ended(workshop: Workshop, flow_run: UUID, kills: int) -> None:
    store = app.open_record(workshop.record)
    assert [] == app.check_record(store, results=workshop.results)
    row = store.flow_runs(FlowRunFilter(id=flow_run))[0]
    assert row.kind.name == "Success"
    assert sum(row.counts.values()) == TASK_RUNS
    assert set(row.counts) <= {"Success", "Mapped"}
    exits = Counter(trace for trace in workshop.traces() if trace.startswith("exit"))
    assert len(exits) == TASK_RUNS - 3
    assert max(exits.values()) <= 1 + kills


def test_a_flow_that_nobody_kills_runs_each_body_once(workshop: Workshop) -> None:
    """The yardstick for the others."""
    process = workshop.start()
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    flow_run = workshop.flow_run()
    assert flow_run is not None
    _check_ended(workshop, flow_run, kills=0)


@pytest.mark.parametrize("trial", range(50))
def test_a_kill_at_a_random_point_loses_nothing(workshop: Workshop, trial: int) -> None:
    """Kill the process after a random number of traces, resume, compare record and effects."""
    chance = random.Random(SEED + trial)
    process = workshop.start()
    _kill_after(process, workshop, chance.randrange(0, 2 * TASK_RUNS))
    _end_it(workshop, kills=1)


@pytest.mark.parametrize("count", [1, 2, 7, 40])
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_kill_at_a_failpoint_loses_nothing(workshop: Workshop, failpoint: str, count: int) -> None:
    """Kill the process in the middle of a commit or of writing a result."""
    process = workshop.start(RUNWRIGHT_FAILPOINT=f"{failpoint}:kill:{count}")
    process.communicate()
    assert process.returncode in {0, -signal.SIGKILL}
    _end_it(workshop, kills=1)


def test_three_kills_of_one_flow_run(workshop: Workshop) -> None:
    """Kill the process, kill the one that resumes it, kill the next: the last one ends the run."""
    process = workshop.start()
    _kill_after(process, workshop, 60)
    flow_run = workshop.flow_run()
    assert flow_run is not None
    for _ in range(2):
        killed = workshop.resume(flow_run, RUNWRIGHT_FAILPOINT="append.after_commit:kill:5")
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert [] == app.check_record(app.open_record(workshop.record), results=workshop.results)
    _end_it(workshop, kills=3)


def test_resume_is_refused_while_the_owner_lives(workshop: Workshop) -> None:
    """A second process cannot take over while the lease runs: exit status 4, and one line that says why."""
    process = workshop.start(RUNWRIGHT_LEASE_SECONDS="600", RUNWRIGHT_FAILPOINT="append.after_commit:kill:6")
    process.communicate()
    flow_run = workshop.flow_run()
    assert flow_run is not None
    refused = subprocess.run(
        [sys.executable, "-m", "runwright.cli.main", "flow-run", "resume", str(flow_run)],
        env=workshop.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == LEASE_HELD
    assert "lease" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) <= 2
