"""Interrupts: Ctrl-C while a flow runs. The first one cancels the flow run in order, the second one is not held back.

A signal arrives between any two instructions. It may break off the body of a task, but never the runner's own bookkeeping:
the handler looks at the stack to tell one from the other.
"""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Self

from runwright.runtime import approval
from runwright.runtime.task_runner import TaskRunner

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

_BODIES = {
    TaskRunner._call_task.__code__,  # noqa: SLF001  the frame of user code
    approval.ask.__code__,  # waits for a person, who may not want to answer
}


class Interrupts:
    """Counts SIGINT inside a `with` block of the main thread and calls `wake`; in other threads it does nothing."""

    def __init__(self, wake: Callable[[], object]) -> None:
        """Count from zero."""
        self.count = 0
        self._wake = wake
        self._before: Any = None

    def __enter__(self) -> Self:
        """Start to count, unless the program handles the signal itself."""
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signal back to who had it."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _take(self, _: int, frame: FrameType | None) -> None:
        self.count += 1
        self._wake()
        if self.count > 1 or _is_in_body(frame):
            raise KeyboardInterrupt


def _is_in_body(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code in _BODIES:
            return True
        frame = frame.f_back
    return False
