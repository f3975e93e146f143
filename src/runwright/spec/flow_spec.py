"""Flow spec: the declaration of a YAML flow as a whole, and its parts that are neither task, input nor trigger."""

from collections.abc import Iterator
from typing import Annotated, Any

from runwright.errors import Problem
from runwright.spec.conditions import CONDITION, Condition
from runwright.spec.dependencies import check_references, circles_in
from runwright.spec.elements import Element, Named, Of, camel_case, only_mappings
from runwright.spec.findings import Findings, Path
from runwright.spec.inputs import Input, Inputs, Outputs
from runwright.spec.key_types import (
    AnyList,
    AnyMap,
    Boolean,
    Duration,
    Expression,
    FlowId,
    Namespace,
    Positive,
    Text,
    TypeName,
)
from runwright.spec.kinds import Choice, ListOf
from runwright.spec.labels import Label, Labels
from runwright.spec.nodes import Mapping, Scalar, Sequence
from runwright.spec.pasting import warn_of_pasted
from runwright.spec.retries import AnyRetry
from runwright.spec.tasks.flow_control import ChildFlow
from runwright.spec.tasks.task import CORE, AnyTasks, SomeTasks, Task, WorkerGroup, branches_of
from runwright.spec.triggers import Triggers


class Concurrency(Element, frozen=True, kw_only=True):
    """How many executions of the flow run at once, and what becomes of more."""

    limit: Annotated[Positive, "How many."]
    behavior: Annotated[str, Choice("QUEUE", "CANCEL", "FAIL"), "What becomes of one more."] = "QUEUE"


class Sla(Element, frozen=True, kw_only=True):
    """A promise about executions, and what happens when it is broken."""

    id: Annotated[Text, "The name."]
    type: Annotated[str, Choice("MAX_DURATION", "EXECUTION_ASSERTION"), "What is promised."]
    duration: Annotated[Duration | None, "The longest time, for MAX_DURATION."] = None
    assert_: Annotated[Expression | None, "What must yield true, for EXECUTION_ASSERTION."] = None
    behavior: Annotated[str, Choice("FAIL", "CANCEL", "NONE"), "What happens to the execution."]
    labels: Annotated[Labels, "Labels that the execution gets."] = ()

    @classmethod
    def check(cls, values: dict[str, Any], node: Mapping, path: Path, findings: Findings) -> None:
        """Say that the promise itself is missing."""
        needed = {"MAX_DURATION": "duration", "EXECUTION_ASSERTION": "assert"}.get(values.get("type", ""))
        if needed is not None and needed not in node.entries:
            message = f"The '{needed}' property cannot be empty: {values['type']} needs it."
            findings.add(node, (*path, needed), "missing_key", message)


class Check(Element, frozen=True, kw_only=True):
    """What must hold of the inputs before an execution begins, and what happens where it does not."""

    condition: Annotated[Expression, "What must yield true."]
    message: Annotated[Expression, "What people are told where it does not."]
    style: Annotated[str, Choice("SUCCESS", "INFO", "WARNING", "ERROR"), "How they are told."] = "INFO"
    behavior: Annotated[
        str,
        Choice("BLOCK_EXECUTION", "FAIL_EXECUTION", "CREATE_EXECUTION"),
        "Whether there is no execution, one that fails at once, or one that runs all the same.",
    ] = "BLOCK_EXECUTION"


class PluginDefaults(Element, frozen=True, kw_only=True):
    """Values for all tasks, triggers and the like of one type."""

    type: Annotated[TypeName, "The type, or what its name begins with."]
    forced: Annotated[Boolean, "The values win over those that are written at the task."] = False
    values: Annotated[AnyMap, "Values by key."] = {}


class Listener(Element, frozen=True, kw_only=True):
    """Tasks that run after the execution when conditions hold. Older: use `afterExecution`, or a trigger."""

    description: Annotated[Text | None, "What the listener is for."] = None
    conditions: Annotated[tuple[Condition, ...], ListOf(CONDITION), "All of these must hold."] = ()
    tasks: Annotated[SomeTasks, "The tasks."]


