"""Flow-run events: the documented `prefect.flow-run.{State}` JSON of a flow run's own transitions, built on read from the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright import ids
from runwright.compat.flow_facts import KnownFlows
from runwright.compat.task_run_body import (
    FOLLOWS_WITHIN,
    FlowRunFacts,
    Progress,
    is_suspension,
    late_id,
    with_offset,
    with_z,
)
from runwright.events import EventKind
from runwright.views import EventFilter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.events import Event
    from runwright.runs import FlowRun
    from runwright.views import Views

_TRANSITIONS = frozenset({EventKind.CREATED, EventKind.STATE})
_KEPT = 256


class FlowRunEvents:
    """Builds documented events from the flow runs' own events of the log, from anywhere in it, those of one run oldest first."""

    def __init__(self, views: Views) -> None:
        """Read from `views` what the log does not say with every event, and what came before."""
        self._views = views
        self._flows = KnownFlows(views)
        self._facts: dict[UUID, FlowRunFacts] = {}
        self._seen: dict[UUID, Progress] = {}
        self._planned: dict[UUID, Progress] = {}

    def build_one(self, event: Event) -> list[dict[str, Any]]:
        """Return what an event of the log is to event clients: nothing, or a transition of its flow run, a Late before it."""
        if event.ordinal:
            return []
        progress = self._planned.get(event.flow_run) or self._seen.get(event.flow_run)
        is_next = progress is not None and progress.version == event.version - 1
        if not is_transition(event):
            if progress is not None and is_next:
                progress.version = event.version
            return []
        if progress is None or not is_next:
            progress = self._before(event)
        facts = self._facts_of(event.flow_run)
        built = []
        if progress.late_at is not None and progress.late_at < event.at:
            built.append(_become_late(facts, progress))
        before = progress.state, progress.event_id, progress.at
        _enter(progress, event)
        self._remember(event.flow_run, progress)
        return [*built, _document(facts, progress, *before)]

    def build_late(self, event: Event, at: int) -> dict[str, Any]:
        """Return the Late that follows a Scheduled when nothing else has until `at` (ns)."""
        self._forget(event.flow_run)
        self.build_one(event)
        return self._tell_late_of(event.flow_run, at)[0]

    def tell_late(self, now: int) -> list[dict[str, Any]]:
        """Return the Late of each flow run seen here that should have started by `now` (ns) and has not; each once."""
        return [late for flow_run in list(self._planned) for late in self._tell_late_of(flow_run, now)]

    def watch(self, rows: Iterable[FlowRun]) -> None:
        """Get to know flow runs whose events are not built here, so that `tell_late` tells of them."""
        for row in rows:
            last = EventFilter(flow_run=row.id, ordinal=0, limit=1, newest_first=True)
            for event in self._views.events(last):
                progress = self._before(event)
                if is_transition(event):
                    _enter(progress, event)
                progress.version = event.version
                self._remember(row.id, progress)

    def _tell_late_of(self, flow_run: UUID, now: int) -> list[dict[str, Any]]:
        progress = self._planned[flow_run]
        if progress.late_at is None or progress.late_at > now:
            return []
        late = _become_late(self._facts_of(flow_run), progress)
        self._remember(flow_run, progress)
        return [late]

    def _before(self, event: Event) -> Progress:
        """Return what a flow run had come to before an event."""
        progress = Progress()
        if event.version > 1:
            earlier = EventFilter(flow_run=event.flow_run, ordinal=0, limit=ids.MAX_VERSION, before=event.cursor)
            for each in self._views.events(earlier):
                if is_transition(each):
                    _enter(progress, each)
        return progress

    def _remember(self, flow_run: UUID, progress: Progress) -> None:
        self._forget(flow_run)
        if progress.late_at is not None:
            self._planned[flow_run] = progress
            return
        while len(self._seen) >= _KEPT:
            del self._seen[next(iter(self._seen))]
        self._seen[flow_run] = progress

    def _forget(self, flow_run: UUID) -> None:
        self._seen.pop(flow_run, None)
        self._planned.pop(flow_run, None)

    def _facts_of(self, flow_run: UUID) -> FlowRunFacts:
        facts = self._facts.get(flow_run)
        if facts is None:
            while len(self._facts) >= _KEPT:
                del self._facts[next(iter(self._facts))]
            facts = self._facts[flow_run] = FlowRunFacts.read(self._views, flow_run, self._flows)
        return facts


def is_transition(event: Event) -> bool:
    """Say whether an event is one to event clients."""
    return event.kind in _TRANSITIONS or is_suspension(event)


def _enter(progress: Progress, event: Event) -> None:
    if event.kind in _TRANSITIONS:
        data = event.data if event.kind == EventKind.STATE else None
        progress.enter(event.state, event.at, data or {}, 0)
    else:
        progress.suspend(event.at)
    progress.version = event.version
    progress.event_id = str(ids.event_id(event.flow_run, 0, event.version))


def _become_late(facts: FlowRunFacts, progress: Progress) -> dict[str, Any]:
    """Put a scheduled flow run into Late, which no event of the log says, and return the documented event of that."""
    before = progress.state, progress.event_id, progress.at
    progress.become_late()
    progress.event_id = str(late_id(UUID(before[1])))
    return _document(facts, progress, *before)


def _document(
    facts: FlowRunFacts, progress: Progress, before: Any, before_id: str | None, before_at: int | None
) -> dict[str, Any]:
    state = progress.state
    flow_run, flow = facts.resources
    is_near = before_at is not None and progress.at - before_at < FOLLOWS_WITHIN
    return {
        "occurred": with_z(progress.at),
        "event": f"prefect.flow-run.{state['name']}",
        "resource": {
            "prefect.resource.id": flow_run["prefect.resource.id"],
            "prefect.resource.name": flow_run["prefect.resource.name"],
            "prefect.run-count": "1" if progress.start is not None else "0",
            "prefect.state-message": state["message"],
            "prefect.state-name": state["name"],
            "prefect.state-timestamp": with_offset(progress.at),
            "prefect.state-type": state["type"],
        },
        "related": [flow],
        "payload": {
            "intended": {"from": None if before is None else before["type"], "to": state["type"]},
            "initial_state": None if before is None else _brief(before),
            "validated_state": _brief(state),
        },
        "id": progress.event_id,
        "follows": before_id if is_near else None,
        "received": with_z(progress.at),
    }


def _brief(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state as the events of flow runs have it: with a message only where there is one."""
    brief = {"type": state["type"], "name": state["name"]}
    if state["message"]:
        brief["message"] = state["message"]
    if "pause_reschedule" in state["state_details"]:
        brief["pause_reschedule"] = str(state["state_details"]["pause_reschedule"]).lower()
    return brief
