"""Selection: the task runs that a search means, on a record: their rows, their numbers, their times, whole groups of them.

What the named reads can say, they are asked, because they know the fast way; everything else is a query. Nothing here is cut
off at a page: numbers are of all task runs that match.
"""

from __future__ import annotations

from functools import reduce
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from runwright import decoding, ids
from runwright.query import Aggregate, And, Compare, Exists, Not, Or, Order, Query, Summary, Value, all_of, columns
from runwright.states import CLASS_BY_CODE, KIND_BY_NAME, TABLE
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from runwright.query import Among, Condition
    from runwright.runs import TaskRun
    from runwright.states import State
    from runwright.ui.search import Term
    from runwright.views import GroupBy, Views

SORTS = ("newest", "oldest", "slowest")
_COMPARISONS: dict[str, Any] = {"=": "eq", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
_FRACTIONS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


class Durations(msgspec.Struct, frozen=True):
    """How long task runs took that have ended, in seconds, and all of them together; None where none has.

    `waited` is how long all of them waited before they first began.
    """

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    longest: float | None = None
    total: float | None = None
    waited: float | None = None

    @property
    def waited_share(self) -> float:
        """Return how much of all their time they waited, in hundredths."""
        waited, total = self.waited or 0.0, self.total or 0.0
        return 100.0 * waited / (waited + total) if waited + total else 0.0


class Page(NamedTuple):
    """Some rows, and the place after which the next page begins, None on the last."""

    rows: list[TaskRun]
    after: str | None


class Selection:
    """The task runs that terms mean."""

    def __init__(self, views: Views, terms: Sequence[Term], among: Among | None = None) -> None:
        """Read terms into what the named reads know, `which`, and into a condition that says all of them.

        With `among` no other task runs are looked at.
        """
        self.views = views
        self.among = among
        self.which, rest = _plain(views, terms)
        self.is_plain = not rest
        self.is_of_troubles = any(term.key == "error" and not term.is_negated for term in terms)
        self.condition = all_of(*(_condition(term) for term in terms))

    def page(self, *, sort: str, after: str, limit: int) -> Page:
        """Return rows in order, those behind the id `after`."""
        if self.which is None:
            return Page([], None)
        if self.is_plain and self.among is None and sort != "slowest":
            place = _place(after)
            which = msgspec.structs.replace(self.which, limit=limit + 1, oldest_first=sort == "oldest", after=place)
            rows = self.views.task_runs(which)
        else:
            rows = self._queried(sort, after, limit + 1)
        return Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None)

    def counts(self) -> dict[str, int]:
        """Return how many there are by state, in the order of the table of states."""
        if self.which is None:
            return {}
        if self.is_plain and self.among is None:
            found = self.views.count_task_runs(self.which, "state")
        else:
            found = {row["state"]: row["count"] for row in self._summary(_counted("state"), ("state",))}
        return {kind.name: found[kind.name] for kind in TABLE if found.get(kind.name)}

    def durations(self) -> Durations:
        """Return how long they took."""
        if self.which is None:
            return Durations()
        column = ("duration_seconds",)
        fields = [Aggregate(name, "percentile", column, fraction=part) for name, part in _FRACTIONS.items()]
        fields += [Aggregate("longest", "max", column), Aggregate("total", "sum", column)]
        fields.append(Aggregate("waited", "sum", ("waited_seconds",)))
        return decoding.from_plain(self._summary(tuple(fields)), Durations)

    def tallied(self, by: GroupBy) -> dict[str, dict[str, int]] | None:
        """Return numbers by state for each group from the tallies of the record, None where they do not know all the terms.

        A state stands for its kinds in the named reads: what is counted as one of them is taken away from their parent.
        """
        which = self.which
        if which is None or not self.is_plain or self.among is not None:
            return None
        groups: dict[str, dict[str, int]] = {}
        for state in sorted(self.counts(), key=_by_depth, reverse=True):
            found = self.views.count_task_runs(msgspec.structs.replace(which, states=(state,)), by)
            for name, count in found.items():
                states = groups.setdefault(name, {})
                own = count - sum(number for kind, number in states.items() if issubclass(_class(kind), _class(state)))
                if own:
                    states[state] = own
        return groups

    def groups(self, column: str, name_of: Callable[[Any], str]) -> dict[str, dict[str, int]]:
        """Return numbers by state for each group: `name_of` makes its name of a value of the column."""
        groups: dict[str, dict[str, int]] = {}
        if self.which is None:
            return groups
        for row in self._summary(_counted("state", column), ("state", column)):
            states = groups.setdefault(name_of(row[column]), {})
            states[row["state"]] = states.get(row["state"], 0) + row["count"]
        return groups

    def _summary(self, fields: tuple[Any, ...], group_by: tuple[str, ...] = ()) -> Any:
        asked = Summary("task_run", fields, self.condition, group_by=group_by, among=self.among, without_deleted=True)
        return self._answer(asked)

    def _queried(self, sort: str, after: str, limit: int) -> list[TaskRun]:
        order = {"newest": Order("id", is_descending=True), "oldest": Order("id")}.get(
            sort, Order("duration_seconds", is_descending=True, nulls="last")
        )
        query = Query(
            "task_run", columns("id"), self.condition, (order,), limit,
            after=after or None, among=self.among, without_deleted=True,
        )  # fmt: skip
        return rows_of(self.views, [UUID(row["id"]) for row in self._answer(query)])

    def _answer(self, query: Query | Summary) -> Any:
        return msgspec.json.decode(self.views.query(query))


