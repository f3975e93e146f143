"""The executions part of the executions surface: creating, reading, searching and following executions, their files and logs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from runwright.clock import from_datetime
from runwright.compat.executions import ExecutionDocuments
from runwright.errors import FileMissing, NotOnRecord, RunwrightError
from runwright.executions.runner import Origin
from runwright.executions.service import ExecutionService
from runwright.server import limits
from runwright.server.auth import Role
from runwright.server.bodies import empty_answer, json_answer
from runwright.server.execution_actions import ExecutionActions
from runwright.server.execution_inputs import read_inputs
from runwright.server.paging import Page
from runwright.server.problems import Problem
from runwright.server.routes import delete, get, post
from runwright.server.sse import Told, stream
from runwright.server.tenants import everywhere
from runwright.spec.moments import parse_moment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.runs import FlowRun, TaskRun
    from runwright.server.context import ServerContext
    from runwright.server.routes import GuardedRoute

SORTS: dict[str, Callable[[FlowRun], Any]] = {
    "id": lambda row: str(row.id),
    "state.startDate": lambda row: row.created,
    "state.endDate": lambda row: row.end_time,
    "state.current": lambda row: row.kind.execution,
    "flowId": lambda row: row.flow_name.partition("/")[2],
    "namespace": lambda row: row.flow_name.partition("/")[0],
}
_POLL = 0.1


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/executions`, `/logs`, `/metrics` and `/taskruns`."""
    executions = Endpoints(context)
    actions = ExecutionActions(context, executions.service, executions.documents)

    def below(prefix: str) -> list[GuardedRoute]:
        at = f"{prefix}/executions"
        one = f"{at}/{{id}}"
        return [
            get(at, executions.of_flow),
            get(f"{at}/search", executions.search),
            get(f"{at}/namespaces", executions.namespaces),
            *actions.routes(at),
            get(one, executions.one),
            delete(one, actions.delete, Role.OPERATOR),
            get(f"{one}/follow", executions.follow),
            get(f"{one}/flow", executions.flow),
            get(f"{one}/file", executions.file),
            get(f"{one}/file/metas", executions.file_info),
            post(f"{one}/eval/{{task_run}}", executions.evaluate, Role.OPERATOR),
            post(f"{at}/trigger/{{namespace}}/{{flow}}", executions.create, Role.OPERATOR, limits.FILES),
            post(f"{at}/{{namespace}}/{{flow}}", executions.create, Role.OPERATOR, limits.FILES),
            get(f"{prefix}/logs/search", executions.search_logs),
            get(f"{prefix}/logs/{{id}}", executions.logs),
            get(f"{prefix}/logs/{{id}}/download", executions.log_text),
            get(f"{prefix}/metrics/{{id}}", executions.metrics),
            get(f"{prefix}/taskruns/search", executions.search_task_runs),
        ]

    return everywhere(below)


