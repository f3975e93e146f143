"""Processes: attempts run side by side in worker processes, so that nothing a task does can take the flow run down.

Workers are started as programs of their own and not by forking: a script needs no guard around its main part, and no
thread or lock of this process is copied. They start with the first calls and stay until `stop`.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from runwright.errors import ExecutorError, UnpicklableCall
from runwright.executors.endings import GRACE, final
from runwright.executors.parcels import Packer
from runwright.executors.pickles import dumps, look_at
from runwright.executors.process_pool import Pool
from runwright.executors.process_worker import Entry
from runwright.executors.slots import processors
from runwright.states import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runwright.executor import Report, TaskCall

    Attempt = Callable[[TaskCall, Callable[[Report], None]], None]


class ProcessExecutor:
    """Runs up to `slots` attempts at once, by default as many as there are processors.

    Tasks, inputs and results travel between processes: what cannot be pickled fails with a message that names it. A
    worker that dies ends the one attempt it was making as Crashed and is replaced. A timeout counts from the report of
    Running, anew for each turn of a loop, and includes the storing of the result; `grace` seconds later the worker is
    killed, with every process that it started.
    """

    def __init__(self, slots: int | None = None, *, attempt: Attempt | None = None, grace: float = GRACE) -> None:
        """Start nothing yet; `attempt` is what makes one attempt in a worker, None for the usual pipeline."""
        self.slots = slots or processors()
        self.grace = grace
        self._attempt = attempt
        self._packer = Packer()
        self._pool: Pool | None = None
        self._report: Callable[[Report], None]

    def start(self, report: Callable[[Report], None]) -> None:
        """Remember where reports go; raises `ExecutorError` where there is no way to start workers."""
        if self._pool is not None:
            raise ExecutorError(
                "This executor runs a flow already: give each flow run at the same time its own executor."
            )
        if os.name != "posix" or not sys.executable:
            raise ExecutorError("Worker processes need a POSIX system and a Python to start: use executor='threads'.")
        look_at([self._attempt])
        level = logging.getLogger("runwright").level or logging.INFO
        self._report = report
        self._packer = Packer()
        self._pool = Pool(
            self.slots,
            report,
            dumps((level, self._attempt)),
            directory=os.getcwd(),  # noqa: PTH109  text goes to the workers
            grace=self.grace,
        )

    def submit(self, calls: Sequence[TaskCall]) -> None:
        """Send the calls to workers; what cannot be sent is Failed with `UnpicklableCall` before this returns."""
        pool = self._pool
        if pool is None:
            raise ExecutorError("The executor is not started: call start(report) before submit.")
        entries: list[Entry] = []
        for call in calls:
            try:
                entries.append(Entry(call, self._packer.pack(call)))
            except UnpicklableCall as refused:
                self._report(final(call, Failed(str(refused), result=refused)))
        if entries:
            pool.submit(entries)

    def kill(self, ordinal: int, attempt: int) -> bool:
        """Kill the worker that makes the attempt, and report Killed; Cancelled where it has not begun."""
        return self._pool is not None and self._pool.kill((ordinal, attempt))

    def stop(self) -> None:
        """Kill what still runs, answer what still waits, and end every worker."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as it was made, running nothing."""
        return functools.partial(type(self), self.slots, attempt=self._attempt, grace=self.grace), ()
