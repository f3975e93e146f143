"""Stories of branches: what opens when, how it ends, and that a new owner ends a lost run as it would have ended."""

from __future__ import annotations

import pytest

from runwright.engine.stimuli import Annotated, Opened, Reported, Requested
from runwright.errors import IllegalTransition
from runwright.events import Event, EventKind
from runwright.flowable import Children
from runwright.states import KIND_BY_CODE, KIND_BY_NAME

from .branch_world import BranchWorld
from .scripts import chain, dag, each, flow, loop, pause, together

FLOWS = {
    "chain": flow("a", "b"),
    "together": flow(together("a", "b", "c", limit=2), "d"),
    "dag": flow(dag("a", "b", "c", "d", links="a>b a>c b>d c>d", limit=1)),
    "each": flow(each("a", "b", rounds=3, limit=2), "z"),
    "loop": flow(loop("a", "b", turns=2), "z"),
    "pause": flow(pause("a"), "b"),
    "pause for a time": flow(pause(wait=3), "b"),
    "nested": flow(each(together("a", "b"), rounds=2, finally_=("f",)), errors=("e",), finally_=("g",), after=("h",)),
    "empty": flow(),
    "nothing in it": flow(chain(), "a", errors=("e",)),
    "pauses at once": flow(together(pause(), pause(wait=2), "x"), "y"),
}


def _run(name: str, ends: dict[str, str]) -> BranchWorld:
    world = BranchWorld(FLOWS[name], window=2)
    world.start()
    world.complete(ends)
    world.check_restores()
    return world


@pytest.mark.parametrize("state", ["Success", "Warning", "Failed", "Killed"])
@pytest.mark.parametrize("name", FLOWS)
def test_every_prefix_ends_the_same(name: str, state: str) -> None:
    """A run in which each task in turn ends so is lost after each of its events in turn.

    1. Only that prefix of the log survives; a new owner recovers from it.
    2. What succeeded is not made again (the ledger refuses it), and versions go on without a gap.
    3. The run ends as it would have, and so does what was opened again; what a failure kept from opening may differ.
    """
    targets = _run(name, {}).states() if state != "Success" else {"": ""}
    for target in targets:
        ends = {target: state}
        whole = _run(name, ends)
        for keep in range(len(whole.log) + 1):
            survivor = BranchWorld(whole.graph, window=2)
            survivor.log, survivor.at = whole.log[:keep], whole.at
            survivor.crash()
            survivor.complete(ends)
            survivor.check_restores()
            differing = {
                each: (whole.states()[each], found)
                for each, found in survivor.states().items()
                if whole.states().get(each, found) != found
            }
            assert (whole.state(""), {}) == (survivor.state(""), differing), f"{target} {state}, {keep} events kept"


def test_the_flow_run_waits_with_two_pauses_also_for_a_new_owner() -> None:
    """It goes on with the last of them, whoever runs it."""
    world = BranchWorld(flow(together(pause(), pause(), "x")))
    world.start()
    world.settle()
    world.run("together0/x")
    assert "Paused" == world.state("")
    world.crash()
    world.request("resume", "together0/pause1")
    assert "Paused" == world.state("")
    world.settle()
    world.request("resume", "together0/pause2")
    assert "Running" == world.state("")
    assert "Success" == world.complete()


def test_nothing_of_a_branch_that_failed_opens() -> None:
    world = BranchWorld(flow(each("a", "b", rounds=3, limit=2)))
    world.start()
    world.settle()
    assert ["each0/a[0]", "each0/a[1]"] == world.serving
    world.run("each0/a[0]", "Failed")
    assert ["each0/a[1]"] == world.serving
    world.run("each0/a[1]")
    assert ({"each0": "Failed", "each0/a[0]": "Failed", "each0/a[1]": "Success"}, []) == (world.states(), world.serving)


def test_what_was_killed_before_it_began_runs_after_a_restart() -> None:
    """A run that stands for others was killed with nothing below it begun: it does not end as if there were nothing."""
    world = BranchWorld(flow(chain("a")))
    world.start()
    world.answer()
    world.answer()
    world.request("kill")
    world.complete()
    assert {"chain0": "Killed", "chain0/a": "Killed"} == {**world.states(), "chain0/a": "Killed"}
    world.request("restart")
    assert "Success" == world.complete()
    assert {"chain0": "Success", "chain0/a": "Success"} == world.states()


