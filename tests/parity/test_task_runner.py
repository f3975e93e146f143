"""TaskRunner: how it is made, how a run begins and ends, and what state handlers hear of it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from tests.parity.steps import Recorder, Shelf, edge_to

from runwright import Task, context, task
from runwright.clock import utcnow
from runwright.result import Result
from runwright.results.memory import MemoryResult
from runwright.runtime.runner import Runner, call_state_handlers
from runwright.runtime.task_runner import TaskRunner
from runwright.signals import ENDRUN, FAIL, LOOP, PAUSE, RETRY, SKIP, SUCCESS
from runwright.states import (
    ClientFailed,
    Failed,
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
)


@task
def one() -> int:
    """Return one."""
    return 1


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged, line by line."""
    return [record.getMessage() for record in caplog.records]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger="runwright")
    caplog.set_level(logging.DEBUG, logger="runwright.TaskRunner")
    return caplog


class TestConstruction:
    def test_the_context_is_a_snapshot(self) -> None:
        with context(here=1):
            runner = TaskRunner(one)
            assert {"here": 1} == runner.context
            assert dict is type(runner.context)
        assert {"here": 1} == runner.context

    @pytest.mark.parametrize(
        ("expected", "of_task", "of_flow"),
        [
            (Shelf(location="t"), Shelf(location="t"), Shelf(location="f")),
            (Shelf(location="f"), None, Shelf(location="f")),
            (Result(), None, None),
        ],
    )
    def test_the_result_is_the_tasks_the_flows_or_a_bare_one(
        self, expected: Result, of_task: Any, of_flow: Any
    ) -> None:
        runner = TaskRunner(Task(name="t", result=of_task), flow_result=of_flow)
        assert (type(expected), expected.location) == (type(runner.result), runner.result.location)

    @pytest.mark.parametrize("handlers", [lambda *_: None, {1}, 5])
    def test_state_handlers_are_a_sequence(self, handlers: Any) -> None:
        with pytest.raises(TypeError, match="iterable"):
            TaskRunner(one, state_handlers=handlers)
        with pytest.raises(TypeError, match="iterable"):
            Runner(state_handlers=handlers)
        assert TaskRunner(one, state_handlers=(lambda *_: None,)).run().is_successful()


class TestRun:
    def test_defaults_to_pending_without_upstream(self) -> None:
        state = TaskRunner(one).run()
        assert (Success, "Task run succeeded.", 1) == (type(state), state.message, state.result)

    def test_the_context_given_is_seen_by_the_task_and_gone_afterwards(self) -> None:
        looks = task(lambda: (context.x, context.y), name="looks")
        with context(x=1):
            assert (1, 2) == TaskRunner(looks).run(context={"y": 2}).result
            assert "y" not in context

    @pytest.mark.parametrize(("expected", "index"), [("one", None), ("one[0]", 0), ("one[3]", 3)])
    def test_the_full_name_has_the_map_index(self, expected: str, index: int | None) -> None:
        runner = TaskRunner(one)
        runner.run(context={} if index is None else {"map_index": index})
        assert (expected, index) == (runner.context["task_full_name"], runner.context["map_index"])

    @pytest.mark.parametrize("index", [None, 2])
    def test_the_log_lines_of_a_run(self, log: pytest.LogCaptureFixture, index: int | None) -> None:
        TaskRunner(one).run(context={"map_index": index})
        name = "one" if index is None else "one[2]"
        said = [line for line in lines(log) if "Handling" not in line]
        assert [
            f"Task '{name}': Starting task run...",
            f"Task '{name}': Finished task run for task with final state: 'Success'",
        ] == said
        assert {logging.INFO} == {each.levelno for each in log.records if "task run" in each.getMessage()}

    def test_no_such_lines_in_a_loop(self, log: pytest.LogCaptureFixture) -> None:
        with context(task_loop_count=2):
            TaskRunner(one).run()
        assert not [line for line in lines(log) if "task run" in line]

    def test_a_mapped_parent_says_so_too(self, log: pytest.LogCaptureFixture) -> None:
        TaskRunner(one).run(upstream_states={edge_to(one, mapped=True): Success(result=[1])}, is_mapped_parent=True)
        assert "Task 'one': Finished task run for task with final state: 'Mapped'" in lines(log)

    def test_whatever_goes_wrong_outside_of_steps_is_a_failed_state(self, log: pytest.LogCaptureFixture) -> None:
        class Broken(TaskRunner):
            def get_task_inputs(self, state: State, upstream_states: Any) -> Any:
                raise KeyError("gone")

        state = Broken(one).run()
        message = "Task 'one': Unexpected error while running task: KeyError('gone')"
        assert (Failed, message, KeyError) == (type(state), state.message, type(state.result))
        assert message in lines(log)

    def test_and_so_is_what_goes_wrong_at_the_very_beginning(self) -> None:
        class Broken(TaskRunner):
            def initialize_run(self, state: State | None, context: dict[str, Any]) -> Any:
                raise KeyError("gone")

        before = context.to_dict()
        assert KeyError is type(Broken(one).run().result)
        assert before == context.to_dict()

    def test_it_leaves_when_the_context_says_so(self) -> None:
        class Broken(TaskRunner):
            def get_task_inputs(self, state: State, upstream_states: Any) -> Any:
                raise KeyError("gone")

        with pytest.raises(KeyError), context(raise_on_exception=True):
            Broken(one).run()

    @pytest.mark.parametrize("signal", [FAIL, SKIP, PAUSE, RETRY])
    def test_signals_leave_too_then(self, signal: Any) -> None:
        @task
        def raises() -> None:
            raise signal("out")

        with pytest.raises(signal), context(raise_on_exception=True):
            TaskRunner(raises).run()

    def test_loops_and_successes_do_not(self) -> None:
        @task
        def raises() -> int:
            if context.get("task_loop_count", 1) == 1:
                raise LOOP(result=1)
            raise SUCCESS("done", result=2)

        with context(raise_on_exception=True):
            assert 2 == TaskRunner(raises).run().result

    def test_cached_inputs_stay_empty(self) -> None:
        fails = task(lambda x: 1 / x, name="fails", max_retries=1, retry_delay=0)
        assert {} == TaskRunner(fails).run(upstream_states={edge_to(fails, "x"): Success(result=0)}).cached_inputs


