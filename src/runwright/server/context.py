"""The context of a server: what every surface of it works with."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from runwright.compat.flow_facts import KnownFlows
from runwright.server import limits
from runwright.server.audit import Audit
from runwright.server.auth import ApiKey, Gate
from runwright.server.feed import Feed
from runwright.server.kept_keys import KeptKeys
from runwright.server.problems import Problem
from runwright.server.sessions import Sessions
from runwright.server.state_counts import StateCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from runwright.server.auth import Principal
    from runwright.store import Store
    from runwright.worker import Worker  # noqa: TC004  never decoded: no types are needed at run time

    Result = TypeVar("Result")


class ServerOptions(msgspec.Struct, frozen=True):
    """What a server is told when it starts.

    `keys` are those it accepts, none for an open server on loopback. `hosts` are names it may be called by besides
    `localhost` and addresses; `*` allows any. `poll_seconds` is how long the live tail waits between looks at the record.
    `worker` runs what is created here; without one, flow runs wait for a worker elsewhere.
    """

    keys: tuple[ApiKey, ...] = ()
    hosts: tuple[str, ...] = ()
    poll_seconds: float = 0.1
    worker: Worker | None = None


class ServerContext:
    """What the surfaces of one server share."""

    def __init__(self, record: Store, options: ServerOptions) -> None:
        """Hold the record and what the server was told."""
        self.record = record
        self.options = options
        self.kept_keys = KeptKeys(record)
        self.audit = Audit(record)
        self.gate = Gate(options.keys, kept=self.kept_keys)
        self.sessions = Sessions()
        self.feed = Feed(record, options.poll_seconds)
        self.state_counts = StateCounts(record)
        self.flows = KnownFlows(record)
        self._connections: Counter[str] = Counter()

    def run(self, flow_run: UUID) -> None:
        """Have a flow run that is on record run now, where this server has a worker."""
        if self.options.worker is not None:
            self.options.worker.take(flow_run)

    @staticmethod
    async def in_thread(call: Callable[..., Result], *arguments: Any) -> Result:
        """Return what a call returns that reads or writes the record, made in a thread of its own."""
        return await asyncio.to_thread(call, *arguments)

    @contextmanager
    def connected(self, principal: Principal) -> Iterator[None]:
        """Count a websocket while it is open; raises `Problem` 429 when its principal has too many."""
        if self._connections[principal.name] >= limits.SOCKETS:
            raise Problem(429, f"{principal.name} has {limits.SOCKETS} connections already.")
        self._connections[principal.name] += 1
        try:
            yield
        finally:
            self._connections[principal.name] -= 1

    def stop(self) -> None:
        """Tell live streams to end; safe from a signal handler."""
        self.feed.stop()
