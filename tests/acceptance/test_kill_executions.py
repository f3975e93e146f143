"""Executions of YAML flows whose process is killed: another ends them, and no success is made twice."""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING

import pytest
from tests.acceptance import leases
from tests.acceptance.yard import SAYS, Yard

from runwright import app
from runwright.open_records import close_records, open_record
from runwright.views import TaskRunFilter
from runwright.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def successes(yard: Yard) -> dict[str, int]:
    """Return the attempts of what is recorded as a success."""
    rows = open_record(yard.record).task_runs(TaskRunFilter(states=("Success",)))
    return {str(row.id): row.attempt for row in rows}


def end(yard: Yard) -> None:
    """Resume what was killed, and check everything that is promised."""
    store = open_record(yard.record)
    assert [] == app.check_record(store)
    if not yard.rows():
        return
    (row,), before = yard.rows(), successes(yard)
    leases.wait_for_end(store, row.id)
    done = yard.run("flow-run", "resume", str(row.id))
    while "lease" in done.stderr:
        done = yard.run("flow-run", "resume", str(row.id))
    (row,) = yard.rows()
    assert "Success" == row.kind.name, done.stderr
    assert before == {each: attempt for each, attempt in successes(yard).items() if each in before}
    assert [] == app.check_record(store)
    states = {each.kind.name for each in store.task_runs(TaskRunFilter(flow_run=row.id))}
    assert ({"Success"}, 13) == (states, sum(row.counts.values()))
    assert 2 == len(yard.rows("tests/child")), "the child that a lost process began is found again"


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    """Give each test a place of its own, where the child has run once."""
    home = tmp_path / "home"
    home.mkdir()
    yard = Yard(home, {"main": MAIN, "child": CHILD})
    yard.run("run", str(home / "child.yaml"))
    yard.effects.write_text("")
    yield yard
    close_records()


@pytest.mark.parametrize("traces", range(TRACES + 1))
def test_a_kill_at_any_task_loses_nothing(yard: Yard, traces: int) -> None:
    """Kill the process while each task in turn runs: parallel ones, rounds, what a subflow runs, and what comes after the end."""
    yard.kill_after(yard.start(), traces)
    end(yard)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
@pytest.mark.parametrize("failpoint", ["append.before_commit", "append.after_commit"])
def test_a_kill_at_a_commit_loses_nothing(yard: Yard, failpoint: str, count: int) -> None:
    process = yard.start(RUNWRIGHT_FAILPOINT=f"{failpoint}:kill:{count}")
    assert process.wait() in {0, -signal.SIGKILL}
    end(yard)


def test_a_worker_ends_what_a_kill_has_left_of_an_execution_that_had_ended(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kill the process in what runs after the end: nothing but a lease says that something is left."""
    monkeypatch.setenv("RUNWRIGHT_HOME", str(yard.home))
    monkeypatch.setenv("EFFECTS", str(yard.effects))
    yard.kill_after(yard.start(), TRACES)
    (row,), store = yard.rows(), open_record(yard.record)
    assert row.kind.phase.is_final
    cursor, worker = 0, Worker(store).start()
    while store.find_lease(row.id) is not None:
        cursor = store.await_events(cursor, 1)
    worker.stop()
    after = store.task_runs(TaskRunFilter(flow_run=row.id, task="after"))
    assert ["Success"] == [each.kind.name for each in after]
    assert [] == app.check_record(store, is_at_rest=True)


def test_a_program_dies_with_the_process_that_runs_it(yard: Yard) -> None:
    """The pipe ends when every process that has opened it is dead."""
    os.mkfifo(yard.home / "held")
    flow = yard.home / "main.yaml"
    held = f"exec 9> {yard.home}/held; echo go >> $EFFECTS; sleep 0.5; echo go >> $EFFECTS; sleep 100 & sleep 100"
    flow.write_text(f"id: main\nnamespace: tests\ntasks:\n- {{id: a, type: shell.Commands, commands: ['{held}']}}\n")
    reading = os.open(yard.home / "held", os.O_RDONLY | os.O_NONBLOCK)
    try:
        yard.kill_after(yard.start(), 2)
        assert ([reading], b"") == (select.select([reading], [], [], 20)[0], os.read(reading, 1))
    finally:
        os.close(reading)
