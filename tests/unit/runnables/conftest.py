"""A scope for tests of runnables: a real folder, real expressions, a drive and values in memory, lines and numbers as kept."""

from __future__ import annotations

import logging
import threading
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from runwright import clock, expression
from runwright.drive import FileInfo
from runwright.errors import FileMissing, KeyTaken
from runwright.runnables import runnable_for
from runwright.scope import Outcome
from runwright.spec import parse_flow_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from runwright.key_values import KeyValue


class MemoryDrive:
    """Files by URI."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def put(self, uri: str, data: bytes | BinaryIO) -> str:
        self.files[uri] = data if isinstance(data, bytes) else data.read()
        return uri

    def open(self, uri: str) -> BinaryIO:
        if uri not in self.files:
            raise FileMissing(f"There is no file {uri}: check the URI.")
        return BytesIO(self.files[uri])

    def find(self, uri: str) -> FileInfo | None:
        return FileInfo(uri, len(self.files[uri]), 0) if uri in self.files else None

    def list(self, prefix: str) -> Iterator[FileInfo]:
        yield from (FileInfo(uri, len(data), 0) for uri, data in sorted(self.files.items()) if uri.startswith(prefix))

    def delete(self, uri: str) -> bool:
        return self.files.pop(uri, None) is not None


class MemoryKeyValues:
    """Values by namespace and key."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], KeyValue] = {}

    def find_value(self, namespace: str, key: str) -> KeyValue | None:
        found = self.values.get((namespace, key))
        return None if found is None or (found.expires is not None and found.expires <= clock.now()) else found

    def list_values(self, namespace: str, prefix: str = "") -> list[KeyValue]:
        keys = sorted(self.values)
        return [self.values[key] for key in keys if key[0] == namespace and key[1].startswith(prefix)]

    def keep_value(self, value: KeyValue, *, overwrite: bool = True) -> KeyValue:
        before = self.find_value(value.namespace, value.key)
        if before is not None and not overwrite:
            raise KeyTaken(f"The key {value.key!r} has a value.")
        kept = value if before is None else msgspec.structs.replace(value, version=before.version + 1)
        self.values[value.namespace, value.key] = kept
        return kept

    def delete_value(self, namespace: str, key: str) -> bool:
        return self.values.pop((namespace, key), None) is not None


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
        self.drive, self.key_values, self.executions = MemoryDrive(), MemoryKeyValues(), KeptExecutions()
        self.stopping = threading.Event()
        self.folder = folder
        self.lines, self.numbers = Lines(), []
        self.logger = logging.Logger("test", level=1)  # noqa: LOG001  one for each test
        self.logger.addHandler(self.lines)

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
        return made if isinstance(made, Outcome) else Outcome(made)

    return run


def declared(keys: str) -> Any:
    """Return the declaration of a task, written as its keys."""
    lines = ["id: f", "namespace: n", "tasks:", "  - id: t", *(f"    {line}" for line in keys.strip("\n").split("\n"))]
    return parse_flow_spec("\n".join(lines)).tasks[0]
