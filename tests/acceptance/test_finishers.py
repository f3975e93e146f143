"""Executions whose processes are killed at random, one after the other, until a worker is left alone: it ends them, and nothing is made twice."""

from __future__ import annotations

import queue
from random import Random
from typing import TYPE_CHECKING

import pytest
from tests.acceptance.yard import SAYS, Yard
from tests.postgres_server import postgres_server, postgres_url

from runwright import app, clock
from runwright.open_records import close_records, open_record
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["postgres_server", "postgres_url"]

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
WORKER = ("worker", "start")
COMMITS = 40
"""About how many commits an execution takes: kills at a commit are drawn from so many."""


def done(yard: Yard) -> set[str]:
    """Return the bodies whose success is on record."""
    store = open_record(yard.record)
    inputs = {row.id: row.parameters.get("i", "") for row in yard.rows("tests/child")}
    rows = store.task_runs(TaskRunFilter(states=("Success",)))
    return {f"{row.slug}{inputs.get(row.flow_run, row.value or '')}" for row in rows} & BODIES


@pytest.fixture(params=["sqlite", "postgres"])
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Yard]:
    """Give each test a place of its own, with its record in a file or on a server."""
    home = tmp_path / "home"
    home.mkdir()
    record = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    yield Yard(home, {"main": MAIN, "child": CHILD}, record)
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
    for number in range(kills):
        words = WORKER if yard.rows() else ()
        before, ended = yard.traces(), done(yard)
        with yard.process(*words, **fate(chance)) as process:
            yard.kill_after(process, yard.traces().total() + chance.randint(0, 5))
        assert [] == app.check_record(open_record(yard.record))
        assert dict.fromkeys(ended, 0) == {each: yard.traces()[each] - before[each] for each in ended}, number
    if not yard.rows():
        return  # it never came to be: nobody has begun anything
    check_end(yard, kills)


def check_end(yard: Yard, kills: int) -> None:
    """Let a worker end what is left, and check all that is promised."""
    before, ended = yard.traces(), done(yard)
    with yard.process(*WORKER) as worker:
        while not ("after" in done(yard) and all(row.kind.phase.is_final for row in yard.rows())):
            assert worker.poll() is None
            clock.wait(queue.SimpleQueue(), 0.05)
    (row,), counts = yard.rows(), yard.traces()
    assert "Success" == row.kind.name
    assert dict.fromkeys(ended, 0) == {each: counts[each] - before[each] for each in ended}
    assert counts.keys() == BODIES
    assert max(counts.values()) <= 1 + kills
    children = yard.rows("tests/child")
    assert ([1, 2, 3], {"Success"}) == (
        sorted(each.parameters["i"] for each in children),
        {each.kind.name for each in children},
    )
    assert 0 == yard.run("store", "check").returncode
