"""The feed: what the record gains, told to everybody who listens. One look at the record serves them all.

The feed looks only while somebody listens. Whoever does not keep up is let go, and told so; nobody waits for anybody else.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Self

import msgspec

from runwright import clock
from runwright.compat.event_search import document_of
from runwright.compat.events import TaskRunEvents
from runwright.compat.flow_run_events import FlowRunEvents
from runwright.errors import RunwrightError
from runwright.events import Event
from runwright.received_events import ReceivedEvent
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runwright.store import Store

BEHIND = 10_000
"""How many events a listener may be behind."""

_PAGE = 1_000
_log = logging.getLogger("runwright.server")


class Lagging(Exception):
    """A listener did not keep up: it has to begin again from what it knows."""


class Stopping(Exception):
    """The server stops."""


class News(msgspec.Struct):
    """What one look found: events of the log, events of others, and the documents that event clients read of both."""

    events: list[Event]
    received: list[ReceivedEvent]
    documents: list[dict[str, Any]] = []

    @property
    def size(self) -> int:
        """Return how many events this is."""
        return max(len(self.documents), len(self.events) + len(self.received))


class Listener:
    """One who listens: an async iterator of news, which raises `Lagging` or `Stopping` where it ends."""

    def __init__(self, feed: Feed, *, wants_documents: bool) -> None:
        """Belong to a feed."""
        self.wants_documents = wants_documents
        self._feed = feed
        self._waiting: list[News] = []
        self._behind = 0
        self._woken = asyncio.Event()
        self._end: Exception | None = None

    def hand(self, news: News) -> None:
        """Take news; too many end it."""
        self._behind += news.size
        if self._behind > BEHIND:
            self.end(Lagging())
            return
        self._waiting.append(news)
        self._woken.set()

    def end(self, why: Exception) -> None:
        """Let the iterator raise."""
        self._waiting.clear()
        self._end = why
        self._feed.forget(self)
        self._woken.set()

    async def __aiter__(self) -> AsyncIterator[News]:
        """Yield news as they come."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._waiting:
                news = self._waiting.pop(0)
                yield news
                self._behind -= news.size
            if self._end is not None:
                raise self._end

    async def take(self) -> list[News]:
        """Return all news that wait, as soon as there are any; raises where the iterator would."""
        await self._woken.wait()
        self._woken.clear()
        if self._end is not None:
            raise self._end
        taken, self._waiting, self._behind = self._waiting, [], 0
        return taken

    def __enter__(self) -> Self:
        """Listen until the block ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        self._feed.forget(self)


class Feed:
    """The one who looks. All of it runs in the server's event loop but the reads, which have a thread."""

    def __init__(self, record: Store, seconds: float) -> None:
        """Look every `seconds` while somebody listens."""
        self._record = record
        self._seconds = seconds
        self._listeners: set[Listener] = set()
        self._looking: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hurry = asyncio.Event()
        self._begin = asyncio.Lock()
        self._cursors = 0, 0
        self._builder = TaskRunEvents(record)
        self._flow_runs = FlowRunEvents(record)

    @property
    def listening(self) -> int:
        """Return how many listen."""
        return len(self._listeners)

    async def listen(self, *, wants_documents: bool = False) -> Listener:
        """Return a listener that hears all that is committed from now on."""
        self._loop = asyncio.get_running_loop()
        listener = Listener(self, wants_documents=wants_documents)
        async with self._begin:
            if self._looking is None or self._looking.done():
                self._cursors = await asyncio.to_thread(self._find_end)
                self._builder = await asyncio.to_thread(self._begin_building)
                self._listeners.add(listener)
                self._looking = asyncio.create_task(self._look())
        self._listeners.add(listener)
        return listener

    def forget(self, listener: Listener) -> None:
        """Tell a listener nothing more."""
        self._listeners.discard(listener)

    def hurry(self) -> None:
        """Look at once: something was just written."""
        self._hurry.set()

    def stop(self) -> None:
        """End all listeners; safe from a signal handler."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_all, Stopping())

    def _end_all(self, why: Exception) -> None:
        for listener in tuple(self._listeners):
            listener.end(why)

    async def _look(self) -> None:
        while self._listeners:
            try:
                news = await asyncio.to_thread(self._read, any(each.wants_documents for each in self._listeners))
            except RunwrightError as error:
                _log.error("the feed cannot read the record: %s", error)
                news = News([], [])
            except Exception:
                _log.exception("the feed failed")
                self._end_all(Lagging())
                raise
            if news.size:
                for listener in tuple(self._listeners):
                    listener.hand(news)
            if max(len(news.events), len(news.received)) < _PAGE:
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._hurry.wait()
        except TimeoutError:
            return
        self._hurry.clear()

    def _read(self, wants_documents: bool) -> News:  # noqa: FBT001  handed to a thread
        log, others = self._cursors
        # In this order: whoever sends an event after a run has ended finds it told after the run's last.
        received = self._record.received_events(others, limit=_PAGE)
        events = self._record.events(EventFilter(log, limit=_PAGE))
        documents: list[dict[str, Any]] = []
        if wants_documents:
            now = clock.now()
            documents = [each for event in events for each in self._build(event)]
            if len(events) < _PAGE:  # else what seems to be late may have begun in what is still to be read
                documents += [*self._flow_runs.tell_late(now), *self._builder.tell_late(now)]
            documents += map(document_of, received)
        self._cursors = (
            events[-1].cursor if events else log,
            received[-1].cursor if received else others,
        )
        return News(events, received, documents)

    def _build(self, event: Event) -> list[dict[str, Any]]:
        return (self._builder if event.ordinal else self._flow_runs).build_one(event)

    def _begin_building(self) -> TaskRunEvents:
        builder = TaskRunEvents(self._record)
        rows = self._record.task_runs(TaskRunFilter(states=("Scheduled",)))
        builder.watch(row for row in rows if row.kind.name == "Scheduled")
        self._flow_runs = FlowRunEvents(self._record)
        waiting = self._record.flow_runs(FlowRunFilter(states=("Scheduled",)))
        self._flow_runs.watch(row for row in waiting if row.kind.name == "Scheduled")
        return builder

    def _find_end(self) -> tuple[int, int]:
        events = self._record.events(EventFilter(limit=1, newest_first=True))
        received = self._record.received_events(limit=1, newest_first=True)
        return events[0].cursor if events else 0, received[0].cursor if received else 0