class TestStateHandlers:
    @pytest.mark.parametrize(
        ("expected", "declared"),
        [
            ([("Pending", "Running"), ("Running", "Success")], task(lambda: 1, name="t")),
            (
                [("Pending", "Running"), ("Running", "Success"), ("Success", "Cached")],
                task(lambda: 1, name="t", cache_for=60),
            ),
            (
                [("Pending", "Running"), ("Running", "Failed"), ("Failed", "Retrying")],
                task(lambda: 1 / 0, name="t", max_retries=1, retry_delay=0),
            ),
            ([("Pending", "Running"), ("Running", "Failed")], task(lambda: 1 / 0, name="t")),
        ],
    )
    def test_each_change_is_heard_once(self, expected: Any, declared: Any) -> None:
        seen = Recorder()
        TaskRunner(declared, state_handlers=[seen]).run()
        assert expected == seen.changes

    def test_the_pending_between_two_turns_is_not_heard(self) -> None:
        @task
        def turns() -> int:
            if context.get("task_loop_count", 1) < 3:
                raise LOOP
            return 1

        seen = Recorder()
        TaskRunner(turns, state_handlers=[seen]).run()
        assert ["Running", "Looped", "Running", "Looped", "Running", "Success"] == [new for _, new in seen.changes]

    def test_a_mapped_parent_changes_once(self) -> None:
        seen = Recorder()
        upstream: dict[Any, State] = {edge_to(one, mapped=True): Success(result=[1])}
        TaskRunner(one, state_handlers=[seen]).run(upstream_states=upstream, is_mapped_parent=True)
        assert [("Pending", "Mapped")] == seen.changes

    def test_an_end_with_the_same_state_is_no_change(self) -> None:
        seen = Recorder()
        TaskRunner(one, state_handlers=[seen]).run(state=Success())
        TaskRunner(one, state_handlers=[seen]).run(upstream_states={edge_to(one): Pending()})
        assert [] == seen.changes

    def test_an_end_with_another_state_is(self) -> None:
        seen = Recorder()
        TaskRunner(one, state_handlers=[seen]).run(upstream_states={edge_to(one): Skipped()})
        assert [("Pending", "Skipped")] == seen.changes

    def test_the_tasks_come_first_and_each_sees_what_the_last_one_made(self) -> None:
        def add(letter: str) -> Any:
            def handler(owner: Any, old: State, new: State) -> State:
                owners.append(owner)
                return type(new)(f"{new.message or ''}{letter}")

            return handler

        owners: list[Any] = []
        declared = Task(name="t", state_handlers=[add("a"), add("b")])
        runner = TaskRunner(declared, state_handlers=[add("c")])
        assert "abc" == runner.handle_state_change(Pending(), Success()).message
        assert [declared, declared, runner] == owners

    def test_none_keeps_the_state(self) -> None:
        state = Success()
        runner = TaskRunner(Task(name="t", state_handlers=[lambda *_: None]), state_handlers=[lambda *_: None])
        assert runner.handle_state_change(Pending(), state) is state

    def test_a_subclass_may_return_none_for_all_of_them(self) -> None:
        class Quiet(TaskRunner):
            def call_runner_target_handlers(self, old_state: State, new_state: State) -> Any:
                return None

        state = Success()
        assert Quiet(one).handle_state_change(Pending(), state) is state

    def test_a_pause_from_a_handler_ends_the_run(self) -> None:
        def pauses(_: Any, __: State, new: State) -> None:
            if new.is_running():
                raise PAUSE("wait for me")

        ran: list[int] = []
        state = TaskRunner(task(lambda: ran.append(1), name="t", state_handlers=[pauses])).run()
        assert (Paused, "wait for me", []) == (type(state), state.message, ran)
        with pytest.raises(PAUSE):
            TaskRunner(Task(name="t", state_handlers=[pauses])).handle_state_change(Pending(), Running())

    def test_an_endrun_from_a_handler_ends_the_run(self) -> None:
        def ends(_: Any, __: State, new: State) -> None:
            if new.is_running():
                raise ENDRUN(Skipped("not today"))

        state = TaskRunner(task(lambda: 1 / 0, name="t", state_handlers=[ends])).run()
        assert (Skipped, "not today") == (type(state), state.message)

    @pytest.mark.parametrize("signal", [SKIP, FAIL, SUCCESS])
    def test_any_other_signal_replaces_the_state(self, signal: Any) -> None:
        def raises(_: Any, __: State, new: State) -> None:
            if isinstance(new, Success):
                raise signal("instead")

        state = TaskRunner(Task(name="t", state_handlers=[raises])).run()
        assert (signal.state_class, "instead") == (type(state), state.message)

    def test_an_exception_from_a_handler_ends_the_run_as_failed(self, log: pytest.LogCaptureFixture) -> None:
        def breaks(*_: Any) -> None:
            raise ValueError("handler")

        later = Recorder()
        ran: list[int] = []
        state = TaskRunner(task(lambda: ran.append(1), name="t", state_handlers=[breaks, later])).run()
        message = "Unexpected error while calling state handlers: ValueError('handler')"
        assert (Failed, message, ValueError) == (type(state), state.message, type(state.result))
        assert ([], []) == (ran, later.changes)
        assert message in lines(log)
        with pytest.raises(ValueError, match="handler"), context(raise_on_exception=True):
            TaskRunner(Task(name="t", state_handlers=[breaks])).run()

    def test_changes_are_logged_for_those_who_debug(self, log: pytest.LogCaptureFixture) -> None:
        TaskRunner(one).run(context={"map_index": 1})
        assert "Task 'one[1]': Handling state change from Pending to Running" in lines(log)

    def test_handlers_know_the_task_run(self) -> None:
        seen: list[Any] = []
        declared = Task(name="t", state_handlers=[lambda *_: seen.append(context.task_run_id)])
        TaskRunner(declared).run(context={"task_run_id": "abc"})
        assert ["abc", "abc"] == seen

    def test_a_failure_handler_hears_of_failures_alone(self) -> None:
        seen: list[Any] = []
        fails = task(lambda: 1 / 0, name="t", on_failure=lambda task, state: seen.append((task.name, type(state))))
        TaskRunner(fails).run()
        assert [("t", Failed)] == seen


