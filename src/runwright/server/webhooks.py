"""The webhooks part of the executions surface: requests from outside that start executions. Their key is in the path.

Who sends one has no other key of this server, so the path asks for none; the key of the trigger decides.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from runwright import app
from runwright.compat.executions import ExecutionDocuments
from runwright.errors import FlowError, IllegalTransition, NotOnRecord
from runwright.server.auth import Role
from runwright.server.bodies import check_depth, empty_answer, json_answer
from runwright.server.problems import Problem
from runwright.server.routes import GuardedRoute
from runwright.server.tenants import everywhere
from runwright.triggering.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from runwright.runs import FlowRun
    from runwright.server.context import ServerContext
    from runwright.spec.triggers import Webhook

METHODS = ("GET", "POST", "PUT")
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers that are not handed on: they may hold a key of this server."""

_POLL = 0.1


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/executions/webhook`."""
    webhooks = WebhookEndpoint(context)

    def below(prefix: str) -> list[GuardedRoute]:
        at = f"{prefix}/executions/webhook/{{namespace}}/{{flow}}/{{key}}"
        return [
            GuardedRoute(path, webhooks.receive, methods=METHODS, role=Role.ANYONE) for path in (at, f"{at}/{{path}}")
        ]

    return everywhere(below)


class WebhookEndpoint:
    """The endpoint."""

    def __init__(self, context: ServerContext) -> None:
        """Serve the record of a context."""
        self._context = context
        self._webhooks = Webhooks(context.record, context.run)
        self._documents = ExecutionDocuments(context.record)

    async def receive(self, request: Request) -> Response:
        """Start an execution for a request, unless the conditions of the trigger do not hold."""
        namespace, flow, key = (request.path_params[name] for name in ("namespace", "flow", "key"))
        variables = variables_of(request, await request.body())
        try:
            registered, trigger = await self._context.in_thread(self._webhooks.find, namespace, flow, key)
            flow_run = await self._context.in_thread(self._webhooks.take, registered, variables)
        except NotOnRecord as error:
            raise Problem(404, str(error)) from None
        except IllegalTransition as error:
            raise Problem(409, str(error)) from None
        except FlowError as error:
            raise Problem(422, str(error)) from None
        if flow_run is None:
            return empty_answer(204)
        return await self._answer(trigger, flow_run)

    async def _answer(self, trigger: Webhook, flow_run: UUID) -> Response:
        row = await self._context.in_thread(app.find_flow_run, self._context.record, flow_run)
        if trigger.wait or trigger.return_outputs:
            row = await self._ended(row)
        if trigger.return_outputs:
            return _outputs_answer(row, trigger.response_content_type)
        return json_answer(await self._context.in_thread(self._documents.execution, row))

    async def _ended(self, row: FlowRun) -> FlowRun:
        while not row.kind.phase.is_final:
            await asyncio.sleep(_POLL)
            row = await self._context.in_thread(app.find_flow_run, self._context.record, row.id)
        return row


def variables_of(request: Request, body: bytes) -> dict[str, Any]:
    """Return a request as expressions see it: `body`, where it has one, and `headers` and `parameters` as lists of texts.

    The body is what JSON it is, else a text. Raises `Problem` 400 for one that is neither, or nested too deeply.
    """
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        if name not in SECRET_HEADERS:
            headers.setdefault(name, []).append(value)
    parameters: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        parameters.setdefault(name, []).append(value)
    path = request.path_params.get("path")
    return {
        **({"body": _body_of(body)} if body else {}),
        "headers": headers,
        "parameters": parameters,
        **({"path": path} if path else {}),
    }


def _body_of(body: bytes) -> Any:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            return body.decode()
        except UnicodeDecodeError:
            raise Problem(400, "The body is no UTF-8 text.") from None
    check_depth(found)
    return found


def _outputs_answer(row: FlowRun, content_type: str | None) -> Response:
    """Return the outputs of an execution; one text alone is sent as it is, where the trigger names another type than JSON."""
    outputs: dict[str, Any] = row.details.get("outputs") or {}
    if content_type is None or "json" in content_type:
        return json_answer(outputs)
    texts = [value for value in outputs.values() if isinstance(value, str)]
    content = texts[0].encode() if len(texts) == len(outputs) == 1 else msgspec.json.encode(outputs)
    return Response(content, media_type=content_type)
