"""Debug: the task that hands on a rendered text."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runwright.scope import Scope
    from runwright.spec.tasks import plain


def hand_on(task: plain.Return, scope: Scope) -> dict[str, Any]:
    """Hand on the text as `value`, and measure how long it is and how long that took."""
    start = time.perf_counter()
    value = None if task.format is None else scope.render(task.format)
    tags = {} if task.format is None else {"format": task.format}
    if value is not None:
        scope.record("length", len(value), tags=tags)
    scope.record("duration", time.perf_counter() - start, "timer", tags)
    return {"value": value}
