"""Dispatch: the calls that one flow run has on a Dask cluster, and what is heard of them. It sees that each is answered.

Everything but `submit`, `kill` and `stop` happens on the client's event loop. What has gathered there while it was busy is
handed to Dask as one graph.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import time
from collections import defaultdict, deque
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from runwright.executors.dask_switchboard import TOPIC
from runwright.executors.dask_worker import Order
from runwright.executors.endings import crashed, final, stopped, timed_out
from runwright.executors.report_bytes import unpack_report
from runwright.states import Crashed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runwright.executor import Report, TaskCall
    from runwright.executors.parcels import Parcel
    from runwright.states import State

    Mapper = Callable[[list[bytes], list[str], dict[str, float]], list[Any]]

DESERTED = 60.0
"""Seconds that a cluster of fixed size may be without any worker before what is open is given up."""

TICK = 0.5
"""Seconds between looks at deadlines and at the connection to the scheduler."""

RESENT = 3
"""How often a call is handed in again whose worker was lost before its body began."""

BIG = 16 * 1024
"""The size of a call, in bytes, above which it does not travel in Dask's graph."""

MOST = 500
"""How many calls to hand in at once: small enough a graph for Dask not to warn of it, big enough to amortise."""

FAREWELL = 5.0
"""Seconds that the scheduler has to answer when the flow run lets go of its calls."""


class Entry:
    """A call in the dispatch's hands.

    `has_begun` says that its body is reported running, `ending` is how it ends when it is being stopped, and `is_settled`
    says that Dask had done with it at the last look.
    """

    __slots__ = (
        "call",
        "deadline",
        "ending",
        "future",
        "has_begun",
        "is_settled",
        "key",
        "losses",
        "parcel",
        "resources",
    )

    def __init__(self, call: TaskCall, parcel: Parcel, resources: dict[str, float]) -> None:
        """Wait to be handed in."""
        self.call = call
        self.parcel = parcel
        self.resources = resources
        self.has_begun = False
        self.deadline: float | None = None
        self.ending: Callable[[bool], State] | None = None
        self.is_settled = False
        self.future: Any = None
        self.losses = 0
        self.key = ""


