"""Compiling: from tasks and edges to the `Graph` that runs, in time linear in both.

The order is topological and, where edges leave a choice, that in which the tasks were added.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from runwright.errors import CycleError, FlowError, UnknownInput, did_you_mean
from runwright.graph import Graph, Link, Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runwright.edge import Edge
    from runwright.flow import Flow
    from runwright.task import Task


def sort(outgoing: Mapping[Task, Sequence[Edge]], slugs: Mapping[Task, str]) -> tuple[Task, ...]:
    """Return the tasks in order; `outgoing` gives the edges that leave each. Raises `CycleError` that names one."""
    tasks = list(outgoing)
    place = {task: number for number, task in enumerate(tasks)}
    waits = [0] * len(tasks)
    for edges in outgoing.values():
        for edge in edges:
            waits[place[edge.downstream_task]] += 1
    ready = [number for number, count in enumerate(waits) if not count]
    order: list[Task] = []
    while ready:
        task = tasks[heapq.heappop(ready)]
        order.append(task)
        for edge in outgoing[task]:
            number = place[edge.downstream_task]
            waits[number] -= 1
            if not waits[number]:
                heapq.heappush(ready, number)
    if len(order) < len(tasks):
        raise _cycle_error({tasks[number] for number, count in enumerate(waits) if count}, outgoing, slugs)
    return tuple(order)


def compile_graph(flow: Flow) -> Graph:
    """Return the graph of a flow: a node for each task, a link for each edge; raises `FlowError` as `Flow.validate`."""
    flow.validate()
    references = flow.reference_tasks()
    nodes = [
        Node(
            index,
            flow.slugs[task],
            task.name,
            task,
            tags=tuple(sorted(task.tags)),
            is_reference=task in references,
        )
        for index, task in enumerate(flow.sorted_tasks())
    ]
    index = {node.task: node.index for node in nodes}
    links = [
        Link(
            index[edge.upstream_task],
            index[edge.downstream_task],
            key=edge.key,
            mapped=edge.mapped,
            flattened=edge.flattened,
            payload=edge,
        )
        for edge in flow.edges
    ]
    return Graph(flow.name, nodes, links)


def check_inputs(task: Task, keys: Sequence[str]) -> None:
    """Raise `FlowError` (`UnknownInput`) when `run` of a task does not take one of the `keys` it is given, or is given one twice."""
    signature = task._signature  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  the package reads it
    for key in keys:
        if not signature.takes(key):
            hint = did_you_mean(key, signature.names)
            raise UnknownInput(f"Task {task.name!r} has no argument {key!r}.{hint} {signature.describe()}")
    if len(set(keys)) < len(keys):
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise FlowError(f"Argument {twice!r} of task {task.name!r} is given twice: remove one of its edges.")


def _cycle_error(stuck: set[Task], outgoing: Mapping[Task, Sequence[Edge]], slugs: Mapping[Task, str]) -> CycleError:
    """Return the error for one circle among the tasks that could not be sorted."""
    before = {edge.downstream_task: task for task in stuck for edge in outgoing[task] if edge.downstream_task in stuck}
    task = min(stuck, key=lambda each: slugs[each])
    seen: dict[Task, None] = {}
    while task not in seen:
        seen[task] = None
        task = before[task]
    path = list(seen)
    circle = [task, *reversed(path[path.index(task) :])]
    shown = " -> ".join(slugs[each] for each in circle)
    return CycleError(f"Cycle found; flows must be acyclic! {shown}: remove one of these edges.")