class FlowSpec(Element, frozen=True, kw_only=True):
    """A YAML flow as it is declared; nothing of it is rendered, compiled or registered.

    `file` is where it was read, `warnings` are problems that do not keep it from running.
    """

    id: Annotated[FlowId, "The name, which no other flow of the namespace has."]
    namespace: Annotated[Namespace, "The namespace, its parts joined by dots."]
    revision: Annotated[Positive | None, "The revision; set when the flow is registered."] = None
    description: Annotated[Text | None, "What the flow is for, in Markdown."] = None
    disabled: Annotated[Boolean, "The flow starts no executions."] = False
    labels: Annotated[Labels, "Labels for its executions."] = ()
    inputs: Annotated[Inputs, "What an execution is given."] = ()
    outputs: Annotated[Outputs, "What an execution hands on."] = ()
    variables: Annotated[AnyMap, "Values for expressions, at `vars`; rendered by `render()` only."] = {}
    tasks: Annotated[SomeTasks, "The tasks, in order."]
    errors: Annotated[AnyTasks, "Run when a task has failed and is not tried again."] = ()
    finally_: Annotated[AnyTasks, "Run at the end, whatever came before."] = ()
    after_execution: Annotated[AnyTasks, "Run after the execution has ended."] = ()
    triggers: Annotated[Triggers, "What starts executions by itself."] = ()
    listeners: Annotated[
        tuple[Listener, ...], ListOf(Of(Listener, "a listener")), "Older: use `afterExecution`, or a trigger."
    ] = ()
    plugin_defaults: Annotated[
        tuple[PluginDefaults, ...],
        ListOf(Of(PluginDefaults, "a mapping with type and values")),
        "Values for all tasks of a type.",
        Named(also=("taskDefaults",)),
    ] = ()
    retry: Annotated[AnyRetry | None, "What happens after a failure, where a task says nothing else."] = None
    concurrency: Annotated[
        Concurrency | None, Of(Concurrency, "a mapping with limit and behavior"), "How many executions run at once."
    ] = None
    sla: Annotated[tuple[Sla, ...], ListOf(Of(Sla, "a promise")), "Promises about executions."] = ()
    worker_group: Annotated[
        WorkerGroup | None, Of(WorkerGroup, "a mapping with key and fallback"), "Which workers may run its tasks."
    ] = None
    checks: Annotated[
        tuple[Check, ...], ListOf(Of(Check, "a check")), "Assertions about inputs, before an execution begins."
    ] = ()
    quotas: Annotated[AnyList, "How much executions may use; read, and not enforced."] = ()

    file: str = ""
    warnings: tuple[Problem, ...] = ()

    def all_tasks(self) -> Iterator[tuple[Path, Task]]:
        """Yield every task, those inside others too, with its path in the document; parents come first."""
        for name, tasks in self.branches():
            yield from _walk(tasks, (name,))
        for index, listener in enumerate(self.listeners):
            yield from _walk(listener.tasks, ("listeners", index, "tasks"))

    def branches(self) -> Iterator[tuple[str, tuple[Task, ...]]]:
        """Yield the lists of tasks of the flow itself by key."""
        yield "tasks", self.tasks
        yield "errors", self.errors
        yield "finally", self.finally_
        yield "afterExecution", self.after_execution

    @property
    def label_map(self) -> dict[str, str]:
        """Return the labels by key."""
        return {label.key: label.value for label in self.labels}

    @classmethod
    def check(cls, values: dict[str, Any], node: Mapping, path: Path, findings: Findings) -> None:
        """Say what is wrong between parts of the flow: inputs that depend on each other, and the flow calling itself."""
        _check_inputs(node, findings)
        _check_trigger_inputs(values, findings)
        _tell_unused(values, node, findings)
        warn_of_pasted(_all_in(values), values.get("inputs", ()), node, findings)
        identity = values.get("namespace"), values.get("id")
        for key in ("tasks", "errors", "finally_", "after_execution"):
            for place, task in _walk(values.get(key, ()), (key,)):
                if isinstance(task, ChildFlow) and (task.namespace, task.flow_id) == identity:
                    message = (
                        f"Invalid Flow: Recursive call to flow [{task.namespace}.{task.flow_id}]: it would never end."
                    )
                    findings.add(task.position, place, "recursive_flow", message)


