"""Stories of lost processes: whatever prefix of the log survives, a new owner ends the run as it would have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runwright.engine.stimuli import Recovered

from .graphs import graph_of
from .world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    Play = Callable[..., World]

FLOWS = {
    "chain": ("a -> b -> c", {"b": "Failed"}),
    "diamond": ("a -> b; a -> c; b -> d; c -> d", {"c": "Skipped"}),
    "map": ("a => b; b -> c", {"b[1]": "Failed"}),
    "map over map": ("a => b; b => c; c -> d", {"b[0]": "Failed", "c[1]": "TimedOut"}),
    "flatten": ("a => b; b ~=> c", {"c[0]": "Cached"}),
    "failed map": ("a => b; b => c", {"b": "Failed", "c": "Failed"}),
}


def _ends(world: World) -> dict[str, str]:
    """Return the final state of every run by name."""
    return {world.name(ordinal): world.state(world.name(ordinal)) for ordinal in sorted(world.ledger.entries)}


def _whole(flow: str) -> tuple[World, dict[str, str]]:
    text, ends = FLOWS[flow]
    world = World(graph_of(text), window=2)
    world.start()
    world.complete(ends)
    return world, ends


@pytest.mark.parametrize("flow", FLOWS)
def test_every_prefix_ends_the_same(flow: str) -> None:
    """A run is lost after each of its events in turn.

    1. Only that prefix of the log survives; a new owner recovers from it.
    2. What is recorded as final is never submitted again (the ledger refuses it), and versions go on without a gap.
    3. The run and every task run end in the states they would have ended in.
    """
    whole, ends = _whole(flow)
    expected = _ends(whole)
    for keep in range(len(whole.log) + 1):
        survivor = World(whole.graph, window=2)
        survivor.log = whole.log[:keep]
        survivor.crash()
        survivor.complete(ends)
        assert expected == _ends(survivor), f"after {keep} of {len(whole.log)} events"
        survivor.check_restores()


@pytest.mark.parametrize("flow", FLOWS)
def test_every_prefix_of_a_recovered_run_ends_the_same(flow: str) -> None:
    """Lost twice: the second loss strikes after each event of the run that was recovered half way."""
    whole, ends = _whole(flow)
    expected = _ends(whole)
    half = World(whole.graph, window=2)
    half.log = whole.log[: len(whole.log) // 2]
    half.crash()
    half.complete(ends)
    for keep in range(len(half.log) + 1):
        survivor = World(whole.graph, window=2)
        survivor.log = half.log[:keep]
        survivor.crash()
        survivor.complete(ends)
        assert expected == _ends(survivor), f"after {keep} of {len(half.log)} events"


def test_an_attempt_that_was_lost_is_made_again_and_uses_up_no_retry(play: Play) -> None:
    """The process dies while a task runs.

    1. The record says that the attempt crashed and that it was lost.
    2. The next attempt is number 2 and still the first run.
    """
    run = play("a -> b")
    run.start()
    run.report("a", "Running")
    assert ["a Retrying", "submit a #2"] == run.crash()
    assert {"lost": True, "failed": {"state": 20, "message": "The process that ran it was lost."}}.items() <= (
        run.log[-1].data or {}
    ).items()
    assert (2, 1) == (run.submits["a"].attempt, run.submits["a"].run_count)
    run.report("a", "Running")
    run.report("a", "Retrying", due=5)
    assert ["a Retrying", "submit b"] != run.crash()
    run.pass_time(5)
    assert (3, 2) == (run.submits["a"].attempt, run.submits["a"].run_count)


def test_what_was_submitted_and_never_ran_is_submitted_again_as_the_same_attempt(play: Play) -> None:
    """No event says that it was submitted, so nothing was lost."""
    run = play("a -> b")
    run.start()
    assert ["submit a"] == run.crash()
    assert "Success" == run.complete()


def test_a_success_on_record_is_not_made_again(play: Play) -> None:
    """The success is durable, what it would have started is not: only that is submitted."""
    run = play("a -> b")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    assert ["submit b"] == run.crash()


def test_a_retry_keeps_its_time(play: Play) -> None:
    """The timer is on record: the new owner waits for the same time."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.report("a", "Retrying", due=70)
    assert [] == run.crash()
    assert 70 == run.machine.next_timer
    assert ["submit a #2"] == run.pass_time(70)


