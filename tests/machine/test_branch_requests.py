"""Stories of requests that come at odd moments: between an end and what follows from it, while a flow run is held, or twice."""

from __future__ import annotations

import pytest

from runwright.engine.stimuli import Requested
from runwright.errors import IllegalTransition
from runwright.states import KIND_BY_NAME

from .branch_world import BranchWorld
from .scripts import chain, flow, pause, together


def _begun(*tasks: object, **more: object) -> BranchWorld:
    world = BranchWorld(flow(*tasks, **more), window=2)
    world.start()
    world.settle()
    return world


def test_one_run_that_goes_on_does_not_let_a_held_flow_run_go_on_also_for_a_new_owner() -> None:
    world = BranchWorld(flow(together("a", pause()), "b"))
    world.start()
    world.answer()
    world.answer()
    world.request("pause")
    world.settle()
    world.request("resume", "together0/pause2")
    world.run("together0/a")
    world.crash()
    world.settle()

    assert (True, "Paused", []) == (world.machine.is_held, world.state(""), world.serving)
    world.request("resume")
    assert "Success" == world.complete()


def test_what_comes_after_the_end_of_a_flow_run_that_was_held_last_begins() -> None:
    """Somebody asked for a pause when nothing was left to hold."""
    world = _begun("a", after=("z",))
    world.run("a")
    world.request("pause")

    assert "Success" == world.complete()
    assert {"a": "Success", "z": "Success"} == world.states()


def test_what_runs_again_as_a_whole_runs_nothing_of_the_time_before() -> None:
    """Its process was lost while it was killed, so that what it had begun had never said anything."""
    world = _begun(chain("a", is_whole=True))
    world.request("kill")
    world.crash()
    world.complete()
    world.request("restart")
    world.check_restores()
    assert [] == world.serving

    assert "Success" == world.complete()
    first, second = (span.first for span in world.ledger.spans if span.parent)
    assert {0, 1, second} == {event.ordinal for event in world.log}, f"{first} ran"


def test_nothing_opens_under_a_run_that_was_marked() -> None:
    """Its first child had failed, which nobody had told it when it was marked; then the child is marked as well."""
    world = _begun(chain("a", "b"), "c")
    world.report("chain0/a", "Running")
    world.report("chain0/a", "Failed")
    world.request("mark", "chain0", state=KIND_BY_NAME["Success"].code)
    world.mark(world.ordinal("chain0/a"), "Success")

    assert ["c"] == world.serving
    assert "Success" == world.complete()
    assert {"chain0": "Success", "chain0/a": "Success", "c": "Success"} == world.states()


def test_an_end_from_which_something_follows_that_runs_is_not_marked() -> None:
    world = _begun(chain("a", errors=("e",)))
    world.run("chain0/a", "Failed")
    assert ["chain0/e"] == world.serving

    with pytest.raises(IllegalTransition, match="What came of its end is under way"):
        world.mark(world.ordinal("chain0/a"), "Success")
    world.run("chain0/e")
    world.mark(world.ordinal("chain0/a"), "Success")
    assert "Success" == world.complete()


def test_what_ran_after_a_run_that_is_open_again_does_not_run_twice() -> None:
    """Where nobody runs it, whoever marks a run below another that went well lets that one end anew."""
    world = _begun(chain("a"), "b", "c")
    world.complete()
    machine = world._fresh()
    machine.keeps_ended = True
    mark = Requested("mark", world.ordinal("chain0/a"), data={"state": KIND_BY_NAME["Warning"].code})
    world.log += machine.restore(world.log).handle(mark, world.at).events
    world.crash()

    assert "Warning" == world.complete()
    assert {"chain0": "Warning", "chain0/a": "Warning", "b": "Success", "c": "Success"} == world.states()
