"""Every documented state of a task run is emitted where it happens: the events follow from what the run really did."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

import pytest
from tests.integration.executions import run as run_execution

from runwright import Flow, clock, context, task
from runwright.compat.event_filter import EventFilter
from runwright.compat.event_search import EventSearch
from runwright.compat.run_documents import RunDocuments
from runwright.control import Control
from runwright.flow_runner import FlowRunner
from runwright.signals import ENDRUN, PAUSE
from runwright.states import Scheduled
from runwright.triggers import manual_only
from runwright.views import FlowRunFilter, TaskRunFilter


@task
def works():
    """Do nothing."""


@task(max_retries=1, retry_delay=timedelta(hours=1))
def fails_once():
    """Fail at the first attempt."""
    if context.task_run_count == 1:
        raise ValueError("once")


@task
def fails():
    """Fail."""
    raise ValueError("always")


@task
def waits():
    """Wait for somebody."""
    if not context.get("resume"):
        raise PAUSE("Go on?")


@task(trigger=manual_only)
def approved():
    """Wait for somebody before anything runs."""


@task
def leaves():
    """Leave the process."""
    raise SystemExit(3)


@task(tags=["db"])
def asks_the_database(number):
    """Take what the other one waits for, until it says that it does."""
    while number == 1 and not Control().store.count_task_runs(TaskRunFilter(states=("Queued",)))["count"]:
        time.sleep(0.01)
    return number


@task
def put_off():
    """Wait for a minute."""
    raise ENDRUN(Scheduled(start_time=clock.utcnow() + timedelta(minutes=1)))


@task
def is_told_to_stop():
    """Have the flow run cancelled, and work on until that stops it."""
    Control().ask(UUID(context.flow_run_id), "cancel")
    while True:
        time.sleep(0.01)  # where a thread can be stopped


def run(step, *, is_patient=True):
    """Run a flow of one task; without patience only as far as nothing has to be waited for."""
    with Flow("states") as flow:
        step()
    return flow.run(executor="threads:1") if is_patient else FlowRunner(flow).run()


def row_of(record):
    """Return the one task run as clients of the runs API read it."""
    (row,) = record.task_runs(TaskRunFilter())
    return RunDocuments(record).task_run(row)


def documents(record):
    """Return all events, oldest first."""
    which = EventFilter(order="ASC")
    which.resolve(clock.utcnow())
    search = EventSearch(record)
    return search.documents(search.find(which))


def told(record, prefix="prefect.task-run."):
    """Return the names of the events of task runs, oldest first."""
    names = [each["event"] for each in documents(record)]
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def the(name, record):
    """Return the one event of a name."""
    (event,) = [each for each in documents(record) if each["event"] == f"prefect.task-run.{name}"]
    return event


def test_what_works(record):
    run(works)
    assert ["Pending", "Running", "Completed"] == told(record)


def test_what_fails_and_is_tried_again(record, now):
    run(fails_once)
    assert ["Pending", "Running", "AwaitingRetry", "Retrying", "Completed"] == told(record)


def test_what_fails(record):
    run(fails)
    assert ["Pending", "Running", "Failed"] == told(record)


def test_what_leaves_its_process_crashes(record):
    run(leaves)
    assert ["Pending", "Running", "Crashed"] == told(record)


@pytest.mark.parametrize(("paused", "before"), [(waits, ["Running"]), (approved, [])])
def test_what_is_paused_is_suspended_once_nobody_holds_it(record, paused, before):
    run(paused)
    assert ["Pending", *before, "Paused", "Suspended"] == told(record)
    assert "PAUSED" == the("Suspended", record)["resource"]["prefect.state-type"]
    assert the("Paused", record)["id"] == the("Suspended", record)["follows"]
    assert "Suspended" == row_of(record)["state_name"]
    assert the("Suspended", record)["id"] == row_of(record)["state_id"]


def test_what_is_resumed_and_paused_again_is_suspended_again(record):
    with Flow("questions") as flow:
        waits()
        approved()
    flow.run()
    row = record.flow_runs(FlowRunFilter(limit=1))[0]
    first = next(each for each in record.task_runs(TaskRunFilter(flow_run=row.id)) if each.full_name == "waits-1")
    control = Control(record)
    control.resume(row.id, first.id, flow=flow)
    assert (1, 2) == (told(record).count("Resuming"), told(record).count("Suspended"))
    control.resume(row.id, flow=flow)
    assert (2, 2) == (told(record).count("Completed"), told(record).count("Suspended"))


def test_what_is_told_to_stop_is_cancelling_until_it_has(record):
    with Flow("states") as flow:
        is_told_to_stop(upstream_tasks=[works()])  # the flow run is on record when it begins
    flow.run(executor="threads:1")
    assert ["Running", "Cancelling", "Cancelled"] == told(record)[-3:]


def test_what_is_put_off_is_scheduled_and_late_when_nobody_runs_it(record, now):
    run(put_off, is_patient=False)
    assert ["Pending", "Running", "Scheduled"] == told(record)
    now.advance(90)
    assert ["Pending", "Running", "Scheduled", "Late"] == told(record)
    assert the("Scheduled", record)["id"] == the("Late", record)["follows"]


def test_a_task_run_that_waits_for_a_slot(record):
    record.keep_tag_limit("db", 1)
    with Flow("states") as flow:
        asks_the_database.map([1, 2])
    assert flow.run(executor="threads:2").is_successful()
    waited = [each for each in record.task_runs(TaskRunFilter()) if each.version == 4 and each.map_index >= 0]
    (run,) = waited
    names = [each["event"] for each in documents(record) if str(run.id) in each["resource"]["prefect.resource.id"]]
    assert ["Pending", "AwaitingConcurrencySlot", "Running", "Completed"] == [name.split(".")[-1] for name in names]
    told_so = the("AwaitingConcurrencySlot", record)
    assert "SCHEDULED" == told_so["resource"]["prefect.state-type"]
    assert "Waiting for a slot of the limit of 'db' (1)." == told_so["resource"]["prefect.state-message"]
    assert [] == record.tag_slots()


def test_an_execution_that_waits_for_a_slot(record):
    limited = "concurrency: {limit: 1, behavior: QUEUE}"
    run_execution("- {id: p, type: flow.Pause}", limited)
    run_execution("- {id: p, type: flow.Pause}", limited, is_patient=False)
    names = told(record, "prefect.flow-run.")
    assert ["Pending", "Running", "Paused", "Suspended", "Pending", "AwaitingConcurrencySlot"] == names


def test_a_flow_run_that_nobody_starts_in_time_is_late(record, now):
    with Flow("later") as flow:
        works()
    FlowRunner(flow).run(state=Scheduled(start_time=clock.utcnow() + timedelta(hours=1)))
    assert ["Pending", "Scheduled"] == told(record, "prefect.flow-run.")
    now.advance(3_700)
    assert ["Pending", "Scheduled", "Late"] == told(record, "prefect.flow-run.")
