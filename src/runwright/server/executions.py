"""The executions part of the executions surface: executions are created, read, found and followed, and so are their task runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.compat.executions import ExecutionDocuments
from runwright.errors import NotOnRecord, RunwrightError
from runwright.executions.origin import Origin
from runwright.executions.registered_flows import RegisteredFlow, RegisteredFlows
from runwright.executions.service import ExecutionService
from runwright.server import limits
from runwright.server.auth import Role
from runwright.server.bodies import json_answer, read_json
from runwright.server.execution_actions import ExecutionActions
from runwright.server.execution_files import ExecutionFiles
from runwright.server.execution_inputs import due_in, read_inputs, revision_in
from runwright.server.execution_labels import new_labels
from runwright.server.execution_logs import ExecutionLogs
from runwright.server.execution_metrics import ExecutionMetrics
from runwright.server.execution_search import ExecutionSearch
from runwright.server.flow_documents import flow_document
from runwright.server.flow_graphs import graph_of
from runwright.server.following import changes
from runwright.server.problems import Problem
from runwright.server.routes import delete, get, post
from runwright.server.sse import Told, stream
from runwright.server.tenants import TENANT, everywhere

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.runs import FlowRun
    from runwright.server.context import ServerContext
    from runwright.server.routes import GuardedRoute

MOST_FLOWS = 100
"""How many flows are asked about at once."""
LONGEST_EXPRESSION = 64 * 1024


class FlowKey(msgspec.Struct):
    """A flow whose newest execution is asked for."""

    namespace: str
    id: str | None = None
    flow_id: str | None = msgspec.field(default=None, name="flowId")


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/executions`, `/taskruns`, `/logs` and `/metrics`."""
    executions = Executions(context)
    parts = executions.service, executions.documents
    actions, logs = ExecutionActions(context, *parts), ExecutionLogs(context, *parts)
    files, metrics = ExecutionFiles(executions.service), ExecutionMetrics(context, *parts)

    def below(prefix: str) -> list[GuardedRoute]:
        at = f"{prefix}/executions"
        one = f"{at}/{{id}}"
        return [
            get(at, executions.of_flow),
            get(f"{at}/search", executions.search),
            get(f"{at}/namespaces", executions.namespaces),
            post(f"{at}/latest", executions.latest, Role.VIEWER, body=list[FlowKey]),
            *actions.routes(at),
            get(one, executions.one),
            delete(one, actions.delete, Role.OPERATOR),
            get(f"{one}/follow", executions.follow),
            get(f"{one}/flow", executions.flow),
            get(f"{one}/graph", executions.graph),
            *files.routes(one),
            post(f"{one}/eval/{{task_run}}", executions.evaluate, Role.AUTHOR, LONGEST_EXPRESSION),
            post(f"{one}/actions/eval", executions.evaluate, Role.AUTHOR, LONGEST_EXPRESSION),
            post(f"{one}/actions/eval/{{task_run}}", executions.evaluate, Role.AUTHOR, LONGEST_EXPRESSION),
            post(f"{at}/trigger/{{namespace}}/{{flow}}", executions.create, Role.OPERATOR, limits.FILES),
            post(f"{at}/{{namespace}}/{{flow}}/validate", executions.validate, Role.VIEWER, limits.FILES),
            post(f"{at}/{{namespace}}/{{flow}}", executions.create, Role.OPERATOR, limits.FILES),
            get(f"{prefix}/taskruns/search", executions.search_task_runs),
            *logs.routes(f"{prefix}/logs"),
            *metrics.routes(f"{prefix}/metrics"),
        ]

    return everywhere(below)


