"""Timeouts: how a call is stopped from inside its own process.

In the main thread an alarm interrupts Python code. In any other thread the call moves to a helper thread that is abandoned
when it is late: Python cannot stop a thread. Executors that own processes also kill them from outside.
"""

from __future__ import annotations

import contextvars
import logging
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from runwright.context import context as run_context

if TYPE_CHECKING:
    from collections.abc import Callable


_SOON = 0.001
_logger = logging.getLogger("runwright.TaskRunner")


class TaskTimeout(BaseException):
    """The call took longer than it may; no `except Exception` of user code stops it."""


def call_within(seconds: float | None, function: Callable[..., Any], kwargs: dict[str, Any]) -> Any:
    """Return `function(**kwargs)`; raises `TaskTimeout` after `seconds` (None: no limit)."""
    if seconds is None:
        return function(**kwargs)
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer"):
        return _call_with_alarm(seconds, function, kwargs)
    return _call_in_thread(seconds, function, kwargs)


def _call_with_alarm(seconds: float, function: Callable[..., Any], kwargs: dict[str, Any]) -> Any:
    def ring(*_: object) -> None:
        raise TaskTimeout("Task timed out during execution.")

    started = time.monotonic()
    before = signal.signal(signal.SIGALRM, ring)
    outer, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return function(**kwargs)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:  # a task of a flow that runs inside of a task: the alarm of that one goes on
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - started), _SOON))


def _call_in_thread(seconds: float, function: Callable[..., Any], kwargs: dict[str, Any]) -> Any:
    outcome: list[tuple[bool, Any]] = []

    def call() -> None:
        try:
            outcome.append((True, function(**kwargs)))
        except BaseException as error:  # noqa: BLE001  handed to the caller as it is
            outcome.append((False, error))

    thread = threading.Thread(target=contextvars.copy_context().run, args=(call,), daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        _logger.warning(
            "Task '%s': It timed out, but a thread cannot be stopped: what it does goes on. Run it with processes.",
            run_context.get("task_full_name"),
        )
        raise TaskTimeout("Task timed out during execution.")
    worked, value = outcome[0]
    if worked:
        return value
    raise value
