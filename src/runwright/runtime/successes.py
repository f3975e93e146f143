"""Successes: what went well in an earlier run of a flow, as states that another run of it can start from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.errors import ResultError
from runwright.states import Mapped, Phase, State
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from runwright.graph import Graph
    from runwright.runs import TaskRun
    from runwright.views import Views

    Read = Callable[[TaskRun, Any], State]


def successes_of(views: Views, graph: Graph, flow_run: UUID, read: Read) -> dict[Any, State]:
    """Return the states by task, each with its value; those of mapped children stand in their parents' states.

    `read` makes the state of a row of a task, which can read its value. What was not stored, or is gone, is left out.
    """
    found: dict[Any, State] = {}
    rows = {row.slug: row for row in views.task_runs(TaskRunFilter(flow_run=flow_run, parent=0))}
    for node in graph.nodes:
        row = rows.get(node.slug)
        state = None if row is None else _kept(row, node.task, read)
        if row is not None and isinstance(state, Mapped):
            children = views.task_runs(TaskRunFilter(flow_run=flow_run, parent=row.ordinal))
            states: list[State | None] = [None] * (1 + max((each.map_index for each in children), default=-1))
            for each in children:
                states[each.map_index] = _kept(each, node.task, read)
            state = Mapped(row.message, map_states=states)
        if state is not None:
            found[node.task] = state
    return found


def _kept(row: TaskRun, task: Any, read: Read) -> State | None:
    if row.kind.phase is not Phase.OK or row.details.get("unstored"):
        return None
    state = read(row, task)
    try:
        return state if row.result is None else state.load_result()
    except ResultError:
        return None
