"""Invariants: what must be true of every record, whatever crashed while it was written.

    I1    the events of a run have the versions that follow each other, and as many as its row says
    I2    each state may follow the one before
    I3    nothing follows a final state but a restart; what is asked of a run or told about it is no state
    I4    state, version, end, parent, task and attempt of a row are those of the log (`Store.rebuild` compares every column)
    I5    a run succeeds once between two restarts
    I9    a row has a reference to a result when its last state has, and what it refers to is there
    I10   at rest, a flow run that is active is leased, and one that has ended is not
    I13   the task runs of a flow run that has ended have, but for what runs after it; none is missing from the counts
    I14   cursors grow
    I17   no event and no row belongs to a run that was never created

Pure and streaming: for each run a few bytes are held, whatever the length of its log. Where events and rows come from is the
caller's business.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from runwright.engine.branches import place_in
from runwright.engine.transitions import FINAL_CODES, is_legal
from runwright.events import EventKind
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from runwright.events import Event
    from runwright.result import ResultRef
    from runwright.runs import FlowRun, TaskRun

_PENDING = KIND_BY_NAME["Pending"].code
_RUNNING = KIND_BY_NAME["Running"].code
_NO_ROW_YET, _HAS_RESULT, _HAS_SUCCEEDED, _COMES_LATER, _AFTER_THE_END = 1, 2, 4, 8, 16
_NEVER = _NO_ROW_YET | _COMES_LATER


class Violation(msgspec.Struct, frozen=True):
    """A broken invariant: which, where, and what is wrong."""

    invariant: str
    flow_run: UUID
    ordinal: int
    problem: str

    def __str__(self) -> str:
        """Return all of it in one line."""
        return f"{self.invariant}: flow run {self.flow_run}, ordinal {self.ordinal}: {self.problem}"


class Tenure(msgspec.Struct, frozen=True):
    """Who holds a flow run: when the newest lease expires (None: it was given up), and the time now, by one clock."""

    expires: int | None
    now: int


def check_flow_run(
    flow_run: FlowRun,
    events: Iterable[Event],
    task_runs: Iterable[TaskRun],
    *,
    tenure: Tenure | None = None,
    find_damage: Callable[[ResultRef], str | None] | None = None,
) -> Iterator[Violation]:
    """Yield what is wrong with one flow run.

    `events` are all of it in order of their cursors, `task_runs` all rows in order of their ordinals. `tenure` None leaves
    I10 out: it holds only at rest, when every process has ended or been replaced. `find_damage` says what is wrong with a
    stored result, None for nothing.
    """
    history = _History(flow_run)
    for event in events:
        yield from history.add(event)
    yield from history.compare_flow_run()
    yield from history.compare(task_runs, find_damage)
    if flow_run.kind.phase.is_final:
        yield from history.open_runs()
    if tenure is not None:
        yield from _check_tenure(flow_run, tenure)


class _History:
    """What the log says of each run: state, version, attempt and a few facts, by ordinal."""

    def __init__(self, flow_run: FlowRun) -> None:
        self._flow_run = flow_run
        self._states = bytearray([0])
        self._facts = bytearray([0])
        self._versions = array("I", [0])
        self._attempts = array("I", [0])
        self._spans: list[tuple[int, int, int, int | dict[str, Any] | None]] = []
        self._cursor = 0

    def add(self, event: Event) -> Iterator[Violation]:
        ordinal, version = event.ordinal, event.version
        if event.cursor <= self._cursor:
            yield self._violation("I14", ordinal, f"cursor {event.cursor} comes after {self._cursor}")
        self._cursor = event.cursor
        if not 0 <= ordinal < len(self._states):
            yield self._violation("I17", ordinal, f"version {version} is of a run that was never created")
            return
        if version != self._versions[ordinal] + 1:
            yield self._violation("I1", ordinal, f"version {version} comes after {self._versions[ordinal]}")
        self._versions[ordinal] = version
        self._facts[ordinal] &= ~_NO_ROW_YET
        if event.kind == EventKind.CREATED:
            self._states[ordinal] = event.state
        elif event.kind == EventKind.STATE:
            yield from self._enter(event)
        elif event.kind == EventKind.EXPANDED:
            yield from self._expand(event)

    def _enter(self, event: Event) -> Iterator[Violation]:
        ordinal, before, after, data = event.ordinal, self._states[event.ordinal], event.state, event.data or {}
        is_restart = before in FINAL_CODES and bool(data.get("restart"))
        if not is_legal(before, after, restart=is_restart):
            number = "I3" if before in FINAL_CODES else "I2"
            text = f"version {event.version} goes {_name(before)} -> {_name(after)}"
            yield self._violation(number, ordinal, text)
        facts = self._facts[ordinal] & ~_HAS_RESULT
        if is_restart:
            facts &= ~_HAS_SUCCEEDED
        if after in KIND_BY_CODE and KIND_BY_CODE[after].phase is Phase.OK:
            if facts & _HAS_SUCCEEDED:
                yield self._violation("I5", ordinal, f"version {event.version} is a second success")
            facts |= _HAS_SUCCEEDED
        if after == _RUNNING:
            self._attempts[ordinal] = event.attempt
        self._facts[ordinal] = facts | (_HAS_RESULT if data.get("result") is not None else 0)
        self._states[ordinal] = after

    def _expand(self, event: Event) -> Iterator[Violation]:
        data = event.data or {}
        first = data.get("first", 0)
        task: int | dict[str, Any] | None = data if "body" in data else data.get("task")
        count = data.get("tasks" if task is None else "count", 0)
        if first != len(self._states):
            text = f"its children start at {first}, and {len(self._states)} comes next"
            yield self._violation("I17", event.ordinal, text)
            return
        self._states += bytes([_PENDING]) * count
        facts = 0 if task is None else _NO_ROW_YET | (_COMES_LATER if isinstance(task, dict) else 0)
        if data.get("branch") == "afterExecution" or self._facts[event.ordinal] & _AFTER_THE_END:
            facts |= _AFTER_THE_END
        self._facts += bytes([facts]) * count
        self._versions.extend(array("I", [1]) * count)
        self._attempts.extend(array("I", [0]) * count)
        if count:
            self._spans.append((first, count, event.ordinal, task))

    def compare_flow_run(self) -> Iterator[Violation]:
        row = self._flow_run
        if not self._versions[0]:
            yield self._violation("I17", 0, "it has a row and no event")
        elif (row.version, row.state) != (self._versions[0], self._states[0]):
            yield self._differs(0, "version and state", (row.version, row.state), (self._versions[0], self._states[0]))
        if (row.end_time is not None) != (row.state in FINAL_CODES):
            yield self._violation("I4", 0, f"it is {row.kind.name}, and its end is {row.end_time}")
        created = sum(not self._is_to_come(ordinal) for ordinal in range(1, len(self._states)))
        if sum(row.counts.values()) != created:
            yield self._violation("I13", 0, f"{created} task runs were created, {sum(row.counts.values())} are counted")

    def compare(
        self, rows: Iterable[TaskRun], find_damage: Callable[[ResultRef], str | None] | None
    ) -> Iterator[Violation]:
        """Walk through the rows and the spans of children side by side."""
        spans = iter(self._spans)
        first, count, parent, task = next(spans, (0, 0, 0, None))
        expected = 1
        for row in rows:
            yield from self._missing(expected, min(row.ordinal, len(self._states)))
            expected = row.ordinal + 1
            if not 0 < row.ordinal < len(self._states):
                yield self._violation("I17", row.ordinal, "it has a row, and was never created")
                continue
            while row.ordinal >= first + count:
                first, count, parent, task = next(spans)
            index = row.ordinal - first
            if isinstance(task, dict):
                origin = (parent, *place_in(task, index))  # pyright: ignore[reportUnknownArgumentType]  data of an event
            else:
                origin = (parent, index, -1) if task is None else (parent, task, index)
            yield from self._compare_row(row, origin)
            if row.result is not None and find_damage is not None and (damage := find_damage(row.result)):
                yield self._violation("I9", row.ordinal, damage)
        yield from self._missing(expected, len(self._states))

    def _compare_row(self, row: TaskRun, origin: tuple[int, int, int]) -> Iterator[Violation]:
        ordinal = row.ordinal
        logged = (self._versions[ordinal], self._states[ordinal], self._attempts[ordinal])
        if (row.version, row.state, row.attempt) != logged:
            yield self._differs(ordinal, "version, state and attempt", (row.version, row.state, row.attempt), logged)
        if (row.parent, row.task_index, row.map_index) != origin:
            found = (row.parent, row.task_index, row.map_index)
            yield self._differs(ordinal, "parent, task and map index", found, origin)
        if (row.end_time is not None) != (row.state in FINAL_CODES):
            yield self._violation("I4", ordinal, f"it is {row.kind.name}, and its end is {row.end_time}")
        if (row.result is not None) != bool(self._facts[ordinal] & _HAS_RESULT):
            which = (
                "row has a result, its last state has none"
                if row.result
                else "last state has a result, its row has none"
            )
            yield self._violation("I9", ordinal, f"its {which}")

    def _missing(self, start: int, stop: int) -> Iterator[Violation]:
        for ordinal in range(start, stop):
            if not self._facts[ordinal] & _NO_ROW_YET:
                yield self._violation("I4", ordinal, "the log knows it, and it has no row")

    def open_runs(self) -> Iterator[Violation]:
        for ordinal in range(1, len(self._states)):
            is_due = not self._is_to_come(ordinal) and not self._facts[ordinal] & _AFTER_THE_END
            if self._states[ordinal] not in FINAL_CODES and is_due:
                text = f"it is {_name(self._states[ordinal])}, and its flow run has ended"
                yield self._violation("I13", ordinal, text)

    def _is_to_come(self, ordinal: int) -> bool:
        """Say whether a run is one that its branch has room for and that never began: it does not exist."""
        return self._facts[ordinal] & _NEVER == _NEVER

    def _differs(self, ordinal: int, what: str, recorded: tuple[int, ...], logged: tuple[int, ...]) -> Violation:
        return self._violation("I4", ordinal, f"{what} are {recorded} in its row and {logged} in the log")

    def _violation(self, invariant: str, ordinal: int, problem: str) -> Violation:
        return Violation(invariant, self._flow_run.id, ordinal, problem)


def _check_tenure(flow_run: FlowRun, tenure: Tenure) -> Iterator[Violation]:
    is_held = tenure.expires is not None and tenure.expires > tenure.now
    if flow_run.kind.phase is Phase.ACTIVE and not is_held:
        yield Violation("I10", flow_run.id, 0, f"it is {flow_run.kind.name}, and nobody holds its lease")
    if flow_run.kind.phase.is_final and is_held:
        yield Violation("I10", flow_run.id, 0, f"it is {flow_run.kind.name}, and its lease is still held")


def _name(code: int) -> str:
    return KIND_BY_CODE[code].name if code in KIND_BY_CODE else f"state {code}"
