"""Execution metrics: the numbers that tasks measured, of one execution, and by name and time over those of a flow."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from runwright import clock
from runwright.clock import from_datetime
from runwright.server.bodies import json_answer
from runwright.server.execution_search import ExecutionSearch
from runwright.server.execution_terms import moment_in
from runwright.server.paging import Page
from runwright.server.problems import Problem
from runwright.server.routes import get

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from runwright.compat.executions import ExecutionDocuments
    from runwright.executions.service import ExecutionService
    from runwright.server.context import ServerContext
    from runwright.server.routes import GuardedRoute

MOST_EXECUTIONS = 1_000
"""How many executions of a flow are looked at for what they have measured, the newest ones."""

_MONTH = 30 * 86_400 * clock.NANOSECONDS
_AGGREGATIONS: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "avg": lambda values: sum(values) / len(values),
    "min": min,
    "max": max,
}
_SORTS = {name: lambda metric, name=name: metric.get(name) for name in ("timestamp", "name", "value", "taskId", "type")}


class ExecutionMetrics:
    """The endpoints."""

    def __init__(self, context: ServerContext, service: ExecutionService, documents: ExecutionDocuments) -> None:
        """Read the record of a context."""
        self._record = context.record
        self._service = service
        self._documents = documents
        self._search = ExecutionSearch(context.record)

    def routes(self, at: str) -> list[GuardedRoute]:
        """Return the routes below `at`."""
        flow = "{namespace}/{flow}"
        return [
            get(f"{at}/names/{flow}", self.names),
            get(f"{at}/names/{flow}/{{task}}", self.names),
            get(f"{at}/tasks/{flow}", self.tasks),
            get(f"{at}/aggregates/{flow}/{{metric}}", self.aggregates),
            get(f"{at}/aggregates/{flow}/{{task}}/{{metric}}", self.aggregates),
            get(f"{at}/{{id}}", self.of_execution),
        ]

    def of_execution(self, request: Request) -> Response:
        """Return a page of what an execution measured, oldest first unless sorted."""
        row = self._service.find(request.path_params["id"])
        runs = {each.ordinal: each for each in self._service.task_runs(row)}
        metrics = self._record.metrics(row.id)
        found = [self._documents.metric(row, each, runs.get(each.ordinal)) for each in metrics]
        for name in ("taskRunId", "taskId"):
            value = request.query_params.get(name)
            found = [each for each in found if value in {None, each.get(name)}]
        page = Page.from_request(request)
        return json_answer(page.answer(page.in_order(found, _SORTS), lambda each: each))

    def names(self, request: Request) -> Response:
        """Return the names of what the executions of a flow, or its runs of one task, measured."""
        return json_answer(sorted({each["name"] for each in self._of_flow(request)}))

    def tasks(self, request: Request) -> Response:
        """Return the tasks of a flow that measured something."""
        return json_answer(sorted({each["taskId"] for each in self._of_flow(request) if "taskId" in each}))

    def aggregates(self, request: Request) -> Response:
        """Return what the values under a name come to, day by day."""
        aggregation = request.query_params.get("aggregation") or "sum"
        if aggregation not in _AGGREGATIONS:
            raise Problem(422, f"Illegal argument: aggregation is one of {', '.join(_AGGREGATIONS)}.")
        name = request.path_params["metric"]
        by_day: dict[str, list[float]] = defaultdict(list)
        for each in self._of_flow(request):
            if each["name"] == name:
                by_day[each["timestamp"][:10]].append(each["value"])
        compute = _AGGREGATIONS[aggregation]
        shown = [
            {"name": name, "value": compute(values), "date": f"{day}T00:00:00Z"}
            for day, values in sorted(by_day.items())
        ]
        return json_answer({"groupBy": "day", "aggregations": shown})

    def _of_flow(self, request: Request) -> Iterator[dict[str, Any]]:
        """Yield what the newest executions of a flow measured between the dates asked for, in a task where one is named."""
        path = request.path_params
        first, last = _span_of(request)
        for row in self._search.newest(path["namespace"], path["flow"], MOST_EXECUTIONS):
            metrics = [each for each in self._record.metrics(row.id) if first <= each.at <= last]
            runs = {each.ordinal: each for each in self._service.task_runs(row)} if metrics else {}
            for metric in metrics:
                found = self._documents.metric(row, metric, runs.get(metric.ordinal))
                if path.get("task") in {None, found.get("taskId")}:
                    yield found


def _span_of(request: Request) -> tuple[int, int]:
    """Return the first and last time (ns) that are asked for: the last thirty days unless the request says others."""
    start, end = (request.query_params.get(name) for name in ("startDate", "endDate"))
    last = from_datetime(moment_in("endDate", end)) if end else clock.now()
    return from_datetime(moment_in("startDate", start)) if start else last - _MONTH, last
