"""Dask worker: makes the attempts that come to a Dask worker, each on the thread that the worker gives it.

It asks the switchboard before a body begins, and sends each report through it. What an attempt needs is told by `worker`,
the Dask worker; this module knows no Dask.
"""

from __future__ import annotations

import asyncio
import ctypes
import pickle
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.context import activate, deactivate
from runwright.executors.dask_switchboard import INTERRUPT, SAID
from runwright.executors.endings import broken_out, final, unanswered
from runwright.executors.parcels import Unpacked, unreadable_call
from runwright.executors.report_bytes import pack_report
from runwright.runtime import journal
from runwright.runtime.attempt import make_attempt

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from runwright.executor import Report, TaskCall

KEPT = 8
"""Of how many flow runs a worker keeps the tasks."""

_MOMENT = 0.0005
"""Seconds between two looks whether Dask has sent what it was given: it gathers for two milliseconds."""

_lock = threading.Lock()
_unpacking = threading.Lock()  # another one, because it is held while the event loop fetches something
_unpacked: OrderedDict[tuple[str, int], tuple[Unpacked, set[int]]] = OrderedDict()
_threads: dict[str, int] = {}


class Order(NamedTuple):
    """A call on its way: who waits for its reports, the numbers of its enclosures, and its pickle, None if to be fetched."""

    recipient: str
    level: int
    setting: int
    task: int
    ordinal: int
    attempt: int
    body: bytes | None


class Refused(BaseException):
    """The body must not begin: the attempt was stopped, or began on another worker."""


def make(worker: Any, key: str, data: bytes) -> None:
    """Make the attempt that a pickled `Order` asks for; exactly one final report is sent unless it is refused."""
    order = Order(*pickle.loads(data))  # noqa: S301  from the flow's own process, as everything that Dask runs
    worker.stream_handlers.setdefault(INTERRUPT, _interrupt)
    journal.install(order.level)
    maker = _Maker(worker, key, order)
    try:
        call = maker.call()
    except BaseException as error:  # noqa: BLE001  user code inside the values
        maker.report(unreadable_call(order.ordinal, order.attempt, error))
        return
    try:
        with _Interruptible(key):
            make_attempt(call, maker.report)
    except BaseException as error:  # noqa: BLE001  an attempt answers for itself; this is the last resort
        maker.report(final(call, broken_out(error)))
    maker.report(final(call, unanswered()))


class _Maker:
    """One attempt: how it gets its call, and how its reports leave."""

    def __init__(self, worker: Any, key: str, order: Order) -> None:
        self._worker = worker
        self._key = key
        self._order = order
        self._has_begun = False
        self._is_answered = False

    def call(self) -> TaskCall:
        order = self._order
        token = activate({"loading_flow": True})  # what is imported to put calls together must not run flows
        try:
            with _unpacking:
                unpacked, tasks = self._unpacked()
                if order.task not in tasks:
                    unpacked.keep_task(order.task, self._fetch(order.task))
                    tasks.add(order.task)
            body = self._fetch(self._key) if order.body is None else order.body
            return unpacked.call(order.ordinal, order.attempt, body)
        finally:
            deactivate(token)

    def report(self, report: Report) -> None:
        """Send a report; raises `Refused` instead of the first that is not final where the body must not begin."""
        if self._is_answered:
            return
        self._is_answered = report.is_final
        body = pack_report(report)
        order, worker = self._order, self._worker
        if report.is_final or self._has_begun:
            message = {"op": SAID, "recipient": order.recipient, "key": self._key, "body": body}
            worker.loop.add_callback(worker.batched_send, {**message, "is_final": report.is_final})
            return
        self._has_begun = True
        if not self._wait(self._may_begin(body)):
            self._is_answered = True
            raise Refused

    async def _may_begin(self, body: bytes) -> bool:
        """Ask whether the body may begin, once earlier reports have left: a body that ends this process takes none along."""
        worker = self._worker
        while worker.batched_stream.buffer:  # noqa: ASYNC110  Dask has no event for that
            await asyncio.sleep(_MOMENT)
        return await worker.scheduler.runwright_begin(
            recipient=self._order.recipient, key=self._key, address=worker.address, body=body
        )

    def _unpacked(self) -> tuple[Unpacked, set[int]]:
        name = self._order.recipient, self._order.setting
        if name not in _unpacked:
            unpacked = Unpacked()
            unpacked.keep_setting(self._fetch(self._order.setting))
            _unpacked[name] = unpacked, set()
            while len(_unpacked) > KEPT:
                _unpacked.popitem(last=False)
        _unpacked.move_to_end(name)
        return _unpacked[name]

    def _fetch(self, name: int | str) -> bytes:
        found = self._wait(self._worker.scheduler.runwright_enclosure(recipient=self._order.recipient, name=name))
        if found is None:
            raise Refused
        return found

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._worker.loop.asyncio_loop).result()


class _Interruptible:
    """A block that `_interrupt` reaches, and nothing behind it."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        with _lock:
            _threads[self._key] = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        with _lock:
            thread = _threads.pop(self._key, None)
            if thread is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), None)


def _interrupt(key: str, **_: Any) -> None:
    """Raise KeyboardInterrupt in the thread of an attempt, at its next step in Python."""
    with _lock:
        thread = _threads.get(key)
        if thread is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt))
