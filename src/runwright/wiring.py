"""Wiring: the tasks and edges of a flow, how they are joined, and what can be asked about them.

`Flow` inherits from it. Everything keeps the order in which it was added, so that the same file always gives the same
graph. Sorting is the work of `runwright.compiling`.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from runwright import compiling, defaults
from runwright.collecting import Constant, as_task, holds_tasks
from runwright.context import context
from runwright.edge import Edge
from runwright.errors import FlowError
from runwright.mapping import route
from runwright.ordered_set import OrderedSet
from runwright.parameter import Parameter
from runwright.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Wiring:
    """Tasks joined by edges. Sets that methods return keep the order of the flow, and are the caller's to change.

    `slugs` gives each task its slug. `constants[task]` are the inputs of a task that are plain values: they are no
    tasks of their own.
    """

    name: str

    def __init__(self) -> None:
        """Start without any task."""
        self.slugs: dict[Task, str] = {}
        self.constants: defaultdict[Task, dict[str, Any]] = defaultdict(dict)
        self._edges: dict[Edge, None] = {}
        self._incoming: dict[Task, list[Edge]] = {}
        self._outgoing: dict[Task, list[Edge]] = {}
        self._reference_tasks: dict[Task, None] = {}
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._cache: dict[str, Any] = {}

    # ---- building

    def add_task(self, task: Task) -> Task:
        """Add a task that is not joined to any other yet and return it; one that is there already stays as it is.

        Raises `TypeError` for anything but a task, and `ValueError` when its own slug is taken.
        """
        if not isinstance(task, Task):  # pyright: ignore[reportUnnecessaryIsInstance]  users give anything
            raise TypeError(f"Only tasks can be added to a flow; got {task!r}. Make a function one with @task.")
        if task in self._incoming:
            return task
        slug = self._new_slug(task)
        self.slugs[task] = slug
        self._taken.add(slug)
        self._incoming[task] = []
        self._outgoing[task] = []
        self._cache.clear()
        _note_use(task)
        for block in ("case", "resource"):
            opened = context.get(block)
            if opened is not None:
                opened.add_task(task, self)
        return task

    def add_edge(
        self,
        upstream_task: Task,
        downstream_task: Task,
        key: str | None = None,
        mapped: bool = False,  # noqa: FBT001, FBT002  the documented signature
        flattened: bool = False,  # noqa: FBT001, FBT002  the documented signature
        validate: bool | None = None,  # noqa: FBT001  the documented signature
    ) -> Edge:
        """Let one task follow another, adding them where they are new, and return the edge.

        With `validate` the whole flow is checked at once, else when it is compiled. Raises `FlowError` for an edge into
        a parameter, and `ValueError` for a key that is no identifier.
        """
        if isinstance(downstream_task, Parameter):
            raise FlowError(
                f"Parameters must be root tasks and can not have upstream dependencies: {upstream_task!r} cannot come "
                f"before {downstream_task!r}. Use another task for what should wait."
            )
        if mapped and context.get("mapped"):
            raise FlowError(
                "Cannot map from inside a mapped context: a function given to apply_map cannot map again. Map over "
                "what it returns."
            )
        edge = Edge(upstream_task, downstream_task, key, mapped, flattened)
        self.add_task(upstream_task)
        self.add_task(downstream_task)
        if edge not in self._edges:
            self._edges[edge] = None
            self._outgoing[upstream_task].append(edge)
            self._incoming[downstream_task].append(edge)
            self._cache.clear()
        elif validate and key is not None:
            compiling.check_inputs(downstream_task, [key, key])
        if validate or (validate is None and defaults.active().is_eager):
            self.validate()
        return edge

    def chain(self, *tasks: Task, validate: bool | None = None) -> list[Edge]:
        """Let each task follow the one before it; returns the edges."""
        edges = [self.add_edge(*pair, validate=validate) for pair in itertools.pairwise(tasks)]
        if validate:
            self.validate()
        return edges

    def set_dependencies(
        self,
        task: Any,
        upstream_tasks: Iterable[Any] | None = None,
        downstream_tasks: Iterable[Any] | None = None,
        keyword_tasks: Mapping[str, Any] | None = None,
        *,
        mapped: bool = False,
        validate: bool | None = None,
    ) -> None:
        """Join `task` to others: after `upstream_tasks`, before `downstream_tasks`, fed by `keyword_tasks`.

        All of them are tasks or plain values, marked with `mapped`, `unmapped` or `flatten` or not; `mapped` holds for
        those that are not. Plain values for keywords become `constants`.
        """
        joined = self.add_task(as_task(task, self))  # type: ignore[arg-type]  self is a Flow
        for value in _listed("upstream_tasks", upstream_tasks):
            self._join(value, joined, None, mapped=mapped)
        for value in _listed("downstream_tasks", downstream_tasks):
            after = as_task(value, self)  # type: ignore[arg-type]  self is a Flow
            self.add_edge(joined, after, mapped=route(value, is_mapped=mapped).is_mapped)
        for key, value in (keyword_tasks or {}).items():
            self._join(value, joined, key, mapped=mapped)
        if validate:
            self.validate()

    def set_reference_tasks(self, tasks: Iterable[Task]) -> None:
        """Let these tasks decide the final state of a flow run; none means the terminal tasks, as in the beginning.

        Raises `FlowError` for a task of another flow.
        """
        chosen = dict.fromkeys(tasks)
        for task in chosen:
            self._require(task)
        self._reference_tasks = chosen
        self._cache.clear()

    def update(
        self,
        flow: Wiring,
        merge_parameters: bool = False,  # noqa: FBT001, FBT002  the documented signature
        validate: bool | None = None,  # noqa: FBT001  the documented signature
        merge_reference_tasks: bool = False,  # noqa: FBT001, FBT002  the documented signature
    ) -> None:
        """Take over the tasks, edges and constants of another flow.

        With `merge_parameters` a parameter that both have is one parameter afterwards, otherwise that is a `FlowError`.
        With `merge_reference_tasks` the reference tasks of both decide.
        """
        ours = {task.name: task for task in self.tasks if isinstance(task, Parameter)} if merge_parameters else {}
        references = [*self.reference_tasks(), *flow.reference_tasks()] if merge_reference_tasks else []
        same = {task: ours.get(task.name, task) if isinstance(task, Parameter) else task for task in flow.tasks}
        for task in same.values():
            self.add_task(task)
        for edge in flow.edges:
            upstream, downstream = same[edge.upstream_task], same[edge.downstream_task]
            self.add_edge(upstream, downstream, edge.key, edge.mapped, edge.flattened)
        for task, values in flow.constants.items():
            self.constants[same[task]].update(values)
        if references:
            self.set_reference_tasks(same.get(task, task) for task in references)
        if validate:
            self.validate()

    def replace(self, old: Task, new: Any, validate: bool | None = None) -> None:  # noqa: FBT001  as documented
        """Put `new` in the place of `old`, with its edges and the constants that it takes.

        Raises `FlowError` when `old` is not here, or has something upstream and `new` is a parameter.
        """
        self._require(old)
        new = as_task(new, self)  # type: ignore[arg-type]  self is a Flow
        if isinstance(new, Parameter) and self._incoming[old]:
            raise FlowError(f"Parameters must be root tasks: {new!r} cannot replace {old!r}, which has upstream tasks.")
        swapped = {task: new if task is old else task for task in self.tasks}
        edges = [
            Edge(swapped[edge.upstream_task], swapped[edge.downstream_task], edge.key, edge.mapped, edge.flattened)
            for edge in self._edges
        ]
        self._take_over_slug(old, new)
        for key, value in self.constants.pop(old, {}).items():
            if new._signature.takes(key):  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  the package reads it
                self.constants[new].setdefault(key, value)
        self._reference_tasks = dict.fromkeys(swapped[task] for task in self._reference_tasks)
        self._rewire(swapped.values(), edges)
        if validate:
            self.validate()

    # ---- asking

    @property
    def tasks(self) -> OrderedSet[Task]:
        """Return all tasks."""
        return OrderedSet(self._incoming)

    @property
    def edges(self) -> OrderedSet[Edge]:
        """Return all edges."""
        return OrderedSet(self._edges)

    def __contains__(self, task: object) -> bool:
        """Say whether a task is here."""
        return task in self._incoming

    def __iter__(self) -> Iterator[Task]:
        """Iterate over the tasks, each after those it waits for."""
        return iter(self.sorted_tasks())

    def get_tasks(
        self,
        name: str | None = None,
        slug: str | None = None,
        tags: Iterable[str] | None = None,
        task_type: type[Task] | None = None,
    ) -> list[Task]:
        """Return the tasks that have this name, this slug, all these tags and this type, as far as they are given."""
        wanted = set(tags or ())
        return [
            task
            for task in self.tasks
            if (name is None or task.name == name)
            and (slug is None or self.slugs[task] == slug)
            and wanted <= task.tags
            and (task_type is None or isinstance(task, task_type))
        ]

    def edges_to(self, task: Task) -> OrderedSet[Edge]:
        """Return the edges that lead to a task; raises `FlowError` when it is not here, as all that follow do."""
        self._require(task)
        return OrderedSet(self._incoming[task])

    def edges_from(self, task: Task) -> OrderedSet[Edge]:
        """Return the edges that lead away from a task."""
        self._require(task)
        return OrderedSet(self._outgoing[task])

    def has_edges(self, task: Task) -> bool:
        """Say whether a task is here and joined to another."""
        return bool(self._incoming.get(task) or self._outgoing.get(task))

    def upstream_tasks(self, task: Task) -> OrderedSet[Task]:
        """Return the tasks that a task waits for directly."""
        self._require(task)
        return OrderedSet(edge.upstream_task for edge in self._incoming[task])

    def downstream_tasks(self, task: Task) -> OrderedSet[Task]:
        """Return the tasks that wait for a task directly."""
        self._require(task)
        return OrderedSet(edge.downstream_task for edge in self._outgoing[task])

    def all_upstream_edges(self) -> dict[Task, OrderedSet[Edge]]:
        """Return for each task the edges that lead to it."""
        return {task: self.edges_to(task) for task in self.tasks}

    def all_downstream_edges(self) -> dict[Task, OrderedSet[Edge]]:
        """Return for each task the edges that lead away from it."""
        return {task: self.edges_from(task) for task in self.tasks}

    def root_tasks(self) -> OrderedSet[Task]:
        """Return the tasks that wait for none."""
        return OrderedSet(task for task, edges in self._incoming.items() if not edges)

    def terminal_tasks(self) -> OrderedSet[Task]:
        """Return the tasks that none waits for."""
        return OrderedSet(task for task, edges in self._outgoing.items() if not edges)

    def reference_tasks(self) -> OrderedSet[Task]:
        """Return the tasks that decide the final state of a flow run: those that were set, else the terminal tasks.

        Tasks that make or clean up a resource do not count among the latter: what they stand around does.
        """
        if self._reference_tasks:
            return OrderedSet(self._reference_tasks)
        cleaning = {task for task, edges in self._outgoing.items() if task.is_aside and not edges}
        if not cleaning:
            return self.terminal_tasks()
        last = OrderedSet(
            task
            for task, edges in self._outgoing.items()
            if not task.is_aside and all(edge.downstream_task in cleaning for edge in edges)
        )
        return last or self.terminal_tasks()

    def sorted_tasks(self, root_tasks: Iterable[Task] | None = None) -> tuple[Task, ...]:
        """Return the tasks, each after those it waits for, else in the order they were added.

        With `root_tasks`, only those and what follows from them. Raises `CycleError` that names a circle, and
        `FlowError` for a root that is not here.
        """
        if "sorted" not in self._cache:
            self._cache["sorted"] = compiling.sort(self._outgoing, self.slugs)
        order: tuple[Task, ...] = self._cache["sorted"]
        if root_tasks is None:
            return order
        reached = dict.fromkeys(root_tasks)
        for task in reached:
            self._require(task)
        for task in order:
            if task in reached:
                reached.update(dict.fromkeys(edge.downstream_task for edge in self._outgoing[task]))
        return tuple(task for task in order if task in reached)

    def validate(self) -> None:
        """Raise `FlowError` for a circle, an input that a task does not take, or one that it is given twice."""
        self.sorted_tasks()
        for task, edges in self._incoming.items():
            keys = [edge.key for edge in edges if edge.key is not None]
            if keys:
                compiling.check_inputs(task, [*keys, *self.constants.get(task, ())])

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy starts with: the same tasks and edges, in collections of its own."""
        return {
            **vars(self),
            "slugs": dict(self.slugs),
            "constants": defaultdict(dict, {task: dict(values) for task, values in self.constants.items()}),
            "_edges": dict(self._edges),
            "_incoming": {task: list(edges) for task, edges in self._incoming.items()},
            "_outgoing": {task: list(edges) for task, edges in self._outgoing.items()},
            "_reference_tasks": dict(self._reference_tasks),
            "_taken": set(self._taken),
            "_numbers": dict(self._numbers),
            "_cache": {},
        }

    # ---- inside

    def _join(self, value: Any, task: Task, key: str | None, *, mapped: bool) -> None:
        bare, is_mapped, is_flattened = route(value, is_mapped=mapped)
        if key is not None and not is_mapped and not is_flattened:
            if isinstance(bare, Constant) and bare not in self._incoming:
                _note_use(bare)
                bare = bare.value
            if not holds_tasks(bare):
                self.constants[task][key] = bare
                self._cache.clear()
                return
        self.add_edge(as_task(bare, self), task, key, is_mapped, is_flattened)  # type: ignore[arg-type]  self is a Flow

    def _take_over_slug(self, old: Task, new: Task) -> None:
        """Give `new` its slug, which may be that of `old` where both ask for the same."""
        slug = self.slugs[old]
        self._taken.discard(slug)
        try:
            self.add_task(new)
        except FlowError:
            self._taken.add(slug)
            raise
        del self.slugs[old]

    def _rewire(self, tasks: Iterable[Task], edges: Iterable[Edge]) -> None:
        self._incoming = {task: [] for task in tasks}
        self._outgoing = {task: [] for task in self._incoming}
        self._edges = dict.fromkeys(edges)
        for edge in self._edges:
            self._outgoing[edge.upstream_task].append(edge)
            self._incoming[edge.downstream_task].append(edge)
        self._cache.clear()

    def _require(self, task: Task) -> None:
        if task not in self._incoming:
            raise FlowError(f"Task {task!r} was not found in Flow {self.name!r}: add it, or call it inside the flow.")

    def _new_slug(self, task: Task) -> str:
        if task.slug is not None:
            if task.slug in self._taken:
                raise FlowError(
                    f"A task with the slug {task.slug!r} already exists in this flow: give one of them another "
                    f"{'name' if isinstance(task, Parameter) else 'slug'}."
                )
            return task.slug
        prefix = "-".join([task.name, *sorted(task.tags)])
        number = self._numbers.get(prefix, 0) + 1
        while f"{prefix}-{number}" in self._taken:
            number += 1
        self._numbers[prefix] = number
        return f"{prefix}-{number}"


def _listed(name: str, values: Iterable[Any] | None) -> Iterable[Any]:
    if isinstance(values, Task):
        raise TypeError(f"{name} must be a list of tasks: write {name}=[{values.name}].")
    return values or ()


def _note_use(task: Task) -> None:
    """Tell the `with` block of a flow that a task is used."""
    unused = context.get("unused_tasks")
    if unused is not None:
        unused.pop(task, None)
