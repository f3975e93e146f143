"""Watching: follow a run on the record until it is final, and say by the exit status how it ended."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runwright import clock
from runwright.cli.event_rows import read_all
from runwright.cli.rows import iso
from runwright.cli.session import say
from runwright.cli.table import symbol
from runwright.cli.text import clean_line, duration
from runwright.clock import NANOSECONDS
from runwright.codec import USUAL_MESSAGES
from runwright.errors import NotOnRecord
from runwright.events import EventKind
from runwright.states import KIND_BY_CODE, Phase
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from runwright.cli.session import Session
    from runwright.events import Event
    from runwright.runs import FlowRun, TaskRun
    from runwright.states import StateKind
    from runwright.store import Store

FAILED, CANCELLED, TIMED_OUT = 1, 6, 7


def exit_status(kind: StateKind) -> int:
    """Return what the command line ends with when a run has ended like this."""
    if kind.phase is not Phase.BAD:
        return 0
    return CANCELLED if "Cancelled" in {kind.name, kind.parent} else FAILED


def watch_task_run(session: Session, store: Store, row: TaskRun, timeout: float | None) -> int:
    """Print each state of a task run until it is final; returns the exit status."""

    def latest() -> TaskRun:
        found = store.task_runs(TaskRunFilter(flow_run=row.flow_run, ordinals=(row.ordinal,)))
        if not found:
            raise NotOnRecord(f"Task run {row.id} is not on the record any more.")
        return found[0]

    return _Watch(session, store, row.flow_run, row.ordinal).until_final(latest, timeout)


def watch_flow_run(session: Session, store: Store, row: FlowRun, timeout: float | None) -> int:
    """Print each state of a flow run, and how far it is, until it is final; returns the exit status."""

    def latest() -> FlowRun:
        found = store.flow_runs(FlowRunFilter(id=row.id))
        if not found:
            raise NotOnRecord(f"Flow run {row.id} is not on the record any more.")
        return found[0]

    return _Watch(session, store, row.id, 0).until_final(latest, timeout)


def counts_in_words(counts: dict[str, int]) -> str:
    """Return the numbers of runs by state, each with its mark."""
    return "  ".join(f"{symbol(state)} {count} {state}" for state, count in counts.items() if count) or "no task runs"


class _Watch:
    """Reads the events of one run on from where it stopped reading."""

    def __init__(self, session: Session, store: Store, flow_run: UUID, ordinal: int) -> None:
        self._session = session
        self._store = store
        self._flow_run = flow_run
        self._ordinal = ordinal
        self._cursor = 0
        self._told = ""
        self._is_warned = False

    def until_final(self, latest: Callable[[], TaskRun | FlowRun], timeout: float | None) -> int:
        try:
            return self._follow(latest, timeout)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("stopped watching; the run goes on") from None

    def _follow(self, latest: Callable[[], TaskRun | FlowRun], timeout: float | None) -> int:
        deadline = None if timeout is None else clock.now() + int(timeout * NANOSECONDS)
        looks = clock.Looks()
        while True:
            row = latest()
            is_news = self._tell_news()
            self._tell_progress()
            if row.kind.phase.is_final:
                return exit_status(row.kind)
            if deadline is not None and clock.now() >= deadline:
                say(f"error: it is still {row.kind.name} after {duration(timeout)}. It goes on; watch it again.")
                return TIMED_OUT
            self._warn_if_nobody_runs_it()
            looks.wait_for_next(is_news=is_news)

    def _tell_news(self) -> bool:
        is_news = False
        for event in read_all(self._store, self._cursor, self._flow_run, self._ordinal):
            self._cursor, is_news = event.cursor, True
            if event.kind == EventKind.STATE:
                sys.stdout.write(_line(event) + "\n")
        sys.stdout.flush()
        return is_news

    def _tell_progress(self) -> None:
        """Say how many task runs of a watched flow run are in which state, when that has changed."""
        if self._ordinal:
            return
        found = self._store.flow_runs(FlowRunFilter(id=self._flow_run))
        told = counts_in_words(found[0].counts) if found else ""
        if told != self._told and self._session.is_interactive:
            say(f"  {told}")
        self._told = told

    def _warn_if_nobody_runs_it(self) -> None:
        if self._is_warned:
            return
        lease = self._store.find_lease(self._flow_run)
        if lease is None or lease.expires < self._store.now():
            self._is_warned = True
            say(f"warning: no process runs this flow run now. Go on with it: runwright fr resume {self._flow_run}")


def _line(event: Event) -> str:
    kind = KIND_BY_CODE[event.state]
    message = (event.data or {}).get("message") or USUAL_MESSAGES.get(event.state) or ""
    attempt = f" #{event.attempt}" if event.ordinal and event.attempt else ""
    return clean_line(f"{iso(event.at)}  {symbol(kind.name)} {kind.name}{attempt}  {message}")
