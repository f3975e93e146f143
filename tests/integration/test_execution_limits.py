"""Whole executions whose tasks take longer than they may: what they do ends with them."""

from __future__ import annotations

import os
import select

import pytest

from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.runner import ExecutionRunner
from runwright.open_records import open_record
from runwright.views import FlowRunFilter, TaskRunFilter


def run(task, executor="threads:1"):
    """Run a flow of one task and return how its run ended, with the last line of its log."""
    flow = DeclaredFlow.from_text(f"id: slow\nnamespace: company.team\ntasks:\n  - {{id: t, timeout: PT1S, {task}}}\n")
    ExecutionRunner(flow, executor=executor).start()
    store = open_record()
    (execution,) = store.flow_runs(FlowRunFilter(limit=1))
    (task_run,) = store.task_runs(TaskRunFilter(flow_run=execution.id))
    return task_run.kind.name, store.logs(execution.id)[-1].message


LATE = ("TimedOut", "Timeout after 1 s: the task took longer than it may.")


def test_a_task_that_only_waits_is_cancelled():
    assert LATE == run("type: flow.Sleep, duration: PT1H")


@pytest.mark.parametrize("executor", ["inline", "threads:1", "processes:1"])
def test_a_program_ends_with_its_task(tmp_path, executor):
    os.mkfifo(tmp_path / "held")
    reading = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    try:
        commands = f"['exec 9> {tmp_path}/held', 'sleep 100 & sleep 100']"
        assert LATE == run(f"type: shell.Commands, commands: {commands}", executor)
        # The pipe ends when every process that has opened it is dead.
        assert ([reading], b"") == (select.select([reading], [], [], 20)[0], os.read(reading, 1))
    finally:
        os.close(reading)
