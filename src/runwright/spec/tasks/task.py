"""Task: what every task of a YAML flow says, and how a list of tasks is read.

A task type is a class; its fields are its keys. A type of another system's plugin is a `ForeignTask`: it is declared, with its
keys as they are, and a warning says that Runwright has no such task.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from runwright.spec.elements import (
    TYPE_NAME,
    Element,
    Named,
    Of,
    Variant,
    add_unknown_type,
    camel_case,
    claim_id,
    read_element,
    table_of,
)
from runwright.spec.key_types import (  # noqa: TC001  the annotations of elements are read when they are used
    AnyMap,
    Boolean,
    Duration,
    Expression,
    Level,
    RenderedDuration,
    TaskId,
    Text,
    TypeName,
)
from runwright.spec.kinds import ANYTHING, WRONG, Schema, refuse
from runwright.spec.nodes import Mapping, Node, Scalar, Sequence
from runwright.spec.retries import AnyRetry  # noqa: TC001  the annotations of elements are read when they are used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.spec.findings import Findings, Path

CORE = "io.kestra.plugin.core."
SCRIPTS = "io.kestra.plugin.scripts."

# Filled by `runwright.spec.tasks`, which knows every module that declares task types.
TASK_TYPES: dict[str, type[Task]] = {}


class WorkerGroup(Element, frozen=True, kw_only=True):
    """Which group of workers may run a task."""

    key: Annotated[Text, "The name of the group."]
    fallback: Annotated[Text | None, "What happens when the group has no worker."] = None


class TaskCache(Element, frozen=True, kw_only=True):
    """Whether what a task hands on is used again by later runs whose rendered properties are the same."""

    enabled: Annotated[Boolean, "It is used again."] = True
    ttl: Annotated[Duration | None, "For how long; without it for as long as the record has it."] = None


class Task(Variant, frozen=True, kw_only=True):
    """What all tasks say."""

    id: Annotated[TaskId, "The name, which no other task of the flow has."]
    type: Annotated[TypeName, "The type: in full, or in Runwright's short form."]
    description: Annotated[Text | None, "What the task is for."] = None
    retry: Annotated[AnyRetry | None, "What happens after a failure."] = None
    timeout: Annotated[RenderedDuration | None, "The longest an attempt may take."] = None
    disabled: Annotated[Boolean, "The task is left out."] = False
    allow_failure: Annotated[Boolean, "A failure counts as WARNING, and the flow goes on."] = False
    allow_warning: Annotated[Boolean, "A WARNING counts as SUCCESS."] = False
    run_if: Annotated[Expression, "The task is SKIPPED when this yields false.", Named(also=("when",))] = "true"
    log_level: Annotated[Level | None, "The least important log lines to keep."] = None
    log_to_file: Annotated[Boolean, "Log lines go to a file."] = False
    worker_group: Annotated[
        WorkerGroup | None, Of(WorkerGroup, "a mapping with key and fallback"), "Which workers may run the task."
    ] = None
    version: Annotated[Text | None, "The version of the plugin that has the type."] = None
    assets: Annotated[AnyMap | None, "Data assets that the task reads and makes; read, and not recorded."] = None
    task_cache: Annotated[
        TaskCache | None,
        Of(TaskCache, "a mapping with enabled and ttl"),
        "Whether, and how long, outputs are used again.",
    ] = None

    @property
    def full_type(self) -> str:
        """Return the full name of the type, however it was written."""
        return self.names[0] if self.names else self.type


class ForeignTask(Task, frozen=True, kw_only=True):
    """A task of a type that Runwright does not have; `properties` are its own keys, as plain data."""

    properties: dict[str, Any] = {}
    tasks: tuple[Task, ...] = ()
    errors: tuple[Task, ...] = ()
    finally_: tuple[Task, ...] = ()


def branches_of(task: Task) -> Iterator[tuple[tuple[str, ...], tuple[Task, ...]]]:
    """Yield the lists of tasks that a task holds, each with the keys that lead to it."""
    for field in _own_fields(type(task)):
        value = getattr(task, field)
        name = camel_case(field)
        if isinstance(value, Task):
            yield (name,), (value,)
        elif isinstance(value, tuple) and value and isinstance(value[0], Task):
            yield (name,), value
        elif isinstance(value, tuple) and value and hasattr(value[0], "task"):
            yield (name,), tuple(each.task for each in value)
        elif isinstance(value, dict):
            yield from (((name, key), tasks) for key, tasks in value.items() if _is_branch(tasks))


def _is_branch(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Task)


@cache
def _own_fields(task_type: type[Task]) -> tuple[str, ...]:
    return task_type.__struct_fields__[len(Task.__struct_fields__) :]


class _Task:
    """The kind of one task."""

    name = "a task with an id and a type"

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return a task of the class that its type names."""
        if not isinstance(node, Mapping):
            return refuse(self, node, path, findings)
        written, identity = node.entries.get("type"), node.entries.get("id")
        if isinstance(identity, Scalar):
            claim_id(identity, findings.task_ids, "task id", path, findings)
        if written is None or written.is_null:
            named = f"{identity.text}: " if isinstance(identity, Scalar) else ""
            findings.add(node, (*path, "type"), "missing_key", f"{named}The 'type' property cannot be empty.")
            return WRONG
        if not isinstance(written, Scalar):
            return refuse(TYPE_NAME, written, (*path, "type"), findings)
        task_type = TASK_TYPES.get(written.text)
        if task_type is not None:
            return read_element(task_type, node, path, findings)
        if is_foreign(written.text):
            return _read_foreign(written, node, path, findings)
        add_unknown_type(written.text, node, path, TASK_TYPES, findings)
        return WRONG

    def schema(self) -> Schema:
        """Return a reference to the schema of all task types."""
        return {"$ref": "#/$defs/Task"}


