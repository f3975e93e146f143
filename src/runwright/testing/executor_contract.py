"""ExecutorContract: what every executor has to do, as tests. Subclass it and give it an executor of yours.

    class TestMyExecutor(ExecutorContract):
        has_processes = True

        @pytest.fixture
        def executor(self):
            return MyExecutor()

The switches say what a place can do at all. Nothing here waits for time to pass, except for deadlines.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Self

import pytest

from runwright.edge import Edge
from runwright.errors import ExecutorError, ResultSerializationError, UnpicklableCall, WorkerLost
from runwright.executor import TaskCall
from runwright.result import Result
from runwright.runtime import journal
from runwright.states import Cancelled, Crashed, Failed, Killed, Running, State, Success, TimedOut
from runwright.task import FunctionTask
from runwright.testing import executor_poison as poison

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runwright.executor import Executor, Report

PATIENCE = 100.0
"""Seconds after which a report that has not come is taken for lost."""

MOST_AT_A_GATE = 512
"""How many bodies an opened gate lets through: as many bytes as every system writes into a pipe at once."""

SOURCE = FunctionTask(poison.give_back, name="source")


class _Node:
    """A task of the flow, with one edge for each input: calls of the same task share them, as in a flow run."""

    def __init__(self, number: int, task: FunctionTask[..., Any]) -> None:
        self.number = number
        self.task = task
        self._edges: dict[str, Edge] = {}

    def edge(self, key: str) -> Edge:
        return self._edges.setdefault(key, Edge(SOURCE, self.task, key))


class Desk:
    """Sits where the flow runner sits: submits calls, and collects what is reported."""

    def __init__(self, executor: Executor) -> None:
        """Use `executor` for as long as the `with` block lasts."""
        self.executor = executor
        self.reports: dict[int, list[Report]] = defaultdict(list)
        self._context = {"checkpointing": False, "flow_run_id": "the flow run"}
        self._changed = threading.Condition()
        self._calls = 0
        self._nodes: dict[tuple[Callable[..., Any], float | None], _Node] = {}

    def __enter__(self) -> Self:
        """Start the executor, with log lines going where those of a flow run go."""
        journal.install()
        self.executor.start(self.take)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the executor."""
        self.executor.stop()

    def take(self, report: Report) -> None:
        """Keep a report."""
        with self._changed:
            self.reports[report.ordinal].append(report)
            self._changed.notify_all()

    def call(self, body: Callable[..., Any], *, inputs: dict[str, Any] | None = None, **details: Any) -> TaskCall:
        """Return an attempt at a task made of `body`; `timeout` and everything else of a `TaskCall` may be given."""
        self._calls += 1
        node = self._node_of(body, details.get("timeout"))
        return TaskCall(
            ordinal=self._calls,
            node=node.number,
            slug=f"{node.task.name}-{node.number}",
            task=node.task,
            task_run_id=f"task run {self._calls}",
            context=self._context,
            upstream={node.edge(key): Success(result=Result(value)) for key, value in (inputs or {}).items()},
            **details,
        )

    def run(self, *calls: TaskCall) -> list[State]:
        """Submit calls together and return the states they end in."""
        self.executor.submit(calls)
        return [self.final(call).state for call in calls]

    def final(self, call: TaskCall) -> Report:
        """Wait for the final report of an attempt."""
        return self._wait_for(call, lambda report: report.is_final)

    def wait_until_running(self, call: TaskCall) -> None:
        """Wait until the body of an attempt runs."""
        self._wait_for(call, lambda report: isinstance(report.state, Running))

    def _node_of(self, body: Callable[..., Any], timeout: float | None) -> _Node:
        if (body, timeout) not in self._nodes:
            task = FunctionTask(body, name=body.__name__, timeout=timeout)
            self._nodes[body, timeout] = _Node(len(self._nodes) + 1, task)
        return self._nodes[body, timeout]

    def _wait_for(self, call: TaskCall, is_wanted: Callable[[Report], bool]) -> Report:
        def find() -> Report | None:
            return next((each for each in self.reports[call.ordinal] if is_wanted(each)), None)

        with self._changed:
            found = self._changed.wait_for(find, PATIENCE)
        assert found, f"Nothing was heard of {call.slug} but {self.reports[call.ordinal]}."
        return found


class Gate:
    """A named pipe that bodies wait at until it is opened; a waiting body has no other way to go on.

    Running is reported before a body gets here: the gate stays open for those who come after it was opened.
    """

    def __init__(self, path: Path) -> None:
        """Make the pipe at `path`."""
        self._pipe, self.path = path, str(path)
        os.mkfifo(path)
        self._reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # first: without a reader nobody may write
        self._writing = os.open(path, os.O_WRONLY | os.O_NONBLOCK)

    def open(self) -> None:
        """Let the bodies that wait here go on, and those that will come, wherever they are."""
        os.write(self._writing, b"." * MOST_AT_A_GATE)

    def close(self) -> None:
        """Take the gate away: nobody waits here any longer."""
        self._pipe.unlink()
        os.close(self._reading)
        os.close(self._writing)


