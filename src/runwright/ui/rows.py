"""Rows: what several pages show of a run, with the field names of the query interface, and the bars of numbers by state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.cli.rows import attempt_row, flow_row, flow_run_row, iso, log_row, span, task_run_row
from runwright.errors import NotOnRecord
from runwright.ids import flow_run_of, ordinal_of
from runwright.states import KIND_BY_NAME, TABLE
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from runwright.runs import FlowRun, FlowVersion, TaskInfo, TaskRun
    from runwright.views import Views

__all__ = ["Part", "attempt_row", "bar", "flow_row", "flow_run_row", "iso", "log_row", "span", "task_run_row"]

_WHOLE = 100.0
_LEAST = 0.6


class Part(msgspec.Struct, frozen=True):
    """A piece of a bar: `start` and `width` in hundredths of it."""

    state: str
    count: int
    start: float
    width: float


def bar(counts: Mapping[str, int]) -> list[Part]:
    """Return the pieces of a bar of numbers by state; a piece is never too small to be seen."""
    shown = [(kind.name, counts[kind.name]) for kind in TABLE if counts.get(kind.name)]
    total = sum(count for _, count in shown) or 1
    widths = [max(_LEAST, _WHOLE * count / total) for _, count in shown]
    shrink = _WHOLE / (sum(widths) or 1)
    parts, start = [], 0.0
    for (state, count), width in zip(shown, widths, strict=True):
        parts.append(Part(state, count, round(start, 3), round(width * shrink, 3)))
        start += width * shrink
    return parts


def phase_of(state: str) -> str:
    """Return the phase of a state by name."""
    kind = KIND_BY_NAME.get(state)
    return kind.phase.value if kind is not None else ""


def find_flow_run(views: Views, identity: UUID) -> FlowRun:
    """Return a flow run; raises `NotOnRecord`."""
    found = views.flow_runs(FlowRunFilter(id=flow_run_of(identity)))
    if not found:
        raise NotOnRecord(f"No flow run {identity} is on this record. It may have been recorded elsewhere, or deleted.")
    return found[0]


def find_task_run(views: Views, identity: UUID) -> TaskRun:
    """Return a task run; raises `NotOnRecord`, which says when it is a flow run or a child that has no row yet."""
    flow_run = find_flow_run(views, identity)
    ordinal = ordinal_of(identity)
    found = views.task_runs(TaskRunFilter(flow_run=flow_run.id, ordinals=(ordinal,))) if ordinal else []
    if not found:
        what = "has not begun, or is not there" if ordinal else "is the id of a flow run"
        raise NotOnRecord(f"{identity} {what}: its flow run is {flow_run.flow_name}/{flow_run.name}.")
    return found[0]


def version_of(views: Views, flow_run: FlowRun) -> FlowVersion | None:
    """Return the version of the flow that a flow run is of."""
    versions = views.flows(flow_id=flow_run.flow_id)
    return next((each for each in versions if each.version == flow_run.flow_version), None)


def task_of(version: FlowVersion | None, row: TaskRun) -> TaskInfo | None:
    """Return what the record knows of the task of a task run."""
    if version is None or row.task_index >= len(version.tasks):
        return None
    return version.tasks[row.task_index]


def waited(row: dict[str, Any]) -> float | None:
    """Return how long a task run waited for its first start."""
    return row["waited"]
