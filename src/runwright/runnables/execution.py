"""Execution: tasks about executions: failing, labels, letting one go on, counting and purging them, turning triggers on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runwright.errors import RunnableFailed
from runwright.expression import is_true
from runwright.runnables.rendering import as_text, data_of, entries_of, items_of, moment_of, namespace_of, text_of
from runwright.scope import Outcome, Selection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.scope import Scope
    from runwright.spec.tasks import plain


def fail(task: plain.Fail, scope: Scope) -> None:
    """Fail, unless there is a condition that does not hold."""
    if task.condition is not None:
        condition = scope.render(task.condition)
        scope.logger.info(f"The condition yields {condition!r}.")  # noqa: G004  one line in a task that is rare
        if not is_true(condition):
            return
    raise RunnableFailed(scope.render(task.error_message))


def set_labels(task: plain.Labels, scope: Scope) -> Outcome:
    """Give labels to the execution."""
    if isinstance(task.labels, str):
        pairs = _pairs(data_of(scope.evaluate(task.labels), "labels"))
    else:
        pairs = ((scope.render(each.key), scope.render(each.value)) for each in task.labels)
    labels: dict[str, str] = {}
    for key, value in pairs:
        labels.setdefault(_checked_key(key), _label_text(key, value))
    return Outcome(labels=labels)


def _pairs(found: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(found, Mapping):
        return found.items()
    if isinstance(found, list | tuple) and all(
        isinstance(each, Mapping) and {"key", "value"} == set(each) for each in found
    ):
        return [(each["key"], each["value"]) for each in found]
    raise RunnableFailed(f"Labels are a mapping, or a list of {{key, value}}, and not {found!r:.100}.")


def _checked_key(key: Any) -> str:
    if not isinstance(key, str) or not key:
        raise RunnableFailed(f"The key of a label is a text, and not {key!r:.100}.")
    return key


def _label_text(key: str, value: Any) -> str:
    if value is None or value == "" or isinstance(value, list | tuple | Mapping):
        raise RunnableFailed(f"The label {key!r} must have a text, a number or a boolean, and not {value!r:.100}.")
    return as_text(value)


def resume(task: plain.Resume, scope: Scope) -> None:
    """Let a paused execution go on: the one that is named, or the one that triggered this."""
    trigger = scope.variables.get("trigger") or {}
    execution_id = text_of(scope, task.execution_id) or trigger.get("executionId")
    if not execution_id:
        raise RunnableFailed("No execution to resume: give its executionId, as no other execution triggered this one.")
    scope.executions.resume(execution_id, entries_of(scope, task.inputs, "inputs"))


def count(task: plain.Count, scope: Scope) -> dict[str, Any]:
    """Count executions flow by flow, and hand on the counts for which the expression holds."""
    states = tuple(scope.render(each) for each in task.states)
    start, end = moment_of(scope, task.start_date), moment_of(scope, task.end_date)
    results: list[dict[str, Any]] = []
    for namespace, flow_id in _flows(task, scope):
        found = scope.executions.count(Selection(namespace, flow_id, states, start, end))
        if is_true(scope.render(task.expression, count=found)):
            results.append({"namespace": namespace, "flowId": flow_id, "count": found})
    return {"results": results, "total": sum(each["count"] for each in results)}


def _flows(task: plain.Count, scope: Scope) -> list[tuple[str, str]]:
    flows: list[tuple[str, str]] = []
    for each in items_of(scope, task.flows, "flows") if task.flows else ():
        if not isinstance(each, Mapping) or not isinstance(each.get("flowId"), str):
            raise RunnableFailed(f"A flow to count is written {{namespace: ..., flowId: ...}}, and not {each!r:.100}.")
        flows.append((each.get("namespace") or scope.namespace, each["flowId"]))
    if task.namespaces:
        flows += scope.executions.flows([scope.render(each) for each in task.namespaces])
    return list(dict.fromkeys(flows))


def purge(task: plain.PurgeExecutions, scope: Scope) -> dict[str, Any]:
    """Delete executions that have ended, or parts of them."""
    asked = {
        "executions": task.purge_execution,
        "logs": task.purge_log,
        "metrics": task.purge_metric,
        "files": task.purge_storage,
    }
    which = Selection(
        text_of(scope, task.namespace),
        text_of(scope, task.flow_id),
        tuple(scope.render(each) for each in task.states),
        moment_of(scope, task.start_date),
        moment_of(scope, task.end_date),
    )
    counts = scope.executions.purge(which, [each for each, is_asked in asked.items() if is_asked])  # pyright: ignore[reportArgumentType]  the keys above are the words
    words = {"executions": "executionsCount", "logs": "logsCount", "metrics": "metricsCount", "files": "storagesCount"}
    return {name: counts.get(what, 0) for what, name in words.items()}


def toggle_trigger(task: plain.Toggle, scope: Scope) -> None:
    """Turn a trigger on or off."""
    scope.executions.toggle(
        namespace_of(scope, task.namespace),
        text_of(scope, task.flow_id) or scope.flow_id,
        scope.render(task.trigger),
        is_enabled=task.enabled,
    )
