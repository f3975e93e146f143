"""Statistics: how many executions, task runs and log lines there were on each day, by state or level, as charts show them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from runwright import clock
from runwright.clock import from_datetime, to_datetime
from runwright.compat.executions import ExecutionDocuments
from runwright.query import Aggregate, Compare, Summary, all_of, columns
from runwright.server.auth import Role
from runwright.server.bodies import json_answer, read_json
from runwright.server.execution_search import ExecutionSearch
from runwright.server.execution_terms import ExecutionTerms, moment_in
from runwright.server.problems import Problem
from runwright.server.query_filters import is_below
from runwright.server.routes import post
from runwright.server.tenants import everywhere
from runwright.states import KIND_BY_NAME
from runwright.vocabularies import EXECUTION_STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright import query
    from runwright.server.context import ServerContext
    from runwright.server.execution_terms import Subject
    from runwright.server.routes import GuardedRoute

MOST_DAYS = 100
MOST_FLOWS = 100

_DAY = timedelta(days=1)
_DAYS = 30
_WHEN: dict[Subject, str] = {"flow_run": "created", "task_run": "created", "log": "timestamp"}
_NUMBERS = (
    Aggregate("count", "count"),
    Aggregate("timed", "count", ("duration_seconds",)),
    Aggregate("sum", "sum", ("duration_seconds",)),
    Aggregate("min", "min", ("duration_seconds",)),
    Aggregate("max", "max", ("duration_seconds",)),
)


class FlowOfStatistics(msgspec.Struct):
    """A flow that numbers are about."""

    namespace: str
    id: str


class Wanted(msgspec.Struct, rename="camel"):
    """What is counted: of which flows, between which times."""

    namespace: str | None = None
    flow_id: str | None = None
    flows: list[FlowOfStatistics] | None = None
    start_date: str | None = None
    end_date: str | None = None


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/stats`."""
    statistics = Statistics(context)

    def below(prefix: str) -> list[GuardedRoute]:
        at = f"{prefix}/stats"
        return [
            post(f"{at}/executions/daily", statistics.executions, Role.VIEWER, body=Wanted),
            post(f"{at}/executions/daily/group-by-flow", statistics.by_flow, Role.VIEWER, body=Wanted),
            post(f"{at}/executions/daily/group-by-namespace", statistics.by_namespace, Role.VIEWER, body=Wanted),
            post(f"{at}/executions/latest/group-by-flow", statistics.latest, Role.VIEWER, body=Wanted),
            post(f"{at}/taskruns/daily", statistics.task_runs, Role.VIEWER, body=Wanted),
            post(f"{at}/logs/daily", statistics.lines, Role.VIEWER, body=Wanted),
        ]

    return everywhere(below)