class ExecutorContract:
    """Every executor passes this."""

    is_beside = True
    """`submit` returns while attempts run, and `kill` can end them."""
    has_processes = False
    """Attempts run in processes that may die without taking the others along; values are pickled on their way."""
    streams = True
    """Running is reported at once, not only with the final report."""
    tells_how = True
    """The message about a process that died says how it ended."""

    @pytest.fixture
    def executor(self) -> Executor:
        """Override this: return an executor that is not started."""
        raise NotImplementedError

    @pytest.fixture
    def desk(self, executor: Executor) -> Iterator[Desk]:
        """Start the executor, and check at the end that every attempt has one final report, its last one."""
        with Desk(executor) as desk:
            yield desk
        for reports in desk.reports.values():
            assert [False] * (len(reports) - 1) + [True] == [report.is_final for report in reports]

    @pytest.fixture
    def gate(self, tmp_path: Path) -> Iterator[Gate]:
        """Make a gate, and let nobody wait there when the test is over."""
        gate = Gate(tmp_path / "gate")
        yield gate
        gate.close()

    # ---- values and exceptions

    def test_it_says_how_many_attempts_run_at_once(self, executor: Executor) -> None:
        """The flow runner sizes its windows by the slots."""
        assert executor.slots >= 1

    def test_running_comes_before_the_end(self, desk: Desk) -> None:
        """An attempt is heard of when its body begins and when it ends, with its own times."""
        call = desk.call(poison.give_back, inputs={"x": 1})
        assert [Success] == [type(state) for state in desk.run(call)]
        first, *_, last = reports = desk.reports[call.ordinal]
        assert not self.streams or isinstance(first.state, Running)
        assert sorted(report.at for report in reports) == [report.at for report in reports]
        assert (call.ordinal, call.attempt) == (last.ordinal, last.attempt)

    @pytest.mark.parametrize(
        "value", [None, True, 7, 1.5, "text", b"bytes", [1, {"two": (3, {4})}], {"k": None}, range(3)], ids=repr
    )
    def test_values_come_back_as_they_went(self, desk: Desk, value: Any) -> None:
        """An input reaches the body and its result the flow, equal and of the same type."""
        (state,) = desk.run(desk.call(poison.give_back, inputs={"x": value}))
        assert (value, type(value)) == (state.result, type(state.result))

    def test_what_has_no_value_comes_back_without_one(self, desk: Desk) -> None:
        """A body without inputs runs too."""
        (state,) = desk.run(desk.call(poison.give_back))
        assert (Success, None) == (type(state), state.result)

    def test_a_huge_value_comes_back_whole(self, desk: Desk) -> None:
        """Ten megabytes are no special case, in either direction."""
        made, given = desk.run(
            desk.call(poison.be_huge), desk.call(poison.give_back, inputs={"x": b"y" * (10 * poison.MEGABYTE)})
        )
        assert (b"x" * (10 * poison.MEGABYTE)) == made.result
        assert (b"y" * (10 * poison.MEGABYTE)) == given.result

    def test_an_exception_comes_back_as_the_result(self, desk: Desk) -> None:
        """Type and arguments are those that were raised."""
        (state,) = desk.run(desk.call(_divide, inputs={"x": 0}))
        assert Failed is type(state)
        assert (ZeroDivisionError, ("division by zero",)) == (type(state.result), state.result.args)

    def test_a_function_made_on_the_spot_runs(self, desk: Desk) -> None:
        """A closure takes along what it closes over."""
        factor = 6

        def multiply(x: int) -> int:
            return x * factor

        (state,) = desk.run(desk.call(multiply, inputs={"x": 7}))
        assert 42 == state.result

    def test_an_attempt_knows_what_it_is(self, desk: Desk) -> None:
        """What the call says about the attempt is in its context."""
        call = desk.call(poison.look_around, map_index=5, run_count=3, attempt=4)
        (state,) = desk.run(call)
        assert (call.task_run_id, 5, 3) == state.result

    def test_log_lines_and_metrics_come_back(self, desk: Desk) -> None:
        """What the body logs and measures is in its reports, named after the attempt."""
        call = desk.call(poison.speak, attempt=2)
        desk.run(call)
        reports = desk.reports[call.ordinal]
        lines = [line for report in reports for line in report.logs if line.logger == "runwright.poison"]
        metrics = [metric for report in reports for metric in report.metrics]
        assert [(call.ordinal, 2, "something happened")] == [
            (each.ordinal, each.attempt, each.message) for each in lines
        ]
        assert [("rows", 3.0, {"place": "here"})] == [(each.name, each.value, each.tags) for each in metrics]

    # ---- poison

    @pytest.mark.parametrize("value", poison.VALUES)
    def test_no_result_is_left_unanswered(self, desk: Desk, value: str) -> None:
        """A value either comes back or fails its attempt with what to do about it; the next attempt runs."""
        state, after = desk.run(
            desk.call(poison.make, inputs={"poison": value}), desk.call(poison.give_back, inputs={"x": "after"})
        )
        if isinstance(state, Failed):
            assert ResultSerializationError is type(state.result)
            assert self.has_processes
            assert "executor='threads'" in (state.message or "")
        assert "after" == after.result

    @pytest.mark.parametrize("value", poison.VALUES)
    def test_no_input_is_left_unanswered(self, desk: Desk, value: str) -> None:
        """An input either reaches the body or fails its attempt with what to do about it; the next attempt runs."""
        state, after = desk.run(
            desk.call(poison.accept, inputs={"x": poison.VALUES[value]()}),
            desk.call(poison.give_back, inputs={"x": "after"}),
        )
        if isinstance(state, Failed):
            assert UnpicklableCall is type(state.result)
            assert self.has_processes
            assert "executor='threads'" in (state.message or "")
        else:
            assert "accepted" == state.result
        assert "after" == after.result

    @pytest.mark.parametrize("error", poison.EXCEPTIONS)
    def test_no_exception_is_left_unanswered(self, desk: Desk, error: str) -> None:
        """Whatever a body raises ends its own attempt, badly, and no other."""
        state, after = desk.run(
            desk.call(poison.fail_with, inputs={"poison": error}), desk.call(poison.give_back, inputs={"x": "after"})
        )
        is_ordinary = issubclass(type(poison.EXCEPTIONS[error]()), Exception)
        assert isinstance(state, Failed if is_ordinary else Crashed | Cancelled), state
        assert "after" == after.result

    # ---- many, and the end

    def test_a_thousand_calls_are_answered(self, desk: Desk) -> None:
        """Each with its own result."""
        states = desk.run(*(desk.call(poison.give_back, inputs={"x": number}) for number in range(1_000)))
        assert list(range(1_000)) == [state.result for state in states]

    def test_calls_may_come_one_by_one_from_many_threads(self, desk: Desk) -> None:
        """Submitting is safe from any thread."""
        calls = [desk.call(poison.give_back, inputs={"x": number}) for number in range(100)]
        threads = [threading.Thread(target=desk.executor.submit, args=([call],)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(range(100)) == [desk.final(call).state.result for call in calls]

    def test_it_may_be_started_again(self, executor: Executor) -> None:
        """One executor serves one flow run after the other."""
        for word in "first", "second":
            with Desk(executor) as desk:
                (state,) = desk.run(desk.call(poison.give_back, inputs={"x": word}))
                assert word == state.result

    def test_it_may_be_stopped_twice_or_without_a_start(self, executor: Executor) -> None:
        """Stopping is always safe."""
        executor.stop()
        with Desk(executor):
            executor.stop()

    def test_it_serves_one_flow_run_at_a_time(self, desk: Desk) -> None:
        """A second start would take the first one's reports away."""
        if self.is_beside:
            with pytest.raises(ExecutorError, match="its own executor"):
                desk.executor.start(desk.take)

    def test_an_unknown_attempt_cannot_be_killed(self, desk: Desk) -> None:
        """Nothing happens to anybody."""
        assert not desk.executor.kill(99, 1)

    def test_stopping_answers_what_runs_and_what_waits(self, executor: Executor, gate: Gate) -> None:
        """What runs is Killed, what waits is Cancelled, and nobody waits for either."""
        self._only_beside()
        with Desk(executor) as desk:
            running = [desk.call(poison.wait_for, inputs={"path": gate.path}) for _ in range(executor.slots)]
            waiting = [desk.call(poison.give_back) for _ in range(10)]
            executor.submit([*running, *waiting])
            for call in running:
                desk.wait_until_running(call)
        assert {Killed} == {type(desk.final(call).state) for call in running}
        assert {Cancelled} == {type(desk.final(call).state) for call in waiting}

    def test_a_running_attempt_can_be_killed(self, desk: Desk, gate: Gate) -> None:
        """It is Killed, its place is free again, and what it says later is not heard."""
        self._only_beside()
        calls = [desk.call(poison.wait_for, inputs={"path": gate.path}) for _ in range(desk.executor.slots)]
        desk.executor.submit(calls)
        for call in calls:
            desk.wait_until_running(call)
        assert all(desk.executor.kill(call.ordinal, call.attempt) for call in calls)
        assert {Killed} == {type(desk.final(call).state) for call in calls}
        (after,) = desk.run(desk.call(poison.give_back, inputs={"x": "after"}))
        assert "after" == after.result

    def test_an_attempt_killed_while_it_waits_never_runs(self, desk: Desk, gate: Gate, tmp_path: Path) -> None:
        """It is Cancelled at once; those around it run."""
        self._only_beside()
        running = [desk.call(poison.wait_for, inputs={"path": gate.path}) for _ in range(desk.executor.slots)]
        killed = [desk.call(poison.leave_mark, inputs={"path": str(tmp_path / f"{number}")}) for number in range(5)]
        waiting = [desk.call(poison.give_back, inputs={"x": number}) for number in range(5)]
        desk.executor.submit([*running, *(call for pair in zip(killed, waiting, strict=True) for call in pair)])
        for call in running:
            desk.wait_until_running(call)
        assert all(desk.executor.kill(call.ordinal, call.attempt) for call in killed)
        assert {Cancelled} == {type(desk.final(call).state) for call in killed}
        gate.open()
        assert {Success} == {type(desk.final(call).state) for call in running}
        assert list(range(5)) == [desk.final(call).state.result for call in waiting]
        assert [False] * 5 == [(tmp_path / f"{number}").exists() for number in range(5)]

    def test_a_call_that_waits_is_not_stuck_behind_a_long_one(self, desk: Desk, gate: Gate) -> None:
        """While one attempt takes its time, all others get their turn elsewhere."""
        self._only_beside()
        if desk.executor.slots == 1:
            pytest.skip("There is one slot only.")
        long = desk.call(poison.wait_for, inputs={"path": gate.path})
        desk.executor.submit([long])
        desk.wait_until_running(long)
        states = desk.run(*(desk.call(poison.give_back, inputs={"x": number}) for number in range(50)))
        assert list(range(50)) == [state.result for state in states]
        gate.open()
        assert Success is type(desk.final(long).state)

    # ---- deadlines and deaths

    def test_what_takes_too_long_is_timed_out(self, desk: Desk) -> None:
        """The attempt is TimedOut, and its place is free again."""
        calls = [desk.call(poison.wait_for_ever, timeout=0.1) for _ in range(desk.executor.slots)]
        assert {"Task timed out during execution."} == {state.message for state in desk.run(*calls)}
        assert {TimedOut} == {type(desk.final(call).state) for call in calls}
        (after,) = desk.run(desk.call(poison.give_back, inputs={"x": "after"}))
        assert "after" == after.result

    def test_what_ends_in_time_is_not_timed_out(self, desk: Desk) -> None:
        """A deadline that is not reached changes nothing."""
        (state,) = desk.run(desk.call(poison.give_back, inputs={"x": 1}, timeout=PATIENCE))
        assert 1 == state.result

    def test_code_that_nothing_can_interrupt_is_timed_out(self, desk: Desk) -> None:
        """The process is ended from outside."""
        self._only_processes()
        state, after = desk.run(
            desk.call(poison.hold_the_interpreter, timeout=0.1), desk.call(poison.give_back, inputs={"x": "after"})
        )
        assert (TimedOut, "after") == (type(state), after.result)

    @pytest.mark.parametrize(
        ("way", "told"),
        [
            ("segmentation fault", "SIGSEGV (signal 11)"),
            ("exit code", "exit code 3"),
            ("kill -9", "SIGKILL (signal 9)"),
            ("abort", "SIGABRT (signal 6)"),
            ("closed descriptors", "SIGKILL (signal 9)"),
        ],
    )
    def test_a_death_ends_one_attempt_and_says_how(self, desk: Desk, way: str, told: str) -> None:
        """Those before, behind and beside it are not touched."""
        self._only_processes()
        calls = [desk.call(poison.give_back, inputs={"x": number}) for number in range(20)]
        fatal = desk.call(poison.take_down, inputs={"poison": way})
        desk.executor.submit([*calls[:10], fatal, *calls[10:]])
        state = desk.final(fatal).state
        assert (Crashed, WorkerLost) == (type(state), type(state.result))
        assert not self.tells_how or told in (state.message or "")
        assert list(range(20)) == [desk.final(call).state.result for call in calls]

    def _only_beside(self) -> None:
        if not self.is_beside:
            pytest.skip("Attempts run inside submit.")

    def _only_processes(self) -> None:
        if not self.has_processes:
            pytest.skip("What takes down an attempt takes down this process.")


def _divide(x: int) -> float:
    return 1 / x
