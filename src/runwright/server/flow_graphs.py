"""Flow graphs: a flow's tasks as nodes, edges and clusters, and which flows lead to which, as clients of executions draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.flowables.compiling import FLOWABLES
from runwright.spec.tasks.flow_control import ChildFlow, Dag, EachParallel, ForEach, If, Parallel, Switch
from runwright.spec.tasks.task import branches_of
from runwright.spec.triggers import FlowTrigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runwright.executions.registered_flows import RegisteredFlow
    from runwright.spec import FlowSpec
    from runwright.spec.tasks.task import Task

_PACKAGE = "io.kestra.core.models.hierarchies."
_OF_BRANCH = {"errors": "ERROR", "finally": "FINALLY", "afterExecution": "AFTER_EXECUTION"}


def graph_of(spec: FlowSpec, task_runs: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return the graph of a flow; each node has the latest of its task runs, where there are any."""
    graph = _Graph({each["taskId"]: each for each in task_runs})
    graph.add_cluster("", dict(spec.branches()), None)
    return {"nodes": graph.nodes, "edges": graph.edges, "clusters": graph.clusters}


def dependencies_of(flow: RegisteredFlow, every: Sequence[RegisteredFlow]) -> dict[str, Any]:
    """Return the flows that a flow starts, those that start it, and how."""
    known = {(each.namespace, each.id) for each in every}
    edges = [
        each for one in every for each in _links_of(one) if (flow.namespace, flow.id) in (each.source, each.target)
    ]
    names = {(flow.namespace, flow.id)} | {name for each in edges for name in (each.source, each.target)}
    return {
        "nodes": [{"uid": _uid(name), "namespace": name[0], "id": name[1]} for name in sorted(names & known)],
        "edges": [
            {"source": _uid(each.source), "target": _uid(each.target), "relation": each.relation}
            for each in edges
            if {each.source, each.target} <= known
        ],
    }


class _Link(NamedTuple):
    source: tuple[str, str]
    target: tuple[str, str]
    relation: str


def _links_of(flow: RegisteredFlow) -> list[_Link]:
    spec, own = flow.spec, (flow.namespace, flow.id)
    found = [
        _Link(own, (task.namespace, task.flow_id), "FLOW_TASK")
        for _, task in spec.all_tasks()
        if isinstance(task, ChildFlow)
    ]
    for trigger in spec.triggers:
        if isinstance(trigger, FlowTrigger) and trigger.preconditions is not None:
            found += [
                _Link((each.namespace, each.flow_id), own, "FLOW_TRIGGER")
                for each in trigger.preconditions.flows
                if each.flow_id is not None
            ]
    return found


def _uid(name: tuple[str, str]) -> str:
    return "_".join(name).replace(".", "-")


class _Graph:
    def __init__(self, task_runs: dict[str, Mapping[str, Any]]) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[dict[str, Any]] = []
        self.clusters: list[dict[str, Any]] = []
        self._task_runs = task_runs

    def add_cluster(self, name: str, branches: dict[str, tuple[Task, ...]], around: Task | None) -> tuple[str, str]:
        """Add tasks between a node where they begin and one where they end, and return those two."""
        start, end = (f"{name}.{word}".lstrip(".") for word in ("root", "end"))
        self.nodes.append({"uid": start, "type": f"{_PACKAGE}GraphClusterRoot"})
        members = len(self.nodes)
        for key, tasks in branches.items():
            self._add_branch(start, end, key, tasks, around)
        self.nodes.append({"uid": end, "type": f"{_PACKAGE}GraphClusterEnd"})
        if name:
            inside = [each["uid"] for each in self.nodes[members - 1 :]]
            self.clusters.append({"cluster": {"uid": f"cluster_{name}"}, "nodes": inside, "start": start, "end": end})
        return start, end

    def _add_branch(self, start: str, end: str, key: str, tasks: tuple[Task, ...], around: Task | None) -> None:
        if isinstance(around, Dag) and key == "tasks":
            self._add_dag(start, end, around)
            return
        if isinstance(around, Parallel) and key == "tasks":
            for task in tasks:
                self._chain(start, end, (task,), "PARALLEL", None)
            return
        relation, value = _relation_of(key, around)
        if tasks:
            self._chain(start, end, tasks, relation, value)

    def _chain(self, start: str, end: str, tasks: tuple[Task, ...], relation: str, value: str | None) -> None:
        before = start
        for task in tasks:
            first, last = self._add_task(task)
            self._add_edge(before, first, relation, value)
            before, relation, value = last, "SEQUENTIAL", None
        self._add_edge(before, end)

    def _add_dag(self, start: str, end: str, dag: Dag) -> None:
        places = {each.task.id: self._add_task(each.task) for each in dag.tasks}
        needed = {name for each in dag.tasks for name in each.depends_on}
        for each in dag.tasks:
            first, last = places[each.task.id]
            for name in each.depends_on:
                self._add_edge(places[name][1], first, "SEQUENTIAL")
            if not each.depends_on:
                self._add_edge(start, first, "PARALLEL")
            if each.task.id not in needed:
                self._add_edge(last, end)

    def _add_task(self, task: Task) -> tuple[str, str]:
        """Add a task, with those inside it, and return where it begins and ends."""
        node: dict[str, Any] = {
            "uid": task.id,
            "type": f"{_PACKAGE}GraphTask",
            "task": {"id": task.id, "type": task.full_type},
        }
        if task.id in self._task_runs:
            node["taskRun"] = self._task_runs[task.id]
        self.nodes.append(node)
        if type(task) not in FLOWABLES:
            return task.id, task.id
        start, end = self.add_cluster(task.id, {keys[-1]: tasks for keys, tasks in branches_of(task)}, task)
        self._add_edge(task.id, start)
        return task.id, end

    def _add_edge(self, source: str, target: str, relation: str | None = None, value: str | None = None) -> None:
        about = {"relationType": relation, "value": value}
        known = {name: text for name, text in about.items() if text is not None}
        self.edges.append({"source": source, "target": target, "relation": known})


def _relation_of(key: str, around: Task | None) -> tuple[str, str | None]:
    """Return how the tasks of a branch follow, and the value that chooses them."""
    if key in _OF_BRANCH:
        return _OF_BRANCH[key], None
    if isinstance(around, If | Switch):
        return "CHOICE", key
    if isinstance(around, ForEach | EachParallel):
        return "DYNAMIC", None
    return "SEQUENTIAL", None
