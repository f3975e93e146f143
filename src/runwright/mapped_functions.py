"""Mapped functions: mapping a function that builds part of a flow, as if each of its tasks had been mapped.

The function builds into a flow of its own; its tasks and edges are then taken over, the edges as mapped ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.collecting import Constant, as_task
from runwright.context import context
from runwright.errors import FlowError
from runwright.flow import Flow
from runwright.mapping import check_mappable, route
from runwright.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable


class _Flags(NamedTuple):
    """How an argument reaches the tasks of the function."""

    mapped: bool
    flattened: bool


def apply_map(func: Callable[..., Any], *args: Any, flow: Flow | None = None, **kwargs: Any) -> Any:
    """Map a function that calls tasks: each task it makes becomes mapped over the arguments. Returns what it returns.

    Arguments marked `unmapped` stay whole, those marked `flatten` are flattened. Raises `TypeError` for an argument
    that has no elements, and `FlowError` outside of a flow or inside another `apply_map`.
    """
    flow = flow if flow is not None else context.get("flow")
    if flow is None:
        raise FlowError("Could not infer an active Flow context: call apply_map in `with Flow(...):`, or pass flow=.")
    if context.get("mapped"):
        raise FlowError("apply_map cannot be used from inside a mapped context: call it once, outside.")
    name = getattr(func, "__name__", type(func).__name__)
    check_mappable(name, {**{f"argument {number}": value for number, value in enumerate(args, 1)}, **kwargs})
    part = Flow(f"{name} of {flow.name}")
    arguments: dict[Task, _Flags] = {}
    with context(flow=part, case=None, resource=None):
        taken = [_as_argument(value, part, arguments) for value in args]
        named = {key: _as_argument(value, part, arguments) for key, value in kwargs.items()}
        with context(mapped=True):
            made = func(*taken, **named)
    _take_over(flow, part, arguments)
    return made


def _as_argument(value: Any, part: Flow, arguments: dict[Task, _Flags]) -> Any:
    """Return what the function gets for an argument: a task, or the plain value where that stays whole."""
    bare, is_mapped, is_flattened = route(value, is_mapped=True)
    if not is_mapped and not is_flattened and not isinstance(bare, Task):
        return bare
    task = part.add_task(as_task(bare, part))
    arguments[task] = _Flags(is_mapped, is_flattened)
    return task


def _take_over(flow: Flow, part: Flow, arguments: dict[Task, _Flags]) -> None:
    made = [task for task in part.tasks if task not in arguments and task not in flow]
    values = {task: _Flags(mapped=False, flattened=False) for task in made if isinstance(task, Constant)}
    steps = dict.fromkeys(task for task in made if task not in values)
    ways = {**values, **arguments}
    for task in part.tasks:
        flow.add_task(task)
    for edge in part.edges:
        way = ways.get(edge.upstream_task, _Flags(mapped=True, flattened=False))
        flow.add_edge(edge.upstream_task, edge.downstream_task, edge.key, way.mapped, way.flattened or edge.flattened)
    for task, constants in part.constants.items():
        flow.constants[task].update(constants)
    for task in steps:
        upstream = part.upstream_tasks(task)
        if upstream.isdisjoint(steps):
            for argument, way in arguments.items():
                if argument not in upstream:
                    flow.add_edge(argument, task, None, way.mapped, way.flattened)
