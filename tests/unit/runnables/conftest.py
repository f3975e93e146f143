"""A scope for tests of runnables: a real folder, real expressions, a drive and values in memory, lines and numbers as kept."""

from __future__ import annotations

import logging
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runwright import expression, runnables
from runwright.drive import SCHEME
from runwright.drives.memory import MemoryDrive
from runwright.runnables import PLACES, runnable_for
from runwright.scope import Outcome
from runwright.spec import parse_flow_spec
from runwright.spec.tasks.flow_control import Template
from runwright.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class KeptExecutions:
    """Executions as tests say that they are; remembers what was asked of them."""

    def __init__(self) -> None:
        self.entries: dict[str, list[dict[str, Any]]] = {}
        self.counts: dict[tuple[str, str], int] = {}
        self.asked: list[tuple[Any, ...]] = []

    def log_entries(self, execution_id: str) -> Iterator[dict[str, Any]]:
        yield from self.entries[execution_id]

    def resume(self, execution_id: str, inputs: Mapping[str, Any]) -> None:
        self.asked.append(("resume", execution_id, dict(inputs)))

    def flows(self, namespaces: Any) -> list[tuple[str, str]]:
        return [flow for flow in self.counts if flow[0] in namespaces]

    def count(self, which: Any) -> int:
        self.asked.append(("count", which))
        return self.counts[which.namespace, which.flow_id]

    def purge(self, which: Any, what: Any) -> dict[str, int]:
        self.asked.append(("purge", which, list(what)))
        return dict.fromkeys(what, 2)

    def purge_logs(self, which: Any, execution_id: Any, levels: Any) -> int:
        self.asked.append(("purge_logs", which, execution_id, list(levels)))
        return 5

    def toggle(self, namespace: str, flow_id: str, trigger_id: str, *, is_enabled: bool) -> None:
        self.asked.append(("toggle", namespace, flow_id, trigger_id, is_enabled))


class Lines(logging.Handler):
    """Log lines as (level, text)."""

    def __init__(self) -> None:
        super().__init__(level=1)
        self.seen: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(({5: "TRACE"}.get(record.levelno, record.levelname), record.getMessage()))


class TestScope:
    """A scope by itself."""

    __test__ = False

    def __init__(self, folder: Path, **variables: Any) -> None:
        self.namespace, self.flow_id, self.execution_id = "company.team", "orders", "e1"
        self.task_id, self.task_run_id = "t", "tr1"
        self.prefix = f"kestra:///company/team/orders/executions/{self.execution_id}/tasks/t/tr1/"
        self.variables: dict[str, Any] = variables
        self.drive, self.key_values = MemoryDrive(uuid.uuid4().hex), open_store("memory://")
        self.executions = KeptExecutions()
        self.stopping = threading.Event()
        self.folder = folder
        self.lines, self.numbers = Lines(), []
        self.logger = logging.Logger("test", level=1)  # noqa: LOG001  one for each test
        self.logger.addHandler(self.lines)

    @property
    def files(self) -> dict[str, bytes]:
        """Return what is on the drive."""
        return {info.uri: self.drive.open(info.uri).read() for info in self.drive.list(SCHEME)}

    def files_of(self, namespace: str) -> MemoryDrive:
        del namespace
        return self.drive

    def render(self, value: Any, /, **more: Any) -> Any:
        return self._deep(value, expression.Template.render, {**self.variables, **more})

    def evaluate(self, value: Any, /, **more: Any) -> Any:
        return self._deep(value, expression.Template.render_value, {**self.variables, **more})

    def _deep(self, value: Any, way: Any, variables: dict[str, Any]) -> Any:
        if isinstance(value, str):
            return getattr(expression.compile_template(value), way.__name__)(variables)
        if isinstance(value, dict):
            return {key: self._deep(each, way, variables) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._deep(each, way, variables) for each in value]
        return value

    def record(self, name: str, value: float, kind: str = "counter", tags: Mapping[str, str] | None = None) -> None:
        self.numbers.append((name, value, kind, dict(tags or {})))

    def keep(self, name: str, data: bytes | Path) -> str:
        return self.drive.put(self.prefix + name, data.read_bytes() if isinstance(data, Path) else data)

    def encrypt(self, text: str) -> str:
        return f"encrypted:{text[::-1]}"

    def wait(self, seconds: float) -> bool:
        return self.stopping.wait(seconds)


@pytest.fixture(autouse=True)
def _templates_do_nothing() -> Iterator[None]:
    """Let what was said elsewhere of the one type that tests and the documentation use count for nothing here."""
    before = runnables._added.pop(Template, None)
    yield
    runnables._added.pop(Template, None)
    if before is not None:
        runnables._added[Template] = before


@pytest.fixture
def scope(tmp_path: Path) -> TestScope:
    """Return a scope with a folder of its own."""
    folder = tmp_path / "folder"
    folder.mkdir()
    return TestScope(folder)


@pytest.fixture
def run(scope: TestScope):
    """Return a function that runs a task, written as its keys in YAML, in the scope and returns its outcome."""

    def run(keys: str, **variables: Any) -> Outcome:
        scope.variables.update(variables)
        task = declared(keys)
        made: Any = runnable_for(task)(task, scope)
        outcome = made if isinstance(made, Outcome) else Outcome(made)
        declared_outputs = PLACES[type(task)].outputs if type(task) in PLACES else outcome.outputs
        assert set(outcome.outputs or ()) <= set(declared_outputs or ())
        return outcome

    return run


def declared(keys: str) -> Any:
    """Return the declaration of a task, written as its keys."""
    lines = ["id: f", "namespace: n", "tasks:", "  - id: t", *(f"    {line}" for line in keys.strip("\n").split("\n"))]
    return parse_flow_spec("\n".join(lines)).tasks[0]
