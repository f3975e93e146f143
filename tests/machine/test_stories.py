"""Stories of runs that go as they should: what the machine decides, step by step, in the words of `World`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .world import World

    Play = Callable[..., World]


def test_chain(play: Play) -> None:
    """One task after the other.

    1. The flow run is created and started; only the first task is submitted.
    2. Running opens its attempt and decides nothing else.
    3. Its success submits the second task.
    4. The last success asks for the end of the flow run, and the end is recorded.
    """
    run = play("a -> b")
    assert ["run created", "run Running", "run expanded 2", "submit a"] == run.start()
    assert ["a Running"] == run.report("a", "Running")
    assert ["a Success", "submit b"] == run.report("a", "Success")
    assert ["b Running"] == run.report("b", "Running")
    assert ["b Success", "finish Success"] == run.report("b", "Success")
    assert ["run Success"] == run.finish_run()
    assert run.machine.is_finished
    assert [] == run.machine.open_cells()


def test_diamond(play: Play) -> None:
    """Two branches meet.

    1. Both branches are submitted at once.
    2. The first to end submits nothing: the join waits for two.
    3. The second submits the join.
    """
    run = play("a -> b; a -> c; b -> d; c -> d")
    run.start()
    run.report("a", "Running")
    assert ["a Success", "submit b", "submit c"] == run.report("a", "Success")
    run.report("c", "Running")
    run.report("b", "Running")
    assert ["c Success"] == run.report("c", "Success")
    assert ["b Success", "submit d"] == run.report("b", "Success")
    assert "Success" == run.complete()


def test_two_edges_between_the_same_tasks_are_satisfied_together(play: Play) -> None:
    """A task that takes another's result twice starts once, and is not left waiting for a second success."""
    run = play("a -> b; a -> b")
    run.start()
    run.report("a", "Running")
    assert ["a Success", "submit b"] == run.report("a", "Success")
    assert "Success" == run.complete()


def test_an_empty_flow_ends_at_once(play: Play) -> None:
    """A flow without tasks is finished by its start."""
    run = play("")
    assert ["run created", "run Running", "run expanded 0", "finish Success"] == run.start()
    assert ["run Success"] == run.finish_run()


def test_a_failed_upstream_still_submits_what_follows(play: Play) -> None:
    """Triggers are not the machine's business.

    1. A task fails; the one after it is submitted all the same.
    2. The runner evaluates its trigger and reports TriggerFailed, without Running.
    3. The reference task failed, so the flow run does.
    """
    run = play("a -> b")
    run.start()
    run.report("a", "Running")
    assert ["a Failed", "submit b"] == run.report("a", "Failed")
    assert ["b TriggerFailed", "finish Failed"] == run.report("b", "TriggerFailed")
    assert 0 == run.ledger.entry(run.ordinal("b")).attempt
    assert ["run Failed"] == run.finish_run()


def test_only_reference_tasks_decide(play: Play) -> None:
    """A failure that is no reference task leaves the flow run a success."""
    run = play("a -> b", references={"b"})
    run.start()
    assert "Success" == run.complete({"a": "Failed"})


def test_a_reference_task_may_stand_in_the_middle(play: Play) -> None:
    """The flow run fails for a reference task even when the last task succeeds."""
    run = play("a -> b", references={"a"})
    run.start()
    assert "Failed" == run.complete({"a": "Failed"})


def test_every_kind_of_success_lets_the_run_succeed(play: Play) -> None:
    """Cached, Skipped and Warning are successes."""
    run = play("a; b; c")
    run.start()
    assert "Success" == run.complete({"a": "Cached", "b": "Skipped", "c": "Warning"})


def test_every_kind_of_failure_fails_the_run(play: Play) -> None:
    """TimedOut, ValidationFailed and Crashed are failures, each by itself."""
    for state in ("Failed", "TimedOut", "ValidationFailed", "Crashed"):
        run = play("a; b")
        run.start()
        assert "Failed" == run.complete({"a": state})


