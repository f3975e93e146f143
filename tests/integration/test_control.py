"""What somebody asks of flow runs that no process holds is done by whoever asks, on the record alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from runwright import Flow, clock, context, ids, task
from runwright.control import Control
from runwright.errors import IllegalTransition, LeaseHeld, NotOnRecord
from runwright.flow_runner import FlowRunner
from runwright.signals import PAUSE
from runwright.states import Scheduled
from runwright.testing.scribe import Scribe
from runwright.triggers import manual_only
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from runwright.runs import FlowRun
    from runwright.store import Store

ran: list[str] = []


@task
def numbers() -> list[int]:
    """Return what is mapped over."""
    ran.append("numbers")
    return [1, 2, 3]


@task(trigger=manual_only)
def approved(x: list[int]) -> list[int]:
    """Wait for somebody to say yes."""
    ran.append("approved")
    return x


@task
def inc(x: int) -> int:
    """Return one more."""
    ran.append("inc")
    return x + 1


@task
def asks(name: str) -> None:
    """Wait for somebody, too."""
    if not context.get("resume"):
        raise PAUSE("Go on?")
    ran.append(name)


with Flow("approval") as approval:
    inc.map(approved(numbers()))

with Flow("two questions") as two_questions:
    asks("first")
    asks("second")


def latest(record: Store) -> FlowRun:
    """Return the newest flow run."""
    return record.flow_runs(FlowRunFilter(limit=1))[0]


def states(record: Store, row: FlowRun) -> dict[str, str]:
    """Return the states of a flow run's task runs."""
    return {each.full_name: each.kind.name for each in record.task_runs(TaskRunFilter(flow_run=row.id))}


@pytest.fixture
def paused(record: Store) -> FlowRun:
    """Return a flow run that waits for an approval, and that nobody holds."""
    ran.clear()
    approval.run()
    return latest(record)


@pytest.fixture
def held(record: Store) -> Scribe:
    """Return a flow run of two tasks that somebody else holds; the first one runs."""
    scribe = Scribe(record).start()
    scribe.enter(1, "Running").commit()
    return scribe


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        ("cancel", {"numbers-1": "Success", "approved-1": "Cancelled", "inc-1": "Cancelled"}),
        ("kill", {"numbers-1": "Success", "approved-1": "Killed", "inc-1": "Killed"}),
    ],
)
def test_a_flow_run_that_nobody_holds_is_ended_here(
    record: Store, paused: FlowRun, verb: str, expected: dict[str, str]
) -> None:
    """Its code is not needed: what the record knows of the flow is enough."""
    row = getattr(Control(record), verb)(paused.id, by="me")
    assert {"cancel": "Cancelled", "kill": "Killed"}[verb] == row.kind.name
    assert expected == states(record, paused)
    assert ["numbers"] == ran
    (request,) = record.requests(open_only=False)
    assert ("me", verb, False) == (request.by, request.intent, request.is_open)
    assert record.find_lease(paused.id) is None


def test_the_children_of_a_map_that_had_no_row_yet_end_too(record: Store, held: Scribe) -> None:
    """Each of them has its state on record."""
    held.enter(1, "Success").map(2, 3)
    held.commit()
    record.release(held.lease)
    assert "Cancelled" == Control(record).cancel(held.flow_run).kind.name
    expected = {"first": "Success", "second": "Cancelled"} | {f"second[{index}]": "Cancelled" for index in range(3)}
    assert expected == states(record, latest(record))


def test_what_a_lost_process_ran_is_killed(record: Store, held: Scribe) -> None:
    """It had begun; what had not is cancelled."""
    record.release(held.lease)
    assert "Cancelled" == Control(record).cancel(held.flow_run).kind.name
    assert {"first": "Killed", "second": "Cancelled"} == states(record, latest(record))


def test_a_flow_run_that_waits_for_its_time_never_begins(record: Store) -> None:
    """It has no task runs yet, and gets none."""
    FlowRunner(approval).run(state=Scheduled(start_time=clock.utcnow() + timedelta(days=1)))
    assert "Cancelled" == Control(record).cancel(latest(record).id).kind.name
    assert {} == states(record, latest(record))


