"""Entity rows: the rows of a memory record as the entities of queries, one dictionary for each row.

Ids are UUIDs, times and durations nanoseconds. `""` holds the row's place in the order of creation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright import codec, ids, state_documents
from runwright.clock import to_iso
from runwright.codec import USUAL_MESSAGES, LostResult
from runwright.entities import LEVELS, TENANT_ID
from runwright.events import EventKind
from runwright.given_tags import joined
from runwright.release import version
from runwright.states import KIND_BY_CODE
from runwright.stores.matching import starter_of
from runwright.stores.texts import from_json
from runwright.stores.viewing import RESULT_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from runwright.events import Event, LogLine
    from runwright.given_tags import GivenTag
    from runwright.runs import FlowVersion, Project
    from runwright.stores.memory.rows import MemoryRows
    from runwright.stores.rows import FlowRunRow, TaskRunRow
    from runwright.trigger_states import TriggerState

    Row = dict[str, Any]

_SECOND = 1_000_000_000
_REF = ("kind", "location", "serializer", "size", "checksum", "length", "place")
_EDGE_MARK = 1 << 27


class EntityRows:
    """Makes the rows of entities from what a memory record holds."""

    def __init__(
        self,
        rows: MemoryRows,
        events: Sequence[Event],
        logs: Sequence[LogLine],
        projects: Sequence[Project],
        schedules: Sequence[TriggerState],
        given_to: Callable[[UUID], list[GivenTag]],
    ) -> None:
        """Read from these.

        `schedules` are the states of the schedules that belong to no namespace; `given_to` says which tags a task run was given.
        """
        self._given_to = given_to
        self._rows = rows
        self._events = events
        self._logs = logs
        self._projects = projects
        self._scheduled = {each.data.get("flow_id") for each in schedules if not each.is_disabled}

    def of(self, entity: str) -> list[Row]:
        """Return all rows of an entity."""
        making: dict[str, Iterable[Row]] = {
            "flow": map(self._flow, self._rows.flows),
            "flow_run": map(self._flow_run, self._rows.flow_run.values()),
            "flow_run_state": self._states(is_flow_run=True),
            "task": self._tasks(),
            "task_run": self._task_runs(),
            "task_run_state": self._states(is_flow_run=False),
            "edge": self._edges(),
            "log": self._log_lines(),
            "project": map(_project, self._projects),
            "flow_group": (self._flow_group(flow) for flow in self._rows.flows if flow.version == 1),
            "tenant": [{"": (), "id": TENANT_ID, "name": "default", "slug": "default"}],
        }
        return list(making[entity])

    # ---- flows

    def _flow(self, flow: FlowVersion) -> Row:
        document = flow.document
        group = next(each.id for each in self._rows.flows if each.name == flow.name)
        project = next((each.id for each in self._projects if each.name == document.get("project")), None)
        return {
            "": (self._rows.flows.index(flow),),
            "id": flow.id,
            "created": flow.created,
            "name": flow.name,
            "version": flow.version,
            "fingerprint": flow.fingerprint,
            "archived": any(each.name == flow.name and each.version > flow.version for each in self._rows.flows),
            "is_schedule_active": str(flow.id) in self._scheduled,
            "project_id": project,
            "flow_group_id": group,
            "version_group_id": str(group),
            "tenant_id": TENANT_ID,
            "parameters": document.get("parameters", []),
            "settings": document.get("settings", {}),
            "source": flow.source,
            "namespace": flow.source.get("namespace"),
            "yaml_id": flow.source.get("id"),
            **{name: document.get(name) for name in _FROM_DOCUMENT},
        }

    def _flow_group(self, flow: FlowVersion) -> Row:
        return {
            "": (self._rows.flows.index(flow),),
            "id": flow.id,
            "name": flow.name,
            "created": flow.created,
            "labels": [],
            "settings": flow.document.get("settings", {}),
            "tenant_id": TENANT_ID,
        }

    def _tasks(self) -> Iterator[Row]:
        for key, flow in enumerate(self._rows.flows):
            for index, task in enumerate(flow.tasks):
                policies = task.policies
                delay = policies.get("retry_delay")
                yield {
                    "": (key, index),
                    "id": ids.task_id(flow.id or TENANT_ID, index),
                    "created": flow.created,
                    "flow_id": flow.id,
                    "name": task.name,
                    "slug": task.slug,
                    "tags": list(task.tags),
                    "mapped": task.is_mapped,
                    "auto_generated": bool(policies.get("auto_generated")),
                    "retry_delay": delay[0] if isinstance(delay, list) else delay,
                    "policies": policies,
                    "tenant_id": TENANT_ID,
                    **{
                        name: policies.get(name)
                        for name in ("description", "type", "max_retries", "timeout", "cache_key", "trigger")
                    },
                }

    def _edges(self) -> Iterator[Row]:
        for key, flow in enumerate(self._rows.flows):
            flow_id = flow.id or TENANT_ID
            tasks = {task.slug: ids.task_id(flow_id, index) for index, task in enumerate(flow.tasks)}
            for index, edge in enumerate(flow.edges):
                yield {
                    "": (key, index),
                    "id": ids.task_id(flow_id, index + _EDGE_MARK - 1),
                    "flow_id": flow.id,
                    "upstream_task_id": tasks.get(edge.upstream),
                    "downstream_task_id": tasks.get(edge.downstream),
                    "key": edge.key,
                    "mapped": edge.mapped,
                    "flattened": edge.flattened,
                    "tenant_id": TENANT_ID,
                }

    # ---- runs

    def _flow_run(self, row: FlowRunRow) -> Row:
        flow_run, flow = UUID(bytes=row.id), self._rows.flows[row.flow - 1]
        extra, details = _read(row.extra, {}), _read(row.details, {})
        own = [
            each for each in self._events if each.flow_run == flow_run and not each.ordinal and each.kind in _TO_STATES
        ]
        return {
            "": (row.key,),
            "id": flow_run,
            **_run(row, details.get("result"), details.get("due"), details),
            "state_timestamp": own[-1].at,
            "flow_id": flow.id,
            "name": row.name,
            "scheduled_start_time": row.scheduled_start_time,
            "auto_scheduled": bool(extra.get("auto_scheduled")),
            "parameters": _read(row.parameters, {}),
            "context": extra.get("context"),
            "labels": extra.get("labels", []),
            "run_config": extra.get("run_config"),
            "idempotency_key": extra.get("idempotency_key"),
            "times_resurrected": 0,
            "agent_id": None,
            "source": _read(row.source, {}),
            "started_by": starter_of(extra),
            "deleted": bool(extra.get("deleted")),
            "worker": extra.get("worker"),
        }

    def _task_runs(self) -> Iterator[Row]:
        for key, held in self._rows.task_run.items():
            run = self._rows.flow_run[key]
            flow = self._rows.flows[run.flow - 1]
            flow_run, flow_id = UUID(bytes=run.id), flow.id or TENANT_ID
            for row in held.values():
                details, task_run = _read(row.details, {}), ids.task_run_id(flow_run, row.ordinal)
                yield {
                    "": (key, row.ordinal),
                    "id": task_run,
                    **_run(row, _read(row.result, None), row.due, details),
                    "state_timestamp": row.updated,
                    "flow_run_id": flow_run,
                    "task_id": ids.task_id(flow_id, row.task),
                    "map_index": row.map_index,
                    "name": row.name,
                    "full_name": row.name or _indexed(flow.tasks[row.task].slug, row.map_index),
                    "parent_id": ids.task_run_id(flow_run, row.parent) if row.parent else None,
                    "attempt": row.attempt,
                    "cache_key": details.get("cache_key"),
                    "value": row.value,
                    "waited_seconds": _waited(row),
                    "tags": list(joined(flow.tasks[row.task].tags, self._given_to(task_run))),
                }

    def _states(self, *, is_flow_run: bool) -> Iterator[Row]:
        kinds = _TO_STATES if is_flow_run else {EventKind.STATE}
        for event in self._events:
            if (event.ordinal == 0) == is_flow_run and event.kind in kinds:
                data = event.data or {}
                shown = _state(event.state, data.get("message"), data.get("result"), data.get("due"), data)
                yield {
                    "": (self._rows.keys[event.flow_run], event.ordinal, event.version),
                    "id": ids.event_id(event.flow_run, event.ordinal, event.version),
                    "flow_run_id": event.flow_run,
                    "timestamp": event.at,
                    "created": event.at,
                    "version": event.version,
                    "message": shown.pop("state_message"),
                    "result": shown.pop("state_result"),
                    "start_time": shown.pop("state_start_time"),
                    **shown,
                    **({} if is_flow_run else {"task_run_id": ids.task_run_id(event.flow_run, event.ordinal)}),
                }

    def _log_lines(self) -> Iterator[Row]:
        for key, line in enumerate(self._logs, start=1):
            yield {
                "": (key,),
                "id": UUID(int=line.flow_run.int >> 48 << 48 | key),
                "flow_run_id": line.flow_run,
                "task_run_id": ids.task_run_id(line.flow_run, line.ordinal) if line.ordinal else None,
                "timestamp": line.at,
                "created": line.at,
                "level": LEVELS.get(line.level, str(line.level)),
                "name": line.logger,
                "message": line.message,
                "attempt": line.attempt,
                "tenant_id": TENANT_ID,
            }


_TO_STATES = {EventKind.CREATED, EventKind.STATE}
_FROM_DOCUMENT = (
    "description", "core_version", "environment", "run_config", "storage", "schedule", "serialized_flow",
)  # fmt: skip


def _project(project: Project) -> Row:
    return {
        "": (project.created, project.name),
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "created": project.created,
        "tenant_id": TENANT_ID,
    }


def _indexed(slug: str, map_index: int) -> str:
    return slug if map_index < 0 else f"{slug}[{map_index}]"


def _waited(row: TaskRunRow) -> float | None:
    until = row.start_time if row.start_time is not None else row.end_time
    return None if until is None else (until - row.created) / _SECOND


def _run(row: FlowRunRow | TaskRunRow, result: Any, due: int | None, details: Row) -> Row:
    has_both = row.start_time is not None and row.end_time is not None
    duration = (row.end_time or 0) - (row.start_time or 0) if has_both else None
    return {
        "created": row.created,
        "updated": row.updated,
        "start_time": row.start_time,
        "end_time": row.end_time,
        "duration": duration,
        "duration_seconds": None if duration is None else duration / _SECOND,
        "version": row.version,
        "heartbeat": row.updated,
        "tenant_id": TENANT_ID,
        **_state(row.state, row.message, result, due, details),
    }


def _state(code: int, message: str | None, result: Any, due: int | None, details: Row) -> Row:
    kind, given = KIND_BY_CODE[code], details.get("document")
    message = USUAL_MESSAGES.get(code) if message is None else message
    return {
        "state": kind.name,
        "state_type": kind.event_type,
        "phase": kind.phase.value,
        "state_message": message,
        "state_result": dict(zip(_REF, result, strict=True)) if result else (given or {}).get("_result"),
        "state_start_time": due,
        "serialized_state": given or _document(code, {**details, "message": message, "due": due, "result": result}),
    }


def _document(code: int, data: Row) -> Row:
    result = data.pop("result")
    known = data if result is None else {**data, "result": result}
    document = state_documents.to_document(codec.state_from_data(code, known))
    document["context"] = {}
    for name, at in (("start_time", data["due"]), ("cached_result_expiration", data.get("expires"))):
        if at is not None and name in document:
            document[name] = to_iso(at)
    if document.get("_result", {}).get("type") == LostResult.__name__:
        document["_result"]["type"] = "Result"
    if result and "_result" in document:
        title, place = RESULT_CLASSES.get(result[0], ("Result", ""))
        held = {"type": title, "__version__": version(), "location": result[1]}
        document["_result"] = {**held, place: result[6]} if place else held
    return document


def _read(text: str | None, otherwise: Any) -> Any:
    return otherwise if text is None else from_json(text)
