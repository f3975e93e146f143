"""Output: the task that hands on rendered values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.runnables.rendering import entries_of

if TYPE_CHECKING:
    from runwright.scope import Scope
    from runwright.spec.tasks import plain


def hand_on(task: plain.OutputValues, scope: Scope) -> dict[str, Any]:
    """Hand on the values as `values`; an expression that stands alone keeps the type of what it yields."""
    return {"values": entries_of(scope, task.values, "values")}
