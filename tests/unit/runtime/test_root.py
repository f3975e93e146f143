"""Root: what is left on the record of a flow run, whatever its runner ended in."""

from __future__ import annotations

from uuid import UUID

import pytest

from runwright import Flow, task
from runwright.clock import utcnow
from runwright.engine.machine import Machine
from runwright.engine.stimuli import Reported, Started
from runwright.flowables.dag import Dag
from runwright.runtime.root import Root
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, Cancelled, Failed, Paused, Pending, Running, Scheduled, Success

FLOW_RUN = UUID("01920000-0000-7000-8000-000000000000")


class Writer:
    """Keeps events instead of writing them."""

    def __init__(self):
        self.events = []

    def emit(self, events, logs=(), metrics=()):
        self.events.extend(events)

    def flush(self):
        return 0


@task
def step():
    """Do nothing."""


@pytest.fixture
def root():
    """A flow run of one task, created."""
    flow = Flow("f", tasks=[step])
    root = Root(Machine(FLOW_RUN, flow.compile(), ending=Dag()), Writer())
    root.create({"flow": "f"})
    return root


def told(root):
    """Return the states of the log, by run."""
    names = {0: "run", 1: "step"}
    return [(names[event.ordinal], KIND_BY_CODE[event.state].name) for event in root.writer.events if event.state]


@pytest.mark.parametrize("state", [Success(), Failed(), Cancelled(), Scheduled(), Paused()], ids=repr)
def test_a_flow_run_that_never_began(root, state):
    root.end(state)
    assert [("run", "Pending"), ("run", state.kind.name)] == told(root)
    assert not root.has_begun


@pytest.mark.parametrize("state", [Pending(), Running()], ids=repr)
def test_what_says_nothing_new_is_not_recorded(root, state):
    root.end(state)
    assert [("run", "Pending")] == told(root)


def test_a_scheduled_one_says_when(root):
    root.end(Scheduled(start_time=utcnow()))
    assert {"message", "due"} == root.writer.events[-1].data.keys()


@pytest.mark.parametrize("state", [Running(), Paused(), Scheduled(), Pending()], ids=repr)
def test_one_that_is_not_over_stays_running(root, state):
    root.apply(Started())
    root.end(state)
    assert [("run", "Pending"), ("run", "Running")] == told(root)
    assert root.has_begun


@pytest.mark.parametrize(("attempt", "ended"), [([], "Cancelled"), (["Running"], "Killed"), (["Paused"], "Cancelled")])
def test_the_end_ends_what_is_open(root, attempt, ended):
    root.apply(Started())
    for state in attempt:
        root.apply(Reported(1, 1, KIND_BY_NAME[state].code))
    root.end(Failed("broken", result=ValueError("x")))
    assert [("run", "Cancelling"), ("step", ended), ("run", "Failed")] == told(root)[-3:]
    assert {"message": "broken", "error": {"type": "ValueError", "text": "x"}} == root.writer.events[-1].data
    assert root.machine.is_finished


def test_one_that_ran_is_cancelled_by_way_of_cancelling(root):
    root.apply(Started())
    root.apply(Reported(1, 1, KIND_BY_NAME["Success"].code))
    root.end(Cancelled())
    assert ["Running", "Cancelling", "Cancelled"] == [state for run, state in told(root) if run == "run"][1:]


def test_it_ends_once(root):
    root.end(Success())
    root.end(Failed())
    assert [("run", "Pending"), ("run", "Success")] == told(root)