class TestTheWrapperOfSteps:
    class Stepper(Runner):
        def __init__(self, outcome: Any) -> None:
            self.heard = Recorder()
            super().__init__(state_handlers=[self.heard])
            self.outcome = outcome

        @call_state_handlers
        def step(self, state: State) -> State:
            if isinstance(self.outcome, BaseException):
                raise self.outcome
            return self.outcome or state

    def test_the_same_object_is_no_change(self) -> None:
        runner, state = self.Stepper(None), Pending()
        assert runner.step(state=state) is state
        assert [] == runner.heard.changes

    def test_an_equal_object_is_one(self) -> None:
        runner = self.Stepper(Pending())
        runner.step(Pending())
        assert [("Pending", "Pending")] == runner.heard.changes

    def test_an_end_goes_on_with_the_handled_state(self) -> None:
        runner = self.Stepper(ENDRUN(Success()))
        with pytest.raises(ENDRUN) as caught:
            runner.step(Pending())
        assert (Success, [("Pending", "Success")]) == (type(caught.value.state), runner.heard.changes)

    def test_a_signal_is_logged_and_becomes_its_state(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, logger="runwright.Runner")
        assert Skipped is type(self.Stepper(SKIP("why")).step(Pending()))
        assert ["SKIP signal raised: SKIP('why')"] == lines(caplog)
        with pytest.raises(SKIP), context(raise_on_exception=True):
            self.Stepper(SKIP("why")).step(Pending())

    def test_an_exception_is_logged_and_becomes_failed(self, caplog: pytest.LogCaptureFixture) -> None:
        state = self.Stepper(ValueError("no")).step(Pending())
        assert ("Unexpected error: ValueError('no')", ValueError) == (state.message, type(state.result))
        (record,) = caplog.records
        assert (logging.ERROR, "Unexpected error: ValueError('no')") == (record.levelno, record.getMessage())
        assert record.exc_info
        with pytest.raises(ValueError, match="no"), context(raise_on_exception=True):
            self.Stepper(ValueError("no")).step(Pending())


