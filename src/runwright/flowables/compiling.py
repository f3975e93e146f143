"""Compiling: from the declaration of a YAML flow to the `Graph` that runs.

Every task that is not disabled is a node, wherever it stands, those above before those below. Which of them run, and when, the
flowables say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.flowables import choices, lists, loops, pause
from runwright.flowables.composite import Bodies, Composite
from runwright.flowables.items import parts_of
from runwright.flowables.working_directory import WorkingDirectory
from runwright.graph import Graph, Link, Node
from runwright.runnables.purity import is_pure
from runwright.runtime.declared_task import DeclaredTask
from runwright.spec.tasks import flow_control as declared
from runwright.spec.tasks.task import branches_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.scope import Runnable
    from runwright.spec.flow_spec import FlowSpec
    from runwright.spec.retries import Retry
    from runwright.spec.tasks.task import Task

    RunnableFor = Callable[[Task], Runnable]

FLOWABLES: dict[type[Any], type[Composite]] = {
    declared.Sequential: lists.Sequential,
    declared.WorkingDirectory: WorkingDirectory,
    declared.AllowFailure: lists.AllowFailure,
    declared.Parallel: lists.Parallel,
    declared.Dag: lists.Dag,
    declared.If: choices.If,
    declared.Switch: choices.Switch,
    declared.ForEach: loops.ForEach,
    declared.EachSequential: loops.ForEach,
    declared.EachParallel: loops.ForEach,
    declared.Loop: loops.Loop,
    declared.LoopUntil: loops.LoopUntil,
    declared.Pause: pause.Pause,
    declared.ForEachItem: lists.Sequential,
}


def compile_spec(spec: FlowSpec, runnable_for: RunnableFor) -> Graph:
    """Return the graph of a YAML flow; `runnable_for` gives what a task that does work does."""
    return _Compiler(spec, runnable_for).graph()


class _Compiler:
    """The nodes and links so far."""

    def __init__(self, spec: FlowSpec, runnable_for: RunnableFor) -> None:
        self._spec = spec
        self._runnable_for = runnable_for
        self._nodes: list[Node] = []
        self._links: list[Link] = []

    def graph(self) -> Graph:
        """Return the graph of the whole flow."""
        spec = self._spec
        branches = {name: self._add_all(tasks, spec.retry, None) for name, tasks in spec.branches()}
        after = {"afterExecution": branches["afterExecution"]} | {
            f"listeners.{number}": self._add_all(listener.tasks, spec.retry, None)
            for number, listener in enumerate(spec.listeners)
        }
        bodies = Bodies(branches["tasks"], branches["errors"], branches["finally"], after)
        flow = lists.Sequential(None, bodies)
        return Graph(f"{spec.namespace}/{spec.id}", self._nodes, self._links, flowable=flow)

    def _add_all(self, tasks: tuple[Task, ...], retry: Retry | None, folder_of: str | None) -> tuple[int, ...]:
        return tuple(self._add(task, retry, folder_of) for task in tasks if not task.disabled)

    def _add(self, task: Task, retry: Retry | None, folder_of: str | None) -> int:
        """Add a task and all that it holds; the nearest retry above one that has none counts."""
        index = len(self._nodes)
        retry = task.retry or retry
        flowable = FLOWABLES.get(type(task))
        run = None if flowable is not None else self._runnable_for(task)
        if isinstance(task, declared.WorkingDirectory):
            folder_of = task.id
        node = Node(
            index,
            task.id,
            task.id,
            DeclaredTask(task, run, retry=retry, folder_of=folder_of, is_pure=is_pure(task)),
        )
        self._nodes.append(node)
        if flowable is not None:
            node.flowable = flowable(task, self._bodies(task, retry, folder_of))
        return index

    def _bodies(self, task: Task, retry: Retry | None, folder_of: str | None) -> Bodies:
        found: dict[str, tuple[int, ...]] = {
            ".".join(keys): self._add_all(tasks, retry, folder_of) for keys, tasks in branches_of(task)
        }
        if isinstance(task, declared.Dag):
            self._link(task)
        if isinstance(task, declared.ForEachItem):
            found["tasks"] = self._add_all(parts_of(task), retry, folder_of)
        return Bodies(found.pop("tasks", ()), found.pop("errors", ()), found.pop("finally", ()), found)

    def _link(self, dag: declared.Dag) -> None:
        """Join the tasks of a `Dag` by their dependencies; what depends on a disabled task does not wait for it."""
        index = {node.slug: node.index for node in self._nodes}
        for each in dag.tasks:
            if each.task.id in index:
                self._links += [
                    Link(index[needed], index[each.task.id]) for needed in each.depends_on if needed in index
                ]
