"""Task runs with a tag that has a limit: never more of them at once than it says, whoever runs them, and no slot that is lost."""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Thread
from uuid import UUID

import pytest

from runwright import Flow, context, task
from runwright.control import Control
from runwright.events import EventKind
from runwright.flow_runner import FlowRunner
from runwright.limits import lift_limit, limit_tag, tag_limits
from runwright.runtime import tag_slots
from runwright.signals import PAUSE
from runwright.states import KIND_BY_CODE
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter

EXECUTORS = ["inline", "threads:3", "processes:2"]


@task(tags=["db"])
def ask(number):
    """Take a slot."""
    return number


@task(tags=["db"])
async def ask_soon(number):
    """Take a slot, in the loop of coroutines."""
    return number


@task
def free():
    """Take none."""


@task(tags=["db"], max_retries=1, retry_delay=timedelta(0))
def ask_twice(number):
    """Fail at the first attempt."""
    if context.task_run_count == 1:
        raise ValueError("once")
    return number


@task(tags=["db"])
def ask_somebody():
    """Wait for somebody."""
    if not context.get("resume"):
        raise PAUSE("Go on?")


def wait_until_one_waits():
    """Return when a task run waits for a slot, and the record says so."""
    while not Control().store.count_task_runs(TaskRunFilter(states=("Queued",)))["count"]:
        time.sleep(0.01)


@task(tags=["db"])
def cancel_it_all():
    """Have the flow run cancelled, and go on until that is heard."""
    wait_until_one_waits()
    Control().ask(UUID(context.flow_run_id), "cancel")
    while True:
        time.sleep(0.01)  # where a thread can be stopped


@task
def hold_it_all():
    """Have the flow run held, which ends when nothing of it runs any more."""
    wait_until_one_waits()
    Control().ask(UUID(context.flow_run_id), "pause")
    while Control().store.requests(UUID(context.flow_run_id)):
        time.sleep(0.01)  # until that is heard


def flow_of(step=ask, count=5, name="limited"):
    with Flow(name) as flow:
        step.map(list(range(count)))
    return flow


def in_order(record):
    """Return what the log says of states, as (flow run, ordinal, name), oldest first."""
    events = record.events(EventFilter())
    return [
        (each.flow_run, each.ordinal, KIND_BY_CODE[each.state].name)
        for each in events
        if each.kind == EventKind.STATE and each.ordinal
    ]


def most_at_once(record, limited):
    """Return how many of these task runs were Running at once, by the log."""
    running, most = set(), 0
    for flow_run, ordinal, name in in_order(record):
        if (flow_run, ordinal) in limited:
            (running.add if name == "Running" else running.discard)((flow_run, ordinal))
            most = max(most, len(running))
    return most


def children(record):
    return {(each.flow_run, each.ordinal) for each in record.task_runs(TaskRunFilter(is_mapped_child=True))}


def names_of(record, name):
    (row,) = record.task_runs(TaskRunFilter(task=name))
    return [name for _, ordinal, name in in_order(record) if ordinal == row.ordinal]


@pytest.mark.parametrize("step", [ask, ask_soon])
@pytest.mark.parametrize("executor", EXECUTORS)
def test_no_more_run_at_once_than_the_limit_says(record, executor, step):
    limit_tag("db", 2)
    assert flow_of(step).run(executor=executor).is_successful()
    assert most_at_once(record, children(record)) <= 2
    assert 5 == len(children(record))
    assert [] == record.tag_slots()


