"""State handlers: what they see of a task run, and what their answers do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from runwright import Edge, Task, task
from runwright.runtime.task_runner import TaskRunner
from runwright.states import Failed, State, Success


@task
def one() -> int:
    """Return one."""
    return 1


def edge_to(downstream: Task, key: str | None = None, *, mapped: bool = False) -> Edge:
    """Return an edge from a task of its own to a task."""
    return Edge(Task(name="upstream"), downstream, key=key, mapped=mapped)


class TestStateHandlers:
    """Handlers hear of every change, once for each step."""

    @staticmethod
    def record_into(seen: list[tuple[str, str]]) -> Any:
        def handler(_: Any, old: State, new: State) -> None:
            seen.append((type(old).__name__, type(new).__name__))

        return handler

    def test_a_simple_run_changes_twice(self) -> None:
        seen: list[tuple[str, str]] = []
        TaskRunner(Task(name="t", state_handlers=[self.record_into(seen)])).run()
        assert seen[0] == ("Pending", "Running")
        assert len(seen) == 2

    def test_a_cached_success_and_a_retry_change_three_times(self) -> None:
        seen: list[tuple[str, str]] = []
        caching = task(lambda: 1, name="c", cache_for=timedelta(1), state_handlers=[self.record_into(seen)])
        TaskRunner(caching).run()
        assert [new for _, new in seen] == ["Running", "Success", "Cached"]
        seen.clear()
        retrying = task(
            lambda: 1 / 0, name="r", max_retries=1, retry_delay=timedelta(0), state_handlers=[self.record_into(seen)]
        )
        TaskRunner(retrying).run()
        assert [new for _, new in seen] == ["Running", "Failed", "Retrying"]

    def test_a_mapped_parent_changes_once(self) -> None:
        seen: list[tuple[str, str]] = []
        mapping = task(lambda x: x, name="m", state_handlers=[self.record_into(seen)])
        upstream = {edge_to(mapping, "x", mapped=True): Success(result=[1])}
        TaskRunner(mapping).run(upstream_states=upstream, is_mapped_parent=True)
        assert seen == [("Pending", "Mapped")]

    def test_a_handler_replaces_the_state(self) -> None:
        def forgive(_: Any, __: State, new: State) -> State:
            return Success("forgiven", result=0) if new.is_failed() else new

        state = TaskRunner(task(lambda: 1 / 0, name="f", state_handlers=[forgive])).run()
        assert (state.message, state.result) == ("forgiven", 0)

    def test_the_tasks_handlers_come_before_the_runners(self) -> None:
        order: list[str] = []
        ordered = Task(name="o", state_handlers=[lambda *_: order.append("task")])
        TaskRunner(ordered, state_handlers=[lambda *_: order.append("runner")]).run()
        assert order[:2] == ["task", "runner"]

    def test_a_handler_that_raises_fails_the_run_before_the_task_ran(self) -> None:
        def broken(*_: Any) -> None:
            raise ZeroDivisionError("handler")

        ran: list[int] = []
        state = TaskRunner(task(lambda: ran.append(1), name="b", state_handlers=[broken])).run()
        assert type(state) is Failed
        assert (state.message or "").startswith("Unexpected error while calling state handlers: ZeroDivisionError")
        assert ran == []

    def test_a_lone_function_is_refused(self) -> None:
        with pytest.raises(TypeError, match="iterable"):
            TaskRunner(one, state_handlers=lambda *_: None)
