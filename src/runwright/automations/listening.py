"""Listening: the automations of one record hear its events, in their order, each from where it has come to.

What fires is put on record before how far was listened, under a name that follows from the automation and from what fired: whoever
listens to the same once more, after a crash or beside us, finds it there. What is done then is `runwright.automations.acting`'s.
"""

from __future__ import annotations

import heapq
import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgspec
from msgspec.structs import replace

from runwright import clock, decoding
from runwright.automations.automation import DONE, OPEN, STANDING, Automation, Automations, Since
from runwright.automations.evaluation import Firing, Standing, begun, elapse, is_named, names_of, offer
from runwright.cards import Card
from runwright.compat.event_search import EventSearch, document_of
from runwright.views import EventFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.compat.event_search import Found
    from runwright.store import Store

GRACE = clock.NANOSECONDS
"""How long (ns) after its time something is found not to have come: it may just have been on its way."""
AT_LEAST_EVERY = 5 * clock.NANOSECONDS
"""How long (ns) it may be known to this process only how far was listened, while nothing is counted."""

_PAGE = 1_000
_logger = logging.getLogger("runwright.Automations")


class Progress(msgspec.Struct):
    """How far one automation has come: `log` and `received` are the last cursors it heard, `late` the last overdue time (ns)."""

    since: Since
    log: int
    received: int
    late: int
    standing: Standing


class Pending(msgspec.Struct):
    """A firing whose actions are to be done: `done` of them are, and until `until` (ns) `owner` is at it."""

    automation: Automation
    firing: Firing
    done: int = 0
    owner: str = ""
    until: int = 0


class Listener:
    """One automation that listens."""

    def __init__(self, record: Store, automation: Automation) -> None:
        """Go on from where the record says, or begin where the automation does."""
        self.automation = automation
        self.trigger = automation.declared.trigger
        self.names = names_of(self.trigger)
        self._record = record
        self._card = record.find_card(STANDING, str(automation.id)) or Card(STANDING, str(automation.id))
        known = decoding.from_plain(self._card.data, Progress) if self._card.version else None
        since = automation.since
        if known is None or known.since != since:
            known = Progress(since, since.log, since.received, since.at, begun(self.trigger, since.at))
        self.progress = known
        self._firings: list[Firing] = []
        self._is_dirty = False
        self._kept_at = 0

    def wants(self, name: str) -> bool:
        """Say whether an event of a name can matter."""
        return self.names is None or is_named(name, self.names)

    def hear(self, document: dict[str, Any]) -> None:
        """Take an event."""
        is_own = document["resource"].get("prefect.resource.id") == self.automation.resource["prefect.resource.id"]
        if self.wants(document["event"]) and not is_own:  # what it does itself would never end
            at = clock.from_datetime(decoding.from_plain(document["occurred"], _Moment))
            self._firings += offer(self.trigger, self.progress.standing, document, at)
            self._is_dirty = True

    def pass_time(self, now: int) -> None:
        """Find out what has not come."""
        before = msgspec.json.encode(self.progress.standing)
        self._firings += elapse(self.trigger, self.progress.standing, now)
        self._is_dirty = self._is_dirty or before != msgspec.json.encode(self.progress.standing)

    def keep(self, now: int) -> bool:
        """Put on record what fired, and then how far was listened; False when somebody else was faster, and is followed."""
        for firing in self._firings:
            self._keep_firing(firing)
        is_urgent = self._is_dirty or bool(self._firings)
        self._firings, self._is_dirty = [], False
        if not is_urgent and now - self._kept_at < AT_LEAST_EVERY:
            return True
        self._kept_at = now
        kept = self._record.keep_card(replace(self._card, data=msgspec.to_builtins(self.progress)))
        self._card = kept or self._card
        return kept is not None

    def _keep_firing(self, firing: Firing) -> None:
        identity = uuid5(self.automation.id, f"{self.progress.since.at}/{firing.key}")
        if self._record.find_card(DONE, str(identity)) is None:
            pending = Pending(self.automation, firing)
            self._record.keep_card(Card(OPEN, str(identity), msgspec.to_builtins(pending)))


class Listening:
    """All automations of a record that listen."""

    def __init__(self, record: Store) -> None:
        """Hear nothing yet."""
        self._record = record
        self._automations = Automations(record)
        self._search = EventSearch(record)
        self._listeners: dict[UUID, Listener] = {}
        self._planned: list[tuple[int, int, Any]] = []
        self._has_planned = False

    def look(self) -> None:
        """Hear what has happened since the last look."""
        now = clock.now() - GRACE
        self._meet()
        if not self._listeners:
            return
        self._hear_received()
        self._hear_log()
        self._hear_late(now)
        for identity, each in list(self._listeners.items()):
            each.pass_time(now)
            if not each.keep(now):
                del self._listeners[identity]  # it is read again

    def _meet(self) -> None:
        """Find out who listens."""
        active = {each.id: each for each in self._automations.all() if each.declared.enabled}
        for identity, each in list(self._listeners.items()):
            if active.get(identity) != each.automation:
                del self._listeners[identity]
        for identity, automation in active.items():
            if identity not in self._listeners:
                self._listeners[identity] = Listener(self._record, automation)

    def _hear_received(self) -> None:
        while True:
            after = min(each.progress.received for each in self._listeners.values())
            page = self._record.received_events(after, limit=_PAGE)
            for event in page:
                document = document_of(event)
                for each in self._listeners.values():
                    if event.cursor > each.progress.received:
                        each.hear(document)
                        each.progress.received = event.cursor
            if len(page) < _PAGE:
                return

    def _hear_log(self) -> None:
        while True:
            after = min(each.progress.log for each in self._listeners.values())
            page = self._record.events(EventFilter(after, limit=_PAGE))
            for event in page:
                self._hear_event(event)
            if len(page) < _PAGE:
                return

    def _hear_event(self, event: Any) -> None:
        listeners = [each for each in self._listeners.values() if event.cursor > each.progress.log]
        for found in self._search.transitions(event):
            wanting = [each for each in listeners if each.wants(found.name)]
            if wanting:
                document = self._search.document_of(found)
                for each in wanting:
                    each.hear(document)
        for each in listeners:
            each.progress.log = event.cursor
        due = self._search.late_after(event)
        if due is not None:
            heapq.heappush(self._planned, (due, event.cursor, event))

    def _hear_late(self, now: int) -> None:
        """Tell of runs that should have started: each once, at the time when that became true."""
        if not self._has_planned:
            self._planned += [(due, event.cursor, event) for due, event in self._find_planned()]
            heapq.heapify(self._planned)
            self._has_planned = True
        seen: set[int] = set()
        while self._planned and self._planned[0][0] <= now:
            due, cursor, event = heapq.heappop(self._planned)
            for late in () if cursor in seen else self._late(event, now):
                document = self._search.document_of(late)
                for each in self._listeners.values():
                    if due > each.progress.late:
                        each.hear(document)
            seen.add(cursor)
        for each in self._listeners.values():
            each.progress.late = max(each.progress.late, now)

    def _late(self, event: Any, now: int) -> list[Found]:
        return [
            each
            for each in self._search.late(event, now)
            if any(one.wants(each.name) for one in self._listeners.values())
        ]

    def _find_planned(self) -> Iterator[tuple[int, Any]]:
        """Yield what waits for its time now, whoever planned it."""
        for event in self._search.waiting():
            due = self._search.late_after(event)
            if due is not None:
                yield due, event


_Moment = type(clock.utcnow())