def test_map(play: Play) -> None:
    """A mapped task.

    1. Its parent is submitted as such, and reports Mapped with the number of elements.
    2. One event expands it; its children are submitted together.
    3. It stays Pending until the last child is final, then becomes Mapped.
    """
    run = play("a => b")
    run.start()
    run.report("a", "Running")
    assert ["a Success", "submit b"] == run.report("a", "Success")
    assert ["b expanded 3", "submit b[0]", "submit b[1]", "submit b[2]"] == run.report("b", "Mapped", length=3)
    for name in ("b[0]", "b[1]", "b[2]"):
        run.report(name, "Running")
    assert ["b[1] Success"] == run.report("b[1]", "Success")
    assert ["b[0] Failed"] == run.report("b[0]", "Failed")
    assert "Pending" == run.state("b")
    assert ["b[2] Success", "b Mapped", "finish Failed"] == run.report("b[2]", "Success")


def test_an_empty_map_settles_at_once(play: Play) -> None:
    """Nothing to map over: the parent is Mapped in the same decision, and what follows is submitted."""
    run = play("a => b; b -> c")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    assert ["b expanded 0", "b Mapped", "submit c"] == run.report("b", "Mapped", length=0)
    assert "Success" == run.complete()


def test_a_map_that_cannot_be_made(play: Play) -> None:
    """The parent fails: there are no children, and the mapped task after it is asked all the same."""
    run = play("a => b; b => c")
    run.start()
    run.report("a", "Running")
    run.report("a", "Failed")
    assert ["b Failed", "submit c"] == run.report("b", "Failed")
    assert "Failed" == run.complete({"c": "Failed"})


def test_a_map_over_a_failed_map_of_its_own_length(play: Play) -> None:
    """A mapped task whose mapped upstream never expanded opens its children without waiting for pairs."""
    run = play("a => b; b => c; x => c")
    run.start()
    run.report("x", "Running")
    run.report("x", "Success")
    run.report("a", "Running")
    run.report("a", "Success")
    run.report("b", "Failed")
    assert ["c expanded 2", "submit c[0]", "submit c[1]"] == run.report("c", "Mapped", length=2)
    assert "Success" == run.complete()


def test_map_over_map_goes_depth_first(play: Play) -> None:
    """Pipelines of pairs.

    1. As soon as the first map is expanded the second may be: it waits for the expansion, not for the children.
    2. No child of the second starts before its pair.
    3. When a child ends, its pair goes before the next child of the first map: depth before breadth.
    """
    run = play("a => b; b => c", window=2)
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    assert ["b expanded 4", "submit c", "submit b[0]"] == run.report("b", "Mapped", length=4)
    assert ["c expanded 4", "submit b[1]"] == run.report("c", "Mapped", length=4)
    run.report("b[0]", "Running")
    assert ["b[0] Success", "submit c[0]"] == run.report("b[0]", "Success")
    run.report("c[0]", "Running")
    assert ["c[0] Success", "submit b[2]"] == run.report("c[0]", "Success")
    run.report("b[1]", "Running")
    assert ["b[1] Failed", "submit c[1]"] == run.report("b[1]", "Failed")
    assert "Success" == run.complete()


def test_a_pair_waits_for_both_of_its_sources(play: Play) -> None:
    """A map over two maps: child i starts when child i of both has ended."""
    run = play("a => b; a => c; b => d; c => d")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    run.report("b", "Mapped", length=2)
    run.report("c", "Mapped", length=2)
    assert ["d expanded 2"] == run.report("d", "Mapped", length=2)
    run.report("b[1]", "Running")
    assert ["b[1] Success"] == run.report("b[1]", "Success")
    run.report("c[1]", "Running")
    assert ["c[1] Success", "submit d[1]"] == run.report("c[1]", "Success")
    assert "Success" == run.complete()


def test_a_map_shorter_than_its_source(play: Play) -> None:
    """The shortest source decides; children without a pair simply end."""
    run = play("a => b; b => c")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    run.report("b", "Mapped", length=3)
    assert ["c expanded 1"] == run.report("c", "Mapped", length=1)
    run.report("b[2]", "Running")
    assert ["b[2] Success"] == run.report("b[2]", "Success")
    assert "Success" == run.complete()


