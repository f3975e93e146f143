"""Several workers on one record: one runs what another was killed in, and who was only halted can record nothing any more."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.workers import Team, until
from tests.postgres_server import postgres_server, postgres_url

from runwright import app
from runwright.runtime.refused_reports import NAME
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from tests.postgres_server import PostgresServer

__all__ = ["postgres_server", "postgres_url"]
SEED = int(os.environ.get("RUNWRIGHT_TEST_SEED", "20261128"))
DATABASES = pytest.mark.parametrize("database", ["sqlite", "postgres"])
pytestmark = pytest.mark.timeout(300)  # each starts several processes, on machines that do other things too


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest, database: str) -> tuple[Path, str]:
    """Give a home, and the URL of a record."""
    url = f"sqlite:///{tmp_path}/record.db" if database == "sqlite" else request.getfixturevalue("postgres_url")
    return tmp_path, url


@pytest.fixture
def team(place: tuple[Path, str]) -> Iterator[Team]:
    """Give a record that workers may share."""
    team = Team(*place)
    yield team
    team.close()


def check(team: Team) -> None:
    """Check that every flow run ended well, that each success was made once more than it had to at most, and the record is sound."""
    assert [] == team.failures()
    assert [] == app.check_record(team.store)


def queued(team: Team, flow_run: UUID) -> int:
    """Return how many task runs of a flow run wait for a slot."""
    return team.store.count_task_runs(TaskRunFilter(flow_run=flow_run, states=("Queued",)))["count"]


def successes(team: Team) -> set[str]:
    """Return the traces of the task runs of the flow `many` whose success is on record."""
    names = {row.id: row.parameters["name"] for row in team.runs()}
    begun, worked = (team.store.task_runs(TaskRunFilter(states=("Success",), task=task)) for task in ("begin", "work"))
    return {f"{names[row.flow_run]} begin" for row in begun} | {
        f"{names[row.flow_run]} {row.map_index}" for row in worked
    }


@DATABASES
def test_a_slot_outlives_no_worker(team: Team) -> None:
    """Who waits for the slot of a killed worker gets it once the lease has run out; what was killed then waits for it in turn."""
    team.store.keep_tag_limit("db", 1)
    first = team.start_worker("--most", "1")
    killed = team.order("locking", name="a")
    until(team.traces)
    team.start_worker("--most", "1")
    waiting = team.order("locking", name="b")
    until(lambda: queued(team, waiting))
    assert [killed] == [slot.flow_run for slot in team.store.tag_slots() if slot.is_held]
    first.kill()
    first.wait()
    team.start_worker("--most", "1")
    until(lambda: queued(team, killed))
    assert ["a waits", "b waits"] == team.traces()
    team.go()
    until(lambda: all(row.kind.phase.is_final for row in team.runs()))
    assert ["a waits", "b waits", "a waits"] == team.traces()
    until(lambda: not team.store.tag_slots())  # the lease is given up just after the end
    check(team)


def test_a_worker_whose_database_is_away_goes_on_by_itself(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    """All its threads miss it, for several looks; it says so once, and what it ran meanwhile ends as if nothing had been."""
    team = Team(tmp_path, postgres_url, lease_seconds=60)
    said = tmp_path / "said"
    with said.open("w") as told:
        team.start_worker(stderr=told)
        flow_run = team.order("waiting", name="a")
        until(team.traces)
        postgres_server.kill()
        until(lambda: "Waiting for it." in said.read_text())
        away = time.monotonic()
        until(lambda: time.monotonic() > away + 3)
        postgres_server.start()
        until(lambda: "answers again" in said.read_text())
        team.go()
        until(lambda: team.run(flow_run).kind.phase.is_final)
        check(team)
        team.close()
    assert ["a waits"] == team.traces()
    lines = said.read_text().splitlines()
    assert 1 == sum("Waiting for it." in line for line in lines)
    assert 1 == sum("answers again" in line for line in lines)
    assert not [line for line in lines if "Traceback" in line]


@DATABASES
def test_what_a_worker_was_killed_in_another_ends(team: Team) -> None:
    """The second takes over once the lease has run out."""
    first = team.start_worker()
    flow_run = team.order("waiting", name="a")
    until(team.traces)
    team.start_worker()
    first.kill()
    first.wait()
    team.go()

    until(lambda: team.run(flow_run).kind.phase.is_final)

    assert ["a waits", "a waits"] == team.traces()
    check(team)


@DATABASES
def test_who_was_halted_until_the_lease_was_anothers_records_nothing(team: Team) -> None:
    """What it reports when it goes on is refused, and kept for who looks into it."""
    first = team.start_worker()
    flow_run = team.order("waiting", name="a")
    until(team.traces)
    first.send_signal(signal.SIGSTOP)
    team.start_worker()
    until(lambda: 2 == len(team.traces()))
    team.go()
    until(lambda: team.run(flow_run).kind.phase.is_final)
    version = team.run(flow_run).version

    first.send_signal(signal.SIGCONT)
    until(team.store.received_events)

    (report,) = team.store.received_events()
    assert (NAME, f"runwright.flow-run.{flow_run}") == (report.name, report.resource)
    assert report.body["payload"]["events"] + report.body["payload"]["log_lines"]
    assert version == team.run(flow_run).version
    check(team)


@DATABASES
def test_a_task_that_lets_no_thread_run_does_not_cost_the_lease(place: tuple[Path, str]) -> None:
    """The lock of the interpreter is held for longer than the lease, and another worker would take the run over."""
    team = Team(*place, lease_seconds=10)
    try:
        team.start_worker()
        flow_run = team.order("holding", seconds=13)
        until(team.traces)
        team.start_worker()
        until(lambda: team.run(flow_run).kind.phase.is_final)
        assert ["hold"] == team.traces()
        check(team)
    finally:
        team.close()


@DATABASES
@pytest.mark.parametrize("trial", range(2))
def test_kills_at_random_points_under_load_lose_nothing(
    team: Team, request: pytest.FixtureRequest, database: str, trial: int
) -> None:
    """Two workers run ten flow runs; one or the other is killed six times, and the database too where it is a server."""
    chance = random.Random(SEED + trial)
    workers = [team.start_worker(), team.start_worker()]
    flow_runs = [team.order("many", name=str(number)) for number in range(10)]
    recorded: dict[str, int] = {}
    for traces in sorted(chance.sample(range(80), 6)):
        until(lambda traces=traces: len(team.traces()) >= traces or _are_over(team))
        recorded |= {name: team.traces().count(name) for name in successes(team) - recorded.keys()}
        if database == "postgres" and chance.random() < 0.3:
            server: PostgresServer = request.getfixturevalue("postgres_server")
            server.kill()
            server.start()
        else:
            number = chance.randrange(2)
            workers[number].kill()
            workers[number].wait()
            workers[number] = team.start_worker()

    until(lambda: _are_over(team), 200)

    check(team)
    assert {row.id for row in team.runs()} == set(flow_runs)
    wanted = {f"{name} {number}" for name in range(10) for number in (*range(8), "begin")}
    assert wanted == set(team.traces())
    assert recorded == {name: team.traces().count(name) for name in recorded}, "only what was not on record ran again"


@DATABASES
@pytest.mark.parametrize("failpoint", ["append.before_commit", "append.after_commit"])
def test_a_worker_that_dies_in_a_commit_loses_nothing(team: Team, failpoint: str) -> None:
    """Two workers die in the middle of commits, or just after them; the third ends what they began."""
    for number in range(4):
        team.order("many", name=str(number))
    for count in (3, 7):
        worker = team.start_worker(RUNWRIGHT_FAILPOINT=f"{failpoint}:kill:{count}")
        until(lambda worker=worker: worker.poll() is not None or _are_over(team))
    team.start_worker()

    until(lambda: _are_over(team), 200)

    check(team)
    assert {f"{name} {number}" for name in range(4) for number in (*range(8), "begin")} == set(team.traces())


@DATABASES
def test_a_registered_flow_is_started_at_its_times_each_once_by_whoever_looks(team: Team) -> None:
    """Two workers look at one schedule; one of them is killed."""
    done = subprocess.run(
        [sys.executable, "-m", "runwright", "flow", "register", f"{team.file}:ticking"],
        env=team.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    first, _ = team.start_worker(), team.start_worker()
    until(lambda: len(team.traces()) >= 3)
    first.kill()
    until(lambda: len(team.traces()) >= 6)
    done = subprocess.run(
        [sys.executable, "-m", "runwright", "flow", "pause", "ticking"],
        env=team.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    until(lambda: _are_over(team))

    times = [row.scheduled_start_time for row in team.runs()]
    assert len(set(times)) == len(times)
    check(team)


def _are_over(team: Team) -> bool:
    return all(row.kind.phase.is_final for row in team.runs())
