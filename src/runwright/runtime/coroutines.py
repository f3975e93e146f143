"""Coroutines: the lane of tasks whose body is `async def`: one event loop for each flow run, beside its executor."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from runwright.runtime.attempt import make_attempt_async

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runwright.executor import Report, TaskCall


class CoroutineLane:
    """An executor that runs attempts as coroutines of one event loop in a thread of its own."""

    slots = 1_000

    def __init__(self) -> None:
        """Start nothing yet."""
        self._loop = asyncio.new_event_loop()
        self._tasks: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="runwright-coroutines", daemon=True)
        self._report: Callable[[Report], None] | None = None

    def start(self, report: Callable[[Report], None]) -> None:
        """Start the event loop."""
        self._report = report
        self._thread.start()

    def submit(self, calls: Sequence[TaskCall]) -> None:
        """Run each call as a coroutine."""
        for call in calls:
            self._loop.call_soon_threadsafe(self._open, call)

    def kill(self, ordinal: int, attempt: int) -> bool:
        """Cancel a coroutine; its attempt then ends as its cancellation says."""
        self._loop.call_soon_threadsafe(self._cancel, (ordinal, attempt))
        return True

    def stop(self) -> None:
        """Cancel what still runs and close the loop; one that never started is only closed."""
        if not self._thread.is_alive():
            self._loop.close()
            return
        asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _open(self, call: TaskCall) -> None:
        if self._report is None:
            raise RuntimeError("The lane was not started.")
        key = call.ordinal, call.attempt
        task = self._loop.create_task(make_attempt_async(call, self._report))
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._tasks.pop(key, None))

    def _cancel(self, key: tuple[int, int]) -> None:
        """Cancel what was submitted before; not before its first step, which would leave it without a report."""
        task = self._tasks.get(key)
        if task is not None:
            self._loop.call_soon(task.cancel)

    async def _cancel_all(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