def test_a_map_longer_than_its_source_is_cut(play: Play) -> None:
    """Whatever the parent says, there are no more pairs than its mapped upstream has children."""
    run = play("a => b; b => c")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    run.report("b", "Mapped", length=2)
    assert ["c expanded 2"] == run.report("c", "Mapped", length=5)
    assert "Success" == run.complete()


def test_flatten_waits_for_the_whole_map(play: Play) -> None:
    """A flattened map needs every child's value, so its parent is submitted when the map is Mapped."""
    run = play("a => b; b ~=> c")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    assert ["b expanded 2", "submit b[0]", "submit b[1]"] == run.report("b", "Mapped", length=2)
    run.report("b[0]", "Running")
    assert ["b[0] Success"] == run.report("b[0]", "Success")
    run.report("b[1]", "Running")
    assert ["b[1] Success", "b Mapped", "submit c"] == run.report("b[1]", "Success")
    assert "Success" == run.complete(lengths={"c": 5})


def test_reduce_waits_for_the_whole_map(play: Play) -> None:
    """An ordinary task after a map starts once, when the map is Mapped."""
    run = play("a => b; b -> c")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    run.report("b", "Mapped", length=2)
    run.report("b[0]", "Running")
    assert ["b[0] Failed"] == run.report("b[0]", "Failed")
    run.report("b[1]", "Running")
    assert ["b[1] Success", "b Mapped", "submit c"] == run.report("b[1]", "Success")
    assert "Success" == run.complete()


def test_the_window_bounds_what_is_outstanding(play: Play) -> None:
    """A wide map in a narrow window.

    1. Only as many children as fit are submitted; the others do not exist in memory.
    2. Each that ends makes room for the next.
    """
    run = play("a => b", window=2)
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    assert ["b expanded 9", "submit b[0]", "submit b[1]"] == run.report("b", "Mapped", length=9)
    assert 4 == len(run.machine.open_cells())
    run.report("b[1]", "Running")
    assert ["b[1] Success", "submit b[2]"] == run.report("b[1]", "Success")
    assert 2 == run.machine.outstanding


def test_retries_that_fall_due_together_respect_the_window(play: Play) -> None:
    """Children that wait for a retry leave the window; when all are due at once they come back within it."""
    run = play("a => b", window=2)
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    run.report("b", "Mapped", length=4)
    for index in range(4):
        run.report(f"b[{index}]", "Running")
        run.report(f"b[{index}]", "Retrying", due=50)
    assert ["submit b[0] #2", "submit b[1] #2"] == run.pass_time(50)
    run.report("b[0]", "Running")
    assert ["b[0] Success", "submit b[2] #2"] == run.report("b[0]", "Success")
    assert "Success" == run.complete()


def test_tasks_respect_the_window_too(play: Play) -> None:
    """Many tasks that depend on nothing are submitted as there is room."""
    run = play("a; b; c", window=2)
    assert ["run created", "run Running", "run expanded 3", "submit a", "submit b"] == run.start()
    run.report("b", "Running")
    assert ["b Success", "submit c"] == run.report("b", "Success")
    assert "Success" == run.complete()


def test_needs_commit_says_what_depends_on_a_success(play: Play) -> None:
    """What has upstream runs waits for their durable success; first tasks and children of a plain list do not."""
    run = play("a => b; b => c; c -> d")
    run.start()
    run.complete(lengths={"b": 1, "c": 1})
    needs = {name: submit.needs_commit for name, submit in run.submits.items()}
    assert {"a": False, "b": True, "b[0]": False, "c": True, "c[0]": True, "d": True} == needs


