"""The record surface: the reads of `runwright.record_calls` for our own views and command line, and requests to runs."""

from __future__ import annotations

import logging
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from runwright import decoding
from runwright.control import Control
from runwright.errors import RunwrightError
from runwright.record_calls import ASK, BEGINNINGS, CALLS, CHANGE_TAGS, MEDIA_TYPE, PATH, WRITES, Refusal
from runwright.server.auth import Role
from runwright.server.beginnings import Beginnings
from runwright.server.limits import BATCH
from runwright.server.problems import Problem, problem_from
from runwright.server.registrations import Registrations
from runwright.server.routes import post

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request as HttpRequest
    from starlette.routing import BaseRoute

    from runwright.record_calls import Call
    from runwright.request import Request
    from runwright.server.context import ServerContext

_log = logging.getLogger("runwright.server")


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return a path for each call."""
    calls = RecordCalls(context)
    reads = [post(f"{PATH}/{name}", partial(calls.read, name), Role.VIEWER) for name in CALLS]
    writes = [post(f"{PATH}/{name}", partial(calls.write, name), Role.AUTHOR, limit=BATCH) for name in WRITES]
    tags = post(f"{PATH}/change_tags", calls.change_tags, Role.OPERATOR)
    begins = [post(f"{PATH}/{name}", partial(calls.begin, name), Role.OPERATOR) for name in BEGINNINGS]
    return [*reads, *writes, tags, *begins, post(f"{PATH}/ask", calls.ask, Role.OPERATOR)]


class RecordCalls:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Read the record of a context."""
        self._context = context
        self._registrations = Registrations(context.record)
        self._beginnings = Beginnings(context.record, context.run)

    async def read(self, name: str, request: HttpRequest) -> Response:
        """Answer a read."""
        return await self._answer(getattr(self._context.record, name), CALLS[name], await request.body())

    async def write(self, name: str, request: HttpRequest) -> Response:
        """Change what is part of no run."""
        does = getattr(self._registrations, name, None) or getattr(self._context.record, name)
        return await self._answer(does, WRITES[name], await request.body())

    async def change_tags(self, request: HttpRequest) -> Response:
        """Change what task runs are called."""
        return await self._answer(self._context.record.change_tags, CHANGE_TAGS, await request.body())

    async def begin(self, name: str, request: HttpRequest) -> Response:
        """Begin a run."""
        return await self._answer(getattr(self._beginnings, name), BEGINNINGS[name], await request.body())

    async def ask(self, request: HttpRequest) -> Response:
        """Keep what is asked of a flow run, and see that somebody heeds it."""
        return await self._answer(self._ask, ASK, await request.body())

    async def _answer(self, method: Callable[..., Any], call: Call, body: bytes) -> Response:
        try:
            given = decoding.from_msgpack(body, call.arguments)
        except (msgspec.MsgspecError, RecursionError):
            raise Problem(422, "The body is not what this call takes.") from None
        arguments = {name: getattr(given, name) for name in call.arguments.__struct_fields__}
        return await self._context.in_thread(_answered, method, arguments)

    def _ask(self, request: Request) -> Request:
        asked = self._context.record.ask(request)
        if asked.is_open:
            Thread(target=self._heed, args=(asked,), name="runwright-request", daemon=True).start()
        return asked

    def _heed(self, request: Request) -> None:
        """Do what was asked where nobody runs the flow run; what has to be run for it is run by the worker."""
        try:
            Control(self._context.record).settle(request, 0)
        except RunwrightError as error:
            _log.info("request %s is refused: %s", request.id, error)
        self._context.run(request.flow_run)


def _answered(method: Callable[..., Any], arguments: dict[str, Any]) -> Response:
    try:
        answer = msgspec.msgpack.encode(method(**arguments))
    except RunwrightError as error:
        refusal = msgspec.msgpack.encode(Refusal(type(error).__name__, str(error)))
        return Response(refusal, problem_from(error).status, media_type=MEDIA_TYPE)
    except ValueError as error:  # a filter that no record can answer
        return Response(msgspec.msgpack.encode(Refusal("ValueError", str(error))), 422, media_type=MEDIA_TYPE)
    return Response(answer, media_type=MEDIA_TYPE)