def test_a_flow_run_that_nobody_holds_is_paused_on_record(record: Store, held: Scribe) -> None:
    """Whoever goes on with it finds it so; it can still be ended."""
    record.release(held.lease)
    control = Control(record)
    assert "Paused" == control.pause(held.flow_run).kind.name
    assert "Killed" == control.kill(held.flow_run).kind.name


def test_whoever_resumes_runs_the_rest(record: Store, paused: FlowRun) -> None:
    """Here and now, when nobody else holds the flow run."""
    assert "Success" == Control(record).resume(paused.id, flow=approval).kind.name
    assert ["numbers", "approved", "inc", "inc", "inc"] == ran


def test_one_task_run_is_resumed_and_the_other_waits(record: Store) -> None:
    """The flow run stays until the other one may go on too."""
    ran.clear()
    two_questions.run()
    row = latest(record)
    (second,) = record.task_runs(TaskRunFilter(flow_run=row.id, task="asks-2"))
    control = Control(record)
    assert "Running" == control.resume(row.id, second.id, flow=two_questions).kind.name
    assert {"asks-1": "Paused", "asks-2": "Success"} == states(record, row)
    assert "Success" == control.resume(row.id, flow=two_questions).kind.name
    assert ["second", "first"] == ran


def test_what_has_ended_is_refused_and_says_what_to_do(record: Store, paused: FlowRun) -> None:
    """Nothing is written down."""
    control = Control(record)
    control.kill(paused.id)
    for ask in (control.cancel, control.kill, control.pause, control.resume):
        with pytest.raises(IllegalTransition, match=r"has ended: it is Killed, nothing is left to \w+\."):
            ask(paused.id)
    assert 1 == len(record.requests(open_only=False))


def test_what_is_not_on_record_cannot_be_asked(record: Store, paused: FlowRun) -> None:
    """Neither a flow run nor a task run, nor that of another flow run."""
    control = Control(record)
    with pytest.raises(NotOnRecord):
        control.kill(ids.new_flow_run_id(clock.now()))
    for other in (ids.task_run_id(paused.id, 99), ids.task_run_id(ids.new_flow_run_id(clock.now()), 1)):
        with pytest.raises(NotOnRecord):
            control.resume(paused.id, other)
    assert [] == record.requests(open_only=False)


def test_a_flow_run_that_runs_elsewhere_is_not_resumed(record: Store, held: Scribe) -> None:
    """Nothing of it waits for anybody."""
    with pytest.raises(LeaseHeld, match="is run by scribe"):
        Control(record).resume(held.flow_run)
    assert [] == record.requests()


def test_an_owner_that_does_not_answer_is_waited_for(record: Store, held: Scribe) -> None:
    """As long as it was said; the request stays, and whoever comes later does it."""
    control = Control(record)
    assert "Running" == control.kill(held.flow_run, timeout=0).kind.name
    (request,) = record.requests(held.flow_run)
    assert control.latest(request).is_open
    record.release(held.lease)
    assert "Killed" == control.settle(request).kind.name
    assert [] == record.requests()


def test_everything_that_waits_for_an_owner_is_answered_in_order(record: Store, held: Scribe) -> None:
    """Two who wanted an end have it, and who came too late with something else is told."""
    control = Control(record)
    requests = [control.ask(held.flow_run, intent) for intent in ("pause", "cancel", "kill", "pause")]
    record.release(held.lease)
    control.settle(requests[0])
    answers = [each.answer.error if each.answer else "open" for each in record.requests(open_only=False)]
    assert [None, None, None, "IllegalTransition"] == answers
    assert "Cancelled" == latest(record).kind.name


def test_a_request_sent_twice_is_asked_once(record: Store, held: Scribe) -> None:
    """Whoever names it may send it again when no answer came."""
    control, name = Control(record), uuid4()
    first = control.ask(held.flow_run, "cancel", request=name)
    assert first == control.ask(held.flow_run, "cancel", request=name)
    assert [first] == record.requests()
    record.release(held.lease)
    assert "Cancelled" == control.settle(first).kind.name
