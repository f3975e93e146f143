"""On PostgreSQL too a killed process loses nothing; and when the server is killed, the flow waits for it and goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.acceptance.workshop import TASK_RUNS, Workshop, check_ended, end_it, kill_after, wait_for_traces
from tests.postgres_server import postgres_server, postgres_url

from runwright.errors import RecordUnreachable
from runwright.open_records import close_records, open_record
from runwright.stores import open_store
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres_server import PostgresServer

__all__ = ["postgres_server", "postgres_url"]
SEED = int(os.environ.get("RUNWRIGHT_TEST_SEED", "20261128"))


@pytest.fixture
def workshop(tmp_path: Path, postgres_url: str) -> Iterator[Workshop]:
    """Give each test a place of its own, and a schema for its record."""
    home = tmp_path / "home"
    home.mkdir()
    yield Workshop(home, postgres_url)
    close_records()


@pytest.mark.parametrize("trial", range(5))
def test_a_kill_at_a_random_point_loses_nothing(workshop: Workshop, trial: int) -> None:
    """Kill the process after a random number of traces, resume, compare record and effects."""
    chance = random.Random(SEED + trial)
    process = workshop.start()
    kill_after(process, workshop, chance.randrange(0, 2 * TASK_RUNS))
    end_it(workshop, kills=1)


@pytest.mark.parametrize("count", [1, 7, 40])
@pytest.mark.parametrize("failpoint", ["append.before_commit", "append.after_commit"])
def test_a_kill_at_a_failpoint_loses_nothing(workshop: Workshop, failpoint: str, count: int) -> None:
    """Kill the process in the middle of a commit, or just after it."""
    process = workshop.start(RUNWRIGHT_FAILPOINT=f"{failpoint}:kill:{count}")
    process.communicate()
    assert process.returncode in {0, -signal.SIGKILL}
    end_it(workshop, kills=1)


@pytest.mark.parametrize("trial", range(3))
def test_a_flow_outlives_its_server(workshop: Workshop, postgres_server: PostgresServer, trial: int) -> None:
    """The server is killed three times at random points: the flow waits for it, ends as if nothing had been, and runs no body twice."""
    chance = random.Random(SEED + trial)
    process = workshop.start(RUNWRIGHT_LEASE_SECONDS="60")
    for traces in sorted(chance.sample(range(2 * TASK_RUNS), 3)):
        wait_for_traces(process, workshop, traces)
        postgres_server.kill()
        postgres_server.start()
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    flow_run = workshop.flow_run()
    assert flow_run is not None
    check_ended(workshop, flow_run, kills=0)


def test_a_server_that_was_there_is_waited_for(postgres_server: PostgresServer, postgres_url: str) -> None:
    """Who has a record open opens it once more while its server is away; who has not is told at once."""
    store = open_record(postgres_url)
    postgres_server.kill()
    with ThreadPoolExecutor(1) as pool:
        again = pool.submit(open_record, postgres_url, read_only=True)
        with pytest.raises(RecordUnreachable):
            open_store(postgres_url)
        assert not again.done()
        postgres_server.start()
        assert store.url == again.result().url
    assert [] == again.result().flow_runs(FlowRunFilter())


def lines_until(process: subprocess.Popen[str], end: str) -> list[str]:
    """Return what a process says up to a line with this in it."""
    assert process.stderr is not None
    lines: list[str] = []
    while not (lines and end in lines[-1]):
        line = process.stderr.readline()
        assert line, f"it ended with {process.wait()} and said {lines}"
        lines.append(line)
    return lines


@pytest.mark.parametrize(
    ("command", "ready"), [(["server", "start", "--port", "0"], "serving on"), (["worker", "start"], "working on")]
)
def test_a_first_start_waits_for_a_database_that_is_restarting(
    workshop: Workshop, postgres_server: PostgresServer, command: list[str], ready: str
) -> None:
    """It says so once, says that it goes on, and then is ready as ever."""
    postgres_server.kill()
    process = subprocess.Popen(
        [sys.executable, "-m", "runwright", *command],
        env=workshop.environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        said = lines_until(process, "Waiting for it.")
        postgres_server.start()
        said += lines_until(process, ready)
        if "serving" in ready:
            assert "ok" == httpx.get(f"{said[-1].split()[-1]}/livez", timeout=30).text
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        said += process.stderr.readlines()
    assert 0 == process.returncode
    assert 1 == sum("Waiting for it." in line for line in said)
    assert 1 == sum("answers again" in line for line in said)
    assert not [line for line in said if "Traceback" in line]


def test_server_and_process_killed_together(workshop: Workshop, postgres_server: PostgresServer) -> None:
    """What was recorded when the lights went out is there when they are on again."""
    process = workshop.start()
    wait_for_traces(process, workshop, TASK_RUNS)
    postgres_server.kill()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    postgres_server.start()
    end_it(workshop, kills=1)


def test_a_record_is_checked_and_shown_from_the_command_line(workshop: Workshop) -> None:
    """As one in a file is; its URL is named without the password."""
    process = workshop.start()
    process.communicate()
    for arguments, expected in (
        (["store", "check", "--at-rest"], "is sound"),
        (["store", "rebuild"], "every row says what the log says"),
        (["flow-run", "ls"], "two-hundred"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "runwright", *arguments],
            env=workshop.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout + done.stderr