def test_a_cancel_before_anything_opened_ends_the_run() -> None:
    world = BranchWorld(flow("a"))
    world.start()
    world.request("cancel")
    assert "Cancelling" == world.state("")
    assert "Cancelled" == world.complete()
    assert {} == world.states()


def test_what_runs_after_the_end_and_was_never_begun_is_asked_for_again() -> None:
    """The process was lost between the branch and the end that it comes after."""
    world = BranchWorld(flow("a", after=("z",)))
    world.start()
    world.settle()
    world.run("a")
    world.finish_run()
    lost_at = next(
        number for number, event in enumerate(world.log) if (event.data or {}).get("branch") == "afterExecution"
    )
    world.crash(keep=lost_at + 1)
    assert "Running" == world.state("")
    assert "Success" == world.complete()
    assert {"a": "Success", "z": "Success"} == world.states()


def test_a_restart_leaves_behind_what_runs_after_the_end() -> None:
    world = BranchWorld(flow("a", after=("z",)))
    world.start()
    world.settle()
    world.run("a", "Failed")
    world.finish_run()
    world.report("z", "Running")
    world.request("restart")
    assert {"a": "Resume", "z": "Killed"} == world.states()
    assert "Success" == world.complete()


@pytest.mark.parametrize("intent", ["restart", "mark"])
def test_what_is_being_stopped_does_not_run_again(intent: str) -> None:
    world = BranchWorld(flow("a"))
    world.start()
    world.settle()
    world.report("a", "Running")
    world.request("kill")
    with pytest.raises(IllegalTransition, match="being stopped"):
        world.handle(Requested(intent, 1, data={"state": 1}))


def test_what_has_not_ended_is_not_restarted() -> None:
    world = BranchWorld(flow(together("a", "b")))
    world.start()
    world.settle()
    world.run("together0/a", "Failed")
    with pytest.raises(IllegalTransition, match="has not ended"):
        world.request("restart")


def test_what_stands_for_open_runs_is_not_marked() -> None:
    world = BranchWorld(flow(chain("a")))
    world.start()
    world.settle()
    with pytest.raises(IllegalTransition, match="under way below it"):
        world.request("mark", "chain0", state=1)


def test_a_mark_where_nobody_runs_it_leaves_it_to_the_next_owner() -> None:
    """It is to go on, and does when somebody takes it over."""
    world = BranchWorld(flow(pause(), "a"))
    world.start()
    world.settle()
    machine = world.restored()
    events = machine.handle(Requested("mark", 1, data={"state": KIND_BY_NAME["Success"].code}), world.at).events
    assert [(0, "Resume"), (1, "Success")] == states_in(events)
    world.log += events
    world.crash()
    assert "Running" == world.state("")
    assert "Success" == world.complete()


def test_what_is_noted_after_the_end_opens_nothing() -> None:
    """A restart runs again what failed, as if nothing had been noted."""
    world = BranchWorld(flow("a"))
    world.start()
    world.settle()
    world.run("a", "Failed")
    world.finish_run()
    machine = world.restored()
    world.log += machine.handle(Annotated({"labels": {"seen": "yes"}}), world.at).events
    reopened = world.restored().handle(Requested("restart"), world.at).events
    assert [(0, "Resume"), (1, "Resume")] == states_in(reopened)


def test_what_a_run_hands_on_while_it_stays_is_a_note() -> None:
    """What stands for others and was Running before it knew its children does not begin to run twice."""
    world = BranchWorld(flow(chain("a")))
    world.start()
    world.answer()
    (resolve,) = world.pending
    machine = world.machine
    machine.handle(Reported(1, resolve.attempt, KIND_BY_NAME["Running"].code), world.at)
    opened = Opened(1, resolve.attempt, Children(body=(1,)), {"outputs": {"n": 1}})
    events = machine.handle(opened, world.at).events
    assert [] == states_in(events)
    assert [
        (EventKind.ANNOTATED, {"outputs": {"n": 1}}),
        (EventKind.EXPANDED, {"first": 2, "count": 1, "body": [1]}),
    ] == [(event.kind, event.data) for event in events]


def test_of_a_run_that_has_ended_nothing_is_noted() -> None:
    world = BranchWorld(flow("a", "b"))
    world.start()
    world.settle()
    world.run("a")
    assert [] == world.machine.handle(Annotated({"outputs": {}}, ordinal=1), world.at).events


def states_in(events: list[Event]) -> list[tuple[int, str]]:
    """Return the states that runs went to, by ordinal."""
    return [(event.ordinal, KIND_BY_CODE[event.state].name) for event in events if event.kind == EventKind.STATE]
