"""Stories of runs that do not go straight on: retries, pauses, loops, cancellation, and reports nobody waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from runwright.engine.stimuli import Reported, Requested, Started
from runwright.errors import IllegalTransition
from runwright.ids import MAX_ORDINAL
from runwright.states import KIND_BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from .world import World

    Play = Callable[..., World]


def test_a_retry_waits_for_its_time(play: Play) -> None:
    """A failed attempt is made again.

    1. The attempt reports Retrying with the time of the next.
    2. The machine asks for a timer at that time; nothing happens before it.
    3. Then the second attempt is submitted, and closes as number 2.
    """
    run = play("a")
    run.start()
    run.report("a", "Running")
    assert ["a Retrying"] == run.report("a", "Retrying", due=50)
    assert 50 == run.machine.next_timer
    assert not run.machine.is_stalled
    assert [] == run.pass_time(49)
    assert ["submit a #2"] == run.pass_time(50)
    assert run.machine.next_timer is None
    assert 2 == run.submits["a"].run_count
    run.report("a", "Running")
    assert ["a Success", "finish Success"] == run.report("a", "Success")
    assert 2 == run.log[-1].attempt


def test_timers_fire_in_the_order_of_their_times(play: Play) -> None:
    """Two retries with different times: the earlier first, each only when due; both at once when time has flown."""
    run = play("a; b; c")
    run.start()
    for name, due in (("a", 70), ("b", 50), ("c", 60)):
        run.report(name, "Running")
        run.report(name, "Retrying", due=due)
    assert ["submit b #2"] == run.pass_time(50)
    assert 60 == run.machine.next_timer
    assert ["submit c #2", "submit a #2"] == run.pass_time(100)


def test_a_retry_without_a_time_is_made_at_once(play: Play) -> None:
    """Retrying with no time means now, live and after recovery alike."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    assert ["a Retrying", "submit a #2"] == run.report("a", "Retrying")


def test_a_retry_before_the_body_starts(play: Play) -> None:
    """It fails on the way to its body: no attempt was opened, and a retry is used up all the same, or it would never end."""
    run = play("a")
    run.start()
    assert ["a Retrying"] == run.report("a", "Retrying", due=5)
    assert ["submit a"] == run.pass_time(5)
    assert (1, 2) == (run.submits["a"].attempt, run.submits["a"].run_count)


def test_a_scheduled_run_may_be_planned_again(play: Play) -> None:
    """An attempt that comes too early says Scheduled once more, with another time: that is no illegal transition."""
    run = play("a")
    run.start()
    run.report("a", "Scheduled", due=10)
    assert ["submit a"] == run.pass_time(10)
    assert ["a Scheduled"] == run.report("a", "Scheduled", due=20)
    assert ["submit a"] == run.pass_time(20)
    assert "Success" == run.complete()


def test_pause_and_resume(play: Play) -> None:
    """Somebody has to approve.

    1. The attempt ends Paused; without a time nothing moves it on: the flow run is stalled.
    2. Asking for another run changes nothing.
    3. Resuming records Resume and submits the run as resumed.
    4. The pause used up no retry.
    """
    run = play("a; b")
    run.start()
    run.report("b", "Running")
    run.report("b", "Success")
    run.report("a", "Running")
    assert ["a Paused"] == run.report("a", "Paused")
    assert run.machine.is_stalled
    assert ["run resume"] == run.request("resume", "b")
    assert ["run resume", "a Resume", "submit a #2"] == run.request("resume", "a")
    assert run.submits["a"].resumed
    assert 1 == run.submits["a"].run_count
    assert "Success" == run.complete()


def test_resume_without_a_name_resumes_everything(play: Play) -> None:
    """Two paused runs and one request."""
    run = play("a; b")
    run.start()
    run.report("a", "Paused")
    run.report("b", "Paused")
    assert ["run resume", "a Resume", "b Resume", "submit a", "submit b"] == run.request("resume")
    assert ["run resume"] == run.request("resume")


def test_a_pause_with_a_time_ends_by_itself(play: Play) -> None:
    """A pause of a known length: when it is over the run goes on as resumed, or it would only pause again."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.report("a", "Paused", due=30)
    assert not run.machine.is_stalled
    assert ["submit a #2"] == run.pass_time(30)
    assert run.submits["a"].resumed


def test_a_pause_with_a_time_may_be_resumed_early(play: Play) -> None:
    """A request does not wait for the time; the timer that is left means nothing any more."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.report("a", "Paused", due=30)
    assert ["run resume", "a Resume", "submit a #2"] == run.request("resume", "a")
    assert run.machine.next_timer is None
    assert [] == run.pass_time(30)


