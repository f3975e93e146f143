"""A flow process killed with SIGKILL loses nothing that was committed, and never runs a recorded success again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.workshop import LEASE_HELD, TASK_RUNS, Workshop, check_ended, end_it, kill_after

from runwright import app
from runwright.open_records import close_records, open_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = int(os.environ.get("RUNWRIGHT_TEST_SEED", "20261121"))
FAILPOINTS = (
    "append.before_commit",
    "append.after_commit",
    "result.write.before",
    "result.write.mid",
    "result.write.after",
)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Give each test a place of its own, and check its record when it is over."""
    home = tmp_path / "home"
    home.mkdir()
    yield Workshop(home)
    close_records()


def test_a_flow_that_nobody_kills_runs_each_body_once(workshop: Workshop) -> None:
    """The yardstick for the others."""
    process = workshop.start()
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    flow_run = workshop.flow_run()
    assert flow_run is not None
    check_ended(workshop, flow_run, kills=0)


@pytest.mark.parametrize("trial", range(50))
def test_a_kill_at_a_random_point_loses_nothing(workshop: Workshop, trial: int) -> None:
    """Kill the process after a random number of traces, resume, compare record and effects."""
    chance = random.Random(SEED + trial)
    process = workshop.start()
    kill_after(process, workshop, chance.randrange(0, 2 * TASK_RUNS))
    end_it(workshop, kills=1)


@pytest.mark.parametrize("count", [1, 2, 7, 40])
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_kill_at_a_failpoint_loses_nothing(workshop: Workshop, failpoint: str, count: int) -> None:
    """Kill the process in the middle of a commit or of writing a result."""
    process = workshop.start(RUNWRIGHT_FAILPOINT=f"{failpoint}:kill:{count}")
    process.communicate()
    assert process.returncode in {0, -signal.SIGKILL}
    end_it(workshop, kills=1)


def test_three_kills_of_one_flow_run(workshop: Workshop) -> None:
    """Kill the process, kill the one that resumes it, kill the next: the last one ends the run."""
    process = workshop.start()
    kill_after(process, workshop, 60)
    flow_run = workshop.flow_run()
    assert flow_run is not None
    for _ in range(2):
        killed = workshop.resume(flow_run, RUNWRIGHT_FAILPOINT="append.after_commit:kill:5")
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert [] == app.check_record(open_record(workshop.record), results=workshop.results)
    end_it(workshop, kills=3)


def test_resume_is_refused_while_the_owner_lives(workshop: Workshop) -> None:
    """A second process cannot take over while the lease runs: exit status 4, and one line that says why."""
    process = workshop.start(RUNWRIGHT_LEASE_SECONDS="600", RUNWRIGHT_FAILPOINT="append.after_commit:kill:6")
    process.communicate()
    flow_run = workshop.flow_run()
    assert flow_run is not None
    refused = subprocess.run(
        [sys.executable, "-m", "runwright", "flow-run", "resume", str(flow_run)],
        env=workshop.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == LEASE_HELD
    assert "lease" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) <= 2