class Dispatch:
    """Hands calls to the cluster of `client` with `mapper`, and gives every report to `report`, on the loop's thread."""

    def __init__(
        self,
        client: Any,
        mapper: Mapper,
        report: Callable[[Report], None],
        *,
        grace: float,
        interrupt: bool,
        waits_for_workers: bool,
        threads: int,
    ) -> None:
        """Hear of attempts from now on; `waits_for_workers` says that more may come where there are none.

        `threads` is how many the workers have; it follows the cluster while attempts are open.
        """
        self.threads = threads
        self._client = client
        self._comm = client.scheduler_comm
        self._mapper = mapper
        self._report = report
        self._grace = grace
        self._interrupt = interrupt
        self._waits_for_workers = waits_for_workers
        self._level = logging.getLogger("runwright").level or logging.INFO
        self._open: dict[tuple[int, int], Entry] = {}
        self._keys: dict[str, Entry] = {}
        self._waiting: deque[Entry] = deque()
        self._enclosed: set[int] = set()
        self._is_woken = False
        self._is_flushing = False
        self._is_stopped = False
        self._lost = ""
        client.subscribe_topic(TOPIC, self._hear)
        client.loop.add_callback(self._watch)

    # ---- from any thread

    def submit(self, entries: list[Entry]) -> None:
        """Take calls to be made."""
        for entry in entries:
            self._open[entry.call.ordinal, entry.call.attempt] = entry
        self._waiting.extend(entries)
        if not self._is_woken:
            self._is_woken = True
            self._client.loop.add_callback(self._flush)

    def kill(self, ordinal: int, attempt: int) -> bool:
        """End an attempt, or see to it that it never begins; False when it is not here."""
        entry = self._open.get((ordinal, attempt))
        if entry is not None:
            self._client.loop.add_callback(self._stop, [entry], "The attempt was killed.")
        return entry is not None

    def stop(self) -> None:
        """End what is open; nothing is reported afterwards."""
        self._is_stopped = True
        loop = self._client.loop.asyncio_loop
        if self._lost or not loop.is_running():
            self._lose(self._lost or "The Dask client was closed.")
            return
        try:
            asyncio.run_coroutine_threadsafe(self._stop_all(), loop).result(2 * FAREWELL)
        except (TimeoutError, CancelledError):
            self._lose("The Dask client did not answer when the executor was stopped.")

    # ---- handing in

    async def _flush(self) -> None:
        self._is_woken = False  # first, so that nothing that comes from here on is overlooked
        if self._is_flushing:
            return  # one at a time: calls must not overtake their enclosures
        self._is_flushing = True
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                await self._hand_in_or_refuse([entry for entry in batch if self._is_open(entry)])
        finally:
            self._is_flushing = False

    async def _hand_in_or_refuse(self, batch: list[Entry]) -> None:
        try:
            await self._hand_in(batch)
        except BaseException as error:  # whatever Dask raises, every call is answered
            self._refuse(batch, f"The call cannot be handed to the Dask cluster: {type(error).__name__}: {error}")
            if not isinstance(error, Exception):
                raise

    async def _hand_in(self, batch: list[Entry]) -> None:
        if self._lost:
            self._refuse(batch, self._lost)
            return
        for entry in batch:
            entry.key = _key_of(entry.call)
            self._keys[entry.key] = entry
        await self._enclose(batch)
        alike: dict[tuple[tuple[str, float], ...], list[Entry]] = defaultdict(list)
        for entry in batch:
            if self._is_open(entry):
                alike[tuple(sorted(entry.resources.items()))].append(entry)
        for resources, entries in alike.items():
            orders = [self._order(entry) for entry in entries]
            futures = self._mapper(orders, [entry.key for entry in entries], dict(resources))
            for entry, future in zip(entries, futures, strict=True):
                entry.future = future

    async def _enclose(self, batch: list[Entry]) -> None:
        """Leave with the scheduler what the workers will fetch: what is common, and bodies too big for a graph."""
        enclosures: dict[int | str, bytes] = {}
        for entry in batch:
            for each in (entry.parcel.setting, entry.parcel.task):
                if each.number not in self._enclosed:
                    enclosures[each.number] = each.body
                    self._enclosed.add(each.number)
            if len(entry.parcel.body) > BIG:
                enclosures[entry.key] = entry.parcel.body
        if enclosures:
            await self._client.scheduler.runwright_enclose(recipient=self._client.id, enclosures=enclosures)

    def _order(self, entry: Entry) -> bytes:
        setting, task, body = entry.parcel
        call = entry.call
        order = Order(
            self._client.id,
            self._level,
            setting.number,
            task.number,
            call.ordinal,
            call.attempt,
            body if len(body) <= BIG else None,
        )
        return pickle.dumps(tuple(order), pickle.HIGHEST_PROTOCOL)

    def _refuse(self, batch: Iterable[Entry], why: str) -> None:
        for entry in batch:
            self._finish(entry, crashed(why))

    # ---- hearing

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        said = event[1]
        if said["key"] is None:
            self._refuse(list(self._keys.values()), f"The attempt is lost: {said['gone']}.")
            return
        entry = self._keys.get(said["key"])
        if entry is None or not self._is_open(entry):
            return
        if "gone" in said:
            self._lament(entry, said["gone"])
            return
        is_final = said.get("is_final", False)
        call = entry.call
        report = unpack_report(call.ordinal, call.attempt, said["body"], is_final=is_final)
        if is_final:
            if not self._close(entry):
                return
            if entry.ending is not None and report is not None and _is_interrupted(report):
                report.state = entry.ending(True)  # noqa: FBT003  its body had begun
        else:
            entry.has_begun = True
            if call.timeout is not None:
                entry.deadline = time.monotonic() + call.timeout + self._grace
        if report is not None:
            self._report(report)

    def _lament(self, entry: Entry, why: str) -> None:
        """Answer for a call that Dask has given up; one whose body had not begun is handed in again."""
        if entry.has_begun:
            self._finish(entry, crashed(f"The Dask worker that ran the attempt is gone: {why}."))
        elif entry.losses >= RESENT:
            self._finish(entry, crashed(f"Dask gave the call up before its body began: {why}."))
        else:
            entry.losses += 1
            self._keys.pop(entry.key, None)
            entry.future, entry.is_settled = None, False
            self.submit([entry])

    def _is_open(self, entry: Entry) -> bool:
        return self._open.get((entry.call.ordinal, entry.call.attempt)) is entry

    def _close(self, entry: Entry) -> bool:
        """Let go of a call; False when somebody has answered it already."""
        if not self._is_open(entry) or self._open.pop((entry.call.ordinal, entry.call.attempt), None) is None:
            return False
        self._keys.pop(entry.key, None)
        future, entry.future = entry.future, None
        if future is not None:
            future.release()
        return True

    def _finish(self, entry: Entry, state: State) -> None:
        if self._close(entry):
            self._report(final(entry.call, state))

    # ---- ending

    async def _stop(self, entries: list[Entry], message: str, state: Callable[[], State] | None = None) -> None:
        """End attempts: as `state` says, or as Killed where the body had begun, else Cancelled.

        They are answered here when the scheduler has, or had its time, whatever their workers do; by then some have
        answered themselves.
        """

        def ending(has_begun: bool) -> State:  # noqa: FBT001  passed on by its one caller
            return state() if state else stopped(message, has_begun=has_begun)

        entries = [entry for entry in entries if self._is_open(entry)]
        for entry in entries:
            entry.ending = ending
        keys = [entry.key for entry in entries if entry.key]
        begun: dict[str, str | None] = {}
        try:
            if keys and not self._lost:
                told = self._client.scheduler.runwright_stop(
                    recipient=self._client.id, keys=keys, interrupt=self._interrupt
                )
                begun = await asyncio.wait_for(told, FAREWELL)
        except Exception as error:  # noqa: BLE001  the attempt is over all the same
            message = f"{message} Its Dask worker could not be told ({type(error).__name__}) and may still run it."
        finally:
            for entry in entries:
                self._finish(entry, ending(entry.has_begun or begun.get(entry.key) is not None))

    async def _stop_all(self) -> None:
        await self._stop(list(self._open.values()), "The executor was stopped.")
        self._client.unsubscribe_topic(TOPIC)

    async def _watch(self) -> None:
        """Notice deadlines that have passed, lost answers, a scheduler that is gone, and a cluster that all have left."""
        deserted_since: float | None = None
        while not self._is_stopped:
            now = time.monotonic()
            if not self._is_connected():
                self._lose("The connection to the Dask scheduler is lost: what ran there is lost too.")
                return
            for entry in [each for each in self._keys.values() if each.deadline is not None and each.deadline <= now]:
                await self._stop([entry], "", timed_out)
            self._look_for_lost_answers()
            threads = await self._count_threads() if self._open else 0
            self.threads = threads or self.threads
            if self._waits_for_workers or not self._open or threads:
                deserted_since = None
            elif now - (deserted_since := deserted_since or now) > DESERTED:
                self._lose(f"The Dask cluster has had no worker for {DESERTED:.0f} seconds; see its log.")
                return
            await asyncio.sleep(TICK)

    def _is_connected(self) -> bool:
        """Say whether the connection is the first one: with another, the scheduler has forgotten what it was told."""
        client = self._client
        return client.status in {"running", "newly-created"} and client.scheduler_comm is self._comm

    def _look_for_lost_answers(self) -> None:
        """Answer for calls that Dask had done with at the last look already: a report comes before that, or never."""
        for entry in list(self._keys.values()):
            status = "pending" if entry.future is None else entry.future.status
            if status == "pending":
                continue
            if entry.is_settled:
                self._lament(entry, f"Dask holds it for {status}, and its report has not come")
            entry.is_settled = True

    async def _count_threads(self) -> int:
        try:
            return await self._client.scheduler.runwright_threads()
        except Exception:  # noqa: BLE001  a lost connection is noticed by its status
            return 0

    def _lose(self, why: str) -> None:
        self._lost = why
        self._refuse(list(self._open.values()), why)


def _is_interrupted(report: Report) -> bool:
    return report.is_cut_short and isinstance(report.state, Crashed)


def _key_of(call: TaskCall) -> str:
    index = call.map_index
    child = "" if index is None or index < 0 else f"-{index}"
    return f"{call.task.name}{child}-{uuid4().hex}"
