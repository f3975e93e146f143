"""Run documents: flows, flow runs, task runs, their states and log lines as clients of Prefect 3 read them, nulls included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from runwright import clock, ids
from runwright.compat.flow_facts import KnownFlows
from runwright.compat.run_models import Model, delay_of, likeness_of, seconds_between, z_of
from runwright.compat.task_run_body import (
    FlowRunFacts,
    Progress,
    is_suspension,
    late_id,
    with_z,
)
from runwright.events import EventKind
from runwright.states import KIND_BY_NAME, Phase
from runwright.views import EventFilter

if TYPE_CHECKING:
    from runwright.compat.run_models import Likeness
    from runwright.events import LogLine
    from runwright.runs import Attempt, FlowRun, FlowVersion, TaskRun
    from runwright.views import Views

_DETAILS = (
    "flow_run_id",
    "task_run_id",
    "child_flow_run_id",
    "scheduled_time",
    "cache_key",
    "cache_expiration",
    "deferred",
    "untrackable_result",
    "pause_timeout",
    "pause_reschedule",
    "pause_key",
    "run_input_keyset",
    "refresh_cache",
    "retriable",
    "transition_id",
    "task_parameters_id",
    "traceparent",
    "deployment_concurrency_lease_id",
)
_FALSE = ("deferred", "pause_reschedule", "untrackable_result")
_USUAL_DETAILS: dict[str, Any] = {**dict.fromkeys(_DETAILS), **dict.fromkeys(_FALSE, False)}
_FLOW_RUNS_KEPT = 256
_LINE = UUID("6f1b4f3e-6f0e-4f0a-9d47-6d0c8a3d7c11")
_SCHEDULED = KIND_BY_NAME["Scheduled"]


class RunDocuments:
    """Makes documents from rows of one record."""

    def __init__(self, views: Views, flows: KnownFlows | None = None) -> None:
        """Read what the rows do not say from `views`; `flows` are those known from earlier."""
        self._views = views
        self._facts: dict[UUID, FlowRunFacts] = {}
        self._flows = KnownFlows(views) if flows is None else flows
        self._last_facts: FlowRunFacts | None = None
        self._last_model: Model | None = None

    def task_run(self, row: TaskRun) -> dict[str, Any]:
        """Return a task run with its state; what it shares with others, and no filter looks at, may be JSON already.

        Those of one task that went well, or wrong, at the first try come one after the other mostly, and differ in little.
        """
        facts, likeness = self._facts_of(row), likeness_of(row)
        if likeness is None or not facts.is_told_by_rows:
            return self.task_run_by_itself(row)
        model = self._last_model
        if model is None or model.likeness != likeness:
            model = self._last_model = self._flows.models.get(likeness) or self._make_model(row, facts, likeness)
        return model.like(row, facts)

    def _make_model(self, row: TaskRun, facts: FlowRunFacts, likeness: Likeness) -> Model:
        model = Model(likeness, self.task_run_by_itself(row), facts.place_of_row(row).task)
        self._flows.keep_model(model)
        return model

    def task_run_by_itself(self, row: TaskRun) -> dict[str, Any]:
        """Return a task run with its state, made from no other one."""
        facts = self._facts_of(row)
        place = facts.place_of_row(row)
        progress = self._progress_of(row)
        body = facts.body_of(place, progress)
        state = self._state_of(row, progress, facts.text)
        return {
            "id": body["dynamic_key"],
            "created": z_of(row.created),
            "updated": z_of(row.updated),
            "cache_key": None,
            "cache_expiration": None,
            "task_version": None,
            "next_scheduled_start_time": None,
            "start_time": None,
            "end_time": None,
            **body,
            "tags": sorted(row.tags) if row.given_tags else body["tags"],
            "empirical_policy": place.task.policy_with_jitter,
            "estimated_run_time": body["total_run_time"],
            "estimated_start_time_delta": delay_of(row.created, row.start_time),
            "state_id": state["id"],
            "state_type": state["type"],
            "state_name": state["name"],
            "state": state,
        }

    def _facts_of(self, row: TaskRun) -> FlowRunFacts:
        """Return what is known of the flow run of a task run, for which its row is enough."""
        facts = self._last_facts
        if facts is not None and facts.flow_run is row.flow_run:
            return facts
        facts = self._facts.get(row.flow_run)
        if facts is None:
            while len(self._facts) >= _FLOW_RUNS_KEPT:
                del self._facts[next(iter(self._facts))]
            flow = self._flows.find(row.flow_id, row.flow_version, row.flow_name)
            facts = self._facts[row.flow_run] = FlowRunFacts(self._views, row.flow_run, flow)
        self._last_facts = facts
        return facts

    def _progress_of(self, row: TaskRun) -> Progress:
        """Return what has happened to a task run, from its row alone where it says enough."""
        progress = Progress()
        progress.enter(row.state, _entered(row), _data_of(row), row.attempt)
        progress.name = row.name
        progress.run_count = row.attempt
        progress.start = None if row.start_time is None else row.start_time // 1_000
        if row.start_time is not None and row.end_time is not None:
            progress.total = row.end_time // 1_000 - row.start_time // 1_000
            if row.attempt > 1:
                progress.total = sum(map(_length, self._views.attempts(row.flow_run, row.ordinal)))
        return progress

    def _state_of(self, row: TaskRun, progress: Progress, flow_run: str) -> dict[str, Any]:
        version = row.version
        if not row.kind.phase.is_final and version > 1:
            version = self._version_of_state(row)
        identity = _known_by(progress, ids.event_text(flow_run, row.ordinal, version))
        return state_document(identity, progress, flow_run, ids.task_run_text(flow_run, row.ordinal))

    def _version_of_state(self, row: TaskRun) -> int:
        """Return the version that a task run came to its state with: later events of it need not be transitions."""
        newest = EventFilter(flow_run=row.flow_run, ordinal=row.ordinal, newest_first=True)
        found = (
            each.version for each in self._views.events(newest) if each.kind == EventKind.STATE or is_suspension(each)
        )
        return next(found, 1)

    def task_run_states(self, flow_run: UUID, ordinal: int) -> list[dict[str, Any]]:
        """Return all states of a task run, or for ordinal 0 of the flow run, oldest first."""
        events = self._views.events(EventFilter(flow_run=flow_run, ordinal=ordinal, limit=ids.MAX_VERSION))
        text = str(flow_run)
        about = text, ids.task_run_text(text, ordinal) if ordinal else None
        progress = Progress()
        created = self._created(flow_run, ordinal) if ordinal else None
        found = []
        if created is not None:
            progress.enter(KIND_BY_NAME["Pending"].code, created, {}, 0)
            found.append(state_document(ids.event_text(text, ordinal, 1), progress, *about))
        for event in events:
            if event.state:
                progress.enter(event.state, event.at, event.data or {}, event.attempt)
            elif is_suspension(event):
                progress.suspend(event.at)
            if event.state or is_suspension(event):
                found.append(state_document(ids.event_text(text, ordinal, event.version), progress, *about))
        return found

    def _created(self, flow_run: UUID, ordinal: int) -> int:
        return FlowRunFacts.read(self._views, flow_run, self._flows).place_of(ordinal).created

    def flow_run(self, row: FlowRun) -> dict[str, Any]:
        """Return a flow run with its state."""
        progress = Progress()
        data = {"due": row.scheduled_start_time, **row.details, "message": row.message or ""}
        progress.enter(row.state, _entered(row), data, 0)
        version = row.version if row.kind.phase.is_final else self._version_of_root(row)
        flow_run = str(row.id)
        state = state_document(_known_by(progress, ids.event_text(flow_run, 0, version)), progress, flow_run)
        return {
            **_NO_FLOW_RUN,
            "id": flow_run,
            "created": z_of(row.created),
            "updated": z_of(row.updated),
            "name": row.name,
            "flow_id": str(row.flow_id),
            "state_id": state["id"],
            "flow_version": str(row.flow_version),
            "parameters": row.parameters,
            "state_type": state["type"],
            "state_name": state["name"],
            "run_count": 1 if row.start_time is not None else 0,
            "expected_start_time": z_of(row.scheduled_start_time or row.created),
            "next_scheduled_start_time": z_of(row.scheduled_start_time) if row.kind == _SCHEDULED else None,
            "start_time": z_of(row.start_time),
            "end_time": z_of(row.end_time),
            "total_run_time": seconds_between(row.start_time, row.end_time),
            "estimated_run_time": seconds_between(row.start_time, row.end_time),
            "estimated_start_time_delta": delay_of(row.scheduled_start_time or row.created, row.start_time),
            "state": state,
        }

    def _version_of_root(self, row: FlowRun) -> int:
        newest = EventFilter(flow_run=row.id, ordinal=0, newest_first=True)
        return next((each.version for each in self._views.events(newest) if each.state or is_suspension(each)), 1)


def _known_by(progress: Progress, identity: str) -> str:
    """Return the id of the state that a run is in now, given that of the last event: one that is overdue has become Late."""
    if progress.late_at is None or progress.late_at > clock.now():
        return identity
    progress.become_late()
    return str(late_id(UUID(identity)))


def state_document(identity: str, progress: Progress, flow_run: str, task_run: str | None = None) -> dict[str, Any]:
    """Return the state that something is in, with every key that clients know of."""
    state = progress.state
    return {
        "id": identity,
        "type": state["type"],
        "name": state["name"],
        "timestamp": with_z(progress.at),
        "message": state["message"],
        "data": progress.result,
        "state_details": {**_USUAL_DETAILS, "flow_run_id": flow_run, "task_run_id": task_run, **state["state_details"]},
    }


def flow_document(flow: FlowVersion) -> dict[str, Any]:
    """Return a flow."""
    created = z_of(flow.created)
    return {
        "id": str(flow.id),
        "created": created,
        "updated": created,
        "name": flow.name,
        "tags": [],
        "labels": {"runwright.version": str(flow.version)},
    }


def log_document(line: LogLine, number: int) -> dict[str, Any]:
    """Return a log line; `number` is its place in its flow run."""
    at = z_of(line.at)
    return {
        "id": str(uuid5(_LINE, f"{line.flow_run} {number}")),
        "created": at,
        "updated": at,
        "name": line.logger,
        "level": line.level,
        "message": line.message,
        "timestamp": at,
        "flow_run_id": str(line.flow_run),
        "task_run_id": str(ids.task_run_id(line.flow_run, line.ordinal)) if line.ordinal else None,
        "worker_id": None,
    }


_NO_FLOW_RUN: dict[str, Any] = {
    "deployment_id": None,
    "deployment_version": None,
    "work_queue_id": None,
    "work_queue_name": None,
    "idempotency_key": None,
    "context": {},
    "empirical_policy": {"max_retries": 0, "retry_delay_seconds": 0.0, "retries": 0, "retry_delay": 0},
    "tags": [],
    "labels": {},
    "parent_task_run_id": None,
    "auto_scheduled": False,
    "infrastructure_document_id": None,
    "infrastructure_pid": None,
    "created_by": None,
    "work_pool_id": None,
    "work_pool_name": None,
    "job_variables": {},
}


def _length(attempt: Attempt) -> int:
    """Return how long an attempt took, in microseconds."""
    return (attempt.end_time or attempt.start_time) // 1_000 - attempt.start_time // 1_000


def _data_of(row: TaskRun) -> dict[str, Any]:
    """Return what the event of a row's state had as its data."""
    data: dict[str, Any] = {**row.details, "message": row.message or ""}
    if row.due is not None:
        data["due"] = row.due
    if row.result is not None:
        data["result"] = row.result
    return data


def _entered(row: TaskRun | FlowRun) -> int:
    """Return when a run came to its state, as far as its row says."""
    if row.end_time is not None:
        return row.end_time
    if row.kind.phase is Phase.ACTIVE and row.start_time is not None:
        return row.start_time
    return row.created if row.version == 1 else row.updated
