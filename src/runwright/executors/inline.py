"""Inline: attempts run one after the other on the thread that submits them. For tests, debuggers and chains."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from runwright.executors.endings import final, stopped
from runwright.runtime.attempt import make_attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runwright.executor import Report, TaskCall


class InlineExecutor:
    """Makes each attempt inside `submit`; what takes down the process of an attempt takes down the flow run.

    Timeouts are kept by the attempt itself: by an alarm in the main thread, which interrupts Python code only.
    """

    slots = 1

    def __init__(self, *, attempt: Callable[[TaskCall, Callable[[Report], None]], None] = make_attempt) -> None:
        """Run nothing yet; `attempt` is what makes one attempt and reports it."""
        self._attempt = attempt
        self._is_stopped = False

    def start(self, report: Callable[[Report], None]) -> None:
        """Remember where reports go."""
        self._report = report
        self._is_stopped = False

    def submit(self, calls: Sequence[TaskCall]) -> None:
        """Make every attempt before returning; after a `stop` in one of them, the rest are Cancelled."""
        attempt, report = self._attempt, self._report
        for call in calls:
            if self._is_stopped:
                report(final(call, stopped("The executor was stopped.", has_begun=False)))
            else:
                attempt(call, report)

    def kill(self, ordinal: int, attempt: int) -> bool:
        """Return False: what runs here cannot be stopped from outside."""
        return False

    def stop(self) -> None:
        """Make no further attempt."""
        self._is_stopped = True

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as it was made, running nothing."""
        return functools.partial(type(self), attempt=self._attempt), ()
