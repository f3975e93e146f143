"""TriggerScope: what the expressions of a trigger see, before there is an execution: its flow, and what it is about to start it for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import app
from runwright.expression import is_true
from runwright.runtime.attempt_scope import AttemptScope, Situation, StopSignal
from runwright.spec.labels import nested_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runwright.executions.declared_flow import DeclaredFlow


class TriggerScope:
    """Renders expressions for one flow; `trigger` are its variables, `more` are further ones."""

    def __init__(self, record: str, flow: DeclaredFlow, revision: int, trigger: Mapping[str, Any], **more: Any) -> None:
        """Render nothing yet."""
        spec, host = flow.spec, app.execution_host(record)
        self.trigger = trigger
        self._scope = AttemptScope(
            Situation(
                task=None,
                namespace=spec.namespace,
                flow_id=spec.id,
                execution_id="",
                task_id="",
                task_run_id="",
                variables={
                    "flow": {"id": spec.id, "namespace": spec.namespace, "revision": revision},
                    "vars": spec.variables,
                    "labels": nested_labels(spec.label_map),
                    "envs": host.envs,
                    "globals": host.globals,
                    "trigger": trigger,
                    **more,
                },
                host=host,
                prefix="",
                stopping=StopSignal(),
            )
        )

    @property
    def attempt(self) -> AttemptScope:
        """Return the scope as what runs a task takes it."""
        return self._scope

    def render(self, text: Any) -> Any:
        """Return a value with the texts in it rendered; raises `ExpressionError` and what functions raise."""
        return self._scope.render(text)

    def evaluate(self, value: Any) -> Any:
        """Return a value as `render` does, and what an expression yields where it is the whole text."""
        return self._scope.evaluate(value)

    def holds(self, expression: str) -> bool:
        """Say whether an expression yields true."""
        return is_true(self._scope.render(expression))
