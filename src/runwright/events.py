"""Events: the facts that the record is made of.

A run is the fold of its events. The list of kinds is closed; the order is the cursor that the store gives. What an event
looks like to event clients is built on read, elsewhere.

How versions count: every task run starts as Pending at version 1. For the flow run itself (ordinal 0) that is its
`CREATED` event; for all others it is implied by the `EXPANDED` event of their parent, so a map of a million children
costs one event to create. Each further event of a task run has the next version, without a gap.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any
from uuid import UUID

import msgspec


class EventKind(IntEnum):
    """The closed list of kinds, with the keys of their `data`."""

    CREATED = 1
    """The flow run exists. data: flow, name, parameters, source, context."""
    STATE = 2
    """A transition. data: message, result (a ResultRef), due (ns), worker, and what comes with the state; see codec."""
    EXPANDED = 3
    """A run has children. data: first (ordinal), count, and `task` (index of the task that all run) or `tasks` (one each)."""
    REQUESTED = 4
    """Somebody asked for something. data: intent, by, and its arguments."""
    ANNOTATED = 5
    """Something about a run became known that is no transition. data: name, worker, or suspended: it is paused, and nobody holds it."""


class Event(msgspec.Struct, array_like=True, gc=False):
    """One fact about one task run of one flow run.

    `at` is in nanoseconds since 1970. `ordinal` is the task run inside the flow run, 0 the flow run itself. `state` is a
    code of `runwright.states.TABLE`, 0 where the kind has none. `cursor` is 0 until the store has given one.
    """

    at: int
    flow_run: UUID
    ordinal: int
    version: int
    attempt: int
    kind: int
    state: int = 0
    data: dict[str, Any] | None = None
    cursor: int = 0


class LogLine(msgspec.Struct, array_like=True, gc=False):
    """One line that a task run logged or printed. `level` is the number of `logging`."""

    at: int
    flow_run: UUID
    ordinal: int
    attempt: int
    level: int
    logger: str
    message: str


class Metric(msgspec.Struct, array_like=True, gc=False):
    """One number that a task run measured. `kind` is `counter`, `gauge` or `timer` (seconds)."""

    at: int
    flow_run: UUID
    ordinal: int
    attempt: int
    name: str
    value: float
    kind: str = "counter"
    tags: dict[str, str] = {}


class Batch(msgspec.Struct):
    """What is committed together: events in order, and the log lines and metrics that came with them."""

    events: list[Event] = []
    logs: list[LogLine] = []
    metrics: list[Metric] = []
