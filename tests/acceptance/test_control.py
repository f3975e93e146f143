"""What one process runs, another ends, holds or lets go on; and when the first one dies, nothing that was asked is lost."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest
from tests.acceptance import endless
from tests.acceptance.office import CANCELLED, CONFLICT, LONG, WRONG, is_alive

from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.office import Office


@pytest.mark.parametrize("executor", ["threads:2", "processes:2"])
@pytest.mark.parametrize(("verb", "ending"), [("cancel", "Cancelled"), ("kill", "Killed")])
def test_a_flow_run_is_ended_from_another_process(office: Office, executor: str, verb: str, ending: str) -> None:
    """Attempts are stopped with their processes, what had not begun never does."""
    owner = office.run("hanging", executor, traces=2)
    answer = office.call(verb, str(office.flow_run().id)[:13], "--json")
    assert 0 == answer.returncode, answer.stderr
    data = json.loads(answer.stdout)
    assert (ending, True) == (data["state"], data["is_answered"])
    owner.communicate()
    assert CANCELLED == owner.returncode
    states = office.states()
    assert ["Killed", "Killed"] == states["hang"]
    assert {"Cancelled": ["Cancelled"], "Killed": ["Killed"]}[ending] == states["after"]
    assert [] == [pid for _, pid in office.traces() if is_alive(pid)]


def test_a_flow_run_is_ended_between_two_tasks_that_run_inline(office: Office) -> None:
    """The one that runs comes to its end, the next ones never begin."""
    owner = office.run("chain", "inline", traces=3)
    answer = office.call("cancel", office.flow_run().name)
    assert 0 == answer.returncode, answer.stderr
    owner.communicate()
    assert CANCELLED == owner.returncode
    states = office.states()["link"]
    began = len(office.traces())
    assert ["Success"] * began + ["Cancelled"] * (endless.LINKS - began) == states


def test_what_a_dead_process_ran_is_ended_by_whoever_asks(office: Office) -> None:
    """Once its lease has ended; nobody needs its code, or runs any of it."""
    owner = office.run("hanging", "threads:2", traces=2, RUNWRIGHT_LEASE_SECONDS="1")
    office.wait_for(lambda: ["Running"] * 2 == office.states().get("hang"))
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    answer = office.call("kill", str(office.flow_run().id), "--timeout", LONG)
    assert 0 == answer.returncode, answer.stderr
    assert "Killed" == office.flow_run().kind.name
    assert {"Killed"} == set(office.states()["hang"])
    assert 2 == len(office.traces())


def test_what_was_asked_of_a_dead_process_is_done_by_the_next(office: Office) -> None:
    """Before that begins anything."""
    owner = office.run("hanging", "threads:2", traces=2, RUNWRIGHT_LEASE_SECONDS="600")
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    flow_run = str(office.flow_run().id)
    asked = office.call("kill", flow_run, "--no-wait", "--json")
    assert (0, False) == (asked.returncode, json.loads(asked.stdout)["is_answered"])
    lease = office.store.find_lease(office.flow_run().id)
    assert lease is not None
    office.store.renew(lease, 0)  # nobody waits for its end here
    resumed = office.call("resume", flow_run)
    assert CANCELLED == resumed.returncode, resumed.stderr
    assert "Killed" == office.flow_run().kind.name
    assert 2 == len(office.traces())


def test_two_who_ask_at_once_are_both_answered(office: Office) -> None:
    """One of them ends the flow run; the other is told that it was done, or that it is over."""
    owner = office.run("hanging", "threads:2", traces=2)
    flow_run = str(office.flow_run().id)
    askers = [office.start("fr", verb, flow_run) for verb in ("cancel", "kill")]
    for asker in askers:
        asker.communicate()
    owner.communicate()
    assert {0} <= {asker.returncode for asker in askers} <= {0, CONFLICT}
    assert office.flow_run().kind.name in {"Cancelled", "Killed"}


def test_what_has_ended_is_not_ended_again(office: Office) -> None:
    """The answer says what it ended as."""
    office.run("hanging", "threads:2", traces=2)
    flow_run = str(office.flow_run().id)
    assert 0 == office.call("cancel", flow_run).returncode
    again = office.call("cancel", flow_run)
    assert CONFLICT == again.returncode
    assert "has ended: it is Cancelled" in again.stderr


def test_a_paused_task_run_goes_on_in_the_process_that_holds_it(office: Office) -> None:
    """While others of that flow run are still at work."""
    office.run("asking", "threads:2", traces=1)
    flow_run = office.flow_run()
    office.wait_for(lambda: office.states()["asks"] == ["Paused"])
    answer = office.call("resume", str(flow_run.id))
    assert 0 == answer.returncode, answer.stderr
    office.wait_for(lambda: ["asks"] == [name for name, _ in office.traces() if name == "asks"])
    again = office.call("resume", str(flow_run.id))
    assert (CONFLICT, True) == (again.returncode, "nothing of it is paused" in again.stderr)
    assert 0 == office.call("cancel", str(flow_run.id)).returncode


def test_a_flow_run_is_held_and_goes_on_later_elsewhere(office: Office) -> None:
    """Its process leaves; the one that resumes it runs the rest, and nothing again."""
    owner = office.run("chain", "inline", traces=3)
    flow_run = str(office.flow_run().id)
    assert 0 == office.call("pause", flow_run).returncode
    owner.communicate()
    assert 0 == owner.returncode
    began = len(office.traces())
    assert ["Success"] * began == [state for state in office.states()["link"] if state != "Pending"]
    office.start("fr", "resume", flow_run, "-e", "inline")
    office.wait_for(lambda: len(office.traces()) > began)
    assert 0 == office.call("cancel", flow_run).returncode


PROGRAMS = """
id: programs
namespace: tests
tasks:
  - id: both
    type: flow.Parallel
    tasks:
      - id: program
        type: shell.Commands
        commands:
          - sleep 900 & echo "child $!" >> $EFFECTS
          - echo "program $$" >> $EFFECTS; sleep 900
      - id: ask
        type: flow.Pause
        onResume:
          - {id: answer, type: INT}
  - id: last
    type: debug.Return
    format: "{{ outputs.ask.onResume.answer }}"
"""


def test_an_execution_is_resumed_and_killed_with_its_programs(office: Office, tmp_path: Path) -> None:
    """A wrong answer changes nothing; in the end nothing of the program's process tree is left."""
    flow = tmp_path / "programs.yaml"
    flow.write_text(PROGRAMS)
    owner = office.start("run", str(flow))
    office.wait_for(lambda: len(office.traces()) >= 2 and office.states().get("ask") == ["Paused"])
    flow_run = str(office.flow_run().id)
    assert WRONG == office.call("resume", flow_run, "-i", "answer=many").returncode
    answer = office.call("resume", flow_run, "-i", "answer=42")
    assert 0 == answer.returncode, answer.stderr
    office.wait_for(lambda: office.states()["ask"] == ["Success"])
    killed = office.call("kill", flow_run, "--timeout", LONG)
    assert 0 == killed.returncode, killed.stderr
    owner.communicate()
    assert CANCELLED == owner.returncode
    office.wait_for(lambda: not any(is_alive(pid) for _, pid in office.traces()))
    assert {"both": ["Killed"], "ask": ["Success"], "program": ["Killed"]} == {
        row.task_name: [row.kind.name] for row in office.store.task_runs(TaskRunFilter())
    }
