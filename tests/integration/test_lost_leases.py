"""What lost processes have left of flow runs that had ended: a worker gives it up, and looks at it no more."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tests.integration.executions import run

from runwright import ids
from runwright.control import Control
from runwright.request import Request
from runwright.states import KIND_BY_NAME
from runwright.views import FlowRunFilter, TaskRunFilter
from runwright.worker import Worker


@pytest.mark.parametrize("has_run", [True, False])
def test_a_worker_gives_up_the_lease_of_a_process_that_died_before_it_could(record, has_run):
    """Of an execution that has nothing left to run, and of one that was never recorded."""
    flow_run = run("  - {id: a, type: debug.Return, format: x}").row.id if has_run else ids.new_flow_run_id(1)
    record.acquire(flow_run, "lost", 0)
    worker = Worker(record).start()
    while record.lost_leases():
        record.await_events(1 << 62, 0.1)
    worker.stop()
    assert record.acquire(flow_run, "next", 60).token > 1


@pytest.mark.parametrize(("intent", "answer"), [("mark", "Success"), ("restart", "Failed"), ("resume", "Failed")])
def test_what_is_asked_of_an_execution_whose_process_died_at_its_end_is_done_by_a_worker(record, intent, answer):
    """Whoever asks finds the lease of the dead in the way, and need not come again."""
    flow_run = run("- {id: a, type: execution.Fail}").row.id
    (task_run,) = record.task_runs(TaskRunFilter(flow_run=flow_run))
    lost = record.acquire(flow_run, "lost", 60)
    data = {"state": KIND_BY_NAME["Success"].code} if intent == "mark" else {}
    ordinal = task_run.ordinal if intent == "mark" else 0
    asked = record.ask(Request(uuid4(), flow_run, intent, ordinal, data))
    assert Control(record).settle(asked, 0).kind.name == "Failed"
    assert record.requests(flow_run)

    record.renew(lost, 0)
    worker = Worker(record).start()
    while record.requests(flow_run) or record.flow_runs(FlowRunFilter(states=("Resume", "Running"))):
        record.await_events(1 << 62, 0.1)
    worker.drain(60)

    (after,) = record.task_runs(TaskRunFilter(flow_run=flow_run))
    assert (answer, 2 if intent == "restart" else 1) == (after.kind.name, after.attempt)
    (told,) = record.requests(flow_run, open_only=False)
    assert ("IllegalTransition" if intent == "resume" else None) == told.answer.error
