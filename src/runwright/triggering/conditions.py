"""Conditions: whether the conditions of a trigger hold. One function for each type that does not look at a date.

What is met by several executions, one after the other, is the business of `preconditions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright import clock
from runwright.clock import to_iso
from runwright.errors import NotRunnable
from runwright.spec import conditions as spec
from runwright.triggering import date_conditions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runwright.spec.triggers import Trigger
    from runwright.triggering.trigger_scope import TriggerScope
    from runwright.triggering.upstream import Upstream


class Seen(NamedTuple):
    """What conditions look at: what expressions see, the flow that would start, and the execution that came to something."""

    scope: TriggerScope
    namespace: str
    flow_id: str
    upstream: Upstream | None = None


def all_hold(trigger: Trigger, seen: Seen) -> bool:
    """Say whether everything holds that a trigger asks for, but for what several executions meet.

    Raises `ExpressionError` and `NotRunnable` for what cannot be decided.
    """
    given = [*trigger.conditions, *getattr(trigger, "schedule_conditions", ())]
    return holds_all(given, seen) and (trigger.when is None or seen.scope.holds(trigger.when))


def holds_all(conditions: Iterable[spec.Condition], seen: Seen) -> bool:
    """Say whether conditions hold, those left out that several executions meet."""
    return all(holds(each, seen) for each in conditions if not isinstance(each, spec.Multiple))


def holds(condition: spec.Condition, seen: Seen) -> bool:
    """Say whether a condition holds; raises `ExpressionError`, `NotRunnable`."""
    if isinstance(condition, spec.DatedCondition):
        return date_conditions.holds(condition, _date_of(condition, seen), seen.scope.render)
    return _LOOKS[type(condition)](condition, seen)


def _date_of(condition: spec.DatedCondition, seen: Seen) -> str:
    """Return the date that a condition looks at: that of the trigger, or now for one that has none."""
    if condition.date == spec.TRIGGER_DATE and "date" not in seen.scope.trigger:
        return to_iso(clock.now())
    return str(seen.scope.render(condition.date))


def _expression(condition: spec.ExpressionHolds | spec.ExecutionOutputs, seen: Seen) -> bool:
    return seen.scope.holds(condition.expression)


def _outputs(condition: spec.ExecutionOutputs, seen: Seen) -> bool:
    return bool(_upstream(seen).outputs) and _expression(condition, seen)


def _execution_flow(condition: spec.ExecutionFlow, seen: Seen) -> bool:
    upstream = _upstream(seen)
    return (condition.namespace, condition.flow_id) == (upstream.namespace, upstream.flow_id)


def _execution_namespace(condition: spec.ExecutionNamespace, seen: Seen) -> bool:
    comparison = condition.comparison or ("PREFIX" if condition.prefix else "EQUALS")
    return compared(_upstream(seen).namespace, comparison, condition.namespace)


def _execution_status(condition: spec.ExecutionStatus, seen: Seen) -> bool:
    return _is_among(_upstream(seen).state, condition.in_, condition.not_in)


def _execution_labels(condition: spec.ExecutionLabels, seen: Seen) -> bool:
    labels = _upstream(seen).labels
    return all(labels.get(key) == value for key, value in labels_of(condition.labels, seen.scope).items())


def _retry_attempt(condition: spec.HasRetryAttempt, seen: Seen) -> bool:
    tried = _upstream(seen).states_of_retried()
    return any(_is_among(state, condition.in_, condition.not_in) for state in tried)


def _flow(condition: spec.FlowIs, seen: Seen) -> bool:
    return (condition.namespace, condition.flow_id) == (seen.namespace, seen.flow_id)


def _flow_namespace(condition: spec.FlowNamespace, seen: Seen) -> bool:
    return compared(seen.namespace, condition.comparison or "EQUALS", condition.namespace)


def _not(condition: spec.Not, seen: Seen) -> bool:
    return not any(holds(each, seen) for each in condition.conditions)


def _or(condition: spec.Or, seen: Seen) -> bool:
    return any(holds(each, seen) for each in condition.conditions)


def _multiple(condition: spec.Multiple, seen: Seen) -> bool:
    del seen
    raise NotRunnable(
        f"The condition {condition.id!r} is met by several executions: put it beside other conditions, not inside of them."
    )


def compared(text: str, comparison: str, other: str) -> bool:
    """Say whether a text is, begins or ends as another."""
    return {"EQUALS": text.__eq__, "PREFIX": text.startswith, "SUFFIX": text.endswith}[comparison](other)


def labels_of(labels: Any, scope: TriggerScope) -> dict[str, str]:
    """Return labels, rendered, however they are written; raises `ExpressionError`, `NotRunnable`."""
    if isinstance(labels, str):
        found = scope.evaluate(labels)
        if not isinstance(found, dict):
            raise NotRunnable("Labels are a mapping from keys to texts.")
        return {str(key): str(value) for key, value in found.items()}
    return {scope.render(key): scope.render(value) for key, value in labels}


def _is_among(state: str, wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> bool:
    return (not wanted or state in wanted) and state not in unwanted


def _upstream(seen: Seen) -> Upstream:
    if seen.upstream is None:
        raise NotRunnable("A condition about an execution belongs to a trigger of the type Flow.")
    return seen.upstream


_LOOKS: dict[type[spec.Condition], Callable[[Any, Seen], bool]] = {
    spec.ExpressionHolds: _expression,
    spec.ExecutionFlow: _execution_flow,
    spec.ExecutionNamespace: _execution_namespace,
    spec.ExecutionStatus: _execution_status,
    spec.ExecutionLabels: _execution_labels,
    spec.ExecutionOutputs: _outputs,
    spec.HasRetryAttempt: _retry_attempt,
    spec.FlowIs: _flow,
    spec.FlowNamespace: _flow_namespace,
    spec.Not: _not,
    spec.Or: _or,
    spec.Multiple: _multiple,
}
