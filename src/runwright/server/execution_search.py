"""Execution search: pages of executions, task runs and log lines that a URL asks for, each at the cost of its own size.

Conditions, orders and totals are the record's work; what a row looks like is that of `runwright.compat.executions`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from runwright import ids
from runwright.query import Aggregate, Order, Query, Related, Summary, all_of, columns
from runwright.server.execution_terms import ExecutionTerms
from runwright.server.paging import Page
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from runwright import query
    from runwright.runs import FlowRun, TaskRun
    from runwright.store import Store


def _one(relation: str, entity: str, *fields: query.Field) -> Related:
    """Return the one related row."""
    return Related(relation, Query(entity, fields, is_single=True))


_FLOW = ("flow",)
_SORTS_OF_EXECUTIONS = {
    "id": Order("id"),
    "state.startDate": Order("created"),
    "state.endDate": Order("end_time"),
    "state.duration": Order("duration"),
    "state.current": Order("state"),
    "namespace": Order("namespace", via=_FLOW),
    "flowId": Order("yaml_id", via=_FLOW),
}
_SORTS_OF_TASK_RUNS = {
    "id": Order("id"),
    "state.startDate": Order("created"),
    "state.endDate": Order("end_time"),
    "state.duration": Order("duration"),
    "state.current": Order("state"),
    "taskId": Order("slug", via=("task",)),
    "executionId": Order("id"),
    "namespace": Order("namespace", via=("flow_run", "flow")),
    "flowId": Order("yaml_id", via=("flow_run", "flow")),
}
_SORTS_OF_LINES = {"timestamp": Order("timestamp"), "level": Order("level")}
_NEWEST = (Order("id", is_descending=True),)
_LINE = (
    *columns("id", "timestamp", "level", "name", "message", "attempt", "flow_run_id", "task_run_id"),
    _one("flow_run", "flow_run", _one("flow", "flow", *columns("name"))),
    _one("task_run", "task_run", _one("task", "task", *columns("slug"))),
)


class ExecutionSearch:
    """Finds on one record."""

    def __init__(self, record: Store) -> None:
        """Read a record."""
        self._record = record

    # ---- executions

    def executions(self, request: Request, *, is_exact: bool = False) -> tuple[list[FlowRun], int]:
        """Return the page of executions that is asked for, and how many there are; newest first unless sorted."""
        where = ExecutionTerms(self._record, "flow_run").from_request(request, is_exact=is_exact)
        found, total = self._page("flow_run", where, Page.from_request(request), _SORTS_OF_EXECUTIONS)
        return self._flow_runs(found), total

    def all_executions(self, request: Request) -> list[FlowRun]:
        """Return all executions that are asked for, newest first."""
        where = ExecutionTerms(self._record, "flow_run").from_request(request)
        return self._flow_runs(self._ask(Query("flow_run", columns("id"), where, _NEWEST)))

    def newest(self, namespace: str, flow_id: str, limit: int = 1) -> list[FlowRun]:
        """Return the newest executions of a flow, at most `limit`."""
        terms = ExecutionTerms(self._record, "flow_run")
        of_flow = terms.of_flows(lambda *name: name == (namespace, flow_id))
        where = all_of(terms.executions, of_flow)
        return self._flow_runs(self._ask(Query("flow_run", columns("id"), where, _NEWEST, limit=limit)))

    def namespaces(self) -> list[str]:
        """Return the namespaces that have executions, in order."""
        shown = ExecutionTerms(self._record, "flow_run").executions
        counts = self._ask(Summary("flow_run", (*columns("flow_id"), Aggregate("n", "count")), shown, ("flow_id",)))
        of_flow = {each["id"]: each["name"] for each in self._ask(Query("flow", columns("id", "name")))}
        return sorted({of_flow[each["flow_id"]].partition("/")[0] for each in counts})

    # ---- task runs and log lines

    def task_runs(self, request: Request) -> tuple[list[TaskRun], int]:
        """Return the page of task runs over all executions that is asked for, and how many there are.

        Unless sorted: those of the newest execution first, in it the newest first.
        """
        where = ExecutionTerms(self._record, "task_run").from_request(request)
        found, total = self._page("task_run", where, Page.from_request(request), _SORTS_OF_TASK_RUNS)
        return self._rows_of([UUID(each["id"]) for each in found]), total

    def lines(self, request: Request) -> tuple[list[dict[str, Any]], int]:
        """Return the page of log lines that is asked for, and how many there are; as rows of the entity `log`."""
        where = ExecutionTerms(self._record, "log").from_request(request)
        return self._page("log", where, Page.from_request(request), _SORTS_OF_LINES, _LINE)

    # ---- what they share

    def _page(
        self,
        entity: str,
        where: query.Condition,
        page: Page,
        sorts: dict[str, Order],
        fields: tuple[query.Field, ...] = columns("id"),
    ) -> tuple[list[dict[str, Any]], int]:
        order = page.orders(sorts) or _NEWEST
        rows = self._ask(Query(entity, fields, where, order, limit=page.size, offset=page.offset))
        total = self._ask(Summary(entity, (Aggregate("total", "count"),), where))["total"]
        return rows, total

    def _ask(self, query: Query | Summary) -> Any:
        return msgspec.json.decode(self._record.query(query))

    def _flow_runs(self, found: Iterable[dict[str, Any]]) -> list[FlowRun]:
        return [row for each in found for row in self._record.flow_runs(FlowRunFilter(id=UUID(each["id"])))]

    def _rows_of(self, task_runs: list[UUID]) -> list[TaskRun]:
        """Return task runs in the order of their ids, read together for each execution."""
        ordinals: dict[UUID, list[int]] = defaultdict(list)
        for each in task_runs:
            ordinals[ids.flow_run_of(each)].append(ids.ordinal_of(each))
        rows = {
            row.id: row
            for flow_run, wanted in ordinals.items()
            for row in self._record.task_runs(TaskRunFilter(flow_run=flow_run, ordinals=tuple(wanted)))
        }
        return [rows[each] for each in task_runs if each in rows]
