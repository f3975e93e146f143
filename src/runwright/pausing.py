"""Pausing: stopping inside a task until somebody says that it may go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.clock import utcnow
from runwright.context import context
from runwright.signals import PAUSE

if TYPE_CHECKING:
    from datetime import timedelta


def pause_task(message: str | None = None, duration: timedelta | None = None) -> None:
    """Pause the task that calls this; when it is resumed, or after `duration`, it runs again and comes through.

    Everything before the call runs twice. Signals PAUSE with `message`.
    """
    if context.get("resume"):
        return
    start_time = None if duration is None else utcnow() + duration
    raise PAUSE(message or "Pause signal raised during task execution.", start_time=start_time)
