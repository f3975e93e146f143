"""Output: the task that hands on rendered values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runwright.scope import Scope
    from runwright.spec.tasks import plain


def hand_on(task: plain.OutputValues, scope: Scope) -> dict[str, Any]:
    """Hand on the values as `values`, each text in them rendered to text."""
    return {"values": scope.render(task.values)}
