"""Execution logs: the log lines of one execution as a list, as text and as they come, and a search over those of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse

from runwright.compat.executions import line_document
from runwright.server.bodies import json_answer
from runwright.server.execution_search import ExecutionSearch
from runwright.server.execution_terms import LEVELS, words_of
from runwright.server.following import changes
from runwright.server.query_filters import Condition
from runwright.server.routes import get
from runwright.server.sse import Told, stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from runwright.compat.executions import ExecutionDocuments
    from runwright.events import LogLine
    from runwright.executions.service import ExecutionService
    from runwright.runs import FlowRun
    from runwright.server.context import ServerContext
    from runwright.server.routes import GuardedRoute


class ExecutionLogs:
    """The endpoints."""

    def __init__(self, context: ServerContext, service: ExecutionService, documents: ExecutionDocuments) -> None:
        """Read the record of a context."""
        self._context = context
        self._service = service
        self._documents = documents
        self._search = ExecutionSearch(context.record)

    def routes(self, at: str) -> list[GuardedRoute]:
        """Return the routes below `at`."""
        return [
            get(f"{at}/search", self.search),
            get(f"{at}/{{id}}", self.of_execution),
            get(f"{at}/{{id}}/download", self.text),
            get(f"{at}/{{id}}/follow", self.follow),
        ]

    def of_execution(self, request: Request) -> Response:
        """Return the log lines of an execution, oldest first."""
        row = self._service.find(request.path_params["id"])
        return json_answer(list(self._shown(row, self._context.record.logs(row.id), _condition(request))))

    def text(self, request: Request) -> Response:
        """Return the log lines of an execution as text."""
        row = self._service.find(request.path_params["id"])
        lines = self._shown(row, self._context.record.logs(row.id), _condition(request))
        return PlainTextResponse("".join(f"{each['timestamp']} {each['level']} {each['message']}\n" for each in lines))

    def search(self, request: Request) -> Response:
        """Return a page of log lines of all executions, newest first unless sorted."""
        found, total = self._search.lines(request)
        return json_answer({"results": [line_document(each) for each in found], "total": total})

    async def follow(self, request: Request) -> Response:
        """Stream the log lines of an execution: those there are, and those that come, until it has ended."""
        row = await self._context.in_thread(self._service.find, request.path_params["id"])
        return stream(self._coming(row, _condition(request)))

    async def _coming(self, row: FlowRun, is_meant: Callable[[dict[str, Any]], bool]) -> AsyncIterator[Told]:
        told = 0
        async for _ in changes(self._context, row.id):
            row, lines = await self._context.in_thread(self._read, row, told)
            told += len(lines)
            shown = await self._context.in_thread(lambda row=row, new=lines: list(self._shown(row, new, is_meant)))
            for each in shown:
                yield Told(each, id="progress")
            if row.kind.phase.is_final:
                return

    def _read(self, row: FlowRun, told: int) -> tuple[FlowRun, Sequence[LogLine]]:
        """Return an execution, and its lines after the first `told`; in this order, so that an ended one has told all."""
        newest = self._service.find(str(row.id))
        return newest, self._context.record.logs(row.id)[told:]

    def _shown(
        self, row: FlowRun, lines: Iterable[LogLine], is_meant: Callable[[dict[str, Any]], bool]
    ) -> Iterator[dict[str, Any]]:
        runs = {each.ordinal: each for each in self._service.task_runs(row)}
        for line in lines:
            document = self._documents.log(row, line, runs.get(line.ordinal))
            if is_meant(document):
                yield document


def _condition(request: Request) -> Callable[[dict[str, Any]], bool]:
    """Return whether a line is asked for; raises `Problem` 422 for a level that there is not."""
    values = request.query_params
    least = values.get("minLevel") or LEVELS[0]
    levels = set(words_of(Condition("level", "GREATER_THAN_OR_EQUAL_TO", least)))
    asked = {
        "taskRunId": values.get("taskRunId"),
        "taskId": values.get("taskId"),
        "attemptNumber": values.get("attempt"),
    }
    wanted = {name: value for name, value in asked.items() if value is not None}

    def is_meant(document: dict[str, Any]) -> bool:
        is_of_run = all(str(document.get(name)) == value for name, value in wanted.items())
        return is_of_run and (document["level"] in levels or document["level"] not in LEVELS)

    return is_meant
