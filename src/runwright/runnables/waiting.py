"""Waiting: the task that does nothing for a time. It is a coroutine, so that a wait takes no thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runwright.runnables.rendering import seconds_of

if TYPE_CHECKING:
    from runwright.scope import Scope
    from runwright.spec.tasks import flow_control


async def sleep(task: flow_control.Sleep, scope: Scope) -> None:
    """Wait for the duration, or until the attempt is cancelled."""
    seconds = seconds_of(scope, task.duration)
    scope.logger.info("Waiting for %g s.", seconds)
    await asyncio.sleep(seconds)