class TestInitializeRun:
    @pytest.mark.parametrize("wrapper", [Submitted, Queued, ClientFailed])
    def test_meta_states_are_unwrapped(self, wrapper: Any) -> None:
        inner = Scheduled()
        assert TaskRunner(one).initialize_run(wrapper(state=inner), {}).state is inner
        assert Pending is type(TaskRunner(one).initialize_run(wrapper(), {}).state)

    def test_none_becomes_pending(self) -> None:
        state, changed = TaskRunner(one).initialize_run(state=None, context={})
        assert (Pending, 1) == (type(state), changed["task_run_count"])

    @pytest.mark.parametrize(
        ("expected", "state"),
        [
            (2, Retrying(run_count=1)),
            (1, Pending()),
            (6, Pending(context={"task_run_count": 6})),
            (3, Retrying(run_count=2)),
        ],
    )
    def test_the_run_count(self, expected: int, state: State) -> None:
        assert expected == TaskRunner(one).initialize_run(state, {}).context["task_run_count"]

    @pytest.mark.parametrize(
        ("expected", "state"),
        [
            (True, Resume()),
            (True, Paused(start_time=utcnow() - timedelta(seconds=1))),
            (None, Paused(start_time=utcnow() + timedelta(hours=1))),
            (None, Paused()),
            (None, Pending()),
            (None, Scheduled()),
        ],
    )
    def test_resume(self, expected: bool | None, state: State) -> None:
        assert expected is TaskRunner(one).initialize_run(state, {}).context.get("resume")

    def test_a_loop_under_way(self) -> None:
        state = Pending(result=7, context={"_loop_count": 4})
        changed = TaskRunner(one).initialize_run(state, {}).context
        assert (4, 7) == (changed["task_loop_count"], changed["task_loop_result"])
        assert "_loop_count" not in state.context

    def test_a_loop_under_way_whose_value_was_stored(self) -> None:
        stored = MemoryResult(location="turns").write(8)
        state = Retrying(result=Result(location=stored.location), context={"_loop_count": 2})
        changed = TaskRunner(Task(name="t", result=MemoryResult())).initialize_run(state, {}).context
        assert (2, 8) == (changed["task_loop_count"], changed["task_loop_result"])

    def test_names_and_tags(self) -> None:
        changed = TaskRunner(Task(name="t", tags=["a"])).initialize_run(None, {}).context
        assert ("t", {"a"}) == (changed["task_name"], changed["task_tags"])

    @pytest.mark.parametrize(
        ("expected", "given"),
        [
            (True, {"config": {"flows": {"checkpointing": True}}}),
            (False, {"config": {"flows": {"checkpointing": False}}}),
            (True, {"checkpointing": True, "config": {"flows": {"checkpointing": False}}}),
            (None, {}),
        ],
    )
    def test_checkpointing_is_that_of_the_configuration_unless_it_is_there(self, expected: Any, given: Any) -> None:
        assert expected is TaskRunner(one).initialize_run(None, given).context.get("checkpointing")

    def test_the_logger_is_the_tasks_or_one_of_the_child(self) -> None:
        seen = task(lambda: context.logger.name, name="seen")
        assert "runwright.seen" == TaskRunner(seen).run().result
        assert "runwright.seen[2]" == TaskRunner(seen).run(context={"map_index": 2, "logger": None}).result

    def test_what_a_child_logs_has_its_name(self, log: pytest.LogCaptureFixture) -> None:
        @task
        def says() -> None:
            context.logger.info("hello")

        TaskRunner(says).run(context={"map_index": 2})
        assert ["runwright.says[2]"] == [each.name for each in log.records if each.getMessage() == "hello"]
        assert "runwright.says[2]" not in logging.root.manager.loggerDict

    def test_a_target_is_where_the_result_goes(self) -> None:
        runner = TaskRunner(Task(name="t", target="{x}.txt", result=Shelf()))
        runner.initialize_run(None, {})
        assert "{x}.txt" == runner.result.location
        runner = TaskRunner(Task(name="t", target=lambda **_: "made.txt"), flow_result=Shelf(location="other"))
        runner.initialize_run(None, {})
        assert (None, "made.txt") == (runner.result.location, runner.result.format().location)


@pytest.mark.parametrize("final", [Running(), Success(), Failed(), TimedOut(), Skipped(), Mapped()])
def test_a_run_returns_where_it_cannot_begin(final: State) -> None:
    assert TaskRunner(one).run(state=final) is final
