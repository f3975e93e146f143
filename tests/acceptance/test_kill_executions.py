"""Executions of YAML flows whose process is killed: another ends them, and no success is made twice."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from runwright import app
from runwright.open_records import close_records, open_record
from runwright.views import FlowRunFilter, TaskRunFilter
from runwright.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runwright.runs import FlowRun

SAYS = 'echo "{name}" >> "$EFFECTS"; sleep 0.05'

CHILD = f"""
id: child
namespace: tests
tasks:
  - {{id: inner, type: shell.Commands, commands: ['{SAYS.format(name="inner")}']}}
outputs:
  - {{id: o, type: STRING, value: done}}
"""

MAIN = f"""
id: main
namespace: tests
tasks:
  - id: both
    type: flow.Parallel
    tasks:
      - {{id: left, type: shell.Commands, commands: ['{SAYS.format(name="left")}']}}
      - id: many
        type: flow.ForEach
        values: [1, 2, 3]
        concurrencyLimit: 2
        tasks:
          - {{id: first, type: shell.Commands, commands: ['{SAYS.format(name="first{{ taskrun.value }}")}']}}
          - {{id: second, type: shell.Commands, commands: ['{SAYS.format(name="second{{ taskrun.value }}")}']}}
  - {{id: wait, type: flow.Pause, delay: PT0.1S}}
  - {{id: sub, type: flow.Subflow, namespace: tests, flowId: child}}
  - {{id: last, type: debug.Return, format: "{{{{ outputs.sub.outputs.o }}}}"}}
afterExecution:
  - {{id: after, type: shell.Commands, commands: ['{SAYS.format(name="after")}']}}
"""
TRACES = 9


class Workshop:
    """One home with both flows, one file of effects, and the processes that run there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.effects = home / "effects"
        self.effects.touch()
        self.record = f"sqlite:///{home}/record.db"
        self.environment = {
            **os.environ,
            "EFFECTS": str(self.effects),
            "RUNWRIGHT_HOME": str(home),
            "RUNWRIGHT_RECORD": self.record,
            "RUNWRIGHT_LEASE_SECONDS": "1",
        }
        (home / "main.yaml").write_text(MAIN)
        (home / "child.yaml").write_text(CHILD)
        self.run("run", str(home / "child.yaml"))
        self.effects.write_text("")

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "runwright.cli.main", *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = self.environment
        return subprocess.run(self.command(*words), env=environment, capture_output=True, text=True, check=False)

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        words = self.command("run", str(self.home / "main.yaml"))
        quiet = subprocess.DEVNULL
        return subprocess.Popen(words, env={**self.environment, **environment}, stdout=quiet, stderr=quiet)

    def kill_after(self, process: subprocess.Popen[bytes], traces: int) -> None:
        """Kill a process once its tasks have left a number of traces."""
        while process.poll() is None and self.effects.read_bytes().count(b"\n") < traces:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()

    def rows(self, flow: str = "tests/main") -> list[FlowRun]:
        return open_record(self.record).flow_runs(FlowRunFilter(flow=flow))

    def successes(self) -> dict[str, int]:
        """Return the attempts of what is recorded as a success."""
        rows = open_record(self.record).task_runs(TaskRunFilter(states=("Success",)))
        return {str(row.id): row.attempt for row in rows}

    def end(self) -> None:
        """Resume what was killed, and check everything that is promised."""
        store = open_record(self.record)
        assert [] == app.check_record(store)
        if not self.rows():
            return
        (row,), before = self.rows(), self.successes()
        done = self.run("flow-run", "resume", str(row.id))
        while "lease" in done.stderr:
            done = self.run("flow-run", "resume", str(row.id))
        (row,) = self.rows()
        assert "Success" == row.kind.name, done.stderr
        assert before == {each: attempt for each, attempt in self.successes().items() if each in before}
        assert [] == app.check_record(store)
        states = {each.kind.name for each in store.task_runs(TaskRunFilter(flow_run=row.id))}
        assert ({"Success"}, 13) == (states, sum(row.counts.values()))
        assert 2 == len(self.rows("tests/child")), "the child that a lost process began is found again"


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Give each test a place of its own."""
    home = tmp_path / "home"
    home.mkdir()
    yield Workshop(home)
    close_records()


@pytest.mark.parametrize("traces", range(TRACES + 1))
def test_a_kill_at_any_task_loses_nothing(workshop: Workshop, traces: int) -> None:
    """Kill the process while each task in turn runs: parallel ones, rounds, what a subflow runs, and what comes after the end."""
    workshop.kill_after(workshop.start(), traces)
    workshop.end()


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
@pytest.mark.parametrize("failpoint", ["append.before_commit", "append.after_commit"])
def test_a_kill_at_a_commit_loses_nothing(workshop: Workshop, failpoint: str, count: int) -> None:
    process = workshop.start(RUNWRIGHT_FAILPOINT=f"{failpoint}:kill:{count}")
    assert process.wait() in {0, -signal.SIGKILL}
    workshop.end()


def test_a_worker_ends_what_a_kill_has_left_of_an_execution_that_had_ended(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill the process in what runs after the end: nothing but a lease says that something is left."""
    monkeypatch.setenv("RUNWRIGHT_HOME", str(workshop.home))
    monkeypatch.setenv("EFFECTS", str(workshop.effects))
    workshop.kill_after(workshop.start(), TRACES)
    (row,), store = workshop.rows(), open_record(workshop.record)
    assert row.kind.phase.is_final
    cursor, worker = 0, Worker(store).start()
    while store.find_lease(row.id) is not None:
        cursor = store.await_events(cursor, 1)
    worker.stop()
    after = store.task_runs(TaskRunFilter(flow_run=row.id, task="after"))
    assert ["Success"] == [each.kind.name for each in after]
    assert [] == app.check_record(store, is_at_rest=True)


def test_a_program_dies_with_the_process_that_runs_it(workshop: Workshop) -> None:
    """The pipe ends when every process that has opened it is dead."""
    os.mkfifo(workshop.home / "held")
    flow = workshop.home / "main.yaml"
    held = f"exec 9> {workshop.home}/held; echo go >> $EFFECTS; sleep 0.5; echo go >> $EFFECTS; sleep 100 & sleep 100"
    flow.write_text(f"id: main\nnamespace: tests\ntasks:\n- {{id: a, type: shell.Commands, commands: ['{held}']}}\n")
    reading = os.open(workshop.home / "held", os.O_RDONLY | os.O_NONBLOCK)
    try:
        workshop.kill_after(workshop.start(), 2)
        assert ([reading], b"") == (select.select([reading], [], [], 20)[0], os.read(reading, 1))
    finally:
        os.close(reading)
