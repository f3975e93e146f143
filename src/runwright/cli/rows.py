"""Rows: what the record holds as plain data with the field names of the query interface, and the columns of tables.

Times are RFC 3339, durations seconds. Each kind of row has a tuple of its fields, for `--fields` and its errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import clock, ids
from runwright.cli.table import Column
from runwright.clock import NANOSECONDS, to_iso
from runwright.states import KIND_BY_CODE

if TYPE_CHECKING:
    from runwright.events import LogLine
    from runwright.runs import Attempt, FlowRun, FlowVersion, TaskRun

TASK_RUN_FIELDS = (
    "id",
    "name",
    "path",
    "slug",
    "task.slug",
    "task.name",
    "map_index",
    "state",
    "state_message",
    "start_time",
    "end_time",
    "duration",
    "waited",
    "run_count",
    "flow_run_id",
    "flow_run.id",
    "flow_run.name",
    "flow.name",
    "parent_task_run_id",
    "tags",
    "given_tags",
    "created",
    "updated",
    "state_start_time",
    "version",
    "result",
)
TASK_RUN_COLUMNS = (
    Column("STATE", "state", "state"),
    Column("TASK RUN", "path", "path"),
    Column("ATT", "run_count", "number"),
    Column("STARTED", "start_time", "age"),
    Column("DURATION", "duration", "seconds"),
    Column("WAITED", "waited", "seconds", wide=True),
    Column("TAGS", "tags", wide=True),
    Column("ID", "id", wide=True),
    Column("MESSAGE", "state_message"),
)
FLOW_RUN_FIELDS = (
    "id",
    "name",
    "path",
    "state",
    "state_message",
    "start_time",
    "end_time",
    "duration",
    "flow_id",
    "flow.id",
    "flow.name",
    "flow.version",
    "parameters",
    "created",
    "updated",
    "scheduled_start_time",
    "task_run_count",
    "task_runs",
    "version",
)
FLOW_RUN_COLUMNS = (
    Column("STATE", "state", "state"),
    Column("FLOW RUN", "name"),
    Column("FLOW", "flow.name"),
    Column("STARTED", "start_time", "age"),
    Column("DURATION", "duration", "seconds"),
    Column("TASK RUNS", "task_run_count", "number"),
    Column("ID", "id"),
    Column("MESSAGE", "state_message"),
)
FLOW_FIELDS = ("id", "name", "version", "fingerprint", "created", "task_count", "tasks", "edges", "source")
FLOW_COLUMNS = (
    Column("FLOW", "name"),
    Column("VERSION", "version", "number"),
    Column("TASKS", "task_count", "number"),
    Column("CREATED", "created", "age"),
    Column("FILE", "source.file"),
    Column("ID", "id", wide=True),
)
ATTEMPT_FIELDS = (
    "task_run_id",
    "attempt",
    "state",
    "state_message",
    "start_time",
    "end_time",
    "duration",
    "history",
)
ATTEMPT_COLUMNS = (
    Column("ATT", "attempt", "number"),
    Column("STATE", "state", "state"),
    Column("STARTED", "start_time", "age"),
    Column("DURATION", "duration", "seconds"),
    Column("MESSAGE", "state_message"),
)
LOG_FIELDS = ("timestamp", "level", "logger", "message", "attempt", "task_run_id", "flow_run_id")
LOG_COLUMNS = (Column("TIMESTAMP", "timestamp"), Column("LEVEL", "level"), Column("MESSAGE", "message"))


def task_run_row(row: TaskRun) -> dict[str, Any]:
    """Return a task run as data. `path` names it for every other command; `waited` is until its first start."""
    slug = row.slug if row.map_index < 0 else f"{row.slug}[{row.map_index}]"
    started = row.start_time if row.start_time is not None else row.end_time
    return {
        "id": str(row.id),
        "name": row.full_name,
        "path": f"{row.flow_name}/{row.flow_run_name}/{slug}",
        "slug": row.slug,
        "task": {"slug": row.slug, "name": row.task_name},
        "map_index": row.map_index,
        "state": row.kind.name,
        "state_message": row.message,
        "start_time": iso(row.start_time),
        "end_time": iso(row.end_time),
        "duration": span(row.start_time, row.end_time),
        "waited": span(row.created or None, started),
        "run_count": row.attempt,
        "flow_run_id": str(row.flow_run),
        "flow_run": {"id": str(row.flow_run), "name": row.flow_run_name},
        "flow": {"name": row.flow_name},
        "parent_task_run_id": str(ids.task_run_id(row.flow_run, row.parent)) if row.parent else None,
        "tags": list(row.tags),
        "given_tags": [{"tag": each.tag, "by": each.by, "at": iso(each.at)} for each in row.given_tags],
        "created": iso(row.created),
        "updated": iso(row.updated),
        "state_start_time": iso(row.due),
        "version": row.version,
        "result": None if row.result is None else _ref(row.result),
    }


def flow_run_row(row: FlowRun) -> dict[str, Any]:
    """Return a flow run as data; `task_runs` are the numbers of its task runs by state."""
    return {
        "id": str(row.id),
        "name": row.name,
        "path": f"{row.flow_name}/{row.name}",
        "state": row.kind.name,
        "state_message": row.message,
        "start_time": iso(row.start_time),
        "end_time": iso(row.end_time),
        "duration": span(row.start_time, row.end_time),
        "flow_id": str(row.flow_id),
        "flow": {"id": str(row.flow_id), "name": row.flow_name, "version": row.flow_version},
        "parameters": row.parameters,
        "created": iso(row.created),
        "updated": iso(row.updated),
        "scheduled_start_time": iso(row.scheduled_start_time),
        "task_run_count": sum(row.counts.values()),
        "task_runs": {state: count for state, count in row.counts.items() if count},
        "version": row.version,
    }


def flow_row(row: FlowVersion) -> dict[str, Any]:
    """Return a version of a flow as data."""
    return {
        "id": str(row.id),
        "name": row.name,
        "version": row.version,
        "fingerprint": row.fingerprint,
        "created": iso(row.created),
        "task_count": len(row.tasks),
        "tasks": [
            {"slug": task.slug, "name": task.name, "tags": list(task.tags), "mapped": task.is_mapped, **task.policies}
            for task in row.tasks
        ],
        "edges": [
            {
                "upstream_task": {"slug": edge.upstream},
                "downstream_task": {"slug": edge.downstream},
                "key": edge.key,
                "mapped": edge.mapped,
                "flattened": edge.flattened,
            }
            for edge in row.edges
        ],
        "source": row.source,
    }


def attempt_row(row: Attempt) -> dict[str, Any]:
    """Return an attempt as data; `state` is how the attempt itself stands or ended."""
    return {
        "task_run_id": str(ids.task_run_id(row.flow_run, row.ordinal)),
        "attempt": row.attempt,
        "state": row.kind.name,
        "state_message": row.message,
        "start_time": iso(row.start_time),
        "end_time": iso(row.end_time),
        "duration": span(row.start_time, row.end_time),
        "history": [{"state": state, "timestamp": iso(at)} for state, at in row.history],
    }


def log_row(line: LogLine) -> dict[str, Any]:
    """Return a log line as data."""
    import logging  # noqa: PLC0415  few commands need the names of levels

    return {
        "timestamp": iso(line.at),
        "level": logging.getLevelName(line.level),
        "logger": line.logger,
        "message": line.message,
        "attempt": line.attempt,
        "task_run_id": str(ids.task_run_id(line.flow_run, line.ordinal)),
        "flow_run_id": str(line.flow_run),
    }


def iso(at: int | None) -> str | None:
    """Return RFC 3339 text for a time, None for one that is not known."""
    return None if not at else to_iso(at)


def span(start: int | None, end: int | None) -> float | None:
    """Return the seconds between two times; what has not ended lasts until now, what has not begun has no length."""
    if not start:
        return None
    return round(((end or clock.now()) - start) / NANOSECONDS, 6)


def state_name(code: int) -> str:
    """Return the name of a state's code."""
    return KIND_BY_CODE[code].name


def _ref(ref: Any) -> dict[str, Any]:
    return {
        "kind": ref.kind,
        "location": ref.location,
        "serializer": ref.serializer,
        "size": ref.size,
        "length": ref.length,
    }
