"""DeclaredFlow: a YAML flow as the assembly takes flows: its graph, its name on the record, and what the record keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.errors import NotRunnable, RunwrightError
from runwright.flowables.compiling import FLOWABLES, compile_spec
from runwright.results import InlineResult
from runwright.runs import EdgeInfo, FlowVersion, TaskInfo
from runwright.spec import FlowSpec, parse_flow_spec
from runwright.spec.load import decoded
from runwright.spec.reading import read_file

if TYPE_CHECKING:
    from pathlib import Path

    from runwright.graph import Graph
    from runwright.scope import Runnable
    from runwright.spec.tasks.task import Task


class DeclaredFlow:
    """`text` is the source, `file` where it was read, empty for one that came from elsewhere.

    `fingerprint` is that of its revision on the record, None until it is registered.
    """

    executor = None
    schedule = None

    def __init__(self, spec: FlowSpec, text: str, file: str = "", *, fingerprint: str | None = None) -> None:
        """Hold the declaration and its text."""
        self.fingerprint = fingerprint
        self.spec = spec
        self.text = text
        self.file = file
        self.constants: dict[Any, dict[str, Any]] = {}
        self.result = InlineResult()
        self._graph: Graph | None = None

    @classmethod
    def from_file(cls, path: str | Path) -> DeclaredFlow:
        """Return the flow of a file; raises `FlowSpecError` with every problem in it."""
        content = read_file(path)
        spec = parse_flow_spec(content, file=str(path))
        text = decoded(content).replace("\r\n", "\n").replace("\r", "\n")  # the same flow on every system
        return cls(spec, text, str(path))

    @classmethod
    def from_text(cls, text: str) -> DeclaredFlow:
        """Return the flow of a text; raises `FlowSpecError` with every problem in it."""
        return cls(parse_flow_spec(text), text)

    @classmethod
    def from_version(cls, version: FlowVersion) -> DeclaredFlow:
        """Return the flow of a version on record, which has its text."""
        text = version.source["yaml"]
        return cls(parse_flow_spec(text), text, version.source.get("file", ""), fingerprint=version.fingerprint)

    @property
    def name(self) -> str:
        """Return the name on the record: the namespace and the id, joined by a slash, which neither has."""
        return f"{self.spec.namespace}/{self.spec.id}"

    @property
    def source(self) -> dict[str, str]:
        """Return where the flow came from; its text is with its versions on the record."""
        source = {"namespace": self.spec.namespace, "id": self.spec.id}
        return {**source, "file": self.file} if self.file else source

    def compile(self) -> Graph:
        """Return the graph, made once."""
        if self._graph is None:
            self._graph = compile_spec(self.spec, runnable_or_refusal)
        return self._graph

    def to_version(self, fingerprint: str | None = None) -> FlowVersion:
        """Return what the record keeps of the flow, as the revision that a fingerprint tells from others."""
        graph = self.compile()
        tasks = tuple(TaskInfo(node.slug, node.name, policies=_policies(node.task.spec)) for node in graph.nodes)
        edges = tuple(
            EdgeInfo(graph.nodes[link.upstream].slug, node.slug) for node in graph.nodes for link in node.inputs
        )
        fingerprint = fingerprint or self.fingerprint
        if fingerprint is None:
            raise TypeError("A flow has a version once it is registered: see RegisteredFlows.")
        source = {**self.source, "yaml": self.text}  # any process with the record can go on with its runs
        return FlowVersion(self.name, fingerprint, tasks=tasks, edges=edges, source=source)


def _policies(task: Task) -> dict[str, Any]:
    found: dict[str, Any] = {"type": task.full_type}
    if type(task) in FLOWABLES:
        found["is_flowable"] = True
    if task.retry is not None:
        found["retry"] = task.retry.type
    return found


def runnable_or_refusal(task: Task) -> Runnable:
    """Return what a task does; for one that cannot run here, a failure that says why."""
    import runwright.executions.subflows  # noqa: PLC0415, F401  it says what tasks do that run other flows
    from runwright.runnables import runnable_for  # noqa: PLC0415  a flow is declared before it runs

    try:
        return runnable_for(task)
    except RunwrightError as error:
        return Refusal(str(error))


class Refusal:
    """What a task does that cannot run here: it fails and says why."""

    def __init__(self, message: str) -> None:
        """Hold the reason."""
        self.message = message

    def __call__(self, task: Any, scope: Any) -> None:
        """Raise `NotRunnable`."""
        raise NotRunnable(self.message)
