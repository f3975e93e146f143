"""Runs: the nouns that a record is read as: flow versions, flow runs, task runs and their attempts.

These are rows, made from events and never changed by hand. Times are nanoseconds since 1970, None while unknown. The state
is a code of `runwright.states.TABLE`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from runwright import ids
from runwright.given_tags import GivenTag
from runwright.result import ResultRef
from runwright.states import KIND_BY_CODE, StateKind


class TaskInfo(msgspec.Struct, frozen=True, gc=False):
    """What the record knows of a task of a flow: its slug, name, tags, and policies for display."""

    slug: str
    name: str
    tags: tuple[str, ...] = ()
    is_mapped: bool = False
    policies: dict[str, Any] = {}


class EdgeInfo(msgspec.Struct, frozen=True, gc=False):
    """What the record knows of an edge: the slugs it joins, the input it feeds, and how."""

    upstream: str
    downstream: str
    key: str | None = None
    mapped: bool = False
    flattened: bool = False


class FlowVersion(msgspec.Struct):
    """A flow as it was when it first ran with this `fingerprint` (a hash of its tasks and edges).

    `source` says where its code came from: `file`, `name` (of the flow in that file). `id` and `version` (1, 2, ... for a
    name) are given by the record at registration; `tasks` are in the order of the graph's nodes. `document` is what else
    the program that registered it said, such as `project`, `run_config`, `storage`.
    """

    name: str
    fingerprint: str
    tasks: tuple[TaskInfo, ...] = ()
    edges: tuple[EdgeInfo, ...] = ()
    source: dict[str, str] = {}
    id: UUID | None = None
    version: int = 0
    created: int = 0
    document: dict[str, Any] = {}


class Project(msgspec.Struct, frozen=True):
    """A group of flows; a flow is in the one that its `document` names as `project`."""

    id: UUID
    name: str
    description: str | None = None
    created: int = 0


class FlowRun(msgspec.Struct):
    """One running of a flow. `counts` is the number of task runs in each state, by state name.

    A mapped task counts once and each of its children once.
    """

    id: UUID
    name: str
    flow_name: str
    flow_id: UUID
    flow_version: int
    state: int
    version: int = 0
    message: str | None = None
    created: int = 0
    start_time: int | None = None
    end_time: int | None = None
    scheduled_start_time: int | None = None
    updated: int = 0
    parameters: dict[str, Any] = {}
    source: dict[str, str] = {}
    details: dict[str, Any] = {}
    counts: dict[str, int] = {}

    @property
    def kind(self) -> StateKind:
        """Return the row of the state table."""
        return KIND_BY_CODE[self.state]


class TaskRun(msgspec.Struct):
    """One task in one branch of one flow run: its state, and where its result is.

    `map_index` is -1 for what is no mapped child. `parent` is the ordinal of the run it was expanded from, 0 for the flow
    run. `attempt` is the latest attempt's number, 0 before the first. `due` is when a waiting run goes on. `details` holds
    what comes with the state (see `runwright.codec`). `value` is the text that its round of a loop stands for. `tags` are its
    task's and those that it was given, of which `given_tags` tells more. `flow_id` and `flow_version` are those of its flow run.
    """

    flow_run: UUID
    ordinal: int
    flow_run_name: str
    flow_name: str
    task_index: int
    slug: str
    task_name: str
    map_index: int
    parent: int
    state: int
    version: int
    name: str | None = None
    attempt: int = 0
    message: str | None = None
    created: int = 0
    start_time: int | None = None
    end_time: int | None = None
    updated: int = 0
    due: int | None = None
    result: ResultRef | None = None
    details: dict[str, Any] = {}
    tags: tuple[str, ...] = ()
    given_tags: tuple[GivenTag, ...] = ()
    value: str | None = None
    flow_id: UUID | None = None
    flow_version: int = 0

    @property
    def id(self) -> UUID:
        """Return the task run's id."""
        return ids.task_run_id(self.flow_run, self.ordinal)

    @property
    def kind(self) -> StateKind:
        """Return the row of the state table."""
        return KIND_BY_CODE[self.state]

    @property
    def full_name(self) -> str:
        """Return the name that people see: the run's own, or the slug, with the map index."""
        return self.name or (self.slug if self.map_index < 0 else f"{self.slug}[{self.map_index}]")


class Attempt(msgspec.Struct):
    """One try of a task run, with its own state: Failed, where the task run went on to Retrying.

    `history` is `[state name, at]` for each state of this attempt, oldest first.
    """

    flow_run: UUID
    ordinal: int
    attempt: int
    state: int
    start_time: int
    end_time: int | None = None
    message: str | None = None
    history: list[tuple[str, int]] = []

    @property
    def kind(self) -> StateKind:
        """Return the row of the state table."""
        return KIND_BY_CODE[self.state]
