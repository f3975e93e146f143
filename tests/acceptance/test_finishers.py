"""Executions whose processes are killed at random, one after the other, until a worker is left alone: it ends them, and nothing is made twice."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from runwright import app, clock
from runwright.open_records import close_records, open_record
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.runs import FlowRun

SAYS = 'echo "{name}" >> "$EFFECTS"; sleep 0.05'

CHILD = f"""
id: child
namespace: tests
inputs: [{{id: i, type: INT}}]
tasks:
  - {{id: inner, type: shell.Commands, commands: ['{SAYS.format(name="inner{{ inputs.i }}")}']}}
outputs:
  - {{id: o, type: STRING, value: "done {{{{ inputs.i }}}}"}}
"""

MAIN = f"""
id: main
namespace: tests
tasks:
  - {{id: begin, type: shell.Commands, commands: ['{SAYS.format(name="begin")}']}}
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
          - {{id: sub, type: flow.Subflow, namespace: tests, flowId: child, inputs: {{i: "{{{{ taskrun.value }}}}"}}}}
  - id: flaky
    type: shell.Commands
    commands: ['{SAYS.format(name="flaky{{ taskrun.attemptsCount }}")}', 'test {{{{ taskrun.attemptsCount }}}} = 1']
    retry: {{type: constant, interval: PT0.2S, maxAttempts: 2}}
  - {{id: wait, type: flow.Pause, delay: PT0.2S}}
  - {{id: last, type: debug.Return, format: "{{{{ outputs.sub['3'].outputs.o }}}}"}}
finally:
  - {{id: tidy, type: shell.Commands, commands: ['{SAYS.format(name="tidy")}']}}
afterExecution:
  - {{id: after, type: shell.Commands, commands: ['{SAYS.format(name="after")}']}}
"""

BODIES = {
    "begin",
    "left",
    "first1",
    "first2",
    "first3",
    "inner1",
    "inner2",
    "inner3",
    "flaky0",
    "flaky1",
    "tidy",
    "after",
}
WORKER = ("-m", "runwright.cli.main", "worker", "start")
COMMITS = 40
"""About how many commits an execution takes: kills at a commit are drawn from so many."""


class Yard:
    """One home, one file of effects, and the processes that work there until they are killed."""

    def __init__(self, home: Path) -> None:
        """Write both flows."""
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

    @contextmanager
    def process(self, *words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """Let Python run something meanwhile; it is dead in the end."""
        process = subprocess.Popen(
            [sys.executable, *words],
            env={**self.environment, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def counts(self) -> Counter[str]:
        """Return how often each body has begun."""
        return Counter(self.effects.read_text().split())

    def rows(self, flow: str = "tests/main") -> list[FlowRun]:
        """Return the executions of a flow."""
        return open_record(self.record).flow_runs(FlowRunFilter(flow=flow))

    def done(self) -> set[str]:
        """Return the bodies whose success is on record."""
        store = open_record(self.record)
        inputs = {row.id: row.parameters.get("i", "") for row in self.rows("tests/child")}
        rows = store.task_runs(TaskRunFilter(states=("Success",)))
        return {f"{row.slug}{inputs.get(row.flow_run, row.value or '')}" for row in rows} & BODIES

    def lose(self, process: subprocess.Popen[bytes], chance: Random) -> None:
        """Kill a process after so many more bodies have begun, as chance has it; it may have ended before."""
        least = self.counts().total() + chance.randint(0, 5)
        while process.poll() is None and self.counts().total() < least:
            clock.wait(queue.SimpleQueue(), 0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    """Give each test a place of its own."""
    home = tmp_path / "home"
    home.mkdir()
    yield Yard(home)
    close_records()


def fate(chance: Random) -> dict[str, str]:
    """Return what kills a process at one of its commits, or nothing for one that is killed from outside."""
    if chance.random() < 0.5:
        return {}
    failpoint = chance.choice(["append.before_commit", "append.after_commit"])
    return {"RUNWRIGHT_FAILPOINT": f"{failpoint}:kill:{chance.randint(1, COMMITS)}"}


@pytest.mark.parametrize("seed", range(6))
def test_a_worker_ends_what_was_lost(yard: Yard, seed: int) -> None:
    """One process begins the execution; it and up to three workers are killed; the last worker ends it alone."""
    chance = Random(seed)
    kills = 1 + chance.randint(0, 3)
    command = ("-m", "runwright.cli.main", "run", str(yard.home / "main.yaml"))
    for number in range(kills):
        words = command if not yard.rows() else WORKER
        before, done = yard.counts(), yard.done()
        with yard.process(*words, **fate(chance)) as process:
            yard.lose(process, chance)
        assert [] == app.check_record(open_record(yard.record))
        assert dict.fromkeys(done, 0) == {each: yard.counts()[each] - before[each] for each in done}, number
    if not yard.rows():
        return  # it never came to be: nobody has begun anything
    check_end(yard, kills)


def check_end(yard: Yard, kills: int) -> None:
    """Let a worker end what is left, and check all that is promised."""
    before, done = yard.counts(), yard.done()
    with yard.process(*WORKER) as worker:
        while not ("after" in yard.done() and all(row.kind.phase.is_final for row in yard.rows())):
            assert worker.poll() is None
            clock.wait(queue.SimpleQueue(), 0.05)
    (row,), counts = yard.rows(), yard.counts()
    assert "Success" == row.kind.name
    assert dict.fromkeys(done, 0) == {each: counts[each] - before[each] for each in done}
    assert counts.keys() == BODIES
    assert max(counts.values()) <= 1 + kills
    children = yard.rows("tests/child")
    assert ([1, 2, 3], {"Success"}) == (
        sorted(each.parameters["i"] for each in children),
        {each.kind.name for each in children},
    )
    with yard.process("-m", "runwright.cli.main", "store", "check") as check:
        assert 0 == check.wait()