def test_a_resume_that_comes_too_late_changes_nothing(play: Play) -> None:
    """The time was over and the attempt is being made: the request finds nothing paused."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.report("a", "Paused", due=30)
    run.pass_time(30)
    assert ["run resume"] == run.request("resume", "a")
    assert ["a"] == run.serving


def test_a_retry_after_a_resume_is_no_longer_resumed(play: Play) -> None:
    """The approval was for one attempt: when that fails and is retried, the pause is asked for again."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.report("a", "Paused")
    run.request("resume", "a")
    run.report("a", "Running")
    run.report("a", "Retrying", due=9)
    run.pass_time(9)
    assert not run.submits["a"].resumed
    assert 2 == run.submits["a"].run_count


def test_a_lost_attempt_that_was_resumed_is_still_resumed(play: Play) -> None:
    """Recovery makes the same attempt again: nobody has to approve twice."""
    for due in (None, 9):
        run = play("a")
        run.start()
        run.report("a", "Running")
        run.report("a", "Paused", due=due)
        if due:
            run.pass_time(due)
        else:
            run.request("resume", "a")
        run.report("a", "Running")
        assert ["a Retrying", "submit a #3"] == run.crash()
        assert run.submits["a"].resumed
        assert 1 == run.submits["a"].run_count


def test_a_pause_before_the_body_starts(play: Play) -> None:
    """A trigger that asks for approval: Paused without Running opens no attempt, so the next is still the first."""
    run = play("a")
    run.start()
    assert ["a Paused"] == run.report("a", "Paused")
    assert ["run resume", "a Resume", "submit a"] == run.request("resume", "a")
    assert (1, 1) == (run.submits["a"].attempt, run.submits["a"].run_count)


def test_a_loop_stays_within_its_attempt(play: Play) -> None:
    """Turns of a loop.

    1. Looped and Running follow each other inside one attempt; nothing is submitted.
    2. When the process is lost, the next attempt gets the data of the last turn.
    """
    run = play("a")
    run.start()
    run.report("a", "Running")
    assert ["a Looped"] == run.report("a", "Looped", loop_count=1)
    assert ["a Running"] == run.report("a", "Running")
    run.report("a", "Looped", loop_count=2)
    assert 1 == run.log[-1].attempt
    assert ["a Retrying", "submit a #2"] == run.crash()
    assert {"loop_count": 2} == run.submits["a"].loop
    assert 1 == run.submits["a"].run_count
    assert "Success" == run.complete()


def test_a_loop_that_ends_in_a_retry_goes_on_where_it_was(play: Play) -> None:
    """A turn that fails is retried as that turn, not from the first."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.report("a", "Looped", loop_count=1)
    run.report("a", "Running")
    run.report("a", "Retrying", due=5)
    run.pass_time(5)
    assert {"loop_count": 1} == run.submits["a"].loop


def test_cancel_before_the_start(play: Play) -> None:
    """A flow run that is created and not started: cancelling asks for its end, and starting it later does not run it."""
    run = play("a")
    run.create()
    assert ["run cancel", "finish Cancelled"] == run.request("cancel")
    assert [] == run.start()
    assert ["run Cancelled"] == run.finish_run()


def test_cancel_while_something_runs(play: Play) -> None:
    """One task runs, one waits for it.

    1. The flow run becomes Cancelling, the attempt is to be killed, what waits is Cancelled at once.
    2. The flow run does not end before the attempt has.
    3. The attempt ends as Killed; the flow run is Cancelled.
    """
    run = play("a -> b")
    run.start()
    run.report("a", "Running")
    assert ["run cancel", "run Cancelling", "b Cancelled", "kill a"] == run.request("cancel")
    assert run.finish is None
    assert ["a Killed", "finish Cancelled"] == run.report("a", "Killed")
    assert ["run Cancelled"] == run.finish_run()


def test_a_body_that_wins_against_the_cancel_is_recorded_as_it_ended(play: Play) -> None:
    """The attempt succeeds before it can be stopped: it is a Success, nothing after it is submitted."""
    run = play("a -> b")
    run.start()
    run.report("a", "Running")
    run.request("cancel")
    assert ["a Success", "finish Cancelled"] == run.report("a", "Success")
    assert "Cancelled" == run.state("b")


def test_cancel_while_submitted_and_not_running(play: Play) -> None:
    """What has not started may end Cancelled; it may also start and end by itself."""
    run = play("a; b")
    run.start()
    assert ["run cancel", "run Cancelling", "kill a", "kill b"] == run.request("cancel")
    assert ["a Cancelled"] == run.report("a", "Cancelled")
    run.report("b", "Running")
    assert ["b Success", "finish Cancelled"] == run.report("b", "Success")


def test_cancel_while_a_retry_waits(play: Play) -> None:
    """A run that waits ends at once, and its timer means nothing."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.report("a", "Retrying", due=50)
    assert ["run cancel", "run Cancelling", "a Cancelled", "finish Cancelled"] == run.request("cancel")
    assert run.machine.next_timer is None
    assert [] == run.pass_time(50)