class Executions:
    """The endpoints that create and read."""

    def __init__(self, context: ServerContext) -> None:
        """Serve the record of a context."""
        self._context = context
        self._search = ExecutionSearch(context.record)
        self.service = ExecutionService(context.record, context.run)
        self.documents = ExecutionDocuments(context.record)

    # ---- creating

    async def create(self, request: Request) -> Response:
        """Create an execution, from a form with its inputs; with `wait=true` the answer comes when it has ended."""
        values, path = request.query_params, request.path_params
        origin = Origin(labels=new_labels(values.getlist("labels")), due=due_in(request))
        revision = revision_in(request)
        given = await read_inputs(request)
        row = await self._context.in_thread(
            self.service.create, path["namespace"], path["flow"], given, origin, revision
        )
        if values.get("wait") == "true":
            row = await self._ended(row)
        document = await self._context.in_thread(self.documents.execution, row)
        return json_answer({**document, "url": _page_of(request, row)})

    async def validate(self, request: Request) -> Response:
        """Return the inputs that an execution would have, each with what is wrong with it, and the checks that fail; nothing is created."""
        path = request.path_params
        given = await read_inputs(request)
        found = await self._context.in_thread(self.service.examine, path["namespace"], path["flow"], given)
        failed = await self._context.in_thread(self.service.failed_checks, path["namespace"], path["flow"], given)
        return json_answer({"id": path["flow"], "namespace": path["namespace"], "inputs": found, "checks": failed})

    # ---- reading

    def one(self, request: Request) -> Response:
        """Return an execution with its task runs."""
        return json_answer(self.documents.execution(self._find(request)))

    def of_flow(self, request: Request) -> Response:
        """Return a page of the executions of a flow."""
        return self._page(request, is_exact=True)

    def search(self, request: Request) -> Response:
        """Return a page of the executions that fit all conditions."""
        return self._page(request, is_exact=False)

    def _page(self, request: Request, *, is_exact: bool) -> Response:
        """Answer with a page; the older path, without a tenant, has the task runs of each execution too."""
        rows, total = self._search.executions(request, is_exact=is_exact)
        is_older = not request.url.path.startswith(f"/api/v1/{TENANT}/")
        results = [self.documents.execution(row, with_task_runs=is_older) for row in rows]
        return json_answer({"results": results, "total": total})

    def search_task_runs(self, request: Request) -> Response:
        """Return a page of task runs over all executions, the newest first unless sorted."""
        rows, total = self._search.task_runs(request)
        of = {each: self.service.find(str(each)) for each in {row.flow_run for row in rows}}
        return json_answer(
            {"results": [self.documents.task_run(row, of[row.flow_run]) for row in rows], "total": total}
        )

    def namespaces(self, request: Request) -> Response:
        """Return the namespaces that have executions."""
        del request
        return json_answer(self._search.namespaces())

    async def latest(self, request: Request) -> Response:
        """Return the newest execution of each flow of a list, in its order; flows without any are left out."""
        flows = await read_json(request, list[FlowKey])
        if len(flows) > MOST_FLOWS:
            raise Problem(422, f"Illegal argument: {MOST_FLOWS} flows may be asked about at once.")
        return json_answer(await self._context.in_thread(self._newest, flows))

    def _newest(self, flows: list[FlowKey]) -> list[dict[str, Any]]:
        rows = [row for each in flows for row in self._search.newest(each.namespace, each.flow_id or each.id or "")]
        return [_in_short(self.documents.execution(row, with_task_runs=False)) for row in rows]

    def flow(self, request: Request) -> Response:
        """Return the flow of an execution, in the revision that it runs."""
        return json_answer(flow_document(self._flow_of(self._find(request))))

    def graph(self, request: Request) -> Response:
        """Return the graph of the flow of an execution, its task runs at the tasks."""
        row = self._find(request)
        return json_answer(graph_of(self._flow_of(row).spec, self.documents.task_runs(row)))

    async def evaluate(self, request: Request) -> Response:
        """Return what an expression yields after the fact, or what is wrong with it."""
        row = await self._context.in_thread(self._find, request)
        text = (await request.body()).decode("utf-8", "replace")
        task_run = request.path_params.get("task_run")
        try:
            result = await self._context.in_thread(self.service.evaluate, row, text, task_run)
        except NotOnRecord:
            raise
        except RunwrightError as error:
            return json_answer({"error": str(error).partition("\n")[0], "stackTrace": str(error)})
        return json_answer({"result": result})

    # ---- following

    async def follow(self, request: Request) -> Response:
        """Stream an execution as it changes; the last message has the id `end`."""
        return stream(self._told(await self._context.in_thread(self._find, request)))

    async def _told(self, row: FlowRun) -> AsyncIterator[Told]:
        told = -1
        async for _ in changes(self._context, row.id):
            row, document = await self._context.in_thread(self._newest_document, row)
            if row.updated != told:
                told = row.updated
                yield Told(document, id="progress")
            if row.kind.phase.is_final:
                yield Told(document, id="end")
                return

    def _newest_document(self, row: FlowRun) -> tuple[FlowRun, dict[str, Any]]:
        newest = self.service.find(str(row.id))
        return newest, self.documents.execution(newest)

    async def _ended(self, row: FlowRun) -> FlowRun:
        async for _ in changes(self._context, row.id):
            row = await self._context.in_thread(self.service.find, str(row.id))
            if row.kind.phase.is_final:
                break
        return row

    # ---- what they share

    def _find(self, request: Request) -> FlowRun:
        return self.service.find(request.path_params["id"])

    def _flow_of(self, row: FlowRun) -> RegisteredFlow:
        namespace, _, flow_id = row.flow_name.partition("/")
        found = RegisteredFlows(self._context.record).find(namespace, flow_id, row.flow_version)
        if found is None:
            raise Problem(404, "The flow of this execution is not on record.")
        return found


def _in_short(document: dict[str, Any]) -> dict[str, Any]:
    """Return what a list of newest executions says of one, and the state as it stands in longer documents."""
    named = {name: document[name] for name in ("id", "namespace", "flowId", "state")}
    return {**named, "startDate": document["state"]["startDate"], "status": document["state"]["current"]}


def _page_of(request: Request, row: FlowRun) -> str:
    namespace, _, flow_id = row.flow_name.partition("/")
    return f"{request.base_url}ui/{TENANT}/executions/{namespace}/{flow_id}/{row.id}"
