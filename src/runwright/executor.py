"""Executor: the place where attempts run. The contract, and what crosses it.

A `TaskCall` goes in and `Report`s come back, on any thread. Reports may be partial: `Running` at once where the place can
stream, or with its true time in the final report where it cannot. Executors know nothing of the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence  # noqa: TC004  never decoded: no types are needed at run time

    from runwright.events import LogLine, Metric  # noqa: TC004  as above
    from runwright.states import State  # noqa: TC004  as above


class TaskCall(msgspec.Struct, eq=False, kw_only=True):
    """One attempt to make: the task, where it stands, what it gets.

    `upstream` maps the author's edges to their states. `state` is the state to start from, None for a fresh Pending.
    `context` is the flow run's context, shared and not to be changed. `timeout` is in seconds. `attempt` counts every
    attempt; `run_count` leaves out those that a lost process took, so that they do not use up retries.
    """

    ordinal: int
    node: int
    slug: str
    task: Any
    task_run_id: str
    context: dict[str, Any]
    upstream: dict[Any, State]
    attempt: int = 1
    run_count: int = 1
    map_index: int | None = None
    state: State | None = None
    timeout: float | None = None
    is_mapped_parent: bool = False
    runner: Callable[..., Any] | None = None
    result: Any = None


class Report(msgspec.Struct, eq=False):
    """What an attempt says: the state it is in since `at` (ns), with the log lines and metrics since the last report.

    `is_final` says that nothing more comes of this attempt; `is_cut_short` that it did not come to the end of its pipeline, so
    that handlers and retries are still to be asked. `length` is `len(result)` where the result can be mapped over.
    `name` is the task run's name where the task gives it one. `attempt_state` is how the attempt itself ended where the
    task run goes on (Failed, when the state is Retrying). `note` is what became known while the state stays.
    """

    ordinal: int
    attempt: int
    at: int
    state: State
    is_final: bool = False
    is_cut_short: bool = False
    length: int | None = None
    logs: Sequence[LogLine] = ()
    metrics: Sequence[Metric] = ()
    name: str | None = None
    attempt_state: State | None = None
    note: dict[str, Any] | None = None


class Executor(Protocol):
    """A place where attempts run; `slots` is how many run at once."""

    slots: int

    def start(self, report: Callable[[Report], None]) -> None:
        """Make the place ready; `report` may be called from any thread, and returns at once."""
        ...

    def submit(self, calls: Sequence[TaskCall]) -> None:
        """Take attempts to make; every one is answered by a final report, whatever becomes of its process."""
        ...

    def kill(self, ordinal: int, attempt: int) -> bool:
        """Stop an attempt; False when it is not here, or this place cannot stop what runs."""
        ...

    def stop(self) -> None:
        """Let go of every thread and process; attempts that still run are ended where that is possible."""
        ...
