"""Listeners: the older way to let tasks run after the end of an execution: which of them its end concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.errors import RunwrightError
from runwright.expression import is_true
from runwright.triggering.conditions import Seen, holds_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runwright.executions.catalogue import Executions
    from runwright.runs import FlowRun
    from runwright.runtime.execution import Execution
    from runwright.spec.flow_spec import Listener


def concerned(listeners: Sequence[Listener], execution: Execution, ended: Ended) -> list[int]:
    """Return the numbers of the listeners whose conditions hold; one that cannot be decided is told in the log, and does not."""
    facts = execution.facts
    seen: Any = Seen(_Scope(execution), facts.namespace, facts.flow_id, ended)  # type: ignore[arg-type]  it has what conditions ask
    found: list[int] = []
    for number, listener in enumerate(listeners):
        try:
            if holds_all(listener.conditions, seen):
                found.append(number)
        except RunwrightError as error:
            execution.complain(0, 0, f"The conditions of listener {number + 1} cannot be decided: {error}")
    return found


class Ended:
    """The execution itself, as conditions look at one that came to a state."""

    def __init__(
        self, executions: Executions, row: FlowRun, state: str, labels: dict[str, str], outputs: dict[str, Any]
    ) -> None:
        """Read no more than that."""
        self.namespace, _, self.flow_id = row.flow_name.partition("/")
        self.state = state
        self.labels = labels
        self.outputs = outputs
        self._executions = executions
        self._row = row

    def states_of_retried(self) -> Iterator[str]:
        """Return the states of the attempts of task runs that were tried again."""
        return self._executions.states_of_retried(self._row)


class _Scope:
    """Renders the texts of conditions as the execution sees them at its end."""

    trigger: dict[str, Any] = {}  # noqa: RUF012  nobody changes it

    def __init__(self, execution: Execution) -> None:
        self._scope = execution.scope_outside()

    def render(self, text: Any) -> Any:
        return self._scope.render(text)

    def evaluate(self, value: Any) -> Any:
        return self._scope.evaluate(value)

    def holds(self, expression: str) -> bool:
        return is_true(self._scope.render(expression))
