"""The runs surface: flows, flow runs, task runs and their states, read as clients of Prefect 3 do it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright import ids
from runwright.compat.run_documents import flow_document
from runwright.compat.run_search import Expected, RunSearch, Wanted
from runwright.errors import NotOnRecord
from runwright.server.auth import Role
from runwright.server.bodies import json_answer, read_json
from runwright.server.problems import Problem
from runwright.server.routes import get, post
from runwright.server.run_queries import HistoryQuery, PageQuery, Query, is_usual
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext

_LONG_SEARCHES = 2
"""How many searches look at many rows at once; more wait for their turn."""


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/api/flows`, `/api/flow_runs`, `/api/task_runs` and those of their states."""
    task_runs, flow_runs, flows = TaskRuns(context), FlowRuns(context), Flows(context)
    return [
        *(
            post(f"/api/{name}/{verb}", getattr(endpoints, verb), Role.VIEWER, body=body)
            for name, endpoints in (("task_runs", task_runs), ("flow_runs", flow_runs), ("flows", flows))
            for verb, body in (("filter", Query), ("count", Wanted), ("paginate", PageQuery))
        ),
        post("/api/task_runs/history", task_runs.history, Role.VIEWER, body=HistoryQuery),
        post("/api/flow_runs/history", flow_runs.history, Role.VIEWER, body=HistoryQuery),
        get("/api/task_runs/{id}", task_runs.one),
        get("/api/task_run_states/", task_runs.states),
        get("/api/task_run_states/{id}", task_runs.state),
        get("/api/flow_runs/{id}", flow_runs.one),
        get("/api/flow_run_states/", flow_runs.states),
        get("/api/flow_run_states/{id}", flow_runs.state),
        get("/api/flows/name/{name}", flows.named),
        get("/api/flows/{id}", flows.one),
    ]


class _Endpoints:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    @property
    def _search(self) -> RunSearch:
        return RunSearch(self._context.record, self._context.state_counts.read, self._context.flows)

    def _check_kept(self, flow_run: UUID) -> None:
        """Raise `Problem` 404 for what belongs to an execution that was deleted."""
        if any(row.details.get("deleted") for row in self._context.record.flow_runs(FlowRunFilter(id=flow_run))):
            raise Problem(404, f"Execution {flow_run} is deleted.")


class TaskRuns(_Endpoints):
    """Task runs, over all flow runs.

    What has to look at many rows waits until few others do: the threads that read are there for all requests.
    """

    def __init__(self, context: ServerContext) -> None:
        """Read the record of a context."""
        super().__init__(context)
        self._turns = asyncio.Semaphore(_LONG_SEARCHES)

    async def _in_turn(self, query: Wanted, sort: str | None, call: Callable[..., Any], *arguments: Any) -> Response:
        if is_usual(sort) and query.is_served_by_index:
            return json_answer(await self._context.in_thread(call, *arguments))
        async with self._turns:
            return json_answer(await self._context.in_thread(call, *arguments))

    async def filter(self, request: Request) -> Response:
        """Return a page of task runs."""
        query = await read_json(request, Query, Query())
        return await self._in_turn(query, query.sort, query.page_of_task_runs, self._search)

    async def count(self, request: Request) -> Response:
        """Return how many task runs there are."""
        wanted = await read_json(request, Wanted, Wanted())
        return await self._in_turn(wanted, None, self._search.count_task_runs, wanted)

    async def paginate(self, request: Request) -> Response:
        """Return a page of task runs by its number, and how many there are."""
        query = await read_json(request, PageQuery, PageQuery())
        return await self._in_turn(query, query.sort, query.answer_with_task_runs, self._search)

    async def history(self, request: Request) -> Response:
        """Return how many task runs were expected in each interval, by state."""
        query = await read_json(request, HistoryQuery)
        async with self._turns:
            return json_answer(await self._context.in_thread(query.answer_with_task_runs, self._search))

    def one(self, request: Request) -> Response:
        """Return a task run."""
        identity = uuid_from(request.path_params["id"], "id")
        which = TaskRunFilter(flow_run=ids.flow_run_of(identity), ordinals=(ids.ordinal_of(identity),))
        rows = [row for row in self._context.record.task_runs(which) if row.id == identity]
        if not rows:
            raise Problem(404, "Task not found")
        self._check_kept(rows[0].flow_run)
        return json_answer(self._search.documents.task_run(rows[0]))

    def states(self, request: Request) -> Response:
        """Return the states of a task run, oldest first."""
        identity = uuid_from(request.query_params.get("task_run_id", ""), "task_run_id")
        if not ids.ordinal_of(identity):
            return json_answer([])
        return json_answer(_states_of(self._search, identity))

    def state(self, request: Request) -> Response:
        """Return a state of a task run by its id."""
        return json_answer(_state(self._search, uuid_from(request.path_params["id"], "id")))


