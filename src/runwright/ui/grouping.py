"""Grouping: the task runs that a search finds, by what they have in common: numbers by state for each group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.clock import NANOSECONDS
from runwright.query import Query, Related, columns
from runwright.ui import rows, search
from runwright.ui.columns import workers_of
from runwright.ui.selection import Selection
from runwright.ui.words import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.query import Among
    from runwright.ui.ask import Ask
    from runwright.ui.search import Term
    from runwright.views import GroupBy, Views

GROUPS = ("none", "flow", "task", "run", "worker", "error", "hour")
MOST_GROUPS = 60
UNKNOWN = "unknown"
_COLUMNS = {
    "flow": "flow_run_id",
    "run": "flow_run_id",
    "worker": "flow_run_id",
    "task": "task_id",
    "error": "state_message",
}
_TALLIES: dict[str, GroupBy] = {"flow": "flow", "task": "task", "run": "flow_run", "worker": "flow_run"}
_NAMES_OF_TALLIES = ("run", "worker")
_HOUR = 3_600 * NANOSECONDS
_HOURS = 48


class Group(msgspec.Struct, frozen=True):
    """Task runs that have something in common; `link` leads to just them, and is empty where no search says that."""

    name: str
    count: int
    link: str
    parts: list[rows.Part]


class Grouping:
    """The groups of one search."""

    def __init__(self, views: Views, terms: tuple[Term, ...], ask: Ask, now: int, among: Among | None) -> None:
        """Group what the terms find, among the rows that are looked at."""
        self._views = views
        self._terms = terms
        self._ask = ask
        self._now = now
        self._among = among
        self.left_out = 0

    def groups(self, by: str) -> list[Group]:
        """Return the largest groups, hours newest first; `left_out` says then how many others there are."""
        if by == "hour":
            return self._hours()
        selection = self._selected("phase:bad" if by == "error" else "")
        tallied = selection.tallied(_TALLIES[by]) if by in _TALLIES else None
        found = selection.groups(_COLUMNS[by], self._names(by)) if tallied is None else self._named(by, tallied)
        self.left_out = max(0, len(found) - MOST_GROUPS)
        largest = sorted(found.items(), key=lambda group: -sum(group[1].values()))[:MOST_GROUPS]
        return [_group(name, states, self._link(by, name)) for name, states in largest]

    def _selected(self, further: str) -> Selection:
        return Selection(self._views, (*self._terms, *search.parse(further, self._now)), self._among)

    def _named(self, by: str, tallied: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
        """Return groups of the tallies under the names of `by`: several flow runs may have one name, or one worker."""
        if by not in _NAMES_OF_TALLIES:
            return tallied
        name_of = self._names(by)
        found: dict[str, dict[str, int]] = {}
        for key, counts in tallied.items():
            states = found.setdefault(name_of(key), {})
            for state, count in counts.items():
                states[state] = states.get(state, 0) + count
        return found

    def _names(self, by: str) -> Callable[[Any], str]:
        """Return what makes the name of a group of the value of its column."""
        if by == "error":
            return lambda message: fingerprint(message) or "without a message"
        names: dict[str, str | None] = {**_NAMES[by](self._views)}
        return lambda identity: names.get(str(identity)) or UNKNOWN

    def _hours(self) -> list[Group]:
        """Return the hours of the last two days in which something changed."""
        found = []
        text = " ".join(term.text for term in self._terms)
        for hour in range(self._now // _HOUR, self._now // _HOUR - _HOURS, -1):
            start, end = (rows.iso(each * _HOUR) or "" for each in (hour, hour + 1))
            counts = self._selected(f"after:{start} before:{end}").counts()
            if counts:
                link = self._ask.link(q=f"{text} after:{start} before:{end}".strip(), group=None)
                found.append(_group(start, counts, link))
        return found

    def _link(self, by: str, name: str) -> str:
        if by == "worker" and name == UNKNOWN:
            return ""
        word = max(name.split("\u2026"), key=len).strip() if by == "error" else name
        return self._ask.link(q=f"{self._ask.get('q')} {search.written(by, word)}".strip(), group=None)


def _group(name: str, counts: dict[str, int], link: str) -> Group:
    return Group(name, sum(counts.values()), link, rows.bar(counts))


def _tasks(views: Views) -> dict[str, str]:
    answer = msgspec.json.decode(views.query(Query("task", columns("id", "slug"))))
    return {row["id"]: row["slug"] for row in answer}


def _flow_runs(views: Views) -> dict[str, str]:
    answer = msgspec.json.decode(views.query(Query("flow_run", columns("id", "name"))))
    return {row["id"]: row["name"] for row in answer}


def _flows(views: Views) -> dict[str, str]:
    fields = (*columns("id"), Related("flow", Query("flow", columns("name"), is_single=True)))
    answer = msgspec.json.decode(views.query(Query("flow_run", fields)))
    return {row["id"]: row["flow"]["name"] for row in answer}


_NAMES: dict[str, Callable[[Views], dict[str, Any]]] = {
    "task": _tasks,
    "run": _flow_runs,
    "flow": _flows,
    "worker": workers_of,
}