class Endpoints:
    """The endpoints that create and read."""

    def __init__(self, context: ServerContext) -> None:
        """Serve the record of a context."""
        self._context = context
        self.service = ExecutionService(context.record, context.run)
        self.documents = ExecutionDocuments(context.record)

    async def create(self, request: Request) -> Response:
        """Create an execution, from a form with its inputs."""
        given = await read_inputs(request)
        values = request.query_params
        origin = Origin(labels=labels_in(values.getlist("labels")), due=_due(values.get("scheduleDate")))
        namespace, flow = request.path_params["namespace"], request.path_params["flow"]
        revision = int(values["revision"]) if values.get("revision", "").isdigit() else None
        row = await self._context.in_thread(self.service.create, namespace, flow, given, origin, revision)
        if values.get("wait") == "true":
            row = await self._ended(row)
        return json_answer(await self._context.in_thread(self.documents.execution, row))

    def one(self, request: Request) -> Response:
        """Return an execution with its task runs."""
        return json_answer(self.documents.execution(self.service.find(request.path_params["id"])))

    def of_flow(self, request: Request) -> Response:
        """Return the executions of a flow."""
        return self._page(request, _is_meant(request, exact=True))

    def search(self, request: Request) -> Response:
        """Return the executions that fit the conditions of the query."""
        return self._page(request, _is_meant(request, exact=False))

    def namespaces(self, request: Request) -> Response:
        """Return the namespaces that have executions."""
        del request
        return json_answer(sorted({row.flow_name.partition("/")[0] for row in self.service.select(lambda _: True)}))

    def flow(self, request: Request) -> Response:
        """Return the flow of an execution, in the revision that it runs."""
        from runwright.executions.registered_flows import RegisteredFlows  # noqa: PLC0415  one endpoint needs it
        from runwright.server.flow_documents import flow_document  # noqa: PLC0415  as above

        row = self.service.find(request.path_params["id"])
        namespace, _, flow_id = row.flow_name.partition("/")
        found = RegisteredFlows(self._context.record).find(namespace, flow_id, row.flow_version)
        if found is None:
            raise Problem(404, "The flow of this execution is not on record.")
        return json_answer(flow_document(found))

    async def follow(self, request: Request) -> Response:
        """Stream an execution as it changes; the last message has the id `end`."""
        row = await self._context.in_thread(self.service.find, request.path_params["id"])
        return stream(self._changes(row))

    async def _changes(self, row: FlowRun) -> AsyncIterator[Told]:
        cursor = -1
        while True:
            row = await self._context.in_thread(self.service.find, str(row.id))
            if row.updated != cursor:
                cursor = row.updated
                yield Told(self.documents.execution(row), id="progress")
            if row.kind.phase.is_final:
                yield Told(self.documents.execution(row), id="end")
                return
            await asyncio.sleep(_POLL)

    async def _ended(self, row: FlowRun) -> FlowRun:
        while not row.kind.phase.is_final:
            await asyncio.sleep(_POLL)
            row = await self._context.in_thread(self.service.find, str(row.id))
        return row

    # ---- files

    def file(self, request: Request) -> Response:
        """Return the content of a file of an execution."""
        from starlette.responses import StreamingResponse  # noqa: PLC0415  one endpoint needs it

        uri = self._uri(request)
        drive = self.service.host.drive
        return (
            StreamingResponse(iter(lambda: content.read(1 << 16), b""), media_type="application/octet-stream")
            if (content := drive.open(uri))
            else empty_answer()
        )

    def file_info(self, request: Request) -> Response:
        """Return the size of a file of an execution."""
        uri = self._uri(request)
        found = self.service.host.drive.find(uri)
        return json_answer({"size": 0 if found is None else found.size})

    def _uri(self, request: Request) -> str:
        """Return the URI that a request names; raises `Problem` 422 for one of another execution, 404 for none."""
        row = self.service.find(request.path_params["id"])
        uri = request.query_params.get("path", "")
        namespace, _, flow_id = row.flow_name.partition("/")
        own = f"kestra:///{namespace.replace('.', '/')}/{flow_id}/executions/{row.id}/"
        above = [
            f"kestra:///{each.namespace.replace('.', '/')}/{each.flow_id}/executions/{each.execution_id}/"
            for each in self.service.executions.relatives(str(row.id))
        ]
        if not uri.startswith((own, *above)) or "/../" in uri:
            raise Problem(422, "Illegal argument: the file is none of this execution.")
        if self.service.host.drive.find(uri) is None:
            raise FileMissing(f"There is no file {uri}.")
        return uri

    async def evaluate(self, request: Request) -> Response:
        """Return what an expression yields for a task run, or what is wrong with it."""
        expression = (await request.body()).decode("utf-8", "replace")
        return json_answer(await self._context.in_thread(self._evaluated, request.path_params, expression))

    def _evaluated(self, path: dict[str, str], expression: str) -> dict[str, str]:
        row = self.service.find(path["id"])
        try:
            return {"result": self.service.evaluate(row, path["task_run"], expression)}
        except NotOnRecord:
            raise
        except RunwrightError as error:
            text = str(error)
            return {"error": text.partition("\n")[0], "stackTrace": text}

    # ---- logs and metrics

    def logs(self, request: Request) -> Response:
        """Return the log lines of an execution."""
        return json_answer(list(self._lines(request, self.service.find(request.path_params["id"]))))

    def log_text(self, request: Request) -> Response:
        """Return the log lines of an execution as text."""
        from starlette.responses import PlainTextResponse  # noqa: PLC0415  one endpoint needs it

        lines = self._lines(request, self.service.find(request.path_params["id"]))
        return PlainTextResponse("".join(f"{each['timestamp']} {each['level']} {each['message']}\n" for each in lines))

    def search_logs(self, request: Request) -> Response:
        """Return log lines of all executions of a flow."""
        rows = self.service.select(_is_meant(request, exact=False))
        lines = [line for row in rows for line in self._lines(request, row)]
        return json_answer(Page.from_request(request).answer(lines, lambda line: line))

    def _lines(self, request: Request, row: FlowRun) -> Sequence[dict[str, Any]]:
        values = request.query_params
        runs = {each.ordinal: each for each in self.service.task_runs(row)}
        lines = [self.documents.log(row, line, runs.get(line.ordinal)) for line in self._context.record.logs(row.id)]
        least = _LEVELS.get(values.get("minLevel", "TRACE"), 0)
        return [
            line
            for line in lines
            if _LEVELS.get(line["level"], 0) >= least
            and values.get("taskRunId") in {None, line.get("taskRunId")}
            and values.get("taskId") in {None, line.get("taskId")}
            and values.get("attempt") in {None, str(line.get("attemptNumber"))}
        ]

    def metrics(self, request: Request) -> Response:
        """Return the numbers that an execution measured."""
        row = self.service.find(request.path_params["id"])
        values = request.query_params
        runs: dict[int, TaskRun] = {each.ordinal: each for each in self.service.task_runs(row)}
        found = [
            self.documents.metric(row, metric, runs.get(metric.ordinal))
            for metric in self._context.record.metrics(row.id)
        ]
        meant = [
            each
            for each in found
            if values.get("taskRunId") in {None, each.get("taskRunId")}
            and values.get("taskId") in {None, each.get("taskId")}
        ]
        return json_answer(Page.from_request(request).answer(meant, lambda each: each))

    def search_task_runs(self, request: Request) -> Response:
        """Return task runs over all executions, the newest first."""
        rows = self.service.select(_is_meant(request, exact=False))
        runs = [document for row in rows for document in self.documents.task_runs(row)]
        states = set(request.query_params.getlist("state"))
        task = request.query_params.get("taskId")
        meant = [
            run for run in runs if (not states or run["state"]["current"] in states) and task in {None, run["taskId"]}
        ]
        meant.sort(key=lambda run: run["state"]["startDate"], reverse=True)
        return json_answer(Page.from_request(request).answer(meant, lambda run: run))

    def _page(self, request: Request, is_meant: Callable[[FlowRun], bool]) -> Response:
        page = Page.from_request(request)
        rows = page.in_order(self.service.select(is_meant), SORTS)
        return json_answer(page.answer(rows, self.documents.execution))


