"""Rows: what a record holds of runs besides the log, one struct for each table, its fields in the order of the columns.

Runs of flows are known by integer keys here. JSON is text, None where there is nothing. Times are nanoseconds since 1970.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class FlowRunRow(msgspec.Struct, gc=False):
    """A flow run. `updated` and `cursor` are those of the latest event of any task run in it."""

    key: int
    id: bytes
    flow: int
    name: str
    state: int
    version: int
    created: int
    start_time: int | None = None
    end_time: int | None = None
    scheduled_start_time: int | None = None
    updated: int = 0
    cursor: int = 0
    ordinals: int = 1
    message: str | None = None
    parameters: str | None = None
    source: str | None = None
    extra: str | None = None
    details: str | None = None


class ExpansionRow(msgspec.Struct, frozen=True, gc=False):
    """The children of one run; `task` None: child i runs task i, or with a `plan` (JSON) what that says.

    Children of a plan come to exist one by one: there is none before its first own event.
    """

    flow_run: int
    first: int
    parent: int
    count: int
    task: int | None
    at: int
    plan: str | None = None


class TaskRunRow(msgspec.Struct, gc=False):
    """A task run that is no flow run."""

    flow_run: int
    ordinal: int
    parent: int
    task: int
    map_index: int
    state: int
    version: int
    attempt: int
    created: int
    start_time: int | None = None
    end_time: int | None = None
    updated: int = 0
    due: int | None = None
    name: str | None = None
    message: str | None = None
    result: str | None = None
    details: str | None = None
    value: str | None = None


class AttemptRow(msgspec.Struct, gc=False):
    """One try of a task run, in the state it ended in; open while `end_time` is None."""

    flow_run: int
    ordinal: int
    attempt: int
    state: int
    start_time: int
    end_time: int | None = None
    message: str | None = None


class FlowKey(NamedTuple):
    """A registered flow: its key, and the number of its tasks."""

    key: int
    width: int


class TallyKey(NamedTuple):
    """What runs of one flow run are counted by."""

    task: int
    is_child: bool
    state: int
