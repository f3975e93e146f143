"""Task-run body: what a documented task-run event says of the task run itself, and how that changes with each state.

`FlowRunFacts` holds what is the same for all task runs of a flow run, `Place` where one stands in it, `Progress` what
has happened to it so far.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid5

from runwright import decoding, ids, release
from runwright.clock import to_iso
from runwright.codec import USUAL_MESSAGES
from runwright.errors import NotOnRecord
from runwright.events import EventKind
from runwright.result import ResultRef
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, Phase, StateKind
from runwright.views import FlowRunFilter
from runwright.vocabularies import event_name

if TYPE_CHECKING:
    from runwright.compat.flow_facts import FlowFacts, KnownFlows, TaskFacts
    from runwright.events import Event
    from runwright.runs import EdgeInfo, FlowRun, TaskRun
    from runwright.views import Expansion, Views

FOLLOWS_WITHIN = 5 * 60 * 1_000_000
"""How near two events of a run must be for the second to name the first, in microseconds."""

LATE_AFTER = 15 * 1_000_000_000
"""How long after its time a scheduled run counts as late, in nanoseconds."""

_RUNNING = KIND_BY_NAME["Running"].code
_SCHEDULED = KIND_BY_NAME["Scheduled"].code
FINAL_TYPES = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Place(NamedTuple):
    """Where a task run stands: `task` is what the flow knows of its task, `created` is in nanoseconds."""

    ordinal: int
    map_index: int
    parent: int
    task: TaskFacts
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
    """What the record knows of a flow run that its task runs' events repeat.

    `is_told_by_rows` says whether the rows of its task runs say where they stand.
    """

    def __init__(self, views: Views, flow_run: UUID, flow: FlowFacts, row: FlowRun | None = None) -> None:
        """Read from `views` what its version of a flow and its `row` do not say."""
        self.flow_run = flow_run
        self.text = str(flow_run)
        self._views = views
        self._flow = flow
        self._row = row
        self._expansions: list[Expansion] = []
        self._firsts: list[int] = []
        self._of_parents: dict[int, list[Expansion]] = {}
        self._last_inputs: tuple[Any, dict[str, list[dict[str, str]]]] = None, {}
        self.is_told_by_rows = not flow.is_declared

    @classmethod
    def read(cls, views: Views, flow_run: UUID, flows: KnownFlows) -> FlowRunFacts:
        """Return what is known of a flow run on record; raises `NotOnRecord`."""
        row = _row_of(views, flow_run)
        return cls(views, flow_run, flows.find(row.flow_id, row.flow_version, row.flow_name), row)

    def place_of(self, ordinal: int) -> Place:
        """Return where a task run stands."""
        expansion = self._expansion_with(ordinal)
        offset = ordinal - expansion.first
        task, map_index = (offset, -1) if expansion.task is None else (expansion.task, offset)
        return Place(ordinal, map_index, expansion.parent, self._flow.task(task), expansion.at)

    def place_of_row(self, row: TaskRun) -> Place:
        """Return where a task run stands: of a flow in Python its row says it, which takes no further read."""
        if not self.is_told_by_rows:
            return self.place_of(row.ordinal)
        task = self._flow.task(row.task_index, row.slug, row.task_name)
        return Place(row.ordinal, row.map_index, row.parent, task, row.created)

    def related_to(self, place: Place) -> list[dict[str, str]]:
        """Return the related resources: a tag each, the flow run, the flow."""
        tags = [
            {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in place.task.tags
        ]
        return [*tags, *self.resources]

    @cached_property
    def resources(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the flow run and its flow as related resources; raises `NotOnRecord`."""
        row = self._row or _row_of(self._views, self.flow_run)
        return (
            _resource(f"prefect.flow-run.{row.id}", "flow-run", row.name),
            _resource(f"prefect.flow.{row.flow_id}", "flow", row.flow_name),
        )

    def body_of(self, place: Place, progress: Progress) -> dict[str, Any]:
        """Return the task run as it is now. What it shares with other task runs is theirs too: nobody may change it."""
        task = place.task
        body: dict[str, Any] = {
            "name": progress.name or place.name,
            "task_key": task.key,
            "dynamic_key": ids.task_run_text(self.text, place.ordinal),
            "flow_run_id": self.text,
            "empirical_policy": task.policy,
            "tags": task.tags,
            "labels": {},
            "task_inputs": self.inputs_of(place),
            "run_count": progress.run_count,
            "flow_run_run_count": 1 if progress.run_count else 0,
            "expected_start_time": with_z(place.created // 1_000),
            "total_run_time": progress.total / 1_000_000,
        }
        if progress.start is not None:
            body["start_time"] = with_z(progress.start)
        if progress.state["type"] in FINAL_TYPES:
            body["end_time"] = with_z(progress.at)
        details = progress.details
        if details and (key := details.get("cache_key")) is not None:
            body["cache_key"] = key
            if key and "expires" in details:
                body["cache_expiration"] = with_z(_us(details["expires"]))
        if progress.code == _SCHEDULED and details.get("due") is not None:
            body["next_scheduled_start_time"] = with_z(_us(details["due"]))
        return body

    def _expansion_with(self, ordinal: int) -> Expansion:
        for _ in range(2):
            place = bisect_right(self._firsts, ordinal) - 1
            if place >= 0 and ordinal < self._expansions[place].first + self._expansions[place].count:
                return self._expansions[place]
            self._read_expansions()
        raise NotOnRecord(
            f"Flow run {self.flow_run} has no task run number {ordinal}: `runwright store check` looks closer."
        )

    def _read_expansions(self) -> None:
        self._expansions = sorted(self._views.expansions(self.flow_run), key=lambda each: each.first)
        self._firsts = [each.first for each in self._expansions]
        self._of_parents = {}
        for each in self._expansions:
            self._of_parents.setdefault(each.parent, []).append(each)

    def inputs_of(self, place: Place) -> dict[str, list[dict[str, str]]]:
        """Return the upstream task runs by the input they feed; those that feed none are waited for.

        Task runs that come one after the other mostly are of one task, and where it is not mapped over others they share them.
        """
        is_own = place.map_index >= 0 and place.task.is_joined_by_index
        asked = None if is_own else (place.task, place.parent)
        if asked is None or asked != self._last_inputs[0]:
            self._last_inputs = asked, self._make_inputs(place)
        return self._last_inputs[1]

    def _make_inputs(self, place: Place) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = {}
        for edge in place.task.edges:
            source = {"input_type": "task_run", "id": self._upstream_of(place, edge)}
            found.setdefault(edge.key or "wait_for", []).append(source)
        if place.parent:
            parent = ids.task_run_text(self.text, place.parent)
            found["__parents__"] = [{"input_type": "task_run", "id": parent}]
        return found

    def _upstream_of(self, place: Place, edge: EdgeInfo) -> str:
        """Return the task run an edge leads from: between two mapped tasks, the child of the same index."""
        ordinal = self._flow.numbers.get(edge.upstream, -1) + 1
        if place.map_index >= 0 and edge.mapped and not edge.flattened:
            self._expansion_with(place.ordinal)
            for expansion in self._of_parents.get(ordinal, ()):
                if place.map_index < expansion.count:
                    ordinal = expansion.first + place.map_index
                    break
        return ids.task_run_text(self.text, ordinal)


@lru_cache(maxsize=1_024)
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


def _resource(name: str, role: str, label: str) -> dict[str, str]:
    return {"prefect.resource.id": name, "prefect.resource.role": role, "prefect.resource.name": label}


def _us(at: int | None) -> int | None:
    return None if at is None else at // 1_000


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
    return stored_at(decoding.from_plain(data["result"], ResultRef), data.get("expires"))


def stored_at(ref: ResultRef, expires: int | None = None) -> dict[str, Any]:
    """Return where a result is and how it is stored, and until when (ns)."""
    return {
        "storage_key": ref.location,
        "expiration": with_z(_us(expires)),
        "serializer": {"type": ref.serializer},
        "prefect_version": release.version() or "0",
        "storage_block_id": None,
    }