def rows_of(views: Views, wanted: Sequence[UUID]) -> list[TaskRun]:
    """Return the task runs with these ids, in this order, a flow run at a time."""
    found: dict[UUID, TaskRun] = {}
    for flow_run, of_one in groupby(sorted(wanted), ids.flow_run_of):
        which = TaskRunFilter(flow_run=flow_run, ordinals=tuple(ids.ordinal_of(each) for each in of_one))
        found.update((row.id, row) for row in views.task_runs(which))
    return [found[each] for each in wanted if each in found]


def _class(state: str) -> type[State]:
    return CLASS_BY_CODE[KIND_BY_NAME[state].code]


def _by_depth(state: str) -> int:
    return len(_class(state).__mro__)


def _counted(*names: str) -> tuple[Any, ...]:
    return (*(Value(name) for name in names), Aggregate("count", "count"))


def _place(after: str) -> tuple[UUID, int] | None:
    try:
        identity = UUID(after)
    except ValueError:
        return None
    return ids.flow_run_of(identity), ids.ordinal_of(identity)


def _plain(views: Views, terms: Sequence[Term]) -> tuple[TaskRunFilter | None, list[Term]]:
    """Return what the named reads know of the terms, None if nothing can match, and the terms that are left."""
    known: dict[str, Any] = {}
    rest: list[Term] = []
    for key, of_one in groupby(
        sorted(terms, key=lambda term: _KEYS.get(term.key, term.key)), lambda term: _KEYS.get(term.key, term.key)
    ):
        same = list(of_one)
        take = _TAKERS.get(key)
        taken = None if take is None or any(_is_beyond(term) for term in same) else take(views, [t.value for t in same])
        if taken is None:
            rest += same
        elif taken == _NOTHING:
            return None, rest
        else:
            known.update(taken)
    return TaskRunFilter(**known, without_deleted=True), rest


def _is_beyond(term: Term) -> bool:
    return term.is_negated or term.operator != "="


def _take_states(_: Views, values: list[Any]) -> dict[str, Any]:
    common = reduce(lambda left, right: left & right, (set(value) for value in values))
    return {"states": tuple(sorted(common, key=lambda name: KIND_BY_NAME[name].code))} if common else _NOTHING


