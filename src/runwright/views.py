"""Views: the named, typed reads of a record. Whatever reads runs, reads through these; nothing here writes.

Ids and times are as in `runwright.runs`. Every list is newest first unless it says otherwise, and bounded by `limit`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runwright.events import Event, LogLine, Metric
    from runwright.query import Query, Summary
    from runwright.runs import Attempt, FlowRun, FlowVersion, TaskRun

GroupBy = Literal["state", "task", "flow", "flow_run"]


class TaskRunFilter(msgspec.Struct, frozen=True):
    """Which task runs: every condition given must hold; empty ones do not restrict.

    `flow` and `flow_run_name` compare whole names; `task` a slug or a task's name; `states` are names of the state table (a
    parent name stands for its kinds, so `Failed` finds `TimedOut`); `tags` must all be there. `since` and `until` compare the
    time of the last change (ns, inclusive). `after` is the `(flow_run, ordinal)` of the last row of the page before. `cache_key`
    finds Cached runs by the key that their values are kept under. `without_deleted` leaves those of executions that were deleted out.
    """

    flow_run: UUID | None = None
    flow_run_name: str | None = None
    flow: str | None = None
    task: str | None = None
    states: tuple[str, ...] = ()
    map_index: tuple[int, ...] = ()
    is_mapped_child: bool | None = None
    parent: int | None = None
    ordinals: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    oldest_first: bool = False
    after: tuple[UUID, int] | None = None
    limit: int | None = None
    cache_key: str | None = None
    without_deleted: bool = False


class FlowRunFilter(msgspec.Struct, frozen=True):
    """Which flow runs: as `TaskRunFilter`, `name` being the flow run's name. `id_prefix` is hex digits without dashes.

    `since` and `until` compare the time of the last event of any task run in it. `after` is the id of the last row of the page
    before. `started_by` is the id (text) of the flow run whose task started it.
    `without_deleted` leaves executions that were deleted out.
    """

    id: UUID | None = None
    id_prefix: str | None = None
    name: str | None = None
    flow: str | None = None
    states: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    limit: int | None = None
    after: UUID | None = None
    started_by: str | None = None
    without_deleted: bool = False


class EventFilter(msgspec.Struct, frozen=True):
    """Which events: those between the cursors `after` and `before`, of one flow run or task run where given.

    `ordinal` 0 without a flow run is all flow runs themselves. They come oldest first, unless `newest_first`. `states` are codes of
    the state table, 0 for what brings no run to a state; `with_firsts` has the first event of each task run besides.
    """

    after: int = 0
    flow_run: UUID | None = None
    ordinal: int | None = None
    limit: int = 1_000
    before: int | None = None
    newest_first: bool = False
    states: tuple[int, ...] | None = None
    with_firsts: bool = False


class Views(Protocol):
    """Reads. Each returns rows of `runwright.runs` or `runwright.events`; nothing found is an empty list."""

    def task_runs(self, which: TaskRunFilter) -> list[TaskRun]:
        """Return task runs, without the flow runs' own root runs."""
        ...

    def count_task_runs(self, which: TaskRunFilter, by: GroupBy | None = None) -> dict[str, int]:
        """Return the number of task runs by state name, slug, flow name or flow run id; by None, under the key `count`."""
        ...

    def flow_runs(self, which: FlowRunFilter) -> list[FlowRun]:
        """Return flow runs."""
        ...

    def flows(self, name: str | None = None, flow_id: UUID | None = None) -> list[FlowVersion]:
        """Return versions of flows, newest first."""
        ...

    def attempts(self, flow_run: UUID, ordinal: int) -> list[Attempt]:
        """Return the attempts of a task run with their histories, first attempt first."""
        ...

    def logs(
        self, flow_run: UUID, ordinal: int | None = None, *, after: int | None = None, until: int | None = None
    ) -> list[LogLine]:
        """Return log lines, oldest first, with `after < at <= until` where given; `ordinal` None means the whole flow run."""
        ...

    def metrics(self, flow_run: UUID, ordinal: int | None = None) -> list[Metric]:
        """Return metrics, oldest first."""
        ...

    def events(self, which: EventFilter) -> list[Event]:
        """Return events of the log with their cursors."""
        ...

    def iterate_events(self, flow_run: UUID | None = None) -> Iterator[Event]:
        """Return all events of a flow run, or of the record, oldest first, without holding them all."""
        ...

    def query(self, query: Query | Summary) -> str:
        """Return the JSON that answers a query; raises `QueryError` for what no record has."""
        ...

    def sql_of(self, query: Query | Summary) -> str | None:
        """Return the statement of SQL that answers a query on this record, None where none does that other programs could run.

        Values are written into it. Raises `QueryError` as `query` does.
        """
        ...

    def expansions(self, flow_run: UUID) -> Sequence[Expansion]:
        """Return how the runs of a flow run were expanded, in order of their first child."""
        ...


class Expansion(msgspec.Struct, frozen=True):
    """One run's children: ordinals `first` to `first + count - 1`; `task` None means child i runs task i.

    With a `plan` the children are rounds of its `body`, and each comes to exist with its first own event: `rounds`, `order`,
    `limit`, `branch` and `turn` are there where they are not what `runwright.flowable.Children` has without being told.
    """

    parent: int
    first: int
    count: int
    task: int | None
    at: int
    plan: dict[str, Any] | None = None
