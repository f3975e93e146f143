"""Scribe: writes the log of a flow run by hand, versions and times counted, for tests of whatever reads records.

scribe = Scribe(store, tasks=2)
scribe.start()
scribe.enter(1, "Running").enter(1, "Success").commit()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import ids
from runwright.events import Batch, Event, EventKind, LogLine, Metric
from runwright.runs import FlowVersion, TaskInfo
from runwright.states import KIND_BY_NAME

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.store import Lease, Store

NOON = 1_700_000_000_000_000_000
STEP = 1_000_000


class Scribe:
    """One flow run of a flow with `tasks` tasks (`first`, `second`, ...), under a lease. Each event is one millisecond later.

    `flow` and `name` are those of the flow and of the flow run. Nothing is recorded before `commit`.
    """

    words = ("first", "second", "third", "fourth", "fifth", "sixth")

    def __init__(
        self,
        store: Store,
        *,
        tasks: int = 2,
        flow: str = "story",
        name: str = "once",
        owner: str = "scribe",
        at: int = NOON,
        tags: tuple[str, ...] = (),
    ) -> None:
        """Register the flow, take the lease of a new flow run and write that it was created."""
        infos = tuple(TaskInfo(word, f"The {word}", tags=tags) for word in self.words[:tasks])
        self.flow = store.register(FlowVersion(flow, f"{tasks} {tags}", infos))
        self.store = store
        self.at = at
        self.flow_run: UUID = ids.new_flow_run_id(at)
        self.lease: Lease = store.acquire(self.flow_run, owner, 60)
        self.batch = Batch([], [], [])
        self.next_ordinal = 1
        self._tasks = tasks
        self._versions: dict[int, int] = {0: 0}
        self._attempts: dict[int, int] = {}
        created = {
            "flow": flow,
            "flow_version": self.flow.version,
            "name": name,
            "parameters": {"x": 1},
            "executor": "inline",
        }
        self.write(EventKind.CREATED, 0, "Pending", **created)

    def start(self) -> Scribe:
        """Write that the flow run runs and that its tasks are open."""
        self.enter(0, "Running")
        self.next_ordinal += self._tasks
        return self.write(EventKind.EXPANDED, 0, first=1, tasks=self._tasks)

    def map(self, ordinal: int, count: int) -> range:
        """Write that a task run has mapped children, and return their ordinals."""
        first, self.next_ordinal = self.next_ordinal, self.next_ordinal + count
        self.write(EventKind.EXPANDED, ordinal, first=first, count=count, task=ordinal - 1)
        return range(first, self.next_ordinal)

    def enter(self, ordinal: int, state: str, **data: Any) -> Scribe:
        """Write that a run is in a state; Running begins its next attempt, but not after Looped."""
        if state == "Running" and ordinal and not data.pop("same_attempt", False):
            self._attempts[ordinal] = self._attempts.get(ordinal, 0) + 1
        return self.write(EventKind.STATE, ordinal, state, **data)

    def run(self, *ordinals: int, ending: str = "Success", **data: Any) -> Scribe:
        """Write that each of these ran, and how they ended."""
        for ordinal in ordinals:
            self.enter(ordinal, "Running").enter(ordinal, ending, **data)
        return self

    def write(self, kind: EventKind, ordinal: int, state: str = "", **data: Any) -> Scribe:
        """Write an event of any kind."""
        version = self._versions.get(ordinal, 1) + 1
        self._versions[ordinal] = version
        code = KIND_BY_NAME[state].code if state else 0
        attempt = self._attempts.get(ordinal, 0)
        event = Event(self.tick(), self.flow_run, ordinal, version, attempt, int(kind), code, data or None)
        self.batch.events.append(event)
        return self

    def log(self, ordinal: int, message: str) -> Scribe:
        """Write a log line of a task run."""
        attempt = self._attempts.get(ordinal, 0)
        self.batch.logs.append(LogLine(self.tick(), self.flow_run, ordinal, attempt, 20, "runwright.story", message))
        return self

    def measure(self, ordinal: int, name: str, value: float, **tags: str) -> Scribe:
        """Write a metric of a task run."""
        attempt = self._attempts.get(ordinal, 0)
        self.batch.metrics.append(Metric(self.tick(), self.flow_run, ordinal, attempt, name, value, "gauge", tags))
        return self

    def commit(self, lease: Lease | None = None) -> int:
        """Append what was written since the last commit and return its cursor."""
        batch, self.batch = self.batch, Batch([], [], [])
        return self.store.append(batch, {self.flow_run: lease or self.lease})

    def tick(self) -> int:
        """Let a millisecond pass."""
        self.at += STEP
        return self.at
