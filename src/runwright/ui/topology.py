"""Topology: the order that the tasks of a YAML flow run in, as its text says it, before anything has run."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from runwright.runs import EdgeInfo
from runwright.spec.tasks.flow_control import Dag, Parallel
from runwright.spec.tasks.task import branches_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runwright.spec import FlowSpec
    from runwright.spec.tasks.task import Task


def order_in(spec: FlowSpec) -> tuple[EdgeInfo, ...]:
    """Return arrows from each task to the next, and from a task that holds others to those that it begins with."""
    found: dict[tuple[str, str], EdgeInfo] = {}
    last = ""
    for name, tasks in spec.branches():
        for edge in _chain(last if name != "errors" else "", tasks):
            found.setdefault((edge.upstream, edge.downstream), edge)
        if tasks and name != "errors":
            last = tasks[-1].id
    return tuple(found.values())


def _chain(before: str, tasks: Sequence[Task]) -> Iterator[EdgeInfo]:
    if before and tasks:
        yield EdgeInfo(before, tasks[0].id)
    for one, other in pairwise(tasks):
        yield EdgeInfo(one.id, other.id)
    for task in tasks:
        yield from _inside(task)


def _inside(task: Task) -> Iterator[EdgeInfo]:
    if isinstance(task, Dag):
        for each in task.tasks:
            for before in each.depends_on or (task.id,):
                yield EdgeInfo(before, each.task.id)
            yield from _inside(each.task)
        return
    for _, tasks in branches_of(task):
        if isinstance(task, Parallel):
            for each in tasks:
                yield from _chain(task.id, (each,))
        else:
            yield from _chain(task.id, tasks)