def labels_in(texts: list[str]) -> dict[str, str]:
    """Return labels written as `key:value`; the value may have colons. Raises `Problem` 422 for one without."""
    labels: dict[str, str] = {}
    for text in texts:
        key, colon, value = text.partition(":")
        if not colon or not key:
            raise Problem(422, "Illegal argument: a label is written as key:value.")
        if key.startswith("system.") and key != "system.correlationId":
            raise Problem(422, f"Illegal argument: the label {key} is for the system to set.")
        labels.setdefault(key, value)
    return labels


def _due(text: str | None) -> int | None:
    if not text:
        return None
    try:
        return from_datetime(parse_moment(text))
    except ValueError as error:
        raise Problem(422, f"Illegal argument: scheduleDate: {error}") from None


def _is_meant(request: Request, *, exact: bool) -> Callable[[FlowRun], bool]:
    """Return the condition that a query states."""
    values = request.query_params
    namespace, flow_id, text = values.get("namespace"), values.get("flowId"), values.get("q")
    states = set(values.getlist("state"))
    labels = labels_in(values.getlist("labels"))
    trigger = values.get("triggerExecutionId")
    children = values.get("childFilter")

    def holds(row: FlowRun) -> bool:
        own, _, flow = row.flow_name.partition("/")
        starter = ((row.details.get("trigger") or {}).get("variables") or {}).get("executionId")
        return (
            (namespace is None or own == namespace or (not exact and own.startswith(f"{namespace}.")))
            and flow_id in {None, flow}
            and (not states or row.kind.execution in states)
            and all((row.details.get("labels") or {}).get(key) == value for key, value in labels.items())
            and trigger in {None, starter}
            and (children is None or (children == "CHILD") == (starter is not None))
            and (not text or text.lower() in f"{own} {flow} {row.id}".lower())
        )

    return holds


_LEVELS = {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARN": 3, "ERROR": 4}
