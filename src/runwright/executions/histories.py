"""Histories: the states that an execution and its task runs went through, in the words of executions, from the events of the log.

The log has one event for each transition; clients know more: a failed attempt is FAILED before its task run is RETRYING, and a
retry begins as CREATED.
"""

from __future__ import annotations

from bisect import bisect, bisect_left, insort
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from runwright.clock import NANOSECONDS, to_datetime
from runwright.events import EventKind
from runwright.flowable import AFTERMATH
from runwright.spec.durations import duration_text
from runwright.states import KIND_BY_CODE, KIND_BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runwright.events import Event

_TERMINATED = frozenset({"SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "RETRIED", "SKIPPED"})
_RUNNING = KIND_BY_NAME["Running"].code
_RESUME = KIND_BY_NAME["Resume"].code
_RETRYING = KIND_BY_NAME["Retrying"].code
_RETRIED = KIND_BY_NAME["Retried"].code


class History:
    """The states of one run, each with when (ns) it began."""

    def __init__(self, created: int) -> None:
        """Begin as CREATED."""
        self.steps: list[tuple[str, int]] = [("CREATED", created)]

    def add(self, state: str, at: int) -> None:
        """Go to a state; one that it is in already changes nothing."""
        if self.steps[-1][0] != state:
            self.steps.append((state, at))

    @property
    def current(self) -> str:
        """Return the latest state."""
        return self.steps[-1][0]

    def document(self, now: int) -> dict[str, Any]:
        """Return the state object that clients know; `now` counts for what has one step only."""
        histories = [{"state": state, "date": date_text(at)} for state, at in self.steps]
        first, last = self.steps[0][1], self.steps[-1][1]
        end = last if len(self.steps) > 1 else now
        document: dict[str, Any] = {
            "current": self.current,
            "histories": histories,
            "duration": duration_text(timedelta(microseconds=max(end // 1_000 - first // 1_000, 0))),
            "startDate": histories[0]["date"],
        }
        if self.current in _TERMINATED or self.current == "PAUSED":
            document["endDate"] = histories[-1]["date"]
        return document


class RunHistory:
    """One run's states, and those of its attempts; what stands for others makes none."""

    def __init__(self, created: int, *, stands_for_others: bool = False) -> None:
        """Begin as CREATED."""
        self.states = History(created)
        self.attempts: list[History] = []
        self.stands_for_others = stands_for_others

    def add(self, event: Event) -> None:
        """Take a transition."""
        data = event.data or {}
        word = KIND_BY_CODE[event.state].execution
        if data.get("marked"):
            self._mark(event, word)
            return
        if self.stands_for_others:
            self.states.add(word, event.at)
        elif event.state == _RETRYING:
            self._retry(event.at, data)
        else:
            self._try(event, word)

    def _try(self, event: Event, word: str) -> None:
        """Take a transition of what does work: RUNNING opens an attempt, an end closes it."""
        if event.state == _RUNNING:
            self._begin_attempt(event.at)
        elif word in _TERMINATED and self.attempts and self.attempts[-1].current == "RUNNING":
            if event.state == _RETRIED:  # the attempt has failed: it is the run that a new execution replaces
                self.attempts[-1].add("FAILED", event.at)
                self.states.add("FAILED", event.at)
            else:
                self.attempts[-1].add(word, event.at)
        self.states.add(word, event.at)

    def _mark(self, event: Event, word: str) -> None:
        """Take a state that somebody gave; the log reopens the run first."""
        if event.state == _RESUME:
            return
        self.states.add(word, event.at)
        if self.attempts:
            self.attempts[-1].add(word, event.at)

    def _begin_attempt(self, at: int) -> None:
        if self.states.current == "RETRYING":
            self.states.add("CREATED", at)
        attempt = History(at)
        attempt.add("RUNNING", at)
        self.attempts.append(attempt)

    def _retry(self, at: int, data: dict[str, Any]) -> None:
        failed = KIND_BY_CODE[(data.get("failed") or {}).get("state", KIND_BY_NAME["Failed"].code)].execution
        if self.attempts and self.attempts[-1].current == "RUNNING":
            self.attempts[-1].add(failed, at)
        self.states.add(failed, at)
        if not data.get("lost"):
            self.states.add("RETRYING", at)


class Histories:
    """All of one execution: `runs` by ordinal, 0 the execution itself; `hidden` says which are there no more.

    Hidden are earlier turns of a loop, and what an end brought about that a restart took back.
    """

    def __init__(self, created: int) -> None:
        """Know nothing but when the execution was created."""
        self.runs: dict[int, RunHistory] = {0: RunHistory(created, stands_for_others=True)}
        self._spans: dict[int, list[tuple[int, int, str]]] = {}
        self._parents: list[int] = []
        self._dropped: list[tuple[int, int]] = []

    def add(self, events: Iterable[Event]) -> Histories:
        """Take events, oldest first."""
        for event in events:
            if event.kind == EventKind.STATE:
                self._enter(event)
            elif event.kind == EventKind.EXPANDED:
                self._expand(event)
        return self

    def is_hidden(self, ordinal: int) -> bool:
        """Say whether a task run is there no more; those below it are not either."""
        place = bisect(self._dropped, ordinal, key=_first)
        if not place:
            return False
        first, count = self._dropped[place - 1]  # children of one expansion are nobody else's: spans do not overlap
        return ordinal < first + count

    def _enter(self, event: Event) -> None:
        data = event.data or {}
        run = self.runs.get(event.ordinal)
        if run is None:
            run = self.runs[event.ordinal] = RunHistory(data.get("opened") or event.at)
        run.add(event)
        if data.get("restart") and not data.get("keeps"):
            is_whole = event.ordinal > 0 and event.state == _RESUME
            self._drop(event.ordinal, lambda branch: is_whole or branch in AFTERMATH)

    def _expand(self, event: Event) -> None:
        data = event.data or {}
        if data.get("turn", 0) > 1:
            self._drop(event.ordinal, lambda _: True)
        if event.ordinal in self.runs:
            self.runs[event.ordinal].stands_for_others = True
        count = data.get("count") or data.get("tasks") or 0
        if event.ordinal not in self._spans:
            insort(self._parents, event.ordinal)
            self._spans[event.ordinal] = []
        self._spans[event.ordinal].append((data.get("first", 0), count, data.get("branch", "tasks")))

    def _drop(self, parent: int, is_meant: Callable[[str], bool]) -> None:
        """Hide branches of a run, and all below them."""
        for first, count, branch in self._spans.get(parent, ()):
            if is_meant(branch):
                insort(self._dropped, (first, count))
                for ordinal in self._parents[
                    bisect_left(self._parents, first) : bisect_left(self._parents, first + count)
                ]:
                    self._drop(ordinal, lambda _: True)
        self._keep(parent, [span for span in self._spans.get(parent, ()) if not is_meant(span[2])])

    def _keep(self, parent: int, spans: list[tuple[int, int, str]]) -> None:
        """Look at the branches of a run that are not hidden only, from now on."""
        if spans:
            self._spans[parent] = spans
        elif self._spans.pop(parent, None) is not None:
            del self._parents[bisect_left(self._parents, parent)]


def _first(span: tuple[int, int]) -> int:
    return span[0]


def date_text(at: int) -> str:
    """Return a time (ns) as clients read it."""
    seconds, rest = divmod(at, NANOSECONDS)
    return f"{_second_text(seconds)}.{rest // 1_000:06}Z"


@lru_cache(10_000)
def _second_text(seconds: int) -> str:
    """Return a second without a zone: the many times of one execution share few of them."""
    return to_datetime(seconds * NANOSECONDS).strftime("%Y-%m-%dT%H:%M:%S")