class FlowRuns(_Endpoints):
    """Flow runs."""

    async def filter(self, request: Request) -> Response:
        """Return a page of flow runs."""
        query = await read_json(request, Query, Query())
        return json_answer(await self._context.in_thread(lambda: query.page(self._search.flow_runs(query))))

    async def count(self, request: Request) -> Response:
        """Return how many flow runs there are."""
        wanted = await read_json(request, Wanted, Wanted())
        return json_answer(await self._context.in_thread(lambda: _length(self._search.flow_runs(wanted))))

    async def paginate(self, request: Request) -> Response:
        """Return a page of flow runs by its number, and how many there are."""
        query, search = await read_json(request, PageQuery, PageQuery()), self._search
        answer = self._context.in_thread(
            lambda: query.answer(search.flow_runs(query), _length(search.flow_runs(query)))
        )
        return json_answer(await answer)

    async def history(self, request: Request) -> Response:
        """Return how many flow runs were expected in each interval, by state."""
        query = await read_json(request, HistoryQuery)
        return json_answer(await self._context.in_thread(query.answer, map(Expected.of, self._search.flow_runs(query))))

    def one(self, request: Request) -> Response:
        """Return a flow run."""
        rows = self._context.record.flow_runs(FlowRunFilter(id=uuid_from(request.path_params["id"], "id")))
        if not rows:
            raise Problem(404, "Flow run not found")
        self._check_kept(rows[0].id)
        return json_answer(self._search.documents.flow_run(rows[0]))

    def states(self, request: Request) -> Response:
        """Return the states of a flow run, oldest first."""
        identity = uuid_from(request.query_params.get("flow_run_id", ""), "flow_run_id")
        return json_answer([] if ids.ordinal_of(identity) else _states_of(self._search, identity))

    def state(self, request: Request) -> Response:
        """Return a state of a flow run by its id."""
        return json_answer(_state(self._search, uuid_from(request.path_params["id"], "id")))


class Flows(_Endpoints):
    """Flows, each in its newest version."""

    async def filter(self, request: Request) -> Response:
        """Return a page of flows."""
        query = await read_json(request, Query, Query())
        return json_answer(await self._context.in_thread(lambda: query.page(self._search.flows(query))))

    async def count(self, request: Request) -> Response:
        """Return how many flows there are."""
        wanted = await read_json(request, Wanted, Wanted())
        return json_answer(await self._context.in_thread(lambda: len(self._search.flows(wanted))))

    async def paginate(self, request: Request) -> Response:
        """Return a page of flows by its number, and how many there are."""
        query = await read_json(request, PageQuery, PageQuery())
        found = await self._context.in_thread(self._search.flows, query)
        return json_answer(query.answer(found, len(found)))

    def one(self, request: Request) -> Response:
        """Return a version of a flow by its id."""
        found = self._context.record.flows(flow_id=uuid_from(request.path_params["id"], "id"))
        return _flow(found)

    def named(self, request: Request) -> Response:
        """Return the newest version of a flow by its name."""
        return _flow(self._context.record.flows(name=request.path_params["name"]))


def uuid_from(text: str, name: str) -> UUID:
    """Return an id; raises `Problem` 422 for a text that is none."""
    try:
        return UUID(text)
    except ValueError:
        raise Problem(422, f"{name} is no UUID.") from None


def _flow(found: list[Any]) -> Response:
    if not found:
        raise Problem(404, "Flow not found")
    return json_answer(flow_document(found[0]))


def _states_of(search: RunSearch, identity: UUID) -> list[dict[str, Any]]:
    try:
        return search.documents.task_run_states(ids.flow_run_of(identity), ids.ordinal_of(identity))
    except NotOnRecord:
        return []


def _state(search: RunSearch, identity: UUID) -> dict[str, Any]:
    found = [each for each in _states_of(search, identity) if each["id"] == str(identity)]
    if not found:
        raise Problem(404, "State not found")
    return found[0]


def _length(found: Any) -> int:
    return sum(1 for _ in found)