def test_a_pause_is_still_a_pause(play: Play) -> None:
    """A paused run waits for its request in the new process too."""
    run = play("a")
    run.start()
    run.report("a", "Paused")
    assert [] == run.crash()
    assert run.machine.is_stalled
    assert ["run resume", "a Resume", "submit a"] == run.request("resume", "a")


def test_a_request_to_resume_outlives_the_process(play: Play) -> None:
    """The request is on record and what follows from it is not: the new owner does it."""
    run = play("a; b; c")
    run.start()
    run.report("a", "Paused")
    run.report("b", "Paused", due=90)
    run.report("c", "Success")
    run.request("resume", "b")
    assert ["b Resume", "submit b"] == run.crash(keep=len(run.log) - 1)
    assert "Paused" == run.state("a")


def test_a_request_to_cancel_outlives_the_process(play: Play) -> None:
    """The flow run is to be cancelled: the attempt that was lost is Killed, not made again, and the run ends."""
    run = play("a -> b")
    run.start()
    run.report("a", "Running")
    run.request("cancel")
    assert ["run Cancelling", "b Cancelled", "a Killed", "finish Cancelled"] == run.crash(
        keep=run.log.index(_first(run, 4)) + 1
    )
    assert ["run Cancelled"] == run.finish_run()


def test_an_attempt_that_was_being_stopped_is_not_made_again(play: Play) -> None:
    """It was told to stop and its process died: it is stopped."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.report("a", "Cancelling")
    assert ["a Killed", "finish Failed"] != run.crash()
    assert "Killed" == run.state("a")


def test_a_map_goes_on_with_the_children_that_are_missing(play: Play) -> None:
    """A wide map, lost in the middle.

    1. The children that ended stay ended, the one that ran is made again, the others are opened when there is room.
    2. Each child is on record exactly once (the ledger counts them).
    """
    run = play("a => b; b -> c", window=2)
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    run.report("b", "Mapped", length=5)
    run.report("b[1]", "Running")
    run.report("b[1]", "Failed")
    run.report("b[2]", "Running")
    assert ["b[2] Retrying", "submit b[2] #2", "submit b[0]"] == run.crash()
    run.report("b[0]", "Running")
    assert ["b[0] Success", "submit b[3]"] == run.report("b[0]", "Success")
    assert "Success" == run.complete()


def test_pairs_are_found_again(play: Play) -> None:
    """In a map over a map the pair of a child that ended before the loss is submitted, the pair of one that did not is not."""
    run = play("a => b; b => c")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    run.report("b", "Mapped", length=2)
    run.report("c", "Mapped", length=2)
    run.report("b[1]", "Running")
    run.report("b[1]", "Success")
    assert ["submit c[1]", "submit b[0]"] == run.crash()


def test_a_flow_run_that_had_ended_all_but_in_name_is_finished(play: Play) -> None:
    """Every task run is final, the flow run is not: the new owner only finishes it."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    assert ["finish Success"] == run.crash()


def test_a_finished_run_stays_finished() -> None:
    """Recovering what has ended decides nothing."""
    run, _ = _whole("map")
    run.restore()
    assert run.machine.is_finished
    decision = run.handle(Recovered())
    assert ([], []) == (decision.events, decision.effects)


def test_recovering_twice_loses_the_attempt_twice(play: Play) -> None:
    """The second process dies as well before anything runs: nothing more is lost, and the number stays."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.crash()
    assert ["submit a #2"] == run.crash()
    run.report("a", "Running")
    assert ["a Retrying", "submit a #3"] == run.crash()
    assert 1 == run.submits["a"].run_count


def _first(run: World, kind: int):
    return next(event for event in run.log if event.kind == kind)
