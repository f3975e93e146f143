"""TaskRunner: the call of the task, in time and out of it, its output, and what follows from how it ended."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.parity.steps import Recorder, Shelf, ended_by

from runwright import Task, context, task
from runwright.clock import utcnow
from runwright.result import Result
from runwright.runtime.task_runner import TaskRunner
from runwright.runtime.timeouts import TaskTimeout
from runwright.signals import FAIL, LOOP, PAUSE, RETRY, SKIP, SUCCESS, TRIGGERFAIL, VALIDATIONFAIL
from runwright.states import (
    Cached,
    Failed,
    Looped,
    Mapped,
    Paused,
    Pending,
    Retrying,
    Running,
    Skipped,
    State,
    Success,
    TimedOut,
    TriggerFailed,
)


def run_state(declared: Any, **inputs: Any) -> Any:
    """Return what `get_task_run_state` makes of a task."""
    held = {key: Result(value) for key, value in inputs.items()}
    return TaskRunner(declared).get_task_run_state(state=Running(), inputs=held)


def in_thread(call: Any) -> Any:
    """Return what a call returns in a thread of its own."""
    outcome: list[Any] = []
    thread = threading.Thread(target=lambda: outcome.append(call()))
    thread.start()
    thread.join()
    return outcome[0]


class TestGetTaskRunState:
    @pytest.mark.parametrize("state", [Pending(), Cached(), Success(), Failed(), Skipped(), Mapped(), Retrying()])
    def test_only_a_running_task_runs(self, state: State) -> None:
        runner = TaskRunner(task(lambda: 1, name="t"))
        assert ended_by(lambda: runner.get_task_run_state(state=state, inputs={})) is state

    def test_a_value_is_success(self) -> None:
        state = run_state(task(lambda x: x + 1, name="t"), x=1)
        assert (Success, "Task run succeeded.", 2) == (type(state), state.message, state.result)

    def test_an_exception_is_failed_and_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        state = run_state(task(lambda: {}["gone"], name="t"))
        message = "Error during execution of task: KeyError('gone')"
        assert (Failed, message, KeyError) == (type(state), state.message, type(state.result))
        (record,) = caplog.records
        assert (logging.ERROR, "Task 't': Exception encountered during task execution!") == (
            record.levelno,
            record.getMessage(),
        )
        assert record.exc_info
        with pytest.raises(KeyError), context(raise_on_exception=True):
            run_state(task(lambda: {}["gone"], name="t"))

    @pytest.mark.parametrize("signal", [FAIL, TRIGGERFAIL, VALIDATIONFAIL, SKIP, RETRY, PAUSE])
    def test_a_signal_is_its_state_and_nothing_is_stored(self, signal: Any) -> None:
        def raises() -> None:
            raise signal("why", result=3)

        shelf = Shelf(location="here")
        with context(checkpointing=True):
            state = run_state(task(raises, name="t", result=shelf))
        assert (signal.state_class, "why", 3, []) == (type(state), state.message, state.result, shelf.asked)

    def test_success_by_signal_is_stored(self) -> None:
        def raises() -> None:
            raise SUCCESS("enough", result=3)

        shelf = Shelf(location="here")
        with context(checkpointing=True):
            state = run_state(task(raises, name="t", result=shelf))
        assert (Success, "enough", {"here": 3}) == (type(state), state.message, shelf.values)
        assert "here" == state._result.location

    @pytest.mark.parametrize(("expected", "message"), [("Task is looping (1)", None), ("again", "again")])
    def test_a_turn_of_a_loop_is_stored(self, expected: str, message: str | None) -> None:
        def raises() -> None:
            raise LOOP(message, result=3)

        shelf = Shelf(location="here")
        with context(checkpointing=True):
            state = run_state(task(raises, name="t", result=shelf))
        assert (Looped, expected, 3, {"here": 3}) == (type(state), state.message, state.result, shelf.values)

    def test_a_turn_without_a_result_has_the_repr_of_the_signal(self) -> None:
        def raises() -> None:
            raise LOOP("again")

        assert "LOOP('again')" == run_state(task(raises, name="t")).result


class TestTimeouts:
    @staticmethod
    def spin() -> None:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            pass

    def test_in_the_main_thread_user_code_cannot_swallow_it(self) -> None:
        def swallows() -> None:
            try:
                self.spin()
            except Exception:
                pytest.fail("it was swallowed")

        state = run_state(task(swallows, name="t", timeout=0.05))
        assert (TimedOut, "Task timed out during execution.") == (type(state), state.message)
        assert isinstance(state.result, TaskTimeout)

    def test_in_another_thread_it_is_said_that_the_code_goes_on(self, caplog: pytest.LogCaptureFixture) -> None:
        stop = threading.Event()
        state = in_thread(lambda: run_state(task(stop.wait, name="t", timeout=0.05)))
        stop.set()
        assert TimedOut is type(state)
        assert "a thread cannot be stopped" in caplog.text

    def test_a_coroutine_too(self) -> None:
        @task(timeout=0.05)
        async def waits() -> None:
            await asyncio.Event().wait()

        state = TaskRunner(waits).run()
        assert (TimedOut, "Task timed out during execution.") == (type(state), state.message)
        assert TimedOut is type(asyncio.run(TaskRunner(waits).run_async()))

    def test_a_timeout_error_of_the_tasks_own_is_no_timeout(self) -> None:
        @task(timeout=10)
        async def raises() -> None:
            raise TimeoutError("my own")

        assert (Failed, TimeoutError) == (type(TaskRunner(raises).run()), type(TaskRunner(raises).run().result))

    @pytest.mark.parametrize("where", [lambda call: call(), in_thread])
    def test_signals_context_and_exceptions_get_through(self, where: Any) -> None:
        def reads() -> Any:
            return context.here

        def skips() -> None:
            raise SKIP("out")

        def fails() -> None:
            raise KeyError("gone")

        def run(body: Any) -> State:
            with context(here=1):
                return run_state(task(body, name="t", timeout=10))

        assert 1 == where(lambda: run(reads)).result
        assert Skipped is type(where(lambda: run(skips)))
        assert KeyError is type(where(lambda: run(fails)).result)

    def test_a_timeout_is_retried_like_any_failure(self) -> None:
        late = task(self.spin, name="t", timeout=0.05, max_retries=1, retry_delay=0)
        seen = Recorder()
        assert Retrying is type(TaskRunner(late, state_handlers=[seen]).run())
        assert [("Pending", "Running"), ("Running", "TimedOut"), ("TimedOut", "Retrying")] == seen.changes

    def test_one_inside_of_another_leaves_that_one_running(self) -> None:
        def outer() -> None:
            run_state(task(lambda: 1, name="inner", timeout=5))
            self.spin()

        assert TimedOut is type(run_state(task(outer, name="t", timeout=0.1)))

    def test_it_leaves_when_the_context_says_so(self) -> None:
        with pytest.raises(TaskTimeout), context(raise_on_exception=True):
            TaskRunner(task(self.spin, name="t", timeout=0.05)).run()


class TestLogStdout:
    @pytest.fixture(autouse=True)
    def level(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, logger="runwright")

    @staticmethod
    def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
        return [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]

    def test_what_is_printed_is_logged_without_white_space(self, caplog: pytest.LogCaptureFixture) -> None:
        def prints() -> None:
            print("hello 100%")  # noqa: T201  the output is what this is about
            print("   ")  # noqa: T201  the output is what this is about
            print()  # noqa: T201  the output is what this is about
            print("bye")  # noqa: T201  the output is what this is about

        before = sys.stdout
        run_state(task(prints, name="t", log_stdout=True))
        assert ["hello 100%", "bye"] == self.lines(caplog)
        assert sys.stdout is before

    def test_the_pieces_of_a_line_are_one(self, caplog: pytest.LogCaptureFixture) -> None:
        def prints() -> None:
            print("did", 3)  # noqa: T201  the output is what this is about
            print("two\nlines")  # noqa: T201  the output is what this is about
            print("the end has no end", end="")  # noqa: T201  the output is what this is about

        run_state(task(prints, name="t", log_stdout=True))
        assert ["did 3", "two\nlines", "the end has no end"] == self.lines(caplog)

    def test_a_line_without_end_is_logged_in_parts(self, caplog: pytest.LogCaptureFixture) -> None:
        def prints() -> None:
            for _ in range(25):
                print("." * 1_000, end="")  # noqa: T201  the output is what this is about

        run_state(task(prints, name="t", log_stdout=True))
        assert [10_000, 10_000, 5_000] == [len(line) for line in self.lines(caplog)]

    def test_the_runner_logs_it(self, caplog: pytest.LogCaptureFixture) -> None:
        run_state(task(lambda: print("hello"), name="t", log_stdout=True))  # noqa: T201  the output is what this is about
        assert ["runwright.TaskRunner"] == [record.name for record in caplog.records if "hello" == record.getMessage()]

    def test_not_unless_the_task_asks(
        self, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run_state(task(lambda: print("hello"), name="t"))  # noqa: T201  the output is what this is about
        assert ([], "hello\n") == (self.lines(caplog), capsys.readouterr().out)

    def test_others_that_print_meanwhile_are_left_alone(
        self, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def prints() -> None:
            other = threading.Thread(target=print, args=["from elsewhere"])
            other.start()
            other.join()
            print("from the task")  # noqa: T201  the output is what this is about

        run_state(task(prints, name="t", log_stdout=True))
        assert ["from the task"] == self.lines(caplog)
        assert "from elsewhere\n" == capsys.readouterr().out

    def test_what_is_no_text_is_refused_as_ever(self) -> None:
        def writes(number: Any) -> None:
            sys.stdout.write(number)

        state = run_state(task(writes, name="t", log_stdout=True), number=5)
        assert TypeError is type(state.result)

    def test_a_coroutine_too(self, caplog: pytest.LogCaptureFixture) -> None:
        @task(log_stdout=True)
        async def prints() -> None:
            print("hello")  # noqa: T201  the output is what this is about

        run_state(prints)
        assert ["hello"] == self.lines(caplog)


class TestCheckForRetry:
    @staticmethod
    def retried(state: State, run_count: int = 1, **options: Any) -> Any:
        options = {"max_retries": 1, "retry_delay": 60, **options}
        declared = Task(name="t", **options)
        with context(task_run_count=run_count):
            return TaskRunner(declared).check_for_retry(state=state, inputs={})

    @pytest.mark.parametrize("state", [Success(), Pending(), Running(), Retrying(), Skipped(), Cached(), Paused()])
    def test_only_failures(self, state: State) -> None:
        assert self.retried(state) is state

    @pytest.mark.parametrize("state", [Failed(), TimedOut(), TriggerFailed()])
    def test_all_of_them(self, state: State) -> None:
        again = self.retried(state, max_retries=3, run_count=2)
        assert (Retrying, "Retrying Task (after attempt 2 of 4)", 2) == (type(again), again.message, again.run_count)
        left = again.start_time - utcnow()
        assert timedelta(seconds=50) < left <= timedelta(seconds=60)

    @pytest.mark.parametrize(("is_retried", "run_count"), [(True, 1), (True, 2), (False, 3), (False, 4)])
    def test_as_often_as_allowed(self, is_retried: bool, run_count: int) -> None:
        assert is_retried == self.retried(Failed(), max_retries=2, run_count=run_count).is_retrying()

    def test_not_without_retries(self) -> None:
        state = Failed()
        assert TaskRunner(Task(name="t")).check_for_retry(state=state, inputs={}) is state

    @pytest.mark.parametrize(
        ("is_retried", "error"),
        [(True, ConnectionError()), (True, KeyError()), (True, None), (False, ValueError()), (False, FAIL("signal"))],
    )
    def test_for_the_exceptions_named(self, is_retried: bool, error: Any, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, logger="runwright.TaskRunner")
        again = self.retried(Failed(result=error), retry_on={OSError, KeyError})
        assert is_retried == again.is_retrying()
        skipped = "is not an instance of the retry on exception types." in caplog.text
        assert skipped is not is_retried

    def test_no_inputs_are_kept(self) -> None:
        declared = Task(name="t", max_retries=1, retry_delay=0)
        assert {} == TaskRunner(declared).check_for_retry(state=Failed(), inputs={"x": Result(1)}).cached_inputs

    def test_in_a_loop_the_turn_is_kept(self) -> None:
        shelf = Shelf(location="{x}")
        declared = Task(name="t", max_retries=1, retry_delay=0, result=shelf)
        with context(task_loop_count=3, task_loop_result=7, checkpointing=True):
            again = TaskRunner(declared).check_for_retry(state=Failed(), inputs={"x": Result("here")})
        assert (7, "here", 3) == (again.result, again._result.location, again.context["_loop_count"])

    def test_and_the_loop_goes_on_where_it_was(self) -> None:
        @task(max_retries=1, retry_delay=0)
        def turns() -> Any:
            turn = context.get("task_loop_count", 1)
            seen.append((turn, context.get("task_loop_result"), context.task_run_count))
            if turn < 3:
                raise LOOP(result=turn * 10)
            if context.task_run_count == 1:
                raise ValueError("once")
            return "done"

        seen: list[Any] = []
        again = TaskRunner(turns).run()
        assert Retrying is type(again)
        assert "done" == TaskRunner(turns).run(again).result
        assert [(1, None, 1), (2, 10, 1), (3, 20, 1), (3, 20, 2)] == seen

    def test_a_retry_by_signal_needs_no_policy(self) -> None:
        naive = datetime(2099, 1, 1)

        def again() -> None:
            raise RETRY("later", start_time=naive)

        state: Any = TaskRunner(task(again, name="t")).run()
        assert (Retrying, "later", naive.replace(tzinfo=UTC)) == (type(state), state.message, state.start_time)
        assert isinstance(state.result, RETRY)

    def test_a_run_counts_on(self) -> None:
        counts = task(lambda: context.task_run_count, name="t")
        assert 3 == TaskRunner(counts).run(Retrying(run_count=2)).result


class TestCheckTaskIsLooping:
    @pytest.mark.parametrize("state", [Success(), Failed(), Pending(), Retrying()])
    def test_others_pass(self, state: State) -> None:
        assert TaskRunner(Task(name="t")).check_task_is_looping(state=state) is state

    def test_the_next_turn_knows_the_last_one(self) -> None:
        @task
        def turns() -> list[Any]:
            turn, last = context.get("task_loop_count", 1), context.get("task_loop_result", [])
            if turn < 4:
                raise LOOP(result=[*last, turn])
            return last

        assert [1, 2, 3] == TaskRunner(turns).run().result

    def test_the_pending_between_turns_says_which(self) -> None:
        messages: list[Any] = []

        @task(state_handlers=[lambda _, old, __: messages.append(old.message)])
        def turns() -> None:
            if context.get("task_loop_count", 1) < 3:
                raise LOOP

        TaskRunner(turns).run()
        assert ["Looping task (on loop index 1)", "Looping task (on loop index 2)"] == [
            each for each in messages if each and each.startswith("Looping")
        ]

    def test_a_loop_says_once_that_it_starts_and_ends(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, logger="runwright.TaskRunner")

        @task
        def turns() -> None:
            if context.get("task_loop_count", 1) < 3:
                raise LOOP

        TaskRunner(turns).run()
        assert 2 == len([each for each in caplog.records if "task run" in each.getMessage()])

    def test_inputs_are_the_same_at_each_turn(self) -> None:
        from tests.parity.steps import edge_to

        @task
        def turns(x: int) -> int:
            if context.get("task_loop_count", 1) < 3:
                raise LOOP(result=0)
            return x

        assert 5 == TaskRunner(turns).run(upstream_states={edge_to(turns, "x"): Success(result=5)}).result

    @pytest.mark.parametrize("runner", [TaskRunner, type("Overriding", (TaskRunner,), {})])
    def test_five_thousand_turns_do_not_grow_the_stack(self, runner: Any) -> None:
        @task
        def counts() -> int:
            turn = context.get("task_loop_count", 1)
            if turn < 5_000:
                raise LOOP(result=turn)
            return turn

        assert 5_000 == runner(counts).run().result

    def test_a_run_that_is_overridden_sees_every_turn(self) -> None:
        class Watching(TaskRunner):
            def run(self, state: State | None = None, *args: Any, **kwargs: Any) -> State:
                entered.append((type(self).__name__, type(state).__name__))
                return super().run(state, *args, **kwargs)

        class WatchingTwice(Watching):
            def run(self, *args: Any, **kwargs: Any) -> State:
                return super().run(*args, **kwargs)

        @task
        def turns() -> int:
            turn = context.get("task_loop_count", 1)
            if turn < 500:
                raise LOOP(result=turn)
            return turn

        for runner in (Watching, WatchingTwice):
            entered: list[Any] = []
            assert 500 == runner(turns).run().result
            assert [(runner.__name__, "NoneType"), (runner.__name__, "Pending")] == entered[:2]
            assert 500 == len(entered)
