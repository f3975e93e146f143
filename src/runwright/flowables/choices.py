"""Choices: flowables that run one of several lists of tasks."""

from __future__ import annotations

from typing import Any

from runwright.expression import is_true
from runwright.flowable import Answer, Settled
from runwright.flowables.composite import Composite


class If(Composite):
    """Runs one list of tasks or another."""

    def expand(self, scope: Any) -> Answer:
        """Return `then` or `else`."""
        is_so = is_true(scope.text(self.task.condition))
        branch = "then" if is_so else "else"
        return self.opened(self.bodies.others.get(branch, ()), branch=branch, outputs={"evaluationResult": is_so})


class Switch(Composite):
    """Runs the list of tasks that a value names."""

    def expand(self, scope: Any) -> Answer:
        """Return the case of the value, or the defaults; a value with neither is a failure."""
        value = scope.text(self.task.value)
        case = f"cases.{value}"
        is_default = case not in self.bodies.others
        outputs = {"value": value, "defaults": is_default}
        if not is_default:
            return self.opened(self.bodies.others[case], branch=case, outputs=outputs)
        if "defaults" in self.bodies.others:
            return self.opened(self.bodies.others["defaults"], branch="defaults", outputs=outputs)
        if self.bodies.finally_:
            return self.opened((), outputs=outputs)
        return self.ended(self._unmatched(outputs))

    def judged(self, scope: Any) -> Settled | None:
        """Return the failure of a value that no case has, None where a list of tasks ran."""
        is_unmatched = scope.own["defaults"] and "defaults" not in self.bodies.others
        return self._unmatched(scope.own) if is_unmatched else None

    def _unmatched(self, outputs: dict[str, Any]) -> Settled:
        known = ", ".join(sorted(name.removeprefix("cases.") for name in self.bodies.others)) or "none"
        message = f"No case has the value {outputs['value']!r}, and there are no defaults: the cases are {known}."
        return Settled("Failed", message, outputs)
