"""TaskRunner: one class of tests for each step of the documented pipeline, called as users call it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from runwright import Edge, Task, context, task
from runwright.cache_validators import all_inputs, never_use
from runwright.clock import utcnow
from runwright.result import NoResult, Result
from runwright.results.memory import MemoryResult
from runwright.runtime.task_runner import TaskRunner
from runwright.signals import ENDRUN, FAIL, LOOP, PAUSE, RETRY, SKIP, SUCCESS
from runwright.states import (
    Cached,
    Failed,
    Looped,
    Mapped,
    Paused,
    Pending,
    Queued,
    Resume,
    Retrying,
    Running,
    Scheduled,
    Skipped,
    State,
    Submitted,
    Success,
    TimedOut,
    TriggerFailed,
)
from runwright.triggers import all_finished, manual_only

if TYPE_CHECKING:
    from collections.abc import Callable


@task
def one() -> int:
    """Return one."""
    return 1


@task
def add_one(x: int) -> int:
    """Return one more."""
    return x + 1


def edge_to(downstream: Task, key: str | None = None, *, mapped: bool = False) -> Edge:
    """Return an edge from a task of its own to a task."""
    return Edge(Task(name="upstream"), downstream, key=key, mapped=mapped)


def ended_by(call: Callable[[], Any]) -> State:
    """Return the state that a step ends the run with."""
    with pytest.raises(ENDRUN) as caught:
        call()
    return caught.value.state


class TestRun:
    """The pipeline as a whole."""

    def test_returns_success_with_the_value(self) -> None:
        state = TaskRunner(one).run()
        assert state.is_successful()
        assert state.result == 1
        assert state.message == "Task run succeeded."

    def test_feeds_inputs_by_key(self) -> None:
        state = TaskRunner(add_one).run(upstream_states={edge_to(add_one, "x"): Success(result=1)})
        assert state.result == 2

    def test_returns_failed_with_the_exception(self) -> None:
        @task
        def fails() -> None:
            raise ValueError("no")

        state = TaskRunner(fails).run()
        assert type(state) is Failed
        assert isinstance(state.result, ValueError)
        assert state.message == "Error during execution of task: ValueError('no')"

    def test_raises_when_the_context_says_so(self) -> None:
        @task
        def fails() -> None:
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"), context(raise_on_exception=True):
            TaskRunner(fails).run()

    def test_does_not_run_when_upstream_failed(self) -> None:
        state = TaskRunner(one).run(upstream_states={edge_to(one): Failed()})
        assert type(state) is TriggerFailed

    def test_runs_in_spite_of_it_with_another_trigger(self) -> None:
        @task(trigger=all_finished)
        def cleans_up() -> str:
            return "clean"

        state = TaskRunner(cleans_up).run(upstream_states={edge_to(cleans_up): Failed()})
        assert state.result == "clean"

    @pytest.mark.parametrize("signal", [FAIL, SKIP, PAUSE, SUCCESS])
    def test_a_signal_chooses_the_state(self, signal: Any) -> None:
        @task
        def chooses() -> None:
            raise signal("by signal")

        state = TaskRunner(chooses).run()
        assert type(state) is signal.state_class
        assert state.message == "by signal"

    def test_except_exception_does_not_stop_a_signal(self) -> None:
        @task
        def swallows() -> str:
            try:
                raise SKIP("out")
            except Exception:
                return "swallowed"

        assert TaskRunner(swallows).run().is_skipped()

    def test_a_method_that_is_overridden_is_called(self) -> None:
        class Watchful(TaskRunner):
            def check_target(self, state: State, inputs: dict[str, Result]) -> State:
                seen.append("check_target")
                return super().check_target(state, inputs)

        seen: list[str] = []
        assert Watchful(one).run().is_successful()
        assert seen == ["check_target"]


class TestInitializeRun:
    """The first state and the context."""

    @pytest.mark.parametrize("wrapper", [Submitted, Queued])
    def test_unwraps_meta_states(self, wrapper: Any) -> None:
        inner = Pending()
        assert TaskRunner(one).initialize_run(wrapper(state=wrapper(state=inner)), {}).state is inner

    def test_none_is_pending_and_the_first_run(self) -> None:
        state, changed = TaskRunner(one).initialize_run(None, {})
        assert type(state) is Pending
        assert changed["task_run_count"] == 1

    def test_a_retry_counts_one_more(self) -> None:
        assert TaskRunner(one).initialize_run(Retrying(run_count=2), {}).context["task_run_count"] == 3

    def test_a_count_in_the_states_context_is_kept(self) -> None:
        state = Pending(context={"task_run_count": 5})
        assert TaskRunner(one).initialize_run(state, {}).context["task_run_count"] == 5

    def test_resume_is_set_for_resume_and_paused_that_is_due(self) -> None:
        past = utcnow() - timedelta(seconds=1)
        assert TaskRunner(one).initialize_run(Resume(), {}).context["resume"] is True
        assert TaskRunner(one).initialize_run(Paused(start_time=past), {}).context["resume"] is True
        assert "resume" not in TaskRunner(one).initialize_run(Paused(), {}).context

    def test_a_loop_under_way_goes_on(self) -> None:
        state = Pending(result=7, context={"_loop_count": 3})
        changed = TaskRunner(one).initialize_run(state, {}).context
        assert (changed["task_loop_count"], changed["task_loop_result"]) == (3, 7)
        assert "_loop_count" not in state.context


class TestCheckTaskIsReady:
    """Pending, Mapped and Cached pass."""

    @pytest.mark.parametrize("state", [Pending(), Scheduled(), Retrying(), Mapped(), Cached()])
    def test_passes(self, state: State) -> None:
        assert TaskRunner(one).check_task_is_ready(state) is state

    @pytest.mark.parametrize("state", [Running(), Success(), Failed(), Skipped()])
    def test_ends_the_run(self, state: State) -> None:
        assert ended_by(lambda: TaskRunner(one).check_task_is_ready(state)) is state


class TestCheckTaskReachedStartTime:
    """Scheduled states wait for their time."""

    @pytest.mark.parametrize("kind", [Scheduled, Retrying])
    def test_the_past_passes_and_the_future_ends_the_run(self, kind: Any) -> None:
        past, future = kind(start_time=utcnow() - timedelta(1)), kind(start_time=utcnow() + timedelta(1))
        assert TaskRunner(one).check_task_reached_start_time(past) is past
        assert ended_by(lambda: TaskRunner(one).check_task_reached_start_time(future)) is future

    def test_no_start_time_is_never_reached(self) -> None:
        paused = Paused()
        assert ended_by(lambda: TaskRunner(one).check_task_reached_start_time(paused)) is paused


class TestCheckUpstreamFinished:
    """Everything upstream is final."""

    def test_passes_without_and_with_finished_upstream(self) -> None:
        state = Pending()
        assert TaskRunner(one).check_upstream_finished(state, {}) is state
        assert TaskRunner(one).check_upstream_finished(state, {edge_to(one): Failed()}) is state

    def test_ends_the_run_otherwise(self) -> None:
        state = Pending()
        upstream = {edge_to(one): Success(), edge_to(add_one): Running()}
        assert ended_by(lambda: TaskRunner(one).check_upstream_finished(state, upstream)) is state

    def test_a_mapped_upstream_counts_by_its_children(self) -> None:
        state = Pending()
        upstream = {edge_to(one): Mapped(map_states=[Success(), Retrying()])}
        assert ended_by(lambda: TaskRunner(one).check_upstream_finished(state, upstream)) is state


class TestCheckUpstreamSkipped:
    """Skips spread."""

    def test_a_skip_upstream_skips(self) -> None:
        state = ended_by(lambda: TaskRunner(one).check_upstream_skipped(Pending(), {edge_to(one): Skipped()}))
        assert type(state) is Skipped
        assert "skip_on_upstream_skip=False" in (state.message or "")

    def test_unless_the_task_does_not_want_it(self) -> None:
        stubborn = Task(name="stubborn", skip_on_upstream_skip=False)
        state = Pending()
        assert TaskRunner(stubborn).check_upstream_skipped(state, {edge_to(stubborn): Skipped()}) is state

    def test_skip_beats_the_trigger(self) -> None:
        state = TaskRunner(one).run(upstream_states={edge_to(one): Skipped(), edge_to(add_one): Failed()})
        assert type(state) is Skipped


class TestCheckTaskReadyToMap:
    """A mapped parent counts its children."""

    def test_counts_the_shortest_input(self) -> None:
        upstream = {
            edge_to(add_one, "x", mapped=True): Success(result=[1, 2, 3]),
            Edge(Task(name="other"), add_one, mapped=True): Success(result=[1, 2]),
        }
        state = TaskRunner(add_one).run(upstream_states=upstream, is_mapped_parent=True)
        assert type(state) is Mapped
        assert state.n_map_states == 2

    def test_what_cannot_be_mapped_over_fails(self) -> None:
        upstream = {edge_to(add_one, "x", mapped=True): Success(result=7)}
        state = TaskRunner(add_one).run(upstream_states=upstream, is_mapped_parent=True)
        assert type(state) is Failed
        assert state.message == "At least one upstream state has an unmappable result."

    def test_failed_upstream_leaves_nothing_to_map_over(self) -> None:
        upstream = {edge_to(add_one, "x", mapped=True): Failed()}
        state = TaskRunner(add_one).run(upstream_states=upstream, is_mapped_parent=True)
        assert state.message == "No upstream states can be mapped over."


class TestNamesAndTargets:
    """`task_run_name` and `target`."""

    def test_a_template_names_the_run(self) -> None:
        named = Task(name="named", task_run_name="{task_name}-{x}")
        runner = TaskRunner(named)
        with context(task_name="named"):
            runner.context = context.to_dict()
            runner.set_task_run_name({"x": Result(3)})
        assert runner.context["task_run_name"] == "named-3"

    def test_a_target_that_exists_short_cuts_the_run(self) -> None:
        written = MemoryResult(location="answers/41").write(41)
        aimed = task(lambda: 1 / 0, name="aimed", target=written.location, result=MemoryResult())
        state = TaskRunner(aimed).run(context={"checkpointing": True})
        assert type(state) is Cached
        assert state.result == 41


class TestCheckTaskIsCached:
    """Cached states and the caches of the process."""

    def test_a_valid_cached_state_short_cuts_the_run(self) -> None:
        cached = Task(name="cached", cache_for=timedelta(hours=1))
        state = Cached(result=9, cached_result_expiration=utcnow() + timedelta(hours=1))
        assert TaskRunner(cached).run(state) is state

    def test_an_invalid_one_runs_again(self) -> None:
        cached = task(lambda: 10, name="cached", cache_for=timedelta(hours=1), cache_validator=never_use)
        assert TaskRunner(cached).run(Cached(result=9)).result == 10

    def test_a_remembered_success_is_found(self) -> None:
        cached = task(lambda x: x, name="remembering", cache_for=timedelta(hours=1), cache_validator=all_inputs)
        upstream = {edge_to(cached, "x"): Success(result=3)}
        first = TaskRunner(cached).run(upstream_states=upstream)
        assert type(first) is Cached
        with context(caches={"remembering": [first]}):
            assert TaskRunner(cached).run(upstream_states=upstream) is first
            other = {edge_to(cached, "x"): Success(result=4)}
            assert TaskRunner(cached).run(upstream_states=other).result == 4


class TestCheckTaskTrigger:
    """Triggers decide."""

    def test_a_pause_from_a_trigger_ends_the_run_paused(self) -> None:
        assert type(TaskRunner(Task(name="t", trigger=manual_only)).run()) is Paused

    def test_resume_passes_it(self) -> None:
        resumable = task(lambda: 1, name="r", trigger=manual_only)
        assert TaskRunner(resumable).run(Resume()).result == 1

    def test_an_exception_in_a_trigger_is_trigger_failed(self) -> None:
        def broken(_: Any) -> bool:
            raise ZeroDivisionError

        state = TaskRunner(Task(name="t", trigger=broken)).run()
        assert type(state) is TriggerFailed
        assert isinstance(state.result, ZeroDivisionError)

    def test_a_falsy_trigger_is_trigger_failed(self) -> None:
        state = TaskRunner(Task(name="t", trigger=lambda _: False)).run()
        assert (type(state), state.message) == (TriggerFailed, "Trigger failed")


class TestGetTaskRunState:
    """The call itself."""

    @pytest.mark.parametrize("state", [Pending(), Success(), Failed()])
    def test_only_running_runs(self, state: State) -> None:
        assert ended_by(lambda: TaskRunner(one).get_task_run_state(state, inputs={})) is state

    def test_a_late_call_is_timed_out(self) -> None:
        @task(timeout=0.05)
        def spins() -> None:
            while True:
                pass

        state = TaskRunner(spins).run()
        assert type(state) is TimedOut
        assert state.message == "Task timed out during execution."

    def test_stores_the_value_before_success(self) -> None:
        storing = task(lambda: [1, 2], name="storing", result=MemoryResult())
        state = TaskRunner(storing).run(context={"checkpointing": True})
        assert state._result.ref is not None
        assert MemoryResult().read(state._result.location).value == [1, 2]

    def test_none_is_never_stored(self) -> None:
        storing = task(lambda: None, name="storing", result=MemoryResult())
        assert TaskRunner(storing).run(context={"checkpointing": True})._result.ref is None

    def test_checkpoint_false_keeps_the_value_in_memory(self) -> None:
        keeping = task(lambda: 5, name="keeping", result=MemoryResult(), checkpoint=False)
        state = TaskRunner(keeping).run(context={"checkpointing": True})
        assert (state.result, state._result.ref) == (5, None)

    def test_a_value_that_cannot_be_stored_fails_the_task(self) -> None:
        unstorable = task(lambda: (each for each in ()), name="unstorable", result=MemoryResult())
        state = TaskRunner(unstorable).run(context={"checkpointing": True})
        assert type(state) is Failed
        assert "generator" in (state.message or "")

    def test_success_signal_carries_a_result(self) -> None:
        @task
        def succeeds() -> None:
            raise SUCCESS("early", result=8)

        assert TaskRunner(succeeds).run().result == 8

    def test_coroutines_run_too(self) -> None:
        @task
        async def waits() -> str:
            return "awaited"

        assert TaskRunner(waits).run().result == "awaited"


class TestCacheResult:
    """Successes of tasks with `cache_for` become Cached."""

    def test_success_becomes_cached_and_skips_do_not(self) -> None:
        caching = Task(name="caching", cache_for=timedelta(minutes=1))
        runner = TaskRunner(caching)
        cached = runner.cache_result(Success(result=2), {"x": Result(1)})
        assert type(cached) is Cached
        assert cached.result == 2
        assert set(cached.hashed_inputs or {}) == {"x"}
        skipped = Skipped()
        assert runner.cache_result(skipped, {}) is skipped

    def test_without_cache_for_nothing_changes(self) -> None:
        state = Success()
        assert TaskRunner(one).cache_result(state, {}) is state


class TestCheckForRetry:
    """Failures are tried again while the policy lets them."""

    def test_a_failure_is_tried_again(self) -> None:
        patient = Task(name="patient", max_retries=2, retry_delay=timedelta(minutes=5))
        state = TaskRunner(patient).check_for_retry(Failed(), {})
        assert type(state) is Retrying
        assert state.run_count == 1
        assert state.message == "Retrying Task (after attempt 1 of 3)"
        assert state.start_time is not None
        assert timedelta(minutes=4) < state.start_time - utcnow() <= timedelta(minutes=5)

    def test_not_more_often_than_allowed(self) -> None:
        patient = Task(name="patient", max_retries=1, retry_delay=timedelta(0))
        failed = Failed()
        with context(task_run_count=2):
            assert TaskRunner(patient).check_for_retry(failed, {}) is failed

    def test_only_for_the_exceptions_named(self) -> None:
        picky = Task(name="picky", max_retries=1, retry_delay=timedelta(0), retry_on=KeyError)
        failed = Failed(result=ValueError())
        assert TaskRunner(picky).check_for_retry(failed, {}) is failed
        assert type(TaskRunner(picky).check_for_retry(Failed(result=KeyError()), {})) is Retrying

    def test_delays_may_be_a_list(self) -> None:
        stepping = Task(name="stepping", max_retries=3, retry_delay=[1, 60])
        with context(task_run_count=2):
            state = TaskRunner(stepping).check_for_retry(Failed(), {})
        assert isinstance(state, Retrying)
        assert state.start_time is not None
        assert timedelta(seconds=50) < state.start_time - utcnow() <= timedelta(seconds=60)

    def test_a_retry_signal_needs_no_policy(self) -> None:
        @task
        def insists() -> None:
            raise RETRY("again")

        assert type(TaskRunner(insists).run()) is Retrying


class TestCheckTaskIsLooping:
    """Loops run on without growing the stack."""

    def test_a_loop_runs_to_its_end(self) -> None:
        @task
        def counts() -> int:
            count = context.get("task_loop_count", 1)
            if count < 2_000:
                raise LOOP(result=count)
            return context.task_loop_result + 1

        assert TaskRunner(counts).run().result == 2_000

    def test_other_states_pass(self) -> None:
        state = Success()
        assert TaskRunner(one).check_task_is_looping(state) is state

    def test_called_by_itself_it_runs_the_task_again(self) -> None:
        assert TaskRunner(one).check_task_is_looping(Looped(result=1, loop_count=1)).result == 1


def test_no_result_is_one_object() -> None:
    """A state without a result says so."""
    assert Pending()._result is NoResult
