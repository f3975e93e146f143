"""Remote runs: flow runs that programs elsewhere create and run, as events that are appended under a lease.

Such a program has its own engine: it says which state a run is in, and what it says is checked against the transition table like
everything else. A change that the table knows only through a restart is written as one. The state's document is kept as it
came, so that the program reads what it wrote.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec

from runwright import clock, codec, ids, state_documents
from runwright.entities import LEVELS
from runwright.errors import (
    IllegalTransition,
    NotOnRecord,
    ParameterError,
    QueryError,
    RecordError,
    StateUpdateRefused,
    VersionConflict,
)
from runwright.events import Batch, Event, EventKind, LogLine
from runwright.query import And, Compare, Exists, Or, Order, Query, all_of, columns
from runwright.runs import TaskRun
from runwright.runtime.naming import run_name
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, Cancelled
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runwright.query import Condition
    from runwright.runs import FlowRun, FlowVersion
    from runwright.store import Store

LARGEST_STATE = 1_000_000
SECONDS_BETWEEN_SUBMISSIONS = 30
LEASE_SECONDS = 30.0
MOST_IN_QUEUE = 100
MOST_AGENTS = 1_000

_LEVELS = {name: number for number, name in LEVELS.items()}
_PENDING, _RUNNING, _SUBMITTED = (KIND_BY_NAME[name].code for name in ("Pending", "Running", "Submitted"))
_WAYS = ((), ("Scheduled",), ("Resume",), ("Resume", "Scheduled"))


class RemoteRuns:
    """Creates flow runs and writes what is said about them. One for each process that serves a record; safe for threads."""

    def __init__(self, record: Store) -> None:
        """Hold the record."""
        self._record = record
        self._owner = f"remote {uuid4()}"
        self._lock = threading.Lock()
        self._agents: dict[UUID, tuple[str, str | None, tuple[str, ...]]] = {}

    # ---- flow runs

    def create(
        self,
        *,
        flow_id: UUID | None = None,
        version_group_id: str | None = None,
        idempotency_key: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        labels: Sequence[str] | None = None,
        context: Mapping[str, Any] | None = None,
        run_config: Mapping[str, Any] | None = None,
        start_time: int | None = None,
        name: str | None = None,
        is_of_schedule: bool = False,
    ) -> UUID:
        """Return the id of a flow run that is scheduled now, of the one before where the key is known for the flow.

        `start_time` is in nanoseconds since 1970, now by default. Raises `NotOnRecord` and `ParameterError`.
        """
        flow = self._flow(flow_id, version_group_id)
        with self._lock:
            known = None if idempotency_key is None else self._find_by_key(flow, idempotency_key)
            if known is not None:
                return known
            flow_run, now = ids.new_flow_run_id(clock.now()), clock.now()
            config = run_config or flow.document.get("run_config") or {}
            created = {
                "flow": flow.name,
                "flow_version": flow.version,
                "name": name or run_name(flow_run),
                "parameters": codec.to_plain(_resolved(flow, parameters or {})),
                "source": flow.source,
                "scheduled_start_time": start_time or now,
                "labels": list(labels if labels is not None else config.get("labels") or ()),
                "run_config": config or None,
                "context": context,
                "idempotency_key": idempotency_key,
                "is_remote": is_remote(flow) or None,
                "auto_scheduled": is_of_schedule or None,
            }
            scheduled = {"message": "Flow run scheduled.", "due": start_time or now}
            events = [
                Event(now, flow_run, 0, 1, 0, EventKind.CREATED, _PENDING, _said(created)),
                Event(now, flow_run, 0, 2, 0, EventKind.STATE, KIND_BY_NAME["Scheduled"].code, scheduled),
            ]
            if is_remote(flow):
                tasks = {"first": 1, "tasks": len(flow.tasks)}
                events.append(Event(now, flow_run, 0, 3, 0, EventKind.EXPANDED, 0, tasks))
            return self._begun(flow, flow_run, events, idempotency_key)

    def _begun(self, flow: FlowVersion, flow_run: UUID, events: list[Event], key: str | None) -> UUID:
        """Record a new flow run and return its id; where another process was faster under its key, that of the other."""
        try:
            self._append(Batch(events), flow_run)
        except RecordError:
            known = None if key is None else self._find_by_key(flow, key)
            if known is None:
                raise
            return known
        return flow_run

    def task_run(self, flow_run: UUID, task_id: UUID, map_index: int) -> UUID:
        """Return the id of a task's run, or of its mapped child with an index, which comes to exist when it is asked for."""
        run = self._flow_run(flow_run)
        index = ids.ordinal_of(task_id) - 1
        if ids.task_id(run.flow_id, index) != task_id:
            raise NotOnRecord(f"Task {task_id} is not one of the flow of flow run {flow_run}.")
        which = TaskRunFilter(flow_run=flow_run, ordinals=(index + 1,))
        if not self._record.task_runs(which):
            raise NotOnRecord(f"Flow run {flow_run} has no run of task {task_id}.")
        if map_index < 0:
            return ids.task_run_id(flow_run, index + 1)
        with self._lock:
            children = TaskRunFilter(flow_run=flow_run, parent=index + 1, map_index=(map_index,))
            found = self._record.task_runs(children)
            return found[0].id if found else self._add_child(run, index + 1, map_index)

    def set_state(self, run: UUID, document: dict[str, Any], *, version: int | None = None) -> None:
        """Put a flow run or task run into the state of a document.

        Raises `StateUpdateRefused` where the rules of runs forbid it, `VersionConflict` where the flow asks for versions to be
        checked and `version` is not the run's, `IllegalTransition`, `LeaseHeld` where Runwright itself runs it.
        """
        if len(msgspec.json.encode(document)) > LARGEST_STATE:
            raise StateUpdateRefused(f"State update failed: the state has more than {LARGEST_STATE} bytes.")
        state = state_documents.from_document(document)
        data = {**(codec.data_from_state(state) or {}), "document": document}
        with self._lock:
            row = self._row(run)
            self._check(row, state.kind.name, version)
            self._enter(row, state.kind.code, data)
            if isinstance(state, Cancelled) and not ids.ordinal_of(run):
                self._cancel_open(run)

    def cancel(self, flow_run: UUID) -> str:
        """Ask a flow run to end, and return the state it is in then: Cancelling if it runs, else Cancelled."""
        with self._lock:
            row = self._flow_run(flow_run)
            phase = row.kind.phase.value
            if phase in {"waiting", "active"} and row.kind.name != "Cancelling":
                name = "Cancelling" if phase == "active" else "Cancelled"
                self._enter(row, KIND_BY_NAME[name].code, {"message": "Flow run cancelled."})
                if name == "Cancelled":
                    self._cancel_open(flow_run)
            return self._flow_run(flow_run).kind.name

    def rename(self, run: UUID, name: str) -> None:
        """Give a run a name."""
        with self._lock:
            row = self._row(run)
            self._append(Batch([self._event(row, EventKind.ANNOTATED, 0, {"name": name})]), ids.flow_run_of(run))

    def annotate(self, run: UUID, artifact: dict[str, Any]) -> UUID:
        """Keep an artifact of a run in the log and return its id, from which `run_of` leads back to the run."""
        if len(msgspec.json.encode(artifact)) > LARGEST_STATE:
            raise StateUpdateRefused(
                f"The artifact has more than {LARGEST_STATE} bytes: keep it elsewhere, and link to it."
            )
        with self._lock:
            row = self._row(run)
            event = self._event(row, EventKind.ANNOTATED, 0, {"artifact": artifact})
            self._append(Batch([event]), event.flow_run)
        return ids.event_id(event.flow_run, event.ordinal, event.version)

    def write_logs(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Write log lines, each with `flow_run_id` or `task_run_id`, `message`, and what else is known of it."""
        by_flow_run: dict[UUID, list[LogLine]] = {}
        for line in lines:
            run = UUID(line.get("task_run_id") or line.get("flow_run_id"))
            flow_run = ids.flow_run_of(run)
            at = line.get("timestamp") or clock.now()
            level = _LEVELS.get(str(line.get("level") or "INFO").upper(), 20)
            text = codec.shorten(str(line.get("message") or ""))
            found = LogLine(at, flow_run, ids.ordinal_of(run), 0, level, str(line.get("name") or "remote"), text)
            by_flow_run.setdefault(flow_run, []).append(found)
        with self._lock:
            for flow_run, found in by_flow_run.items():
                self._append(Batch(logs=found), flow_run)

    def check_known(self, run: UUID) -> None:
        """Raise `NotOnRecord` for a run that there is not."""
        self._row(run)

    # ---- agents

    def add_agent(self, type_: str, name: str | None, labels: tuple[str, ...]) -> UUID:
        """Return the id of a program that asks for work; it is remembered by this process."""
        agent = uuid4()
        with self._lock:
            self._agents[agent] = (type_, name, labels)
            while len(self._agents) > MOST_AGENTS:
                del self._agents[next(iter(self._agents))]
        return agent

    def queue(self, *, before: int | None = None, labels: frozenset[str] = frozenset()) -> list[UUID]:
        """Return flow runs of remote flows that are due by `before` (ns, now by default) and whose labels are among these.

        A flow run without labels is only for those who give none.
        """
        due = Compare("state_start_time", "lte", before or clock.now())
        is_due = And((Compare("state", "eq", "Scheduled"), due))
        has_due_tasks = And((Compare("state", "eq", "Running"), Exists("task_runs", due)))
        is_remote_flow = Exists("flow", Compare("serialized_flow", "is_null", value=False))
        query = Query(
            "flow_run",
            columns("id", "labels"),
            And((Or((is_due, has_due_tasks)), is_remote_flow)),
            order=(Order("scheduled_start_time"),),
        )
        found = msgspec.json.decode(self._record.query(query))
        fitting = [each["id"] for each in found if _fits(frozenset(each["labels"]), labels)]
        return [UUID(each) for each in fitting[:MOST_IN_QUEUE]]

    # ---- rules

    def _check(self, row: FlowRun | TaskRun, state: str, version: int | None) -> None:
        flow_run = row if not isinstance(row, TaskRun) else self._flow_run(row.flow_run)
        if version is not None and version != row.version and self._asks_for_versions(flow_run):
            raise VersionConflict(f"State update failed: the run is at version {row.version}, not {version}.")
        if isinstance(row, TaskRun):
            if state == "Running" and flow_run.state != _RUNNING:
                raise StateUpdateRefused(
                    f"State update failed for task run ID {row.id}: provided a running state but associated flow run "
                    f"{flow_run.id} is not in a running state."
                )
        elif state == "Submitted" and row.state == _SUBMITTED and self._was_just_submitted(row):
            raise StateUpdateRefused("State update failed: this run has already been submitted.")

    def _asks_for_versions(self, flow_run: FlowRun) -> bool:
        flow = self._flow(flow_run.flow_id, None)
        settings: dict[str, Any] = flow.document.get("settings") or {}
        return bool(settings.get("version_locking_enabled"))

    def _was_just_submitted(self, row: FlowRun) -> bool:
        return clock.now() - row.updated < SECONDS_BETWEEN_SUBMISSIONS * clock.NANOSECONDS

    # ---- writing

    def _enter(self, row: FlowRun | TaskRun, code: int, data: dict[str, Any]) -> None:
        """Append a transition, by the first way to it that the table allows; what a run is in already needs none."""
        refusal: IllegalTransition | None = None
        for way in _WAYS if row.state != code else ((),):
            steps = [(KIND_BY_NAME[name].code, {"restart": True} if name == "Resume" else {}) for name in way]
            events = self._transitions(row, [*steps, (code, data)])
            try:
                self._append(Batch(events), events[0].flow_run)
            except IllegalTransition as error:
                refusal = refusal or error
            else:
                return
        if refusal is not None and row.state != code:
            raise refusal

    def _transitions(self, row: FlowRun | TaskRun, steps: list[tuple[int, dict[str, Any]]]) -> list[Event]:
        events = [self._event(row, EventKind.STATE, code, data) for code, data in steps]
        attempt, before = getattr(row, "attempt", 0), row.state
        for number, event in enumerate(events):
            event.version += number
            if event.ordinal and event.state == _RUNNING and KIND_BY_CODE[before].phase.value != "active":
                attempt += 1
            event.attempt, before = attempt, event.state
        return events

    def _event(self, row: FlowRun | TaskRun, kind: EventKind, code: int, data: dict[str, Any]) -> Event:
        if isinstance(row, TaskRun):
            return Event(clock.now(), row.flow_run, row.ordinal, row.version + 1, row.attempt, kind, code, data or None)
        return Event(clock.now(), row.id, 0, row.version + 1, 0, kind, code, data or None)

    def _add_child(self, run: FlowRun, parent: int, map_index: int) -> UUID:
        row = self._row(ids.task_run_id(run.id, parent))
        first = 1 + max((each.first + each.count - 1 for each in self._record.expansions(run.id)), default=0)
        plan = {"values": [str(map_index)]} if not map_index else {"turn": map_index}
        opened = {"first": first, "count": 1, "body": [parent - 1], **plan}
        events = [
            self._event(row, EventKind.EXPANDED, 0, opened),
            Event(clock.now(), run.id, first, 2, 0, EventKind.ANNOTATED, 0, None),
        ]
        self._append(Batch(events), run.id)
        return ids.task_run_id(run.id, first)

    def _cancel_open(self, flow_run: UUID) -> None:
        for row in self._record.task_runs(TaskRunFilter(flow_run=flow_run)):
            if not row.kind.phase.is_final:
                name = "Killed" if row.kind.phase.value == "active" else "Cancelled"
                self._enter(row, KIND_BY_NAME[name].code, {"message": "Flow run cancelled."})

    def _append(self, batch: Batch, flow_run: UUID) -> None:
        """Append under a lease that is taken for as long as it takes."""
        lease = self._record.acquire(flow_run, self._owner, LEASE_SECONDS)
        try:
            self._record.append(batch, {flow_run: lease})
        finally:
            self._record.release(lease)

    # ---- reading

    def _flow(self, flow_id: UUID | None, version_group_id: str | None) -> FlowVersion:
        if (flow_id is None) == (version_group_id is None):
            raise QueryError("A flow run is of one flow: give flow_id or version_group_id.")
        if flow_id is None:
            where: Condition = Compare("version_group_id", "eq", version_group_id)
            newest = Query(
                "flow", columns("id"), where, (Order("version", is_descending=True),), limit=1, is_single=True
            )
            found = msgspec.json.decode(self._record.query(newest))
            flow_id = None if found is None else UUID(found["id"])
        versions = [] if flow_id is None else self._record.flows(flow_id=flow_id)
        if not versions:
            raise NotOnRecord(f"There is no flow {flow_id or version_group_id} on the record: register it first.")
        return versions[0]

    def _find_by_key(self, flow: FlowVersion, key: str) -> UUID | None:
        where = all_of(Compare("idempotency_key", "eq", key), Exists("flow", Compare("name", "eq", flow.name)))
        query = Query("flow_run", columns("id"), where, limit=1, is_single=True)
        found = msgspec.json.decode(self._record.query(query))
        return None if found is None else UUID(found["id"])

    def _flow_run(self, flow_run: UUID) -> FlowRun:
        rows = self._record.flow_runs(FlowRunFilter(id=flow_run))
        if not rows:
            raise NotOnRecord(f"There is no flow run {flow_run} on the record.")
        return rows[0]

    def _row(self, run: UUID) -> FlowRun | TaskRun:
        ordinal = ids.ordinal_of(run)
        if not ordinal:
            return self._flow_run(run)
        rows = self._record.task_runs(TaskRunFilter(flow_run=ids.flow_run_of(run), ordinals=(ordinal,)))
        if not rows:
            raise NotOnRecord(f"There is no task run {run} on the record.")
        return rows[0]


def is_remote(flow: FlowVersion) -> bool:
    """Say whether a flow was registered by a program that runs it itself."""
    return "serialized_flow" in flow.document


def run_of(artifact: UUID) -> UUID:
    """Return the id of the run that an artifact belongs to."""
    return ids.task_run_id(ids.flow_run_of(artifact), ids.ordinal_of(artifact))


def _resolved(flow: FlowVersion, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a run; raises `ParameterError` for one that is missing, or unknown to a flow that is run here."""
    declared = flow.document.get("parameters") or ()
    unknown = sorted(given.keys() - {each["name"] for each in declared})
    if unknown and "file" in flow.source and not is_remote(flow):
        listed = ", ".join(each["name"] for each in declared)
        raise ParameterError(
            f"Flow {flow.name!r} has no parameter {unknown[0]!r}. {f'It takes {listed}.' if listed else 'It has no parameters.'}"
        )
    defaults = {each["name"]: each["default"] for each in declared if each.get("default")}
    missing = [each["name"] for each in declared if each.get("required") and each["name"] not in given]
    if missing:
        raise ParameterError(f"Required parameters were not supplied: {', '.join(sorted(missing))}.")
    return {**defaults, **given}


def _fits(wanted: frozenset[str], given: frozenset[str]) -> bool:
    return wanted <= given if wanted else not given


def _said(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None}
