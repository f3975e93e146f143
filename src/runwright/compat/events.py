"""Task-run events: the documented `prefect.task-run.{State}` JSON of every transition, built on read from the log.

The log keeps one compact row for each transition; everything else that the documented event repeats (labels, related
resources, the state before, the task run's body) is put together here. The Pending that every task run starts with is
implied in the log and comes first here; the Late of one that should have started follows from the time. What a task run is
like is in `runwright.compat.task_run_body`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright import ids
from runwright.compat.flow_facts import FlowFacts, KnownFlows
from runwright.compat.task_run_body import (
    FOLLOWS_WITHIN,
    LATE_AFTER,
    FlowRunFacts,
    Place,
    Progress,
    is_suspension,
    late_id,
    with_offset,
    with_z,
)
from runwright.events import Event, EventKind
from runwright.runs import EdgeInfo, FlowRun, FlowVersion, TaskInfo
from runwright.states import KIND_BY_NAME, TABLE
from runwright.views import EventFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runwright.runs import TaskRun
    from runwright.views import Views

MESSAGE_LIMIT = 100_000

_FLOW_RUNS_KEPT = 64
_NO_RUN = UUID(int=0)
_ALL_DATA = {
    "message": "-" * (MESSAGE_LIMIT + 1_000),
    "error": {},
    "due": 1,
    "expires": 1,
    "cache_key": "-",
    "result": ["", "", ""],
}
_PENDING = KIND_BY_NAME["Pending"].code
_PAGE = 1_000


class TaskRunEvents:
    """Builds documented events from the events of the log, which must come oldest first, from anywhere in the log.

    It remembers the task runs it has seen that are not final, and looks up what came before for those it has not seen.
    """

    def __init__(self, views: Views) -> None:
        """Read what the log does not say with every event (names, tags, edges) from `views`."""
        self._views = views
        self._flows = KnownFlows(views)
        self._flow_runs: dict[UUID, FlowRunFacts] = {}
        self._open: dict[tuple[UUID, int], Progress] = {}

    def build(self, events: Iterable[Event]) -> Iterator[dict[str, Any]]:
        """Yield the documented event of each transition of a task run; the flow runs' own transitions are left out."""
        for event in events:
            yield from self.build_one(event)

    def build_one(self, event: Event) -> list[dict[str, Any]]:
        """Return what an event of the log is to event clients: nothing, or its transition, Pending first."""
        if not event.ordinal:
            return []
        facts = self.facts_of(event.flow_run)
        place = facts.place_of(event.ordinal)
        built: list[dict[str, Any]] = []
        progress = self._open.get((event.flow_run, event.ordinal))
        if progress is None or progress.version != event.version - 1:
            progress = Progress()
            if event.version == 2:  # noqa: PLR2004  its first event in the log
                built.append(_begin(facts, place, progress))
            else:
                self._catch_up(facts, place, progress, event.version)
        built += _advance(facts, place, progress, event)
        self._remember(event, progress)
        return built

    def forget(self, above: int = 0) -> None:
        """Forget the task runs that are open, where they are more than so many: what is asked of them again is read again."""
        if len(self._open) > above:
            self._open.clear()

    def build_late(self, event: Event, at: int) -> dict[str, Any]:
        """Return the Late that follows a Scheduled when nothing else has until `at` (ns)."""
        self._open.pop((event.flow_run, event.ordinal), None)
        self.build_one(event)
        return self._tell_late_of(event.flow_run, event.ordinal, at)[0]

    def facts_of(self, flow_run: UUID) -> FlowRunFacts:
        """Return what is known of a flow run; raises `NotOnRecord`."""
        facts = self._flow_runs.get(flow_run)
        if facts is None:
            while len(self._flow_runs) >= _FLOW_RUNS_KEPT:
                del self._flow_runs[next(iter(self._flow_runs))]
            facts = self._flow_runs[flow_run] = FlowRunFacts.read(self._views, flow_run, self._flows)
        return facts

    def _catch_up(self, facts: FlowRunFacts, place: Place, progress: Progress, version: int) -> None:
        """Go through what happened to a task run before `version`."""
        _begin(facts, place, progress)
        cursor = 0
        while True:
            page = self._views.events(EventFilter(cursor, facts.flow_run, place.ordinal, _PAGE))
            for event in page:
                if event.version >= version:
                    return
                _advance(facts, place, progress, event)
            if len(page) < _PAGE:
                return
            cursor = page[-1].cursor

    def _remember(self, event: Event, progress: Progress) -> None:
        key = event.flow_run, event.ordinal
        if progress.is_final:
            self._open.pop(key, None)
        else:
            self._open[key] = progress

    def tell_late(self, now: int) -> list[dict[str, Any]]:
        """Return the Late of each task run seen here that should have started by `now` (ns) and has not; each once."""
        return [late for flow_run, ordinal in list(self._open) for late in self._tell_late_of(flow_run, ordinal, now)]

    def _tell_late_of(self, flow_run: UUID, ordinal: int, now: int) -> list[dict[str, Any]]:
        progress = self._open[flow_run, ordinal]
        if progress.late_at is None or progress.late_at > now:
            return []
        facts = self.facts_of(flow_run)
        return [_become_late(facts, facts.place_of(ordinal), progress)]

    def watch(self, rows: Iterable[TaskRun]) -> None:
        """Get to know task runs whose events are not built here, so that `tell_late` tells of them."""
        for row in rows:
            facts, progress = self.facts_of(row.flow_run), Progress()
            self._catch_up(facts, facts.place_of(row.ordinal), progress, row.version + 1)
            self._open[row.flow_run, row.ordinal] = progress


