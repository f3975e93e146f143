"""Inputs: what a task run was called with, as far as the record knows: which results were handed to it, and the plain ones of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.ui.preview import as_text, plain_value
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from runwright.runs import EdgeInfo, FlowVersion, TaskRun
    from runwright.views import Views

LONGEST = 4_000


class Input(msgspec.Struct, frozen=True):
    """One input: its name, the task run it is from (`id` is empty without one), its value as text, or why there is none."""

    name: str
    source: str
    id: str
    state: str
    says: str
    text: str = ""
    why: str = ""


def inputs_of(views: Views, row: TaskRun, version: FlowVersion | None) -> list[Input]:
    """Return the inputs that came from other tasks; constants stand in the code of the flow, and nowhere on the record."""
    edges = [edge for edge in (version.edges if version else ()) if edge.downstream == row.slug and edge.key]
    wanted = TaskRunFilter(flow_run=row.flow_run, parent=0)
    runs = {each.slug: each for each in views.task_runs(wanted)} if edges else {}
    return [_input(views, row, edge, runs.get(edge.upstream)) for edge in edges]


def _input(views: Views, row: TaskRun, edge: EdgeInfo, run: TaskRun | None) -> Input:
    name = edge.key or ""
    if run is None:
        return Input(name, edge.upstream, "", "", "", why="It has no run on this record.")
    if not edge.mapped or row.map_index < 0:
        return _whole(name, run, "its items, one for each child" if edge.mapped else "its result")
    says = f"item {row.map_index} of its result"
    if edge.flattened:
        return _told(
            name, run, f"item {row.map_index} of its results, taken out of their lists", why="Its place is not kept."
        )
    which = TaskRunFilter(flow_run=row.flow_run, parent=run.ordinal, map_index=(row.map_index,))
    child = next(iter(views.task_runs(which)), None)
    if child is not None:
        return _whole(name, child, "its result")
    value, why = _value_of(run)
    if not why and not (isinstance(value, list) and row.map_index < len(value)):
        why = "Its result has no such item any more."
    return _told(name, run, says, "" if why else as_text(value[row.map_index]), why)


def _whole(name: str, run: TaskRun, says: str) -> Input:
    if run.kind.name == "Mapped":
        return _told(
            name, run, "the results of all its children", why="They are shown one by one, on the pages of the children."
        )
    value, why = _value_of(run)
    return _told(name, run, says, "" if why else as_text(value), why)


def _value_of(run: TaskRun) -> tuple[Any, str]:
    if run.result is None:
        return None, "Its value was not stored." if run.details.get(
            "unstored"
        ) else f"It is {run.kind.name}: it has no result."
    return plain_value(run.result)


def _told(name: str, run: TaskRun, says: str, text: str = "", why: str = "") -> Input:
    short = text if len(text) <= LONGEST else f"{text[:LONGEST]}\u2026"
    return Input(name, run.full_name, str(run.id), run.kind.name, says, short, why)
