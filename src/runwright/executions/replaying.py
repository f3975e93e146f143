"""Replaying: the beginning of an execution that goes on where another stood, as events: at one of its task runs, or at its end.

What came before is taken over as it is on record: outputs, attempts and times. Task runs get ordinals of their own, without
gaps; what came later is left out, and runs again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from runwright import ids
from runwright.errors import IllegalTransition, NotOnRecord
from runwright.events import Event, EventKind
from runwright.executions.histories import Histories
from runwright.flowable import AFTERMATH
from runwright.runtime.promises import BROKEN
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, Phase
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from runwright.executions.revisions import Fit
    from runwright.runs import FlowRun, TaskRun
    from runwright.store import Store

_RESUME, _RUNNING = KIND_BY_NAME["Resume"].code, KIND_BY_NAME["Running"].code
_NO_KIND = KIND_BY_NAME["Pending"]


class Past(NamedTuple):
    """What an execution did: all its `events`, those of its task runs that are shown, and how it fits what the new one runs.

    `reopened` are the versions of the last restarts, by ordinal: the ends before them were taken back already.
    """

    events: Iterable[Event]
    rows: list[TaskRun]
    fit: Fit
    reopened: dict[int, int]

    @classmethod
    def of(cls, store: Store, row: FlowRun, fit: Fit) -> Past:
        """Read it from a record."""
        reopened: dict[int, int] = {}
        hidden = Histories(row.created).add(_noting_restarts(store.iterate_events(row.id), reopened))
        rows = store.task_runs(TaskRunFilter(flow_run=row.id, oldest_first=True))
        shown = [each for each in rows if not hidden.is_hidden(each.ordinal)]
        return cls(store.iterate_events(row.id), shown, fit, reopened)


def check_replayed(row: FlowRun, task_run: UUID) -> None:
    """Raise `NotOnRecord` for a task run of another execution, `IllegalTransition` while the execution is at work."""
    if ids.flow_run_of(task_run) != row.id:
        raise NotOnRecord("No task found to restart execution from!")
    if not row.kind.phase.is_final and row.kind.name != "Paused":
        raise IllegalTransition(
            f"Execution {row.id} is {row.kind.execution}: replay it from a task run when it has ended."
        )


def replayed(past: Past, ordinal: int, flow_run: UUID, now: int, more: dict[str, Any]) -> list[Event]:
    """Return the events of a new execution `flow_run` that goes on with the task run `ordinal` of an old one.

    `more` is what the new one's creation keeps beside what the old one's did. Raises `NotOnRecord` for a task run that there is
    not, and `IllegalTransition` where what it runs has changed before that.
    """
    chosen = next((row for row in past.rows if row.ordinal == ordinal), None)
    if chosen is None:
        raise NotOnRecord("No task found to restart execution from!")
    copy = _Copy(past, chosen, flow_run, more)
    return [*copy.taken_over(past.events), *copy.reopened(now)]


def copied(past: Past, flow_run: UUID, more: dict[str, Any]) -> list[Event]:
    """Return the events of a new execution `flow_run` that has come to the end that an old one came to; otherwise as `replayed`.

    What only follows from an end that was bad is left out.
    """
    return list(_Copy(past, None, flow_run, more).taken_over(past.events))


class _Copy:
    """Which events are taken over, with the ordinals and versions that they have in the new execution."""

    def __init__(self, past: Past, chosen: TaskRun | None, flow_run: UUID, more: dict[str, Any]) -> None:
        self._rows = {row.ordinal: row for row in past.rows}
        self._chosen = chosen
        self._flow_run = flow_run
        self._more = more
        self._fit = past.fit
        self._reopened = past.reopened
        self._above: set[int] = set() if chosen is None else set(self._ancestors(chosen))
        around = {self._rows[ordinal].task_index for ordinal in self._above}
        self._kept = {row.ordinal for row in past.rows if chosen is None or self._comes_before(row, chosen, around)}
        self._numbers: dict[int, int] = {0: 0}
        self._versions: dict[int, int] = {}
        self._next = 1

    def taken_over(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events that are, in the order of the old ones."""
        for event in events:
            data = self._data_of(event)
            if data is not _LEFT_OUT:
                yield self._numbered(event, data)

    def reopened(self, now: int) -> Iterator[Event]:
        """Yield the events that let the chosen run, and the execution, go on."""
        if self._chosen is None:
            return
        again = {"message": "Replayed.", "restart": True}
        number, attempt = self._numbers[self._chosen.ordinal], self._chosen.attempt
        yield self._event(now, 0, 0, _RESUME, {**again, "keeps": True})
        if self._fit.stands_for_others(self._chosen.slug):  # it has no children now, and is asked for them
            yield self._event(now, number, attempt + 1, _RUNNING, again)
        else:
            yield self._event(now, number, attempt, _RESUME, again)

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
        is_last = event.version > self._reopened.get(ordinal, 0)
        is_taken_back = ordinal in self._above and is_last and KIND_BY_CODE.get(event.state, _NO_KIND).phase.is_final
        return data if event.kind == EventKind.STATE and not is_taken_back else _LEFT_OUT

    def _expansion(self, event: Event, data: dict[str, Any]) -> Any:
        """Return an expansion of what is kept, its children numbered anew; what came of an end that is taken back is not."""
        ordinal = event.ordinal
        is_kept = not ordinal or ordinal in self._kept
        is_chosen = self._chosen is not None and ordinal == self._chosen.ordinal
        if not is_kept or is_chosen or "body" not in data or self._is_taken_back(ordinal, data):
            self._leave(range(data.get("first", 0), data.get("first", 0) + data.get("count", 0)))
            return _LEFT_OUT
        first, count, old = data["first"], data["count"], data["body"]
        kept = {(each - first) % len(old) for each in range(first, first + count) if each in self._kept}
        parent = self._rows[ordinal].slug if ordinal else None
        body = self._fit.body(parent, data.get("branch", "tasks"), old, sorted(kept))
        for index in range(count):
            round_, place = divmod(index, len(old))
            if place < len(body):
                self._numbers[first + index] = self._next + round_ * len(body) + place
        copy = {**data, "first": self._next, "count": len(body) * data.get("rounds", 1), "body": list(body)}
        self._next += copy["count"]
        return copy

    def _is_taken_back(self, ordinal: int, data: dict[str, Any]) -> bool:
        """Say whether an expansion is there only because of an end that is not taken over, or that is to run again."""
        branch = data.get("branch")
        if branch not in AFTERMATH:
            return False
        if self._chosen is None:
            return not ordinal or not _is_good(self._rows[ordinal])
        if self._kept.isdisjoint(range(data["first"], data["first"] + data["count"])):
            return not ordinal or ordinal in self._above
        if branch == "afterExecution":
            raise IllegalTransition(
                "That task ran after the end of the execution: replay a task before that, or all of them."
            )
        return False

    def _leave(self, span: range) -> None:
        """Take over neither these runs nor what is below them."""
        self._kept -= {
            each
            for each in self._kept
            if each in span or any(above in span for above in self._ancestors(self._rows[each]))
        }

    def _numbered(self, event: Event, data: dict[str, Any] | None) -> Event:
        number = self._numbers[event.ordinal]
        version = self._versions[number] = self._versions.get(number, 0 if not number else 1) + 1
        return msgspec.structs.replace(
            event, flow_run=self._flow_run, ordinal=number, version=version, data=data, cursor=0
        )

    def _event(self, at: int, number: int, attempt: int, state: int, data: dict[str, Any]) -> Event:
        version = self._versions[number] = self._versions.get(number, 1) + 1
        return Event(at, self._flow_run, number, version, attempt, int(EventKind.STATE), state, data)

    def _comes_before(self, row: TaskRun, chosen: TaskRun, around: set[int]) -> bool:
        """Say whether a run is taken over: its task stands before the chosen one, in whatever round, or is around it."""
        if row.ordinal in self._above or row.ordinal == chosen.ordinal:
            return True
        is_below_dropped = any(
            self._rows[ordinal].task_index in around and ordinal not in self._above for ordinal in self._ancestors(row)
        )
        is_earlier = self._fit.is_earlier(row.task_index, chosen.task_index)
        return is_earlier and row.task_index not in around and not is_below_dropped

    def _ancestors(self, row: TaskRun) -> Iterator[int]:
        while row.parent:
            yield row.parent
            row = self._rows[row.parent]


def _noting_restarts(events: Iterable[Event], versions: dict[int, int]) -> Iterator[Event]:
    """Yield events, and keep the version of the last restart of each run."""
    for event in events:
        if event.data and event.data.get("restart"):
            versions[event.ordinal] = event.version
        yield event


def _is_good(row: TaskRun) -> bool:
    """Say whether a run ended well."""
    return row.kind.phase is Phase.OK


_LEFT_OUT = object()
