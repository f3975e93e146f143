"""Workload: what the loop of a flow run needs of its kind of flow: what calls are made of, and what becomes of their ends.

There are two: the tasks of a Python flow, joined by edges (`TaskWorkload`), and an execution of a YAML flow (`Execution`). The loop
asks; nothing in a workload feeds the machine by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runwright.engine.stimuli import FinishRun, Resolve, Stimulus, Submit
    from runwright.events import LogLine
    from runwright.executor import TaskCall
    from runwright.graph import Node
    from runwright.states import State

    Lines = Sequence[LogLine]


class Workload(Protocol):
    """The task runs of one flow run, apart from their order. `resumed_by` is the message of those that go on after a pause."""

    resumed_by: str

    def over(self) -> Sequence[tuple[int, State]]:
        """Return ordinal and state of what is over before anything runs."""
        ...

    def call(self, submit: Submit, node: Node) -> TaskCall | State:
        """Return the call of an attempt, or the state that its task run ends in without one."""
        ...

    def take(self, ordinal: int, state: State, data: dict[str, Any] | None) -> dict[str, Any] | None:
        """Take the state that an attempt ends in, and return what its event keeps; the run is still open."""
        ...

    def keep(self, call: TaskCall, state: State) -> None:
        """Take the final state of a task run."""
        ...

    def wait_in(self, call: TaskCall, state: State) -> None:
        """Take the state that a task run waits in."""
        ...

    def expect_children(self, call: TaskCall, state: State) -> int:
        """Expect the children of a mapped task, and return how many they are."""
        ...

    def answer(self, resolve: Resolve, at: int) -> Iterable[tuple[Stimulus | FinishRun, Lines]]:
        """Return what is to be told of a run that stands for others, each with lines for the log."""
        ...

    def news(self) -> dict[str, Any] | None:
        """Return what became known of the flow run since the last call, None for nothing."""
        ...

    def lines(self, at: int) -> Lines:
        """Return the lines for the log that the workload has of its own."""
        ...

    def stop(self, ordinal: int) -> None:
        """Tell an attempt that it is to end."""
        ...

    def states(self) -> dict[Any, State]:
        """Return the state of every task."""
        ...

    def close(self, *, is_kept: bool) -> None:
        """Let go of what was held for the run; `is_kept` says whether what was cached may serve the next run."""
        ...
