"""Replaying: the beginning of an execution that repeats another from one of its task runs on, as events.

What came before that task run is taken over as it is on record: its outputs, attempts and times. Task runs get ordinals of their
own, without gaps; what came later is left out, and runs again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.errors import NotOnRecord
from runwright.events import Event, EventKind
from runwright.flowable import AFTERMATH
from runwright.runtime.promises import BROKEN
from runwright.states import KIND_BY_CODE, KIND_BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from runwright.graph import Graph
    from runwright.runs import TaskRun

_RESUME, _RUNNING = KIND_BY_NAME["Resume"].code, KIND_BY_NAME["Running"].code
_NO_KIND = KIND_BY_NAME["Pending"]


def replayed(
    events: Iterable[Event],
    rows: list[TaskRun],
    ordinal: int,
    flow_run: UUID,
    now: int,
    more: dict[str, Any],
    graph: Graph,
) -> list[Event]:
    """Return the events of a new execution `flow_run` that goes on with the task run `ordinal` of an old one.

    `events` are all of the old one, `rows` its task runs that are shown, `graph` is what it ran; `more` is what the new one's
    creation keeps beside what the old one's did. Raises `NotOnRecord` for a task run that there is not.
    """
    chosen = next((row for row in rows if row.ordinal == ordinal), None)
    if chosen is None:
        raise NotOnRecord("No task found to restart execution from!")
    stands_for_others = graph.nodes[chosen.task_index].flowable is not None
    return list(_Copy(rows, chosen, flow_run, more, stands_for_others=stands_for_others).of(events, now))


class _Copy:
    """Which events are taken over, with the ordinals and versions that they have in the new execution."""

    def __init__(
        self, rows: list[TaskRun], chosen: TaskRun, flow_run: UUID, more: dict[str, Any], *, stands_for_others: bool
    ) -> None:
        self._rows = {row.ordinal: row for row in rows}
        self._chosen = chosen
        self._flow_run = flow_run
        self._more = more
        self._stands_for_others = stands_for_others
        self._above = set(self._ancestors(chosen))
        around = {self._rows[ordinal].task_index for ordinal in self._above}
        self._kept = {row.ordinal for row in rows if self._comes_before(row, around)}
        self._numbers: dict[int, int] = {0: 0}
        self._versions: dict[int, int] = {}
        self._next = 1

    def of(self, events: Iterable[Event], now: int) -> Iterator[Event]:
        """Yield the events in the order of the old ones, then those that reopen what goes on."""
        for event in events:
            data = self._data_of(event)
            if data is not _LEFT_OUT:
                yield self._numbered(event, data)
        again = {"message": "Replayed.", "restart": True}
        number, attempt = self._numbers[self._chosen.ordinal], self._chosen.attempt
        if self._stands_for_others:  # it has no children now, and is asked for them
            yield self._event(now, number, attempt + 1, _RUNNING, again)
        else:
            yield self._event(now, number, attempt, _RESUME, again)
        yield self._event(now, 0, 0, _RESUME, again)

    def _data_of(self, event: Event) -> Any:
        """Return the data that an event has in the copy, or that it is left out."""
        ordinal, data = event.ordinal, event.data
        if event.kind == EventKind.CREATED:
            return {**(data or {}), **self._more}
        if event.kind == EventKind.EXPANDED:
            return self._expansion(event, data or {})
        if ordinal and ordinal not in self._kept:
            return _LEFT_OUT
        if event.kind == EventKind.ANNOTATED:
            if (data or {}).get("suspended"):
                return _LEFT_OUT
            return {key: value for key, value in (data or {}).items() if key != BROKEN}
        is_taken_back = ordinal in self._above and KIND_BY_CODE.get(event.state, _NO_KIND).phase.is_final
        return data if event.kind == EventKind.STATE and not is_taken_back else _LEFT_OUT

    def _expansion(self, event: Event, data: dict[str, Any]) -> Any:
        """Return an expansion of what is kept, its children numbered anew; what came of an end that is taken back is not."""
        ordinal = event.ordinal
        is_kept = not ordinal or ordinal in self._kept
        is_aftermath = data.get("branch") in AFTERMATH and (not ordinal or ordinal in self._above)
        if not is_kept or is_aftermath or ordinal == self._chosen.ordinal or "body" not in data:
            return _LEFT_OUT
        first = data["first"]
        self._numbers.update({first + index: self._next + index for index in range(data["count"])})
        copy = {**data, "first": self._next}
        self._next += data["count"]
        return copy

    def _numbered(self, event: Event, data: dict[str, Any] | None) -> Event:
        number = self._numbers[event.ordinal]
        version = self._versions[number] = self._versions.get(number, 0 if not number else 1) + 1
        return msgspec.structs.replace(
            event, flow_run=self._flow_run, ordinal=number, version=version, data=data, cursor=0
        )

    def _event(self, at: int, number: int, attempt: int, state: int, data: dict[str, Any]) -> Event:
        version = self._versions[number] = self._versions.get(number, 1) + 1
        return Event(at, self._flow_run, number, version, attempt, int(EventKind.STATE), state, data)

    def _comes_before(self, row: TaskRun, around: set[int]) -> bool:
        """Say whether a run is taken over: its task stands before the chosen one, in whatever round, or is around it."""
        if row.ordinal in self._above or row.ordinal == self._chosen.ordinal:
            return True
        is_below_dropped = any(
            self._rows[ordinal].task_index in around and ordinal not in self._above for ordinal in self._ancestors(row)
        )
        return row.task_index < self._chosen.task_index and row.task_index not in around and not is_below_dropped

    def _ancestors(self, row: TaskRun) -> Iterator[int]:
        while row.parent:
            yield row.parent
            row = self._rows[row.parent]


_LEFT_OUT = object()
