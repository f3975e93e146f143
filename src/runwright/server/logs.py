"""The logs surface: log lines are found and sent as clients of Prefect 3 do it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import msgspec

from runwright import ids
from runwright.clock import recordable
from runwright.compat.run_documents import log_document
from runwright.compat.run_filters import Span
from runwright.compat.run_questions import uuids_in
from runwright.errors import NotOnRecord
from runwright.events import Batch, LogLine
from runwright.server import limits
from runwright.server.auth import Role
from runwright.server.bodies import json_answer, read_json
from runwright.server.problems import Problem
from runwright.server.routes import IntakeRoute, post
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext
    from runwright.store import Store

LONGEST_LINE = 64 * 1024

_OWNER = "server"
_LEASE_SECONDS = 30
_RECENT = 100


class Ids(msgspec.Struct, forbid_unknown_fields=True):
    """Runs by their ids."""

    any_: list[str] | None = None
    is_null_: bool | None = None


class Level(msgspec.Struct, forbid_unknown_fields=True):
    """Levels between two numbers of `logging`, which belong to them."""

    ge_: int | None = None
    le_: int | None = None


class Text(msgspec.Struct, forbid_unknown_fields=True):
    """A part of the message, in any case."""

    query: Annotated[str, msgspec.Meta(max_length=200)]


class LogFilter(msgspec.Struct, forbid_unknown_fields=True):
    """Which log lines; every condition must hold."""

    operator: Literal["and_"] = "and_"
    flow_run_id: Ids | None = None
    task_run_id: Ids | None = None
    level: Level | None = None
    timestamp: Span | None = None
    text: Text | None = None

    def matches(self, document: dict[str, Any]) -> bool:
        """Say whether a line is asked for."""
        task_run, level = self.task_run_id, self.level
        if task_run is not None and task_run.any_ is not None and document["task_run_id"] not in task_run.any_:
            return False
        if task_run is not None and task_run.is_null_ not in {None, document["task_run_id"] is None}:
            return False
        if level is not None and not (level.ge_ or 0) <= document["level"] <= (level.le_ or 1_000):
            return False
        if self.timestamp is not None and not self.timestamp.matches(document["timestamp"]):
            return False
        return self.text is None or self.text.query.lower() in document["message"].lower()

    @property
    def flow_runs(self) -> set[UUID] | None:
        """Return the flow runs that it is about, None for any."""
        if self.flow_run_id is not None and self.flow_run_id.any_ is not None:
            return uuids_in(self.flow_run_id.any_)
        if self.task_run_id is not None and self.task_run_id.any_ is not None:
            return {ids.flow_run_of(each) for each in uuids_in(self.task_run_id.any_)}
        return None


class Query(msgspec.Struct):
    """The body of a search."""

    logs: LogFilter | None = None
    sort: Literal["TIMESTAMP_ASC", "TIMESTAMP_DESC"] | None = None
    limit: Annotated[int, msgspec.Meta(ge=0, le=limits.PAGE)] | None = None
    offset: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)] | None = None


class SentLine(msgspec.Struct):
    """A log line as programs send it."""

    name: str
    level: int
    message: Annotated[str, msgspec.Meta(max_length=LONGEST_LINE)]
    timestamp: datetime
    flow_run_id: UUID | None = None
    task_run_id: UUID | None = None

    def line(self) -> LogLine:
        """Return it as the record keeps it; raises `Problem` 422 when it belongs to no run."""
        run = self.task_run_id or self.flow_run_id
        if run is None:
            raise Problem(422, "A log line belongs to a flow run or a task run: give the id of one.")
        flow_run, at = ids.flow_run_of(run), recordable(self.timestamp)
        return LogLine(at, flow_run, ids.ordinal_of(run), 0, self.level, self.name, self.message)


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/api/logs`."""
    logs = Logs(context)
    return [
        IntakeRoute(
            "/api/logs/", logs.send, methods=["POST"], role=Role.AUTHOR, limit=limits.BATCH, body=list[SentLine]
        ),
        post("/api/logs/filter", logs.filter, Role.VIEWER, body=Query),
    ]


class Logs:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Read and write the record of a context."""
        self._context = context

    async def filter(self, request: Request) -> Response:
        """Return a page of log lines."""
        query = await read_json(request, Query, Query())
        return json_answer(await self._context.in_thread(find, self._context.record, query))

    async def send(self, request: Request) -> Response:
        """Keep log lines of flow runs that nobody else holds."""
        sent = await read_json(request, list[SentLine])
        await self._context.in_thread(keep, self._context.record, [each.line() for each in sent])
        return json_answer(None, 201)


def find(record: Store, query: Query) -> list[dict[str, Any]]:
    """Return a page of log lines; where no run is named, of the newest hundred flow runs."""
    which = query.logs or LogFilter()
    found = [each for each in _documents(record, which) if which.matches(each)]
    found.sort(key=lambda each: each["timestamp"], reverse=query.sort == "TIMESTAMP_DESC")
    return found[query.offset or 0 :][: limits.PAGE if query.limit is None else query.limit]


def _documents(record: Store, which: LogFilter) -> Iterator[dict[str, Any]]:
    flow_runs = which.flow_runs
    if flow_runs is None:
        flow_runs = {row.id for row in record.flow_runs(FlowRunFilter(limit=_RECENT, without_deleted=True))}
    for flow_run in sorted(flow_runs):
        for number, line in enumerate(record.logs(flow_run)):
            yield log_document(line, number)


def keep(record: Store, lines: list[LogLine]) -> None:
    """Write log lines, under a lease that is taken for as long as that takes.

    Raises `NotOnRecord` for a flow run that is not there, `LeaseHeld` while somebody runs it.
    """
    held = {}
    try:
        for flow_run in {line.flow_run for line in lines}:
            if not record.flow_runs(FlowRunFilter(id=flow_run)):
                raise NotOnRecord(f"No flow run {flow_run} is on this record.")
            held[flow_run] = record.acquire(flow_run, _OWNER, _LEASE_SECONDS)
        record.append(Batch(logs=lines), held)
    finally:
        for lease in held.values():
            record.release(lease)
