"""StateCounts: how many task runs of the whole record are in each state, kept up with the log instead of counted at each request.

What has ended is one sum; of what is open each flow run's part is known, and read again when an event of it has come. Whatever cannot
be followed that way (a reopened flow run, a purged one, too many events) is counted anew. Answers are those of the record at its
last event, never older.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from runwright.query import Aggregate, Summary
from runwright.states import TABLE
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.events import Event
    from runwright.runs import FlowRun
    from runwright.views import Views

MOST_EVENTS = 2_000
"""How many events are followed; after more, counting anew is cheaper."""

AGAIN = 5.0
"""Seconds until counting anew is tried again where something was written meanwhile: until then each request counts."""

_OPEN = tuple(kind.name for kind in TABLE if not kind.phase.is_final)
_NUMBER = Summary("flow_run", (Aggregate("count", "count"),))


class StateCounts:
    """The counts of one record; safe for threads."""

    def __init__(self, record: Views) -> None:
        """Count nothing yet."""
        self._record = record
        self._lock = threading.Lock()
        self._cursor = -1
        self._number = 0
        self._tried = float("-inf")
        self._ended: Counter[str] = Counter()
        self._open: dict[UUID, dict[str, int]] = {}

    def read(self) -> dict[str, int]:
        """Return the number of task runs by the name of their state, as `count_task_runs` does."""
        known = self.known()
        return self._record.count_task_runs(TaskRunFilter(without_deleted=True), "state") if known is None else known

    def known(self) -> dict[str, int] | None:
        """Return what `read` does, None where it would have to be counted at each request."""
        with self._lock:
            is_followed = self._cursor >= 0 and self._follow()
            if not is_followed and not self._count():
                return None
            total = Counter(self._ended)
            for part in self._open.values():
                total.update(part)
        return {name: number for name, number in total.items() if number}

    def _follow(self) -> bool:
        """Read again what events have come about; says whether that was enough."""
        events = self._record.events(EventFilter(self._cursor, limit=MOST_EVENTS + 1))
        if len(events) > MOST_EVENTS:
            return False
        if events and not all(self._take(row, flow_run) for flow_run, row in self._touched(events)):
            return False
        self._cursor = events[-1].cursor if events else self._cursor
        return self._number == self._count_flow_runs()

    def _touched(self, events: list[Event]) -> list[tuple[UUID, FlowRun | None]]:
        flow_runs = dict.fromkeys(event.flow_run for event in events)
        self._number += sum(event.version == 1 and not event.ordinal for event in events)
        rows = {each: self._record.flow_runs(FlowRunFilter(id=each)) for each in flow_runs}
        return [(each, found[0] if found else None) for each, found in rows.items()]

    def _take(self, row: FlowRun | None, flow_run: UUID) -> bool:
        """Put the part of a flow run in the place of the one before; one that had ended has none."""
        is_known = self._open.pop(flow_run, None) is not None
        if row is None or not (is_known or self._is_new(row)):
            return False
        if row.details.get("deleted"):
            return True
        if row.kind.phase.is_final:
            self._ended.update(row.counts)
        else:
            self._open[flow_run] = row.counts
        return True

    def _is_new(self, row: FlowRun) -> bool:
        """Say whether a flow run has come since the last look."""
        first = self._record.events(EventFilter(flow_run=row.id, ordinal=0, limit=1))
        return bool(first) and first[0].cursor > self._cursor

    def _count(self) -> bool:
        """Count anew; False where something was written meanwhile, so that the parts are not those of one moment."""
        self._cursor = -1
        if time.monotonic() - self._tried < AGAIN:
            return False
        self._tried = time.monotonic()
        before = self._last_cursor()
        total = self._record.count_task_runs(TaskRunFilter(without_deleted=True), "state")
        opened = {
            row.id: row.counts for row in self._record.flow_runs(FlowRunFilter(states=_OPEN, without_deleted=True))
        }
        number = self._count_flow_runs()
        if before != self._last_cursor():
            return False
        self._cursor, self._number, self._open, self._tried = before, number, opened, float("-inf")
        self._ended = Counter(total)
        for part in opened.values():
            self._ended.subtract(part)
        return True

    def _last_cursor(self) -> int:
        newest = self._record.events(EventFilter(limit=1, newest_first=True))
        return newest[0].cursor if newest else 0

    def _count_flow_runs(self) -> int:
        return json.loads(self._record.query(_NUMBER))["count"]