def test_what_is_given_is_not_run(play: Play) -> None:
    """A task whose final state is known when the flow run starts.

    1. Its end is recorded at once, before its upstream task has run; what follows it is submitted.
    2. The end of its upstream task submits nothing.
    """
    run = play("a -> b -> c")
    assert ["run created", "run Running", "run expanded 3", "b Success", "submit a", "submit c"] == run.start(
        b="Success"
    )
    run.report("c", "Running")
    run.report("c", "Success")
    run.report("a", "Running")
    assert ["a Success", "finish Success"] == run.report("a", "Success")
    assert ["run Success"] == run.finish_run()


def test_a_flow_run_that_is_given_altogether(play: Play) -> None:
    """Nothing is submitted; the states that were given decide the end."""
    run = play("a -> b")
    expected = ["run created", "run Running", "run expanded 2", "a Success", "b Failed", "finish Failed"]
    assert expected == run.start(a="Success", b="Failed")
    assert ["run Failed"] == run.finish_run()


def test_a_mapped_task_that_is_given_has_no_children(play: Play) -> None:
    """What maps over it takes the length that its own attempt finds."""
    run = play("a => b => c")
    run.start(a="Success", b="Success")
    assert ["c expanded 2", "submit c[0]", "submit c[1]"] == run.report("c", "Mapped", length=2)
    assert "Success" == run.complete()


def test_what_gets_no_slot_waits_for_it(play: Play) -> None:
    """A limit is no business of the machine; what follows from it is.

    1. The executor's side says that there is no slot: the run is Queued, and no attempt is being made of it.
    2. What needs no slot goes on in its place.
    3. With the slot, the same attempt is submitted again.
    """
    run = play("a; b", window=1)
    run.start()
    assert ["a Queued", "submit b"] == run.refuse("a")
    run.report("b", "Running")
    assert ["b Success"] == run.report("b", "Success")
    assert not run.machine.is_stalled
    assert ["submit a"] == run.admit("a")
    run.report("a", "Running")
    assert ["a Success", "finish Success"] == run.report("a", "Success")


def test_what_waits_for_a_slot_says_so_once(play: Play) -> None:
    """Admitted in vain, it waits on without another word."""
    run = play("a")
    run.start()
    assert ["a Queued"] == run.refuse("a")
    run.admit("a")
    assert [] == run.refuse("a")
    assert ["a"] == run.queued


def test_what_waits_for_a_slot_is_cancelled_at_once(play: Play) -> None:
    """Nobody has to stop it."""
    run = play("a")
    run.start()
    run.refuse("a")
    assert ["run cancel", "run Cancelling", "a Cancelled", "finish Cancelled"] == run.request("cancel")
    assert [] == run.admit("a")


def test_what_waits_for_a_slot_is_asked_for_again_by_a_new_owner(play: Play) -> None:
    """The slot was the lost process's to wait for."""
    run = play("a")
    run.start()
    run.refuse("a")
    assert ["submit a"] == run.crash()
    assert [] == run.refuse("a")


def test_what_was_paused_and_waits_for_a_slot_knows_that_it_was_resumed(play: Play) -> None:
    """Whoever goes on with it."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.report("a", "Paused")
    assert ["run resume", "a Resume", "submit a #2"] == run.request("resume", "a")
    assert ["a Queued"] == run.refuse("a")
    assert ["submit a #2"] == run.crash()
    assert run.submits["a"].resumed


def test_a_map_that_waits_opens_no_more_children_than_the_window(play: Play) -> None:
    """However wide it is: of a child that nobody has asked about, nothing is known but that it is there."""
    run = play("x => a; a => b", window=2)
    run.start()
    run.report("x", "Running")
    run.report("x", "Success")
    run.report("a", "Mapped", length=5)
    run.report("b", "Mapped", length=5)
    assert ["a[0]", "a[1]"] == run.serving
    assert ["a[0] Queued", "submit a[2]"] == run.refuse("a[0]")
    assert ["a[1] Queued"] == run.refuse("a[1]")
    run.report("a[2]", "Running")
    assert ["a[2] Success", "submit b[2]"] == run.report("a[2]", "Success")
    assert ["submit a[0]"] == run.admit("a[0]")
    assert "Success" == run.complete(lengths={"b": 5})