def _walk(tasks: tuple[Task, ...], path: Path) -> Iterator[tuple[Path, Task]]:
    for index, task in enumerate(tasks):
        place = (*path, index)
        yield place, task
        for keys, inner in branches_of(task):
            yield from _walk(inner, (*place, *keys))


def _all_in(values: dict[str, Any]) -> Iterator[tuple[Path, Task]]:
    for key in ("tasks", "errors", "finally_", "after_execution"):
        yield from _walk(values.get(key, ()), (_BRANCHES.get(key, key),))


_BRANCHES = {"finally_": "finally", "after_execution": "afterExecution"}


def _tell_unused(values: dict[str, Any], node: Mapping, findings: Findings) -> None:
    """Say which keys are read and do nothing here."""
    if values.get("quotas"):
        message = "Quotas are not enforced here: limit how many executions run at once with `concurrency`."
        findings.warn(node.entries["quotas"], ("quotas",), "not_enforced", message)
    if values.get("worker_group"):
        findings.warn(node.entries["workerGroup"], ("workerGroup",), "no_effect", _WITHOUT_EFFECT["worker_group"])
    for place, task in _all_in(values):
        if task.assets is not None:
            message = f"There is no catalogue of assets here: {task.id!r} runs, and its assets are not recorded."
            findings.warn(task.position, (*place, "assets"), "not_recorded", message)
        if task.task_cache is not None and task.full_type.startswith(f"{CORE}flow."):
            message = (
                f"What {task.id!r} hands on is not used again: only tasks that do work themselves have a taskCache."
            )
            findings.warn(task.position, (*place, "taskCache"), "not_cached", message)
        for field, message in _WITHOUT_EFFECT.items():
            if getattr(task, field, None):
                findings.warn(task.position, (*place, camel_case(field)), "no_effect", f"{task.id}: {message}")


_WITHOUT_EFFECT = {
    "worker_group": "Every worker of the record may run this: `workerGroup` changes nothing here.",
    "log_to_file": "Log lines are on the record, where clients and pages read them: `logToFile` changes nothing here.",
    "on_pause": "Nothing runs when a pause begins: put the task of `onPause` before it.",
    "child_failure_policy": "A failed round lets none begin after it, and those under way end: `childFailurePolicy` changes nothing here.",
}


def _check_inputs(node: Mapping, findings: Findings) -> None:
    """Look at the nodes, so that one faulty input hides no other."""
    rows: dict[str, tuple[Scalar, Mapping, int]] = {}
    for index, item in only_mappings(node.entries.get("inputs") or Sequence(0, 0)):
        identity = item.entries.get("id") or item.entries.get("name")
        if isinstance(identity, Scalar):
            rows[identity.text] = identity, item, index
    edges: dict[str, list[str]] = {}
    for name, (_, item, index) in rows.items():
        depends = item.entries.get("dependsOn")
        needs = depends.entries.get("inputs") if isinstance(depends, Mapping) else None
        edges[name] = check_references(needs, rows, "input", ("inputs", index, "dependsOn", "inputs"), findings)
        outer = next((other for other in _outer_names(name) if other in rows), None)
        if outer is not None:
            message = f"The input {name!r} would be inside of the input {outer!r}: rename one of them."
            findings.add(rows[name][0], ("inputs", index, "id"), "duplicate_id", message)
    for circle in circles_in(edges):
        identity, _, index = rows[circle[0]]
        message = f"Inputs depend on each other in a circle: {', '.join(circle)}. Remove one of the dependencies."
        findings.add(identity, ("inputs", index, "dependsOn"), "dependency_cycle", message)


def _outer_names(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _check_trigger_inputs(values: dict[str, Any], findings: Findings) -> None:
    inputs: tuple[Input, ...] = values.get("inputs", ())
    known = {name for each in inputs for name in (each.id, each.id.partition(".")[0])}
    for trigger in values.get("triggers", ()):
        for name in trigger.inputs:
            if name not in known:
                near = findings.near(name, known)
                message = f"The flow has no input {name!r}: the trigger {trigger.id!r} gives it for nothing.{near}"
                findings.warn(trigger.position, ("triggers",), "unknown_input", message)


__all__ = ["Check", "Concurrency", "FlowSpec", "Label", "Listener", "PluginDefaults", "Sla"]