def test_an_attempt_that_wants_to_wait_after_a_cancel_ends(play: Play) -> None:
    """It retries or pauses while being cancelled: it is recorded as such and ended in the same decision."""
    for state, due in (("Retrying", 50), ("Paused", None)):
        run = play("a")
        run.start()
        run.report("a", "Running")
        run.request("cancel")
        assert [f"a {state}", "a Cancelled", "finish Cancelled"] == run.report("a", state, due=due)
        assert run.machine.next_timer is None


def test_cancel_while_paused(play: Play) -> None:
    """A paused run ends at once; a resume afterwards changes nothing."""
    run = play("a")
    run.start()
    run.report("a", "Paused")
    assert ["run cancel", "run Cancelling", "a Cancelled", "finish Cancelled"] == run.request("cancel")
    assert ["run resume"] == run.request("resume")


def test_cancel_in_the_middle_of_a_map(play: Play) -> None:
    """Children that nobody has seen yet are Cancelled one by one, so that each is on record exactly once."""
    run = play("a => b; b => c", window=1)
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    run.report("b", "Mapped", length=2)
    run.report("c", "Mapped", length=2)
    run.report("b[0]", "Running")
    said = run.request("cancel")
    assert ["run cancel", "run Cancelling", "kill b[0]"] == [said[0], said[1], said[-1]]
    assert ["b[1] Cancelled", "c[0] Cancelled", "c[1] Cancelled", "c Cancelled"] == said[2:-1]
    assert ["b[0] Killed", "b Cancelled", "finish Cancelled"] == run.report("b[0]", "Killed")


def test_a_map_that_opens_after_the_cancel_has_no_children(play: Play) -> None:
    """The parent's attempt was under way: it ends Cancelled instead of being expanded for nothing."""
    run = play("a => b")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    run.request("cancel")
    assert ["b Cancelled", "finish Cancelled"] == run.report("b", "Mapped", length=1000)


def test_a_map_whose_children_all_won_against_the_cancel_is_mapped(play: Play) -> None:
    """No child was cancelled, so the parent is Mapped; the flow run is Cancelled all the same."""
    run = play("a => b; b -> c")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    run.report("b", "Mapped", length=1)
    run.report("b[0]", "Running")
    run.request("cancel")
    assert ["b[0] Success", "b Mapped", "finish Cancelled"] == run.report("b[0]", "Success")


