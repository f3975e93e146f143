"""Event sockets: programs send events on one, and are told events on the other: stored ones first, then those that come.

Every event is told once, those of one task run in their order. A client that does not read fast enough is let go with code
1013 and begins again from the last event it knows.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.websockets import WebSocketDisconnect

from runwright import clock, decoding
from runwright.compat.event_filter import EventFilter
from runwright.compat.event_search import EventSearch
from runwright.compat.sent_event import SentEvent
from runwright.errors import RunwrightError
from runwright.server import event_intake, sockets
from runwright.server.auth import Role
from runwright.server.feed import Lagging, Stopping
from runwright.server.problems import Problem
from runwright.server.sockets import Closing, Connection, message_from

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.websockets import WebSocket

    from runwright.server.context import ServerContext
    from runwright.server.feed import Listener

BACK = timedelta(minutes=15)
"""How far back a client is told stored events."""

RECHECK_SECONDS = 15.0
"""How long somebody whose key was revoked stays connected, at most."""

_FOR_EVER = timedelta(days=36_500)
_PAGE = 250
_WAITING = 1_000
_SEND_SECONDS = 30.0


class Subscription(msgspec.Struct):
    """The second message of a client that wants events."""

    type: str = ""
    filter: EventFilter = msgspec.field(default_factory=EventFilter)
    backfill: bool = True


class EventSockets:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Serve the record of a context."""
        self._context = context

    async def receive(self, socket: WebSocket) -> None:
        """Keep the events that a program sends, many in one commit."""
        await self._serve(socket, Role.AUTHOR, self._receive_all)

    async def send(self, socket: WebSocket) -> None:
        """Tell events that a filter asks for, until the client goes."""
        await self._serve(socket, Role.VIEWER, self._send_all)

    async def _serve(self, socket: WebSocket, role: Role, talk: Callable[[Connection], Awaitable[None]]) -> None:
        try:
            connection = await sockets.let_in(socket, self._context, role)
            with self._context.connected(connection.principal):
                await _first_to_end(talk(connection), self._until_unknown(connection))
        except WebSocketDisconnect:
            return
        except Closing as end:
            await sockets.close(socket, end.code, end.reason)
        except Stopping:
            await sockets.close(socket, sockets.GOING, "The server stops.")
        except Problem as problem:
            await sockets.close(socket, sockets.POLICY, Closing(0, problem.message).reason)
        except (Lagging, TimeoutError):
            await sockets.close(socket, sockets.LATER, "Too slow: begin again from the last event.")
        except RunwrightError:
            await sockets.close(socket, sockets.LATER, "The record cannot be used now.")

    async def _until_unknown(self, connection: Connection) -> None:
        """End when the key of a client was revoked, has expired, or may do something else than it did."""
        while self._context.gate.knows(connection.principal):  # noqa: ASYNC110  nothing tells of a key's end
            await asyncio.sleep(RECHECK_SECONDS)
        raise Closing(sockets.POLICY, "The key is not known any more.")

    async def _receive_all(self, connection: Connection) -> None:
        waiting: asyncio.Queue[SentEvent | None] = asyncio.Queue(_WAITING)
        hearing = asyncio.create_task(_hear_all(connection, waiting))
        try:
            while batch := await _batch_from(waiting):
                await self._context.in_thread(event_intake.keep_each, self._context, batch)
                self._context.feed.hurry()
            await hearing
        finally:
            hearing.cancel()

    async def _send_all(self, connection: Connection) -> None:
        wanted = await connection.hear(Subscription)
        if wanted.type != "filter":
            raise Closing(sockets.PROTOCOL, "Expected 'filter' message")
        which = wanted.filter
        now = clock.utcnow()
        which.order = "ASC"
        which.occurred.until = which.occurred.until or now + _FOR_EVER
        which.resolve(now, since=now - BACK)
        with await self._context.feed.listen(wants_documents=True) as listener:
            told = await self._tell_stored(connection, which) if wanted.backfill else set[str]()
            await _first_to_end(_until_gone(connection), _tell_news(connection, which, listener, told))

    async def _tell_stored(self, connection: Connection, which: EventFilter) -> set[str]:
        """Send the stored events, in the order in which they were recorded; returns their ids."""
        search = EventSearch(self._context.record)
        found = await self._context.in_thread(search.find_in_order, which)
        told: set[str] = set()
        for start in range(0, len(found), _PAGE):
            for document in await self._context.in_thread(search.documents, found[start : start + _PAGE]):
                told.add(document["id"])
                await _tell(connection, document)
        return told


async def _tell_news(connection: Connection, which: EventFilter, listener: Listener, told: set[str]) -> None:
    since, until = which.occurred.since, which.occurred.until
    async for news in listener:
        for document in news.documents:
            if document["id"] in told:
                told.discard(document["id"])
            elif _is_between(document, since, until) and which.matches(document):
                await _tell(connection, document)


def _is_between(document: dict[str, Any], since: Any, until: Any) -> bool:
    occurred = decoding.from_plain(document["occurred"], type(since))
    return since <= occurred <= until


async def _tell(connection: Connection, document: dict[str, Any]) -> None:
    async with asyncio.timeout(_SEND_SECONDS):
        await connection.tell({"type": "event", "event": document})


async def _until_gone(connection: Connection) -> None:
    while True:
        await sockets.receive_text(connection.socket)


async def _hear_all(connection: Connection, waiting: asyncio.Queue[SentEvent | None]) -> None:
    """Put what the client sends where it waits; the queue is short, so a client that is too fast waits too."""
    try:
        while True:
            text = await sockets.receive_text(connection.socket)
            await waiting.put(message_from(text, SentEvent))
    finally:
        await waiting.put(None)


async def _batch_from(waiting: asyncio.Queue[SentEvent | None]) -> list[SentEvent]:
    """Return all that waits, at least one; nothing at the end."""
    batch = [await waiting.get()]
    while not waiting.empty() and batch[-1] is not None:
        batch.append(waiting.get_nowait())
    if batch[-1] is None and len(batch) > 1:
        waiting.put_nowait(None)
    return [each for each in batch if each is not None]


async def _first_to_end(*coroutines: Any) -> None:
    """Run until one ends, end the others, and raise what ended the first."""
    tasks = [asyncio.ensure_future(each) for each in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.wait(tasks)
    for each in done:
        each.result()
