"""TaskRunner, before the task runs: whether it may, and what it becomes when it may not."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from tests.parity.steps import Shelf, edge_to, ended_by

from runwright import Edge, Task, context, task
from runwright.clock import utcnow
from runwright.result import Result
from runwright.runtime.task_runner import TaskRunner
from runwright.signals import FAIL, PAUSE, SKIP, TRIGGERFAIL
from runwright.states import (
    Cached,
    Cancelled,
    Failed,
    Finished,
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


@task
def one(x: Any = None) -> int:
    """Return one."""
    return 1


class TestCheckTaskIsReady:
    @pytest.mark.parametrize(
        "state",
        [Pending(), Scheduled(), Paused(), Resume(), Retrying(), Mapped(), Cached()],
        ids=repr,
    )
    def test_passes(self, state: State) -> None:
        assert TaskRunner(one).check_task_is_ready(state=state) is state

    @pytest.mark.parametrize(
        "state",
        [Running(), Finished(), Success(), Skipped(), Failed(), TimedOut(), TriggerFailed(), Looped(), Cancelled(), State(),
         Queued(), Submitted()],
        ids=repr,
    )  # fmt: skip
    def test_ends(self, state: State) -> None:
        assert ended_by(lambda: TaskRunner(one).check_task_is_ready(state=state)) is state


class TestCheckTaskReachedStartTime:
    @pytest.mark.parametrize("state", [Pending(), Failed(), Skipped(), Running(), Success(), Mapped(), Cached()])
    def test_other_states_pass(self, state: State) -> None:
        assert TaskRunner(one).check_task_reached_start_time(state=state) is state

    @pytest.mark.parametrize("kind", [Scheduled, Paused, Resume, Retrying])
    def test_the_past_passes(self, kind: Any) -> None:
        state = kind(start_time=utcnow() - timedelta(minutes=1))
        assert TaskRunner(one).check_task_reached_start_time(state=state) is state

    @pytest.mark.parametrize("kind", [Scheduled, Paused, Resume, Retrying])
    def test_the_future_ends(self, kind: Any) -> None:
        state = kind(start_time=utcnow() + timedelta(minutes=1))
        assert ended_by(lambda: TaskRunner(one).check_task_reached_start_time(state=state)) is state

    def test_no_start_time_ends(self) -> None:
        state = Paused(start_time=None)
        assert ended_by(lambda: TaskRunner(one).check_task_reached_start_time(state=state)) is state

    def test_by_default_it_is_now(self) -> None:
        state = Scheduled(start_time=None)
        assert TaskRunner(one).check_task_reached_start_time(state=state) is state

    def test_a_naive_time_is_utc(self) -> None:
        naive = (utcnow() + timedelta(minutes=1)).replace(tzinfo=None)
        assert isinstance(TaskRunner(one).run(Retrying(start_time=naive)), Retrying)
        assert TaskRunner(one).run(Retrying(start_time=naive - timedelta(minutes=2))).is_successful()


class TestCheckUpstreamFinished:
    def test_without_upstream(self) -> None:
        state = Pending()
        assert TaskRunner(one).check_upstream_finished(state=state, upstream_states={}) is state

    @pytest.mark.parametrize(
        "upstream", [Success(), Failed(), Skipped(), Mapped(), Cached(), TriggerFailed(), Cancelled()]
    )
    def test_finished_ones_pass(self, upstream: State) -> None:
        state = Pending()
        checked = TaskRunner(one).check_upstream_finished(state=state, upstream_states={edge_to(one): upstream})
        assert checked is state

    @pytest.mark.parametrize(
        "upstream", [Pending(), Running(), Retrying(), Scheduled(), Paused(), Queued(), Submitted()]
    )
    def test_one_that_is_not_ends_with_the_same_state(self, upstream: State) -> None:
        state = Pending()
        states: dict[Any, State] = {edge_to(one): Success(), edge_to(one): upstream}
        assert ended_by(lambda: TaskRunner(one).check_upstream_finished(state=state, upstream_states=states)) is state

    def test_children_of_a_mapped_one_count(self) -> None:
        state = Pending()
        done: dict[Any, State] = {edge_to(one): Mapped(map_states=[Success(), Failed()])}
        assert TaskRunner(one).check_upstream_finished(state=state, upstream_states=done) is state
        not_done: dict[Any, State] = {edge_to(one): Mapped(map_states=[Success(), Retrying()])}
        assert ended_by(lambda: TaskRunner(one).check_upstream_finished(state=state, upstream_states=not_done)) is state

    def test_on_a_mapped_edge_it_is_one_finished_state(self) -> None:
        state = Pending()
        upstream: dict[Any, State] = {edge_to(one, mapped=True): Mapped(map_states=[Success(), Retrying()])}
        assert TaskRunner(one).check_upstream_finished(state=state, upstream_states=upstream) is state


class TestCheckUpstreamSkipped:
    @pytest.mark.parametrize("upstream", [{}, {edge_to(one): Success()}, {edge_to(one): Failed()}])
    def test_passes_without_a_skip(self, upstream: Any) -> None:
        state = Pending()
        assert TaskRunner(one).check_upstream_skipped(state=state, upstream_states=upstream) is state

    def test_a_skip_ends_as_skipped_and_says_how_not_to(self) -> None:
        upstream: dict[Any, State] = {edge_to(one): Success(), edge_to(one): Skipped()}
        state = ended_by(lambda: TaskRunner(one).check_upstream_skipped(state=Pending(), upstream_states=upstream))
        assert Skipped is type(state)
        assert "skip_on_upstream_skip=False" in str(state.message)

    def test_unless_the_task_says_so(self) -> None:
        stubborn, state = Task(name="t", skip_on_upstream_skip=False), Pending()
        upstream: dict[Any, State] = {edge_to(stubborn): Skipped()}
        assert TaskRunner(stubborn).check_upstream_skipped(state=state, upstream_states=upstream) is state

    def test_a_child_that_was_skipped_counts(self) -> None:
        upstream: dict[Any, State] = {edge_to(one): Mapped(map_states=[Success(), Skipped()])}
        assert ended_by(lambda: TaskRunner(one).check_upstream_skipped(Pending(), upstream)).is_skipped()

    def test_not_on_a_mapped_edge(self) -> None:
        state = Pending()
        upstream: dict[Any, State] = {edge_to(one, mapped=True): Mapped(map_states=[Skipped()])}
        assert TaskRunner(one).check_upstream_skipped(state, upstream) is state

    def test_a_skip_beats_a_failure(self) -> None:
        for trigger in (None, all_finished):
            runner = TaskRunner(Task(name="t", trigger=trigger))
            assert runner.run(upstream_states={edge_to(one): Failed(), edge_to(one): Skipped()}).is_skipped()


class TestGetTaskInputs:
    def test_results_by_key(self) -> None:
        held = Result(1, location="here")
        upstream: dict[Any, State] = {edge_to(one, "x"): Success(result=held), edge_to(one): Success(result=2)}
        inputs = TaskRunner(one).get_task_inputs(state=Pending(), upstream_states=upstream)
        assert ["x"] == list(inputs)
        assert inputs["x"] is held

    def test_load_results_leaves_what_is_there(self) -> None:
        state, upstream = Pending(), {edge_to(one, "x"): Success(result=1)}
        assert (state, upstream) == TaskRunner(one).load_results(state=state, upstream_states=upstream)

    def test_load_results_leaves_what_nothing_here_can_read(self) -> None:
        upstream = {edge_to(one, "x"): Success(result=Result(location="elsewhere"))}
        _, loaded = TaskRunner(one).load_results(state=Pending(), upstream_states=upstream)
        assert [None] == [each.result for each in loaded.values()]

    def test_load_results_reads_what_is_stored(self) -> None:
        shelf = Shelf(values={"here": 7})
        upstream = {edge_to(one, "x"): Success(result=Result(location="here"))}
        _, loaded = TaskRunner(one, flow_result=shelf).load_results(state=Pending(), upstream_states=upstream)
        assert [7] == [each.result for each in loaded.values()]


class TestCheckTaskReadyToMap:
    @staticmethod
    def mapped_by(upstream: dict[Any, State], state: State | None = None) -> Any:
        return ended_by(
            lambda: TaskRunner(one).check_task_ready_to_map(state=state or Pending(), upstream_states=upstream)
        )

    def test_the_shortest_input_counts(self) -> None:
        state = self.mapped_by({
            edge_to(one, "x", mapped=True): Success(result=[1, 2, 3]),
            edge_to(one, "y", mapped=True): Success(result=(1, 2)),
            edge_to(one, "z"): Success(result=[1]),
        })  # fmt: skip
        assert (Mapped, "Ready to proceed with mapping.", 2) == (type(state), state.message, state.n_map_states)

    def test_a_mapped_input_counts_by_its_children(self) -> None:
        state = self.mapped_by({edge_to(one, "x", mapped=True): Mapped(n_map_states=4)})
        assert 4 == state.n_map_states

    def test_an_empty_input_maps_over_nothing(self) -> None:
        assert 0 == self.mapped_by({edge_to(one, "x", mapped=True): Success(result=[])}).n_map_states

    @pytest.mark.parametrize(
        "upstream", [{}, {edge_to(one): Success(result=[1])}, {edge_to(one, mapped=True): Failed()}]
    )
    def test_nothing_successful_to_map_over_fails(self, upstream: Any) -> None:
        state = self.mapped_by(upstream)
        assert (Failed, "No upstream states can be mapped over.") == (type(state), state.message)

    def test_what_has_no_elements_fails(self) -> None:
        state = self.mapped_by({
            edge_to(one, "x", mapped=True): Success(result=[1]),
            edge_to(one, "y", mapped=True): Success(result=1),
        })  # fmt: skip
        assert (Failed, "At least one upstream state has an unmappable result.") == (type(state), state.message)

    def test_a_failed_input_beside_a_good_one_does_not_count(self) -> None:
        state = self.mapped_by({
            edge_to(one, "x", mapped=True): Success(result=[1, 2]),
            edge_to(one, "y", mapped=True): Failed(result=ValueError()),
        })  # fmt: skip
        assert 2 == state.n_map_states

    def test_a_parent_that_is_mapped_already_gets_what_its_children_need(self) -> None:
        before = Mapped(n_map_states=3)
        held = Result([1, 2, 3])
        state = self.mapped_by({edge_to(one, "x", mapped=True): Success(result=held)}, before)
        assert state is before
        assert [None, None, None] == before.map_states
        assert before.cached_inputs["x"] is held

    def test_and_keeps_the_children_it_has(self) -> None:
        children = [Success(), Failed()]
        before = Mapped(map_states=children)
        assert self.mapped_by({edge_to(one, "x", mapped=True): Success(result=[1, 2])}, before).map_states == children

    def test_the_parents_trigger_is_never_asked(self) -> None:
        def refuses(_: Any) -> bool:
            raise TRIGGERFAIL("asked")

        parent = task(lambda x: x, name="t", trigger=refuses)
        upstream: dict[Any, State] = {edge_to(parent, "x", mapped=True): Success(result=[1])}
        assert Mapped is type(TaskRunner(parent).run(upstream_states=upstream, is_mapped_parent=True))

    @pytest.mark.parametrize(("expected", "upstream"), [(Skipped, Skipped()), (Pending, Running())])
    def test_the_steps_before_apply_to_the_parent(self, expected: Any, upstream: State) -> None:
        states: dict[Any, State] = {edge_to(one, "x", mapped=True): upstream}
        assert expected is type(TaskRunner(one).run(upstream_states=states, is_mapped_parent=True))


class TestCheckTaskTrigger:
    @staticmethod
    def triggered(trigger: Any) -> TaskRunner:
        return TaskRunner(Task(name="t", trigger=trigger))

    def test_passes(self) -> None:
        state = Pending()
        upstream: dict[Any, State] = {edge_to(one): Success()}
        assert TaskRunner(one).check_task_trigger(state=state, upstream_states=upstream) is state
        assert self.triggered(lambda _: 1).check_task_trigger(state, {}) is state

    def test_gets_the_states_by_edge(self) -> None:
        seen: list[Any] = []
        upstream: dict[Any, State] = {Edge(Task(name="a"), one): Success()}
        self.triggered(lambda states: seen.append(states) or True).check_task_trigger(Pending(), upstream)
        assert [upstream] == seen

    def test_something_falsy_is_a_failure(self) -> None:
        state = ended_by(lambda: self.triggered(lambda _: False).check_task_trigger(Pending(), {}))
        assert (TriggerFailed, "Trigger failed") == (type(state), state.message)

    @pytest.mark.parametrize("signal", [TRIGGERFAIL, SKIP, PAUSE, FAIL])
    def test_a_signal_ends_with_its_state(self, signal: Any) -> None:
        def raises(_: Any) -> bool:
            raise signal("why")

        state = ended_by(lambda: self.triggered(raises).check_task_trigger(Pending(), {}))
        assert (signal.state_class, "why") == (type(state), state.message)
        with pytest.raises(signal), context(raise_on_exception=True):
            self.triggered(raises).check_task_trigger(Pending(), {})

    def test_an_exception_ends_as_trigger_failed(self, caplog: pytest.LogCaptureFixture) -> None:
        def raises(_: Any) -> bool:
            raise ValueError("no")

        state = ended_by(lambda: self.triggered(raises).check_task_trigger(Pending(), {}))
        message = "Unexpected error while checking task trigger: ValueError('no')"
        assert (TriggerFailed, message, ValueError) == (type(state), state.message, type(state.result))
        assert [f"Task 't': {message}"] == [record.getMessage() for record in caplog.records]
        assert {logging.ERROR} == {record.levelno for record in caplog.records}
        with pytest.raises(ValueError, match="no"), context(raise_on_exception=True):
            self.triggered(raises).check_task_trigger(Pending(), {})

    def test_the_default_refuses_failures(self) -> None:
        state = TaskRunner(one).run(upstream_states={edge_to(one): Failed()})
        message = 'Trigger was "all_successful" but some of the upstream tasks failed.'
        assert (TriggerFailed, message) == (type(state), state.message)

    def test_manual_only_pauses_and_runs_when_resumed(self) -> None:
        asked = task(lambda: 1, name="t", trigger=manual_only)
        paused = TaskRunner(asked).run()
        assert (Paused, 'Trigger function is "manual_only"') == (type(paused), paused.message)
        assert 1 == TaskRunner(asked).run(Resume()).result
        assert 1 == TaskRunner(asked).run(context={"resume": True}).result


class TestSetTaskToRunning:
    @pytest.mark.parametrize("state", [Pending(), Scheduled(), Retrying(), Resume()])
    def test_pending_states_become_running(self, state: State) -> None:
        running = TaskRunner(one).set_task_to_running(state=state, inputs={})
        assert (Running, "Starting task run.") == (type(running), running.message)

    @pytest.mark.parametrize("state", [Cached(), Success(), Failed(), Mapped(), Skipped(), Running()])
    def test_others_end(self, state: State) -> None:
        assert ended_by(lambda: TaskRunner(one).set_task_to_running(state=state, inputs={})) is state
