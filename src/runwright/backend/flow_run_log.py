"""FlowRunLog: one line of what a flow run says, and watching a flow run say it."""

from __future__ import annotations

import logging
from datetime import datetime  # noqa: TC003  a field of a documented tuple
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright import clock, codec
from runwright.backend import record as reading
from runwright.clock import NANOSECONDS
from runwright.codec import state_from_data
from runwright.events import EventKind
from runwright.states import KIND_BY_CODE
from runwright.views import EventFilter, FlowRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from uuid import UUID

    from runwright.backend.record import Record
    from runwright.events import LogLine
    from runwright.runs import FlowRun
    from runwright.store import Store

DEFAULT_MAX_SECONDS = 12 * 60 * 60
_PATIENCE = 15


class FlowRunLog(NamedTuple):
    """One line: when, how important (a number of `logging`), and what."""

    timestamp: datetime
    level: int
    message: str

    @classmethod
    def from_line(cls, line: LogLine) -> FlowRunLog:
        """Return a line that a task run logged."""
        return cls(clock.to_datetime(line.at), line.level, line.message)


def watch_flow_run(
    flow_run_id: str | UUID,
    stream_states: bool = True,  # noqa: FBT001, FBT002  the documented signature
    stream_logs: bool = True,  # noqa: FBT001, FBT002  the documented signature
    max_duration: timedelta | None = None,
    *,
    record: Record = None,
) -> Iterator[FlowRunLog]:
    """Yield what a flow run says from now on until it is final: its own states, and what its task runs log.

    A flow run that has ended gives one line that says so. Waiting for more than `max_duration` (12 hours) raises
    `RuntimeError`. After 15 s without a start, one line says that nobody runs it.
    """
    wanted = reading.uuid_from(flow_run_id, "flow run")
    store = reading.open_for_reading(record)
    row = _row(store, wanted)
    if row.kind.phase.is_final:
        yield _ended(row)
        return
    limit = DEFAULT_MAX_SECONDS if max_duration is None else max_duration.total_seconds()
    watch = _Watch(store, wanted, states=stream_states, logs=stream_logs)
    yield from watch.until_final(clock.now() + int(limit * NANOSECONDS))


class _Watch:
    """Reads on from where it stopped reading."""

    def __init__(self, store: Store, flow_run: UUID, *, states: bool, logs: bool) -> None:
        self._store = store
        self._flow_run = flow_run
        self._states = states
        self._logs = logs
        self._cursor = 0
        self._last_line: int | None = None
        self._seen_at_last: set[tuple[Any, ...]] = set()

    def until_final(self, deadline: int) -> Iterator[FlowRunLog]:
        began, looks, is_warned = clock.now(), clock.Looks(), False
        while True:
            row = _row(self._store, self._flow_run)
            lines = sorted(self._news())
            yield from lines
            if row.kind.phase.is_final:
                return
            if clock.now() > deadline:
                raise RuntimeError(
                    f"Timed out: flow run {row.name} ({row.id}) has not ended, it is {row.kind.name}. It goes on; "
                    "watch it again, or give a longer max_duration."
                )
            if not is_warned and row.start_time is None and clock.now() - began > _PATIENCE * NANOSECONDS:
                is_warned = True
                yield _line(
                    logging.WARNING, f"Flow run {row.name} has not started for {_PATIENCE} s: does anybody run it?"
                )
            looks.wait_for_next(is_news=bool(lines))

    def _news(self) -> Iterator[FlowRunLog]:
        if self._states:
            for event in self._store.events(EventFilter(self._cursor, self._flow_run, 0)):
                self._cursor = event.cursor
                if event.kind == EventKind.STATE:
                    state = state_from_data(event.state, event.data)
                    level = logging.ERROR if KIND_BY_CODE[event.state].phase.value == "bad" else logging.INFO
                    text = f"Entered state <{type(state).__name__}>" + (f": {state.message}" if state.message else "")
                    yield FlowRunLog(clock.to_datetime(event.at), level, text)
        if self._logs:
            yield from self._new_lines()

    def _new_lines(self) -> Iterator[FlowRunLog]:
        """Yield the lines since the last look; lines of the same nanosecond may be committed one after the other."""
        after = None if self._last_line is None else self._last_line - 1
        for line in self._store.logs(self._flow_run, after=after):
            key = (line.ordinal, line.attempt, line.level, line.message)
            if self._last_line is None or line.at > self._last_line:
                self._last_line, self._seen_at_last = line.at, set()
            elif key in self._seen_at_last:
                continue
            self._seen_at_last.add(key)
            yield FlowRunLog.from_line(line)


def _row(store: Store, flow_run: UUID) -> FlowRun:
    return reading.only(store.flow_runs(FlowRunFilter(id=flow_run)), "flow runs", f"id is {flow_run}")


def _ended(row: FlowRun) -> FlowRunLog:
    ended = "" if row.end_time is None else f" at {clock.to_iso(row.end_time)}"
    data = {} if row.message is None else {"message": row.message}
    return _line(
        logging.INFO, f"Your flow run finished{ended} with the state {codec.state_from_data(row.state, data)!r}"
    )


def _line(level: int, text: str) -> FlowRunLog:
    return FlowRunLog(clock.utcnow(), level, text)
