"""Task-run body: what a documented task-run event says of the task run itself, and how that changes with each state.

`FlowRunFacts` holds what is the same for all task runs of a flow run, `Place` where one stands in it, `Progress` what
has happened to it so far.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid5

from runwright import decoding, ids, release
from runwright.clock import to_iso
from runwright.codec import USUAL_MESSAGES
from runwright.errors import NotOnRecord
from runwright.events import EventKind
from runwright.result import ResultRef
from runwright.runs import FlowRun, FlowVersion, TaskInfo
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, Phase, StateKind
from runwright.views import FlowRunFilter
from runwright.vocabularies import event_name

if TYPE_CHECKING:
    from runwright.events import Event
    from runwright.runs import EdgeInfo, TaskRun
    from runwright.views import Expansion, Views

FOLLOWS_WITHIN = 5 * 60 * 1_000_000
"""How near two events of a run must be for the second to name the first, in microseconds."""

LATE_AFTER = 15 * 1_000_000_000
"""How long after its time a scheduled run counts as late, in nanoseconds."""

_RUNNING = KIND_BY_NAME["Running"].code
_SCHEDULED = KIND_BY_NAME["Scheduled"].code
_FINAL_TYPES = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Place(NamedTuple):
    """Where a task run stands: `task` is what the flow knows of its task, `created` is in nanoseconds."""

    ordinal: int
    map_index: int
    parent: int
    task: TaskInfo
    created: int

    @property
    def name(self) -> str:
        """Return the name the task run has until it gives itself one."""
        return self.task.slug if self.map_index < 0 else f"{self.task.slug}[{self.map_index}]"


class Progress:
    """What has happened to one task run so far. Times are in microseconds, and never the same twice."""

    __slots__ = (
        "at",
        "code",
        "details",
        "event_id",
        "late_at",
        "name",
        "result",
        "run_count",
        "running_since",
        "start",
        "state",
        "total",
        "version",
    )

    def __init__(self) -> None:
        """Stand before the first state."""
        self.version = 0
        self.code = 0
        self.at: Any = None
        self.event_id: str | None = None
        self.late_at: int | None = None
        self.name: str | None = None
        self.state: Any = None
        self.details: dict[str, Any] = {}
        self.result: dict[str, Any] | None = None
        self.run_count = 0
        self.start: int | None = None
        self.running_since: int | None = None
        self.total = 0

    @property
    def is_final(self) -> bool:
        """Say whether nothing follows but a restart."""
        return KIND_BY_CODE[self.code].phase.is_final

    def enter(self, code: int, at: int, data: dict[str, Any], attempt: int) -> None:
        """Go into a state at a time (ns); event clients refuse two states of one task run at the same microsecond."""
        kind = KIND_BY_CODE[code]
        self.at = at // 1_000 if self.at is None else max(at // 1_000, self.at + 1)
        if self.running_since is not None:
            self.total += self.at - self.running_since
        self.running_since = self.at if kind.phase is Phase.ACTIVE else None
        self.run_count = max(self.run_count, attempt) if code == _RUNNING else self.run_count
        if code == _RUNNING and self.start is None:
            self.start = self.at
        self.code, self.details = code, data
        due = data.get("due") if code == _SCHEDULED else None
        self.late_at = None if due is None else due + LATE_AFTER
        self.result = _result_of(data)
        is_suspended = bool(data.get("suspended"))
        self.state = {
            "type": kind.event_type,
            "name": event_name(kind, run_count=max(self.run_count, 1), is_suspended=is_suspended)[1],
            "message": str(data.get("message", USUAL_MESSAGES.get(code, ""))),
            "state_details": _details_of(kind, data),
        }

    def suspend(self, at: int) -> None:
        """Stay paused, from a time (ns) on with nobody who holds the run."""
        self.at = max(at // 1_000, self.at + 1)
        self.state = {**self.state, "name": "Suspended"}

    def become_late(self) -> None:
        """Go into Late, at the time when that became true."""
        assert self.late_at is not None  # noqa: S101  only who waits for a time can be late
        self.at = max(self.late_at // 1_000, self.at + 1)
        self.state = {**self.state, "name": "Late"}
        self.late_at = None


def is_suspension(event: Event) -> bool:
    """Say whether an event tells that whoever held a paused run has left it."""
    return event.kind == EventKind.ANNOTATED and bool(event.data and event.data.get("suspended"))


def late_id(scheduled: UUID) -> UUID:
    """Return the id of the Late that follows an event, the same on every read."""
    return uuid5(scheduled, "Late")


class FlowRunFacts:
    """What the record knows of a flow run that its task runs' events repeat."""

    def __init__(self, views: Views, flow_run: UUID, flows: dict[tuple[UUID, int], FlowVersion] | None = None) -> None:
        """Read the flow run and its flow, unless it is among `flows` by id and version; raises `NotOnRecord`."""
        self.flow_run = flow_run
        self._text = str(flow_run)
        self._views = views
        self._row = _row_of(views, flow_run)
        flows = {} if flows is None else flows
        version = self._row.flow_id, self._row.flow_version
        if version not in flows:
            flows[version] = _flow_of(views, self._row)
        self._flow = flows[version]
        self._index = {task.slug: number for number, task in enumerate(self._flow.tasks)}
        self._inputs: dict[str, list[EdgeInfo]] = {}
        for edge in self._flow.edges:
            self._inputs.setdefault(edge.downstream, []).append(edge)
        self._expansions: list[Expansion] = []
        self._firsts: list[int] = []

    def place_of(self, ordinal: int) -> Place:
        """Return where a task run stands."""
        expansion = self._expansion_with(ordinal)
        offset = ordinal - expansion.first
        task, map_index = (offset, -1) if expansion.task is None else (expansion.task, offset)
        tasks = self._flow.tasks
        known = tasks[task] if task < len(tasks) else TaskInfo(slug=f"task-{task}", name=f"task-{task}")
        return Place(ordinal, map_index, expansion.parent, known, expansion.at)

    def place_of_row(self, row: TaskRun) -> Place:
        """Return where a task run stands: of a flow in Python its row says it, which takes no further read."""
        if "yaml" in self._flow.source:
            return self.place_of(row.ordinal)
        tasks = self._flow.tasks
        known = tasks[row.task_index] if row.task_index < len(tasks) else TaskInfo(slug=row.slug, name=row.task_name)
        return Place(row.ordinal, row.map_index, row.parent, known, row.created)

    def related_to(self, place: Place) -> list[dict[str, str]]:
        """Return the related resources: a tag each, the flow run, the flow."""
        tags = [
            {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"}
            for tag in sorted(place.task.tags)
        ]
        return [*tags, *self.resources]

    @property
    def resources(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the flow run and its flow as related resources."""
        row = self._row
        return (
            _resource(f"prefect.flow-run.{row.id}", "flow-run", row.name),
            _resource(f"prefect.flow.{row.flow_id}", "flow", row.flow_name),
        )

    def body_of(self, place: Place, progress: Progress) -> dict[str, Any]:
        """Return the task run as it is now."""
        task = place.task
        details = progress.details
        times = {
            "cache_key": details.get("cache_key"),
            "cache_expiration": with_z(_us(details.get("expires"))) if details.get("cache_key") else None,
            "expected_start_time": with_z(place.created // 1_000),
            "next_scheduled_start_time": with_z(_us(details.get("due"))) if progress.code == _SCHEDULED else None,
            "start_time": with_z(progress.start),
            "end_time": with_z(progress.at) if progress.state["type"] in _FINAL_TYPES else None,
        }
        return {
            "name": progress.name or place.name,
            "task_key": f"{task.name}-{_digest(self._row.flow_name, task.name)}",
            "dynamic_key": ids.task_run_text(self._text, place.ordinal),
            "flow_run_id": self._text,
            "empirical_policy": _policy_of(task),
            "tags": sorted(task.tags),
            "labels": {},
            "task_inputs": self._inputs_of(place),
            "run_count": progress.run_count,
            "flow_run_run_count": 1 if progress.run_count else 0,
            **{key: value for key, value in times.items() if value is not None},
            "total_run_time": progress.total / 1_000_000,
        }

    def _expansion_with(self, ordinal: int) -> Expansion:
        for _ in range(2):
            place = bisect_right(self._firsts, ordinal) - 1
            if place >= 0 and ordinal < self._expansions[place].first + self._expansions[place].count:
                return self._expansions[place]
            self._expansions = sorted(self._views.expansions(self.flow_run), key=lambda each: each.first)
            self._firsts = [each.first for each in self._expansions]
        raise NotOnRecord(
            f"Flow run {self.flow_run} has no task run number {ordinal}: `runwright store check` looks closer."
        )

    def _inputs_of(self, place: Place) -> dict[str, list[dict[str, str]]]:
        """Return the upstream task runs by the input they feed; those that feed none are waited for."""
        found: dict[str, list[dict[str, str]]] = {}
        for edge in self._inputs.get(place.task.slug, ()):
            source = {"input_type": "task_run", "id": self._upstream_of(place, edge)}
            found.setdefault(edge.key or "wait_for", []).append(source)
        if place.parent:
            parent = ids.task_run_text(self._text, place.parent)
            found["__parents__"] = [{"input_type": "task_run", "id": parent}]
        return found

    def _upstream_of(self, place: Place, edge: EdgeInfo) -> str:
        """Return the task run an edge leads from: between two mapped tasks, the child of the same index."""
        ordinal = self._index.get(edge.upstream, -1) + 1
        if place.map_index >= 0 and edge.mapped and not edge.flattened:
            self._expansion_with(place.ordinal)
            for expansion in self._expansions:
                if expansion.parent == ordinal and place.map_index < expansion.count:
                    ordinal = expansion.first + place.map_index
                    break
        return ids.task_run_text(self._text, ordinal)


def with_z(at: int | None) -> Any:
    """Return RFC 3339 text that ends in Z for microseconds since 1970, None for None."""
    if at is None:
        return None
    seconds, part = divmod(at, 1_000_000)
    return f"{_to_second(seconds)}.{part:06d}Z"


def with_offset(at: int) -> str:
    """Return RFC 3339 text that ends in +00:00 for microseconds since 1970."""
    seconds, part = divmod(at, 1_000_000)
    return f"{_to_second(seconds)}.{part:06d}+00:00"


@lru_cache(maxsize=1_024)
def _to_second(seconds: int) -> str:
    """Return a time without its fraction: what happens together shares it."""
    return to_iso(seconds * 1_000_000_000)[:19]


def _row_of(views: Views, flow_run: UUID) -> FlowRun:
    rows = views.flow_runs(FlowRunFilter(id=flow_run))
    if not rows:
        raise NotOnRecord(f"No flow run {flow_run} is on this record: `runwright flow-run ls` lists them.")
    return rows[0]


def _flow_of(views: Views, row: FlowRun) -> FlowVersion:
    for flow in views.flows(flow_id=row.flow_id):
        if flow.version == row.flow_version:
            return flow
    return FlowVersion(row.flow_name, "")


def _resource(name: str, role: str, label: str) -> dict[str, str]:
    return {"prefect.resource.id": name, "prefect.resource.role": role, "prefect.resource.name": label}


def _us(at: int | None) -> int | None:
    return None if at is None else at // 1_000


@lru_cache(maxsize=1_024)
def _digest(*texts: str) -> str:
    return blake2b("\x00".join(texts).encode(), digest_size=4).hexdigest()


def _details_of(kind: StateKind, data: dict[str, Any]) -> dict[str, Any]:
    due = with_z(_us(data.get("due")))
    if kind.event_type == "PAUSED":
        return {**({"pause_timeout": due} if due else {}), "pause_reschedule": False}
    if kind.event_type == "SCHEDULED" and due:
        return {"scheduled_time": due}
    if kind.event_name == "Failed" and "error" in data:
        return {"retriable": False}
    return {}


def _result_of(data: dict[str, Any]) -> dict[str, Any] | None:
    """Return where the result is and how it is stored, never its value."""
    if "result" not in data:
        return None
    ref = decoding.from_plain(data["result"], ResultRef)
    return {
        "storage_key": ref.location,
        "expiration": with_z(_us(data.get("expires"))),
        "serializer": {"type": ref.serializer},
        "prefect_version": release.version() or "0",
        "storage_block_id": None,
    }


def _policy_of(task: TaskInfo) -> dict[str, Any]:
    policies = task.policies
    delays = policies.get("retry_delay") or 0
    if isinstance(delays, list) and len(delays) == 1:
        delays = delays[0]
    policy: dict[str, Any] = {
        "max_retries": 0,
        "retry_delay_seconds": 0.0,
        "retries": policies.get("max_retries", 0),
        "retry_delay": delays,
    }
    if policies.get("retry_jitter"):
        policy["retry_jitter_factor"] = policies["retry_jitter"]
    return policy