class Tasks:
    """The kind of a list of tasks."""

    name = "a list of tasks"

    def __init__(self, *, least: int) -> None:
        """Hold how many there must be."""
        self.least = least

    def read(self, node: Node, path: Path, findings: Findings) -> Any:
        """Return a tuple of tasks."""
        if not isinstance(node, Sequence):
            return refuse(self, node, path, findings)
        if len(node.items) < self.least:
            findings.add(node, path, "empty", f"The '{path[-1]}' property cannot be empty: give at least one task.")
            return WRONG
        read = [TASK.read(item, (*path, index), findings) for index, item in enumerate(node.items)]
        return tuple(task for task in read if task is not WRONG)

    def schema(self) -> Schema:
        """Return the schema."""
        return {"type": "array", "items": TASK.schema(), **({"minItems": self.least} if self.least else {})}


TASK = _Task()
SomeTasks = Annotated[tuple[Task, ...], Tasks(least=1)]
AnyTasks = Annotated[tuple[Task, ...], Tasks(least=0)]

_FOREIGN_TASKS = Tasks(least=0)
_FOREIGN_LISTS = {"tasks": "tasks", "errors": "errors", "finally": "finally_"}


def is_foreign(type_: str) -> bool:
    """Say whether a type belongs to a plugin of another system: it has a longer package, and not one that is known here."""
    return type_.count(".") > 1 and not type_.startswith((CORE, SCRIPTS))


def _read_foreign(written: Scalar, node: Mapping, path: Path, findings: Findings) -> Any:
    common = table_of(Task).by_name
    lists = {
        name: child
        for name, child in node.entries.items()
        if name in _FOREIGN_LISTS and isinstance(child, Sequence) and _holds_tasks(child)
    }
    own = frozenset(node.entries) - set(common) - set(lists)
    task = read_element(Task, node, path, findings, ignored=own | set(lists))
    branches = {
        _FOREIGN_LISTS[name]: _FOREIGN_TASKS.read(child, (*path, name), findings) for name, child in lists.items()
    }
    message = f"Runwright has no task type {written.text!r}: the flow is valid, and this task cannot run."
    findings.warn(written, (*path, "type"), "foreign_type", message)
    properties = read_properties(node, own, path, findings)
    if task is WRONG:
        return WRONG
    return ForeignTask(**msgspec.structs.asdict(task), **branches, properties=properties)


def read_properties(node: Mapping, names: frozenset[str], path: Path, findings: Findings) -> dict[str, Any]:
    """Return the values of keys of which nothing is known, as plain data."""
    values = {
        name: ANYTHING.read(child, (*path, name), findings) for name, child in node.entries.items() if name in names
    }
    return {name: value for name, value in values.items() if value is not WRONG}


def _holds_tasks(node: Sequence) -> bool:
    return all(isinstance(item, Mapping) and {"id", "type"} <= set(item.entries) for item in node.items)
