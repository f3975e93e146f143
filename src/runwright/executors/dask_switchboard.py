"""Switchboard: what Runwright adds to a Dask scheduler: reports pass through it, and no attempt begins twice.

Dask runs a task again when its worker is lost. That is right for a call that waited there, and wrong for one whose body
had begun: how its task run goes on is for its retry policy. So a worker asks here before a body begins. It also holds the
parcels' enclosures, which each worker fetches once. Everything here happens on the scheduler's event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

from runwright.executors.endings import GRACE

if TYPE_CHECKING:
    from collections.abc import Awaitable

TOPIC = "runwright"
"""The topic under which clients hear of their attempts."""

INTERRUPT = "runwright-interrupt"
"""The message that tells a worker to interrupt the attempt of a key."""

SAID = "runwright-said"
"""The message in which a worker passes on a report."""

KILL_TIME = 1.0
"""Seconds that a nanny gives its worker to end by itself."""


PATIENCE = 10.0
"""Seconds that a nanny has to answer; one whose worker is just starting waits for it first."""


class _Run:
    """What one client has handed in: enclosures by number, big calls by key, and the keys that must not begin any more."""

    def __init__(self) -> None:
        self.enclosures: dict[int | str, bytes] = {}
        self.stopped: set[str] = set()


class Switchboard:
    """The scheduler's part of an executor. `connect` it to a scheduler; clients and workers then call its operations."""

    def connect(self, scheduler: Any) -> None:
        """Let the scheduler answer the operations below."""
        self._scheduler = scheduler
        self._runs: dict[str, _Run] = {}
        self._begun: dict[str, tuple[str, str]] = {}
        self._doomed: dict[str, asyncio.Event] = {}
        self._chores: set[asyncio.Task[None]] = set()
        scheduler.handlers["runwright_enclose"] = self.enclose
        scheduler.handlers["runwright_enclosure"] = self.enclosure
        scheduler.handlers["runwright_begin"] = self.begin
        scheduler.handlers["runwright_stop"] = self.stop
        scheduler.handlers["runwright_threads"] = self.count_threads
        scheduler.stream_handlers[SAID] = self.said

    # ---- for clients

    def enclose(self, recipient: str, enclosures: dict[int | str, bytes]) -> None:
        """Keep what the calls that come next have in common, and those that are too big to travel otherwise."""
        self._runs.setdefault(recipient, _Run()).enclosures.update(enclosures)

    def stop(self, recipient: str, keys: list[str], *, interrupt: bool = True) -> dict[str, str | None]:
        """Let none of these begin and interrupt those that have; returns the address of the worker for each, or None."""
        self._runs.setdefault(recipient, _Run()).stopped.update(keys)
        for key in keys:
            self._drop(recipient, key)
        places = {key: self._begun[key][1] if key in self._begun else None for key in keys}
        if interrupt:
            for key, address in places.items():
                if address is not None:
                    self._end(key, address)
        return places

    def count_threads(self) -> int:
        """Return how many threads all workers have: so many attempts run at once."""
        return self._scheduler.total_nthreads

    # ---- for workers

    def enclosure(self, recipient: str, name: int | str) -> bytes | None:
        """Return an enclosure, or the call of a key; None when its client is gone or has stopped it."""
        run = self._runs.get(recipient)
        return None if run is None else run.enclosures.get(name)

    def begin(self, recipient: str, key: str, address: str, body: bytes) -> bool | Awaitable[bool]:
        """Pass on that a body begins; False when it must not: it was stopped, or began elsewhere before.

        On a worker that is being killed none begins: what waits there is answered when that has failed, and otherwise goes on
        elsewhere.
        """
        if address in self._doomed:
            return self._begin_if_spared(recipient, key, address, body)
        return self._begin(recipient, key, address, body)

    async def _begin_if_spared(self, recipient: str, key: str, address: str, body: bytes) -> bool:
        while address in self._doomed:
            await self._doomed[address].wait()
        return address in self._scheduler.workers and self._begin(recipient, key, address, body)

    def _begin(self, recipient: str, key: str, address: str, body: bytes) -> bool:
        run, task = self._runs.get(recipient), self._scheduler.tasks.get(key)
        if run is None or task is None or key in run.stopped:
            return False
        if key in self._begun:
            self._give_up(key, "the attempt had begun on a worker that left")
            return False
        self._begun[key] = recipient, address
        task.suspicious = self._scheduler.allowed_failures  # so that the loss of this worker is final for this call
        self._tell(recipient, key, body=body)
        return True

    def said(self, recipient: str, key: str, body: bytes, *, is_final: bool, worker: str = "") -> None:
        """Pass on a report."""
        if is_final:
            self._begun.pop(key, None)
            self._drop(recipient, key)
        self._tell(recipient, key, body=body, is_final=is_final)

    # ---- what happens to the scheduler

    def note_failure(self, key: str) -> None:
        """Tell those who wait for a key that Dask has given it up."""
        task = self._scheduler.tasks.get(key)
        if task is None:
            return
        self._begun.pop(key, None)
        text = task.exception_text or ""
        for client in list(task.who_wants or ()):
            if client.client_key in self._runs:
                self._drop(client.client_key, key)
                self._tell(client.client_key, key, gone=text or "its worker was lost")

    def note_departure(self, address: str) -> None:
        """Tell those whose attempts had begun on a worker that has left; Dask hands their calls to another one."""
        for key, (_, place) in list(self._begun.items()):
            if place == address:
                self._give_up(key, "it has left the cluster")

    def note_restart(self) -> None:
        """Tell everybody that all tasks are gone."""
        self._begun.clear()
        for recipient in self._runs:
            self._tell(recipient, None, gone="the Dask cluster was restarted")

    def forget_client(self, client: str) -> None:
        """Drop what a client had handed in, and end what still runs for it."""
        if self._runs.pop(client, None) is not None:
            for key, (recipient, address) in list(self._begun.items()):
                if recipient == client:
                    self._end(key, address)

    # ---- its own

    def _tell(self, recipient: str, key: str | None, **said: Any) -> None:
        event = {"op": "event", "topic": TOPIC, "event": (time.time(), {"key": key, **said})}
        self._scheduler.send_all({recipient: [event]}, {})

    def _drop(self, recipient: str, key: str) -> None:
        run = self._runs.get(recipient)
        if run is not None:
            run.enclosures.pop(key, None)

    def _give_up(self, key: str, why: str) -> None:
        begun = self._begun.pop(key, None)
        if begun is not None:
            recipient, _ = begun
            if recipient in self._runs:
                self._runs[recipient].stopped.add(key)
            self._tell(recipient, key, gone=why)

    def _end(self, key: str, address: str) -> None:
        if address in self._scheduler.workers:
            self._scheduler.worker_send(address, {"op": INTERRUPT, "key": key})
            chore = asyncio.ensure_future(self._make_room(key, address))
            self._chores.add(chore)
            chore.add_done_callback(self._chores.discard)

    async def _make_room(self, key: str, address: str) -> None:
        """Have the worker of an attempt killed that nothing interrupts, if it makes no other and will be replaced."""
        await asyncio.sleep(GRACE)
        worker = self._scheduler.workers.get(address)
        if worker is not None and key == self._last_begun(address) and worker.nanny and worker.nthreads == 1:
            await self._kill(address, worker.nanny)
        self._begun.pop(key, None)

    def _last_begun(self, address: str) -> str | None:
        """Return what began last on a worker and has not answered: with one thread, all that began before it is over.

        None on a worker that is being killed.
        """
        if address in self._doomed:
            return None
        return next((key for key, (_, place) in reversed(self._begun.items()) if place == address), None)

    async def _kill(self, address: str, nanny: str) -> None:
        """Have a worker killed; nothing begins there meanwhile, because what does would die with it."""
        over = self._doomed[address] = asyncio.Event()
        try:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                await asyncio.wait_for(
                    self._scheduler.rpc(nanny).kill(timeout=KILL_TIME, reason="runwright-kill"), PATIENCE
                )
        finally:
            del self._doomed[address]
            over.set()
