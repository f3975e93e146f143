"""What somebody asks of runs of YAML flows: to end them, to go on, to run again what failed."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

import pytest

from runwright import app, clock
from runwright.control import Control
from runwright.errors import IllegalTransition, InputError
from runwright.executions.catalogue import handed_on_by
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.registered_flows import RegisteredFlows
from runwright.executions.runner import ExecutionRunner
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from runwright.runs import FlowRun
    from runwright.store import Store

ASKING = """
id: asking
namespace: tests
tasks:
  - id: side
    type: flow.Parallel
    tasks:
      - id: ask
        type: flow.Pause
      - id: done
        type: debug.Return
        format: done
  - id: last
    type: debug.Return
    format: "{{ outputs.done.value }}"
"""

FAILING = """
id: failing
namespace: tests
tasks:
  - id: first
    type: debug.Return
    format: first
  - id: bad
    type: execution.Fail
  - id: last
    type: debug.Return
    format: last
"""

CHILD = """
id: child
namespace: tests
tasks:
  - id: ask
    type: flow.Pause
"""

PARENT = """
id: parent
namespace: tests
tasks:
  - id: start
    type: flow.Subflow
    namespace: tests
    flowId: child
    wait: false
  - id: ask
    type: flow.Pause
"""


def run(record: Store, text: str) -> FlowRun:
    """Run a flow as far as it goes by itself."""
    ExecutionRunner(DeclaredFlow.from_text(text)).start()
    return latest(record)


def latest(record: Store) -> FlowRun:
    """Return the newest flow run."""
    return record.flow_runs(FlowRunFilter(limit=1))[0]


def states(record: Store) -> dict[str, tuple[str, int]]:
    """Return state and number of attempts of the task runs of the newest flow run."""
    rows = record.task_runs(TaskRunFilter(flow_run=latest(record).id))
    return {row.full_name: (row.kind.execution, row.attempt) for row in rows}


def test_a_paused_run_is_killed_with_what_is_above_its_pause(record: Store) -> None:
    """The text of the flow is on record: nobody else needs to be there."""
    row = run(record, ASKING)
    assert ("Paused", "PAUSED") == (row.kind.name, row.kind.execution)
    assert "Killed" == Control(record).kill(row.id).kind.name
    assert {"side": "KILLED", "ask": "KILLED", "done": "SUCCESS"} == {
        name: state for name, (state, _) in states(record).items()
    }


def test_a_paused_run_goes_on_where_it_is_resumed(record: Store) -> None:
    """What comes after the pause runs here."""
    row = run(record, ASKING)
    assert "Success" == Control(record).resume(row.id).kind.name
    assert ("SUCCESS", 1) == states(record)["last"]


def test_what_is_given_for_a_pause_is_looked_at_before_it_is_asked(record: Store) -> None:
    """It waits on for what it asked for."""
    asks = ASKING.replace(
        "type: flow.Pause", "type: flow.Pause\n        onResume:\n          - id: n\n            type: INT"
    )
    row = run(record, asks.replace("outputs.done.value", "outputs.ask.onResume.n"))
    control = Control(record)
    for wrong in ({"n": "many"}, {}):
        with pytest.raises(InputError, match="n"):
            control.resume(row.id, inputs=wrong)
    assert ("PAUSED", []) == (states(record)["ask"][0], record.requests(open_only=False))
    assert "Success" == control.resume(row.id, inputs={"n": 5}).kind.name
    (last,) = record.task_runs(TaskRunFilter(task="last"))
    assert "5" == handed_on_by(last)["value"]


def test_what_failed_runs_again_and_what_succeeded_does_not(record: Store) -> None:
    """It is reopened on record, and whoever takes it over runs it; it fails again, and its attempts are counted on."""
    row = run(record, FAILING)
    assert {"first": ("SUCCESS", 1), "bad": ("FAILED", 1)} == states(record)
    assert "RESTARTED" == Control(record).restart(row.id).kind.execution
    assert {"first": ("SUCCESS", 1), "bad": ("RESTARTED", 1)} == states(record)
    assert "Failed" == app.resume_flow_run(row.id, releases=False).kind.name
    assert {"first": ("SUCCESS", 1), "bad": ("FAILED", 2)} == states(record)
    assert [] == record.requests()


def test_what_ended_well_is_not_restarted(record: Store) -> None:
    """There is nothing that failed; the request is answered, and in nobody's way."""
    row = run(record, FAILING.replace("execution.Fail", "debug.Return"))
    assert "Success" == row.kind.name
    with pytest.raises(IllegalTransition):
        Control(record).restart(row.id)
    assert [] == record.requests()
    assert "Success" == latest(record).kind.name


@pytest.fixture
def family(record: Store) -> Store:
    """Give a record with a paused execution, the one that it started and does not wait for, and the one that that started."""
    top, middle = PARENT.replace("flowId: child", "flowId: middle"), PARENT.replace("id: parent", "id: middle")
    for text in (CHILD, middle):
        RegisteredFlows(record).keep(text)
    ExecutionRunner(DeclaredFlow.from_text(top)).start()
    wait_until_all_are_left(record, count=3)
    assert ["Paused", "Paused", "Paused"] == endings(record)
    return record


def test_a_killed_run_takes_along_what_it_has_started(family: Store) -> None:
    """At every level."""
    Control(family).kill(latest_of(family, "parent").id)
    assert ["Killed", "Killed", "Killed"] == endings(family)
    assert [] == family.requests()


def test_what_a_run_that_has_ended_has_started_is_killed_later(family: Store) -> None:
    """As long as there is any; then it is refused."""
    control, middle = Control(family), latest_of(family, "middle").id
    control.kill(middle, cascade=False)
    assert ["Paused", "Killed", "Paused"] == endings(family)
    control.kill(middle)
    assert ["Killed", "Killed", "Paused"] == endings(family)
    with pytest.raises(IllegalTransition, match=r"has ended: it is Killed.*Restart or mark it\."):
        control.kill(middle)


def endings(record: Store) -> list[str]:
    """Return the states of the flow runs of the family, the youngest first."""
    return [latest_of(record, name).kind.name for name in ("child", "middle", "parent")]


def latest_of(record: Store, name: str) -> FlowRun:
    """Return the newest flow run of a flow."""
    return record.flow_runs(FlowRunFilter(flow=f"tests/{name}", limit=1))[0]


def wait_until_all_are_left(record: Store, count: int) -> None:
    """Wait until so many flow runs are paused, and their owners are gone."""

    def left() -> list[FlowRun]:
        paused = record.flow_runs(FlowRunFilter(states=("Paused",)))
        return [row for row in paused if record.find_lease(row.id) is None]

    while len(left()) < count:
        clock.wait(queue.SimpleQueue(), 0.02)
