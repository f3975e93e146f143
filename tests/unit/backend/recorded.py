"""A flow run put on record by hand, event by event, so that a test can say exactly what happened and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright import ids
from runwright.clock import NANOSECONDS
from runwright.events import Batch, Event, EventKind, LogLine
from runwright.runs import EdgeInfo, FlowVersion, TaskInfo
from runwright.states import KIND_BY_NAME

if TYPE_CHECKING:
    from uuid import UUID

START = 1_795_246_201_120_000_000  # 2026-11-21T07:30:01.12Z, the second that every story here begins in

TASKS = (
    TaskInfo("extract-1", "extract", tags=("t-b", "t-a"), policies={"max_retries": 2, "retry_delay": [0.3, 0.6]}),
    TaskInfo("fetch-1", "fetch", is_mapped=True),
    TaskInfo("parse-1", "parse", is_mapped=True),
    TaskInfo("load-1", "load"),
)
EDGES = (
    EdgeInfo("extract-1", "fetch-1", key="url", mapped=True),
    EdgeInfo("fetch-1", "parse-1", key="page", mapped=True),
    EdgeInfo("parse-1", "load-1", key="pages"),
    EdgeInfo("extract-1", "load-1"),
)
EXTRACT, FETCH, PARSE, LOAD = 1, 2, 3, 4


class RecordedRun:
    """One flow run of the flow `etl`; each event is one second after the one before unless `at` says otherwise."""

    def __init__(self, store, name="brisk-otter", *, flow="etl", tasks=TASKS, edges=EDGES, start=START, **created):
        self.store = store
        self.flow = store.register(FlowVersion(flow, f"fingerprint of {flow}", tasks=tasks, edges=edges))
        self.id = ids.new_flow_run_id(start)
        self.name = name
        self.at = start
        self._lease = store.acquire(self.id, "test", 3_600)
        self._versions: dict[int, int] = {0: 0}
        self._attempts: dict[int, int] = {}
        self._states: dict[int, str] = {}
        self._pending = Batch()
        data = {
            "flow": flow,
            "flow_version": self.flow.version,
            "name": name,
            "parameters": {},
            "source": {},
            **created,
        }
        self._append(0, EventKind.CREATED, KIND_BY_NAME["Pending"].code, data, self.at)

    def start(self):
        """Set the flow run to Running and expand it into its tasks."""
        self.put(0, "Running", message="Running flow.", at=self.at)
        self._append(0, EventKind.EXPANDED, 0, {"first": 1, "tasks": len(self.flow.tasks)}, self.at)
        return self

    def put(self, ordinal, state, *, at=None, **data):
        """Put a task run (0: the flow run) into a state."""
        self.at = self.at + NANOSECONDS if at is None else at
        if state == "Running" and ordinal and self._states.get(ordinal) != "Looped":
            self._attempts[ordinal] = self._attempts.get(ordinal, 0) + 1
        self._states[ordinal] = state
        self._append(ordinal, EventKind.STATE, KIND_BY_NAME[state].code, data or None, self.at)
        return self

    def succeed(self, *ordinals, **data):
        """Let task runs run and succeed, one after the other."""
        for ordinal in ordinals:
            self.put(ordinal, "Running").put(ordinal, "Success", **data)
        return self

    def expand(self, ordinal, first, count):
        """Open the children of a mapped task."""
        self.at += NANOSECONDS
        data = {"first": first, "count": count, "task": ordinal - 1}
        self._append(ordinal, EventKind.EXPANDED, 0, data, self.at)
        return self

    def log(self, ordinal, message, *, level=20, attempt=1, at=None):
        """Let a task run log a line."""
        at = self.at if at is None else at
        line = LogLine(at, self.id, ordinal, attempt, level, "runwright.test", message)
        self._pending.logs.append(line)
        return self

    def task_run_id(self, ordinal) -> UUID:
        """Return the id of a task run."""
        return ids.task_run_id(self.id, ordinal)

    def commit(self):
        """Put what was said so far on record."""
        self.store.append(self._pending, {self.id: self._lease})
        self._pending = Batch()
        return self

    def release(self):
        """Give the lease up, as a process does that ends."""
        self.commit()
        self.store.release(self._lease)
        return self

    def _append(self, ordinal, kind, state, data, at):
        version = self._versions.get(ordinal, 1) + 1
        self._versions[ordinal] = version
        event = Event(at, self.id, ordinal, version, self._attempts.get(ordinal, 0), int(kind), state, data)
        self._pending.events.append(event)


def etl(store, name="brisk-otter", **created):
    """Record a whole run: extract is tried twice, of three children of fetch one fails, load fails for that reason."""
    run = RecordedRun(store, name, **created).start()
    failed = {"state": KIND_BY_NAME["Failed"].code, "message": "ReadTimeout: upstream"}
    run.put(EXTRACT, "Running").log(EXTRACT, "first try")
    run.put(EXTRACT, "Retrying", due=run.at + 2 * NANOSECONDS, run_count=1, failed=failed)
    run.succeed(EXTRACT).expand(FETCH, 5, 3)
    run.succeed(5, 6).log(6, "fetched")
    run.put(7, "Running").put(
        7, "Failed", message="no such page", error={"type": "LookupError", "text": "no such page"}
    )
    run.put(FETCH, "Mapped", children=3).expand(PARSE, 8, 3)
    run.succeed(8, 9).put(10, "TriggerFailed", message="upstream failed").put(PARSE, "Mapped", children=3)
    run.put(LOAD, "TriggerFailed", message="a child of parse-1 failed")
    return run.put(0, "Failed", message="Some reference tasks failed.").release()