class Statistics:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Count on the record of a context."""
        self._context = context
        self._record = context.record
        self._search = ExecutionSearch(context.record)
        self._documents = ExecutionDocuments(context.record)

    async def executions(self, request: Request) -> Response:
        """Return the executions of each day, by state."""
        wanted = await read_json(request, Wanted, Wanted())
        return json_answer(await self._context.in_thread(self._daily, "flow_run", wanted))

    async def task_runs(self, request: Request) -> Response:
        """Return the task runs of each day, by state."""
        wanted = await read_json(request, Wanted, Wanted())
        return json_answer(await self._context.in_thread(self._daily, "task_run", wanted))

    async def by_flow(self, request: Request) -> Response:
        """Return the executions of each day by namespace, flow and state; `*` stands for all flows where none is named."""
        wanted = await read_json(request, Wanted, Wanted())
        return json_answer(await self._context.in_thread(self._by_flow, wanted))

    async def by_namespace(self, request: Request) -> Response:
        """Return the executions of each day by namespace and state."""
        wanted = await read_json(request, Wanted, Wanted())
        return json_answer(await self._context.in_thread(self._by_namespace, wanted))

    async def latest(self, request: Request) -> Response:
        """Return the newest execution of each flow of a list."""
        flows = _flows_of(await read_json(request, Wanted))
        rows = await self._context.in_thread(
            lambda: [row for each in flows for row in self._search.newest(each.namespace, each.id)]
        )
        return json_answer([self._documents.execution(row, with_task_runs=False) for row in rows])

    async def lines(self, request: Request) -> Response:
        """Return the log lines of each day, by level."""
        wanted = await read_json(request, Wanted, Wanted())
        return json_answer(await self._context.in_thread(self._lines, wanted))

    # ---- counting

    def _daily(self, subject: Subject, wanted: Wanted) -> list[dict[str, Any]]:
        terms = ExecutionTerms(self._record, subject)
        where = terms.within(_condition(terms, wanted))
        return [self._day(subject, where, day) for day in _days(wanted)]

    def _day(self, subject: Subject, where: query.Condition, day: datetime) -> dict[str, Any]:
        rows = self._counted(subject, where, day, _NUMBERS, "state")
        counts = Counter(dict.fromkeys(EXECUTION_STATES, 0))
        for row in rows:
            counts[KIND_BY_NAME[row["state"]].execution] += row["count"]
        timed = sum(row["timed"] for row in rows)
        total = sum(row["sum"] or 0 for row in rows)
        return {
            "startDate": _text(day),
            "groupBy": "day",
            "duration": {
                "count": timed,
                "sum": total,
                "avg": total / timed if timed else 0,
                "min": min((row["min"] for row in rows if row["min"] is not None), default=0),
                "max": max((row["max"] for row in rows if row["max"] is not None), default=0),
            },
            "executionCounts": dict(counts),
            "total": counts.total(),
        }

    def _by_flow(self, wanted: Wanted) -> dict[str, dict[str, list[dict[str, Any]]]]:
        found: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for each in _flows_of(wanted):
            own = msgspec.structs.replace(wanted, namespace=each.namespace, flow_id=each.id, flows=None)
            found.setdefault(each.namespace, {})[each.id] = self._daily("flow_run", own)
        return found or {wanted.namespace or "*": {"*": self._daily("flow_run", wanted)}}

    def _by_namespace(self, wanted: Wanted) -> dict[str, list[dict[str, Any]]]:
        names = [wanted.namespace] if wanted.namespace else self._search.namespaces()[:MOST_FLOWS]
        return {each: self._daily("flow_run", msgspec.structs.replace(wanted, namespace=each)) for each in names}

    def _lines(self, wanted: Wanted) -> list[dict[str, Any]]:
        terms = ExecutionTerms(self._record, "log")
        where = terms.within(_condition(terms, wanted))
        found: list[dict[str, Any]] = []
        for day in _days(wanted):
            rows = self._counted("log", where, day, (Aggregate("count", "count"),), "level")
            counts = {{"WARNING": "WARN"}.get(row["level"], row["level"]): row["count"] for row in rows}
            found.append({"timestamp": _text(day), "groupBy": "day", "counts": counts})
        return found

    def _counted(
        self, subject: Subject, where: query.Condition, day: datetime, numbers: tuple[Aggregate, ...], by: str
    ) -> list[dict[str, Any]]:
        when = _WHEN[subject]
        first, end = from_datetime(day), from_datetime(day + _DAY)
        of_day = all_of(where, Compare(when, "gte", first), Compare(when, "lt", end))
        asked = Summary(subject, (*columns(by), *numbers), of_day, (by,))
        return msgspec.json.decode(self._record.query(asked))


def _condition(terms: ExecutionTerms, wanted: Wanted) -> query.Condition | None:
    """Return which executions are meant, None for all."""
    named = {(each.namespace, each.id) for each in _flows_of(wanted)}
    if named:
        return terms.of_flows(lambda *name: name in named)
    if wanted.namespace is None and wanted.flow_id is None:
        return None

    def is_meant(namespace: str, flow_id: str) -> bool:
        is_inside = wanted.namespace is None or is_below(namespace, wanted.namespace)
        return is_inside and wanted.flow_id in {None, flow_id}

    return terms.of_flows(is_meant)


def _flows_of(wanted: Wanted) -> list[FlowOfStatistics]:
    flows = wanted.flows or []
    if len(flows) > MOST_FLOWS:
        raise Problem(422, f"Illegal argument: {MOST_FLOWS} flows may be asked about at once.")
    return flows


def _days(wanted: Wanted) -> list[datetime]:
    """Return the beginnings of the days that are asked for: the last thirty unless others are; raises `Problem` 422."""
    last = moment_in("endDate", wanted.end_date) if wanted.end_date else to_datetime(clock.now())
    first = moment_in("startDate", wanted.start_date) if wanted.start_date else last - _DAYS * _DAY
    start, end = (each.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) for each in (first, last))
    number = (end - start) // _DAY + 1
    if not 0 < number <= MOST_DAYS:
        raise Problem(422, f"Illegal argument: from startDate to endDate are 1 to {MOST_DAYS} days.")
    return [start + index * _DAY for index in range(number)]


def _text(day: datetime) -> str:
    return day.isoformat().replace("+00:00", "Z")