def test_flow_runs_share_the_slots(record):
    limit_tag("db", 1)
    ended = []
    flows = [flow_of(name=name) for name in ("one", "two")]
    threads = [Thread(target=lambda flow=flow: ended.append(flow.run(executor="threads:2"))) for flow in flows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [True, True] == [state.is_successful() for state in ended]
    assert 1 == most_at_once(record, children(record))
    assert 10 == len(children(record))


def test_a_limit_of_none_stops_what_has_the_tag_and_nothing_else(record):
    limit_tag("db", 0)
    with Flow("mixed") as flow:
        ask(1)
        free()
    FlowRunner(flow).run()
    assert ["Queued"] == names_of(record, "ask")
    assert ["Running", "Success"] == names_of(record, "free")


def test_what_waits_goes_on_when_the_limit_is_lifted(record):
    limit_tag("db", 0)
    with Flow("mixed") as flow:
        ask(1)

        @task
        def lift():
            lift_limit("db")

        lift()
    assert flow.run(executor="threads:1").is_successful()
    assert ["Queued", "Running", "Success"] == names_of(record, "ask")
    assert {} == tag_limits()


def test_what_waits_is_cancelled_at_once(record):
    limit_tag("db", 1)
    with Flow("stopped") as flow:
        first = free()  # the flow run is on record when the others begin
        cancel_it_all(upstream_tasks=[first])
        ask(1, upstream_tasks=[first])
    flow.run(executor="threads:2")
    assert ["Queued", "Cancelled"] == names_of(record, "ask")
    assert [] == record.tag_slots()


def test_a_flow_run_that_is_held_lets_others_go_before(record):
    """Nobody waits behind what does not go on; whoever goes on with it asks for the slot again."""
    limit_tag("db", 0)
    with Flow("held") as flow:
        first = free()  # the flow run is on record when the others begin
        ask(1, upstream_tasks=[first])
        hold_it_all(upstream_tasks=[first])
    assert not flow.run(executor="threads:2").is_finished()
    assert ["Queued"] == names_of(record, "ask")
    assert [] == record.tag_slots()
    lift_limit("db")
    (row,) = record.flow_runs(FlowRunFilter(limit=1))
    assert "Success" == Control(record).resume(row.id, flow=flow).kind.name
    assert ["Queued", "Running", "Success"] == names_of(record, "ask")


def test_what_is_paused_holds_no_slot(record):
    limit_tag("db", 1)
    with Flow("paused") as flow:
        ask_somebody()
        ask(1)
    assert not flow.run(executor="threads:2").is_finished()
    assert ["Running", "Success"] == names_of(record, "ask")[-2:]
    assert [] == record.tag_slots()
    (row,) = record.flow_runs(FlowRunFilter(limit=1))
    Control(record).resume(row.id, flow=flow)
    assert ["Running", "Paused", "Resume", "Running", "Success"] == names_of(record, "ask_somebody")


def test_what_is_tried_again_takes_a_slot_for_each_attempt(record):
    limit_tag("db", 1)
    assert flow_of(ask_twice, 3).run(executor="threads:2").is_successful()
    assert 1 == most_at_once(record, children(record))
    assert [2, 2, 2] == [each.attempt for each in record.task_runs(TaskRunFilter(is_mapped_child=True))]


def test_a_task_run_with_two_tags_takes_a_slot_of_each(record):
    limit_tag("db", 1)
    limit_tag("web", 1)
    with Flow("both") as flow:
        first = ask.copy()
        first.tags.add("web")
        flow.add_task(first.bind(1))
        ask(2)
    assert flow.run(executor="threads:2").is_successful()
    assert [] == record.tag_slots()


def test_a_flow_run_that_is_left_waiting_goes_on_where_it_stood(record):
    """Nobody waits for a slot; whoever goes on with the flow run asks for it again."""
    limit_tag("db", 0)
    flow = flow_of(count=2)
    FlowRunner(flow).run()
    assert [] == record.tag_slots()
    lift_limit("db")
    (row,) = record.flow_runs(FlowRunFilter(limit=1))
    assert "Success" == Control(record).resume(row.id, flow=flow).kind.name


@pytest.mark.parametrize(("step", "reads"), [(free, 0), (ask, 1)])
def test_what_has_no_limit_asks_the_record_for_nothing(record, monkeypatch, step, reads):
    """The limits are read once and again when that is a while ago, and not at all where no task has a tag."""
    asked = []
    kind = type(record)
    limits = kind.tag_limits
    monkeypatch.setattr(kind, "tag_limits", lambda self: asked.append("limits") or limits(self))
    monkeypatch.setattr(kind, "claim_tag_slots", lambda *_, **__: asked.append("claim"))
    monkeypatch.setattr(tag_slots, "RENEWAL", 3_600 * 10**9)
    with Flow("free") as flow:
        for number in range(5):
            step(number) if step is ask else step()
    assert flow.run(executor="threads:2").is_successful()
    assert ["limits"] * reads == asked