def shorten_message(text: str) -> str:
    """Return the text; of one longer than 100,000 characters the first and last 50,000, unless that is no shorter."""
    if len(text) <= MESSAGE_LIMIT:
        return text
    half = MESSAGE_LIMIT // 2
    shortened = f"{text[:half]}...{len(text) - MESSAGE_LIMIT} additional characters...{text[-half:]}"
    return shortened if len(shortened) < len(text) else text


def specimens() -> list[dict[str, Any]]:
    """Return documents that have between them every key and every word that a document may have of itself."""
    task = TaskInfo("", "", policies={"max_retries": 1, "retry_delay": [1, 2], "retry_jitter": 1})
    flow = FlowFacts(FlowVersion("", "", (task,), (EdgeInfo("", ""),)))
    nobody: Any = None  # who would be asked for what this task run does not have
    facts = FlowRunFacts(nobody, _NO_RUN, flow, FlowRun(_NO_RUN, "", "", _NO_RUN, 1, _PENDING))
    place, found = Place(1, 0, 1, flow.task(0), 0), []
    for kind in TABLE:
        for data in ({}, _ALL_DATA):
            progress = Progress()
            found.append(_begin(facts, place, progress))
            found += _advance(facts, place, progress, Event(1, _NO_RUN, 1, 2, 2, EventKind.STATE, kind.code, data))
            if progress.late_at is not None:
                found.append(_become_late(facts, place, progress))
            suspension = Event(LATE_AFTER * 2, _NO_RUN, 1, 3, 2, EventKind.ANNOTATED, 0, {"suspended": True})
            found += _advance(facts, place, progress, suspension)
    return found


def _advance(facts: FlowRunFacts, place: Place, progress: Progress, event: Event) -> list[dict[str, Any]]:
    """Take note of an event; returns its transition, if it is one."""
    data = event.data or {}
    progress.version = event.version
    progress.name = data.get("name") or progress.name
    is_transition = event.kind == EventKind.STATE
    if not (is_transition or is_suspension(event)):
        return []
    built = []
    if progress.late_at is not None and progress.late_at < event.at:
        built.append(_become_late(facts, place, progress))
    before = progress.state, progress.event_id, progress.at
    if is_transition:
        progress.enter(event.state, event.at, data, event.attempt)
    else:
        progress.suspend(event.at)
    built.append(_told(facts, place, progress, ids.event_id(facts.flow_run, place.ordinal, event.version), before))
    return built


def _begin(facts: FlowRunFacts, place: Place, progress: Progress) -> dict[str, Any]:
    """Put a task run into the Pending that the log implies, and return the documented event of that."""
    progress.enter(_PENDING, place.created, {}, 0)
    progress.version = 1
    return _told(facts, place, progress, ids.event_id(facts.flow_run, place.ordinal, 1), (None, None, None))


def _become_late(facts: FlowRunFacts, place: Place, progress: Progress) -> dict[str, Any]:
    """Put a scheduled task run into Late, which no event of the log says, and return the documented event of that."""
    before = progress.state, progress.event_id, progress.at
    progress.become_late()
    return _told(facts, place, progress, late_id(UUID(before[1])), before)


def _told(
    facts: FlowRunFacts, place: Place, progress: Progress, identity: UUID, before: tuple[Any, str | None, int | None]
) -> dict[str, Any]:
    """Return the documented event of the state that a task run has come to; `before` is state, event and time before."""
    state_before, before_id, before_at = before
    state = progress.state
    message = shorten_message(state["message"])
    progress.state = {**state, "message": message}
    progress.event_id = str(identity)
    is_near = before_at is not None and progress.at - before_at < FOLLOWS_WITHIN
    return {
        "occurred": with_z(progress.at),
        "event": f"prefect.task-run.{state['name']}",
        "resource": {
            "prefect.resource.id": f"prefect.task-run.{ids.task_run_id(facts.flow_run, place.ordinal)}",
            "prefect.resource.name": progress.name or place.name,
            "prefect.run-count": str(progress.run_count),
            "prefect.state-message": message,
            "prefect.state-name": state["name"],
            "prefect.state-timestamp": with_offset(progress.at),
            "prefect.state-type": state["type"],
            "prefect.orchestration": "client",
        },
        "related": facts.related_to(place),
        "payload": {
            "intended": {"from": None if state_before is None else state_before["type"], "to": state["type"]},
            "initial_state": state_before,
            "validated_state": {**progress.state, "data": progress.result},
            "task_run": facts.body_of(place, progress),
        },
        "id": progress.event_id,
        "follows": before_id if is_near else None,
        "received": with_z(progress.at),
    }
