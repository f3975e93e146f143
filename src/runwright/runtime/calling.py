"""Calling: how a task's body is called: in time, as a coroutine where it is one, its output logged where it asks for it.

What the body returns or raises is what the caller gets; what becomes of it is the task runner's business.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from runwright.runtime import journal
from runwright.runtime.timeouts import TaskTimeout, call_within


def call_task(task: Any, kwargs: dict[str, Any]) -> Any:
    """Return `task.run(**kwargs)`; raises `TaskTimeout` when it takes longer than the task allows."""
    if task.is_async:
        import asyncio  # noqa: PLC0415  only a coroutine called outside of a flow run comes here

        return asyncio.run(await_task(task, kwargs))
    if task.log_stdout:
        with journal.log_stdout(task.logger):
            return call_within(task.timeout, task.run, kwargs)
    return task.run(**kwargs) if task.timeout is None else call_within(task.timeout, task.run, kwargs)


async def await_task(task: Any, kwargs: dict[str, Any]) -> Any:
    """Return what the coroutine `task.run(**kwargs)` does, on the current event loop; raises as `call_task`."""
    import asyncio  # noqa: PLC0415  only flows with async tasks pay for it

    limit = asyncio.timeout(task.timeout)
    try:
        async with limit:
            with journal.log_stdout(task.logger) if task.log_stdout else nullcontext():
                return await task.run(**kwargs)
    except TimeoutError as late:
        if limit.expired():
            raise TaskTimeout("Task timed out during execution.") from late
        raise