def test_cancelling_twice_kills_twice_and_ends_once(play: Play) -> None:
    """A second request reaches for the attempts again, because the first may have been lost on its way."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.request("cancel")
    assert ["run cancel", "kill a"] == run.request("cancel")
    assert ["a Killed", "finish Cancelled"] == run.report("a", "Killed")
    assert ["run cancel"] == run.request("cancel")
    assert ["run Cancelled"] == run.finish_run()


def test_a_cancel_that_comes_after_the_last_success(play: Play) -> None:
    """Everything has ended and the end is being recorded: it stays what it was."""
    run = play("a")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    assert ["run cancel", "run Cancelling"] == run.request("cancel")
    assert ["run Success"] == run.finish_run()


def test_a_request_to_a_finished_run_is_no_event(play: Play) -> None:
    """Nothing follows a final state, not even a request."""
    run = play("")
    run.start()
    run.finish_run()
    assert [] == run.request("cancel")
    assert [] == run.request("resume")


@pytest.mark.parametrize("state", ["Running", "Success", "Failed", "Retrying", "Mapped"])
def test_reports_for_attempts_that_are_not_made_are_ignored(play: Play, state: str) -> None:
    """Late words.

    1. Of the first attempt, when the second is being made.
    2. Of an attempt not yet submitted, and of number 0.
    3. Of a run that has ended, and of one that never was.
    """
    run = play("a -> b; x")
    run.start()
    run.report("a", "Running")
    run.report("a", "Retrying", due=5)
    run.pass_time(5)
    for name, attempt in (("a", 1), ("a", 3), ("a", 0), ("b", 0), ("b", 1)):
        assert [] == run.report_late(name, attempt, state)
    run.report("x", "Success")
    assert [] == run.report_late("x", 1, state)
    assert ([], []) == _both(run.handle(Reported(99, 1, KIND_BY_NAME[state].code)))
    assert ["a"] == run.serving


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ([], "Looped"),
        (["Running"], "Running"),
        (["Running"], "Pending"),
        (["Running"], "Cancelled"),
        (["Running", "Looped"], "Looped"),
        (["Running", "Cancelling"], "Running"),
        (["Running", "Cancelling"], "Retrying"),
    ],
)
def test_an_illegal_transition_is_refused_and_changes_nothing(play: Play, path: list[str], state: str) -> None:
    """The refusal names the run and both states; the machine goes on as if nobody had spoken."""
    run = play("a")
    run.start()
    for step in path:
        run.report("a", step)
    before = len(run.log)
    with pytest.raises(IllegalTransition, match=rf"a \(ordinal 1, version \d+\) cannot go \w+ -> {state}"):
        run.report("a", state)
    assert before == len(run.log)
    run.ledger.agree(run.machine)
    assert ["a"] == run.serving
    assert "Success" == run.complete()


def test_a_flow_run_cannot_start_twice(play: Play) -> None:
    """Starting is refused once it has happened."""
    run = play("a")
    run.start()
    with pytest.raises(IllegalTransition, match=r"the flow run .* cannot go Running -> Running"):
        run.handle(Started())
    assert "Success" == run.complete()


def test_a_flow_run_cannot_end_before_its_tasks(play: Play) -> None:
    """Whoever ends it too early is refused; before the start, when there are no task runs, it may end."""
    run = play("a")
    run.start()
    with pytest.raises(IllegalTransition, match="cannot go Running -> Failed"):
        run.handle(Reported(0, 0, KIND_BY_NAME["Failed"].code))
    unstarted = play("a")
    unstarted.create()
    unstarted.handle(Reported(0, 0, KIND_BY_NAME["Failed"].code))
    assert unstarted.machine.is_finished


def test_a_flow_run_that_is_scheduled_is_not_submitted_itself(play: Play) -> None:
    """The flow run's own waiting belongs to whoever starts it: the machine plans nothing for it."""
    run = play("a")
    run.create()
    run.handle(Reported(0, 0, KIND_BY_NAME["Scheduled"].code, {"due": 5}, due=5))
    assert run.machine.next_timer is None
    assert ["run Running", "run expanded 1", "submit a"] == run.start()


def test_a_map_too_wide_for_the_ids_fails(play: Play) -> None:
    """Task run ids have room for a fixed number of runs: one more fails, with the number that would do."""
    run = play("a => b")
    run.start()
    run.report("a", "Running")
    run.report("a", "Success")
    assert ["b Failed", "finish Failed"] == run.report("b", "Mapped", length=MAX_ORDINAL)
    assert f"room for {MAX_ORDINAL - 2} more task runs" in (run.log[-1].data or {})["message"]


def test_an_unknown_intent_is_refused_and_changes_nothing(play: Play) -> None:
    run = play("a")
    run.start()
    before = len(run.log)
    with pytest.raises(IllegalTransition, match="the intents are cancel, kill, mark, pause, restart, resume"):
        run.request("nudge")
    assert before == len(run.log)


def _both(decision: Any) -> tuple[list[object], list[object]]:
    return decision.events, decision.effects


def test_requests_before_recovery_are_kept(play: Play) -> None:
    """A new owner is told of a request before it recovers: both take effect."""
    run = play("a; b")
    run.start()
    run.report("a", "Running")
    run.report("b", "Paused")
    run.restore()
    assert ["run resume", "b Resume", "submit b"] == run._say(run.handle(Requested("resume", 2)))
