"""Execution terms: what a URL asks for among executions, their task runs or their log lines, as a condition of a query.

There are two ways to write it, `namespace=a.b&state=FAILED` and `filters[state][IN]=FAILED,KILLED`; the first is read as the
second. What is known of flows and states by name is decided here, so that the record is asked for keys and codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import msgspec

from runwright import clock
from runwright.clock import from_datetime
from runwright.query import And, Compare, Exists, Not, Or, Query, all_of, columns
from runwright.server.execution_labels import label_in
from runwright.server.problems import Problem
from runwright.server.query_filters import Condition, Group, group_from, is_below
from runwright.spec.durations import parse_duration
from runwright.spec.moments import parse_moment
from runwright.states import TABLE
from runwright.vocabularies import EXECUTION_STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime, timedelta

    from starlette.requests import Request

    from runwright import query
    from runwright.views import Views

    Subject = Literal["flow_run", "task_run", "log"]

LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR")
"""The levels of log lines in the words of executions, the least first."""

_OF_LEVEL = {"TRACE": (), "DEBUG": ("DEBUG",), "INFO": ("INFO",), "WARN": ("WARNING",), "ERROR": ("ERROR", "CRITICAL")}
_BEGAN: dict[Subject, str] = {"flow_run": "created", "task_run": "created", "log": "timestamp"}
_NEGATIONS = {"NOT_EQUALS": "EQUALS", "NOT_IN": "IN", "IS_NOT_NULL": "IS_NULL"}
_COMPARISONS: dict[str, query.Operator] = {
    "EQUALS": "eq",
    "NOT_EQUALS": "neq",
    "GREATER_THAN": "gt",
    "GREATER_THAN_OR_EQUAL_TO": "gte",
    "LESS_THAN": "lt",
    "LESS_THAN_OR_EQUAL_TO": "lte",
}
_MOST_AT_ONCE = 5_000
_SHORTEST_PREFIX = 4

FLAT: dict[str, tuple[str, str]] = {
    "q": ("q", "EQUALS"),
    "namespace": ("namespace", "PREFIX"),
    "flowId": ("flowId", "EQUALS"),
    "taskId": ("taskId", "EQUALS"),
    "startDate": ("startDate", "GREATER_THAN_OR_EQUAL_TO"),
    "endDate": ("endDate", "LESS_THAN_OR_EQUAL_TO"),
    "timeRange": ("timeRange", "EQUALS"),
    "triggerExecutionId": ("triggerExecutionId", "EQUALS"),
    "childFilter": ("childFilter", "EQUALS"),
    "scope": ("scope", "IN"),
    "minLevel": ("minLevel", "EQUALS"),
}
"""The parameters that are written without brackets, each as the filter that it stands for."""


class ExecutionTerms:
    """Makes the condition for one kind of rows of one record."""

    def __init__(self, views: Views, subject: Subject) -> None:
        """Ask `views` for the names of flows; `subject` is the entity whose rows are asked for."""
        self._views = views
        self._subject: Subject = subject
        self._flows: list[tuple[str, str]] | None = None
        own: dict[str, Callable[[Condition], query.Condition]] = {
            "state": self._state,
            "startDate": self._began,
            "endDate": self._began,
            "timeRange": self._recent,
        }
        of_execution: dict[str, Callable[[Condition], query.Condition]] = {
            "namespace": self._flow,
            "flowId": self._flow,
            "scope": self._flow,
            "q": self._text,
            "query": self._text,
            "labels": self._label,
            "triggerExecutionId": self._starter,
            "childFilter": self._child,
            "executionId": self._identity,
            "id": self._identity,
        }
        if subject == "task_run":
            own["taskId"] = self._task
        if subject == "log":
            own |= {"taskId": self._task, "q": self._message, "query": self._message}
            own |= {"level": self._level, "minLevel": self._least_level}
        self._own = own
        self._of_execution = of_execution

    def from_request(self, request: Request, *, is_exact: bool = False) -> query.Condition:
        """Return what a request asks for, deleted executions aside; `is_exact` leaves namespaces below out.

        Raises `Problem` 422 for what no filter is.
        """
        parameters = request.query_params.multi_items()
        fields = (*self._own, *self._of_execution)
        flat = [each for name, value in parameters for each in self._flat(name, value, is_exact=is_exact)]
        states = [each for name, value in parameters if name == "state" for each in value.split(",")]
        if states and "state" in self._own:
            flat.append(Condition("state", "IN", ",".join(states)))
        _check_dates({each.field: each.value for each in flat})
        grouped = group_from(parameters, fields)
        asked = self._group(Group("and", (*flat, *grouped.members)))
        return all_of(self._about_execution(self.executions), asked) or And()

    def within(self, condition: query.Condition | None = None) -> query.Condition:
        """Return that a row belongs to an execution that is shown, of which a condition holds."""
        return self._about_execution(all_of(self.executions, condition) or And())

    @property
    def executions(self) -> query.Condition:
        """Return what makes a flow run an execution that is shown: its flow has a namespace, and it is not deleted."""
        return And((Exists("flow", Compare("name", "like", "%/%")), Compare("deleted", "eq", value=False)))

    def of_flows(self, is_meant: Callable[[str, str], bool]) -> query.Condition:
        """Return that an execution is of one of the flows whose namespace and id are meant."""
        ids = [identity for identity, name in self._known() if is_meant(*name.split("/", 1))]
        chunks = [tuple(ids[at : at + _MOST_AT_ONCE]) for at in range(0, len(ids), _MOST_AT_ONCE)]
        return Or(tuple(Compare("flow_id", "in", chunk) for chunk in chunks))

    # ---- reading

    def _flat(self, name: str, value: str, *, is_exact: bool) -> list[Condition]:
        field, operator = FLAT.get(name, ("", ""))
        if not value or (field not in self._own and field not in self._of_execution):
            return [Condition("labels", "EQUALS", *reversed(label_in(value)))] if name == "labels" and value else []
        if name == "namespace" and is_exact:
            operator = "EQUALS"
        return [Condition(field, operator, value)]

    def _group(self, group: Group) -> query.Condition:
        parts = tuple(self._group(each) if isinstance(each, Group) else self._condition(each) for each in group.members)
        return Or(parts) if group.joined_by == "or" and parts else And(parts)

    def _condition(self, term: Condition) -> query.Condition:
        if term.field in self._own:
            return self._own[term.field](term)
        return self._about_execution(self._of_execution[term.field](term))

    def _about_execution(self, condition: query.Condition) -> query.Condition:
        return condition if self._subject == "flow_run" else Exists("flow_run", condition)

    def _known(self) -> list[tuple[str, str]]:
        if self._flows is None:
            rows = self._views.query(Query("flow", columns("id", "name"), Compare("name", "like", "%/%")))
            self._flows = [(each["id"], each["name"]) for each in msgspec.json.decode(rows)]
        return self._flows

    # ---- what executions are asked for

    def _flow(self, term: Condition) -> query.Condition:
        def is_meant(namespace: str, flow_id: str) -> bool:
            facts = {"namespace": namespace, "flowId": flow_id, "scope": scope_of(namespace)}
            return term.matches(lambda field, _: facts[field])

        return self.of_flows(is_meant)

    def _text(self, term: Condition) -> query.Condition:
        part = term.value.lower()
        found = self.of_flows(lambda namespace, flow_id: part in f"{namespace} {flow_id} {namespace}.{flow_id}".lower())
        return _negated(term, Or((found, *_with_prefix(part))))

    def _label(self, term: Condition) -> query.Condition:
        key, values = term.key, term.value.split(",") if term.operator.endswith("IN") else [term.value]
        pairs = [label_in(value) if key is None else (key, value) for value in values]
        if term.operator not in {"EQUALS", "IN", "NOT_EQUALS", "NOT_IN"}:
            raise Problem(422, "Labels are compared with EQUALS, NOT_EQUALS, IN and NOT_IN.")
        return _negated(term, Or(tuple(Compare("labels", "contains", {name: value}) for name, value in pairs)))

    def _starter(self, term: Condition) -> query.Condition:
        if term.operator.endswith("NULL"):
            return Compare("started_by", "is_null", term.operator == "IS_NULL")
        if term.operator not in {"EQUALS", "IN", "NOT_EQUALS", "NOT_IN"}:
            raise Problem(
                422, f"{term.field} is compared with EQUALS, NOT_EQUALS, IN, NOT_IN, IS_NULL and IS_NOT_NULL."
            )
        return _negated(term, Compare("started_by", "in", tuple(term.value.split(","))))

    def _child(self, term: Condition) -> query.Condition:
        if term.value not in {"CHILD", "MAIN"}:
            raise Problem(422, "Illegal argument: childFilter is CHILD or MAIN.")
        return _negated(term, Compare("started_by", "is_null", term.value == "MAIN"))

    def _identity(self, term: Condition) -> query.Condition:
        ids = [each for each in map(_uuid_in, term.value.split(",")) if each is not None]
        return _negated(term, Compare("id", "in", tuple(ids)))

    # ---- what the rows themselves are asked for

    def _state(self, term: Condition) -> query.Condition:
        unknown = {each for each in term.value.split(",") if each} - set(EXECUTION_STATES)
        if unknown and term.operator.removeprefix("NOT_") in {"EQUALS", "IN"}:
            raise Problem(422, f"Illegal argument: a state is one of {', '.join(EXECUTION_STATES)}.")
        names = (kind.name for kind in TABLE if term.matches(lambda *_, word=kind.execution: word))
        return Compare("state", "in", tuple(names))

    def _began(self, term: Condition) -> query.Condition:
        operator = _COMPARISONS.get(term.operator)
        if operator is None:
            raise Problem(422, f"{term.field} is compared with {', '.join(_COMPARISONS)}.")
        return Compare(_BEGAN[self._subject], operator, from_datetime(moment_in(term.field, term.value)))

    def _recent(self, term: Condition) -> query.Condition:
        since = clock.now() - int(span_in(term.value).total_seconds() * clock.NANOSECONDS)
        return _negated(term, Compare(_BEGAN[self._subject], "gte", max(since, 0)))

    def _task(self, term: Condition) -> query.Condition:
        if term.operator not in {"EQUALS", "IN", "NOT_EQUALS", "NOT_IN"}:
            raise Problem(422, "taskId is compared with EQUALS, NOT_EQUALS, IN and NOT_IN.")
        has_slug = Exists("task", Compare("slug", "in", tuple(term.value.split(","))))
        return _negated(term, has_slug if self._subject == "task_run" else Exists("task_run", has_slug))

    def _level(self, term: Condition) -> query.Condition:
        return level_condition(words_of(term))

    def _least_level(self, term: Condition) -> query.Condition:
        return self._level(term._replace(operator="GREATER_THAN_OR_EQUAL_TO"))

    def _message(self, term: Condition) -> query.Condition:
        literal = term.value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return _negated(term, Compare("message", "ilike", f"%{literal}%"))


def words_of(term: Condition) -> list[str]:
    """Return the levels that a condition means; raises `Problem` 422 for a word that is none."""
    given = term.value.split(",")
    if not set(given) <= set(LEVELS):
        raise Problem(422, f"Illegal argument: a level is one of {', '.join(LEVELS)}.")
    least = LEVELS.index(given[0])
    ways = {"GREATER_THAN_OR_EQUAL_TO": LEVELS[least:], "EQUALS": given, "IN": given}
    if term.operator not in ways:
        raise Problem(422, f"level is compared with {', '.join(ways)}.")
    return list(ways[term.operator])


def level_condition(words: Iterable[str]) -> query.Condition:
    """Return that a log line has one of these levels; all of them are no condition, for there are levels without a name."""
    found = tuple(words)
    if found == LEVELS:
        return And()
    return Compare("level", "in", tuple(name for word in found for name in _OF_LEVEL[word]))


def scope_of(namespace: str) -> str:
    """Return whose flows a namespace has: SYSTEM for the one of that name, USER for all others."""
    return "SYSTEM" if is_below(namespace, "system") else "USER"


def moment_in(name: str, text: str) -> datetime:
    """Return the moment that a parameter says; raises `Problem` 422 for none."""
    try:
        return parse_moment(text.replace(" ", "+"))  # a plus in a URL that was not encoded
    except ValueError as error:
        raise Problem(422, f"Illegal argument: {name}: {error}") from None


def span_in(text: str) -> timedelta:
    """Return the span of a parameter; raises `Problem` 422 for none, and for one in years or months."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise Problem(422, f"Illegal argument: timeRange: {error}") from None


def _check_dates(given: dict[str, str]) -> None:
    start, end = given.get("startDate"), given.get("endDate")
    if "timeRange" in given and start:
        raise Problem(422, "Illegal argument: timeRange and startDate exclude each other.")
    if start and end and moment_in("startDate", start) >= moment_in("endDate", end):
        raise Problem(422, "Illegal argument: Start date must be before End Date")


def _negated(term: Condition, condition: query.Condition) -> query.Condition:
    """Return the opposite for the operators that say NOT."""
    return Not(condition) if term.operator in _NEGATIONS or term.operator == "NOT_CONTAINS" else condition


def _with_prefix(text: str) -> list[query.Condition]:
    """Return that an id begins with a text, where it could."""
    digits = text.replace("-", "")
    if not _SHORTEST_PREFIX <= len(digits) <= 32 or set(digits) - set("0123456789abcdef"):  # noqa: PLR2004  of a UUID
        return []
    low, high = (UUID(digits.ljust(32, filling)) for filling in "0f")
    return [And((Compare("id", "gte", low), Compare("id", "lte", high)))]


def _uuid_in(text: Any) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