def _take_run(views: Views, values: list[Any]) -> dict[str, Any] | None:
    if len(set(values)) > 1:
        return _NOTHING
    found = flow_runs_named(views, values[0])
    if not found:
        return _NOTHING
    return {"flow_run": found[0]} if len(found) == 1 else {"flow_run_name": values[0]}


def _take_one(name: str) -> Callable[[Views, list[Any]], dict[str, Any]]:
    return lambda _, values: {name: values[0]} if len(set(values)) == 1 else _NOTHING


_NOTHING: dict[str, Any] = {"": None}
_KEYS = {"phase": "state"}
_TAKERS: dict[str, Callable[[Views, list[Any]], dict[str, Any] | None]] = {
    "state": _take_states,
    "flow": _take_one("flow"),
    "task": lambda _, values: {"task": values[0]} if len(set(values)) == 1 else None,
    "run": _take_run,
    "tag": lambda _, values: {"tags": tuple(values)},
    "map_index": lambda _, values: {"map_index": (values[0],)} if len(set(values)) == 1 else _NOTHING,
    "after": lambda _, values: {"since": max(values)},
    "before": lambda _, values: {"until": min(values)},
}


def flow_runs_named(views: Views, word: str) -> list[UUID]:
    """Return the ids of the flow runs that a word names: by id, by the digits that begin it, by name."""
    digits = word.replace("-", "").lower()
    if 6 <= len(digits) <= 32 and all(digit in "0123456789abcdef" for digit in digits):  # noqa: PLR2004  digits of an id
        found = views.flow_runs(FlowRunFilter(id_prefix=digits, limit=2))
        if found:
            return [row.id for row in found]
    return [row.id for row in views.flow_runs(FlowRunFilter(name=word, limit=2))]


def _condition(term: Term) -> Condition:
    condition = _MEANINGS[term.key](term)
    return Not(condition) if term.is_negated else condition


def _pattern(text: Any) -> str:
    return f"%{text}%"


def _name(term: Term) -> Condition:
    like = _pattern(term.value)
    return Or(
        (
            Compare("name", "ilike", like),
            Exists("task", Or((Compare("slug", "ilike", like), Compare("name", "ilike", like)))),
        )
    )


def _run(term: Term) -> Condition:
    named: Iterable[Condition] = (Exists("flow_run", Compare("name", "eq", term.value)),)
    try:
        return Compare("flow_run_id", "eq", str(UUID(str(term.value))))
    except ValueError:
        return Or(tuple(named))


def _error(term: Term) -> Condition:
    """Return what has a text in its message; plain successes are left out, so that the index of states serves."""
    return And((Compare("state", "neq", "Success"), Compare("state_message", "ilike", _pattern(term.value))))


def _worker(term: Term) -> Condition:
    """Return who ran the flow run: a process by its whole name, or all of a host."""
    on_host = str(term.value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + ":%"
    return Exists("flow_run", Or((Compare("worker", "eq", term.value), Compare("worker", "like", on_host))))


def _compared(column: str) -> Callable[[Term], Condition]:
    return lambda term: Compare(column, _COMPARISONS[term.operator], term.value)


_MEANINGS: dict[str, Callable[[Term], Condition]] = {
    "state": lambda term: Compare("state", "in", term.value),
    "phase": lambda term: Compare("state", "in", term.value),
    "flow": lambda term: Exists("flow_run", Exists("flow", Compare("name", "eq", term.value))),
    "run": _run,
    "task": lambda term: Exists("task", Or((Compare("slug", "eq", term.value), Compare("name", "eq", term.value)))),
    "name": _name,
    "tag": lambda term: Compare("tags", "contains", [term.value]),
    "map_index": _compared("map_index"),
    "attempt": _compared("attempt"),
    "worker": _worker,
    "duration": _compared("duration_seconds"),
    "error": _error,
    "after": lambda term: Compare("updated", "gte", term.value),
    "before": lambda term: Compare("updated", "lte", term.value),
}
