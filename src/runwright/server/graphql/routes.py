"""Routes: where GraphQL is served: `/graphql`, and the root for clients that know no other path."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from runwright.remote_runs import RemoteRuns
from runwright.server.graphql.execution import BAD_REQUEST, FORBIDDEN, GraphQL, Request, failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request as HttpRequest
    from starlette.routing import BaseRoute

    from runwright.server.graphql.execution import Answer
    from runwright.store import Store

    class Context(Protocol):
        """What the surface needs of a server."""

        record: Store


def routes(context: Context) -> Sequence[BaseRoute]:
    """Return the routes of the surface."""
    endpoint = _Endpoint(context.record)
    return [
        Route("/graphql", endpoint.post, methods=["POST"]),
        Route("/graphql", endpoint.get, methods=["GET"]),
        Route("/", endpoint.post, methods=["POST"]),
    ]


class _Endpoint:
    def __init__(self, record: Store) -> None:
        self._graphql = GraphQL(record, RemoteRuns(record))

    async def post(self, request: HttpRequest) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return _response(failure(415, "Send the query as application/json.", BAD_REQUEST))
        body = await request.body()
        try:
            asked = msgspec.json.decode(body, type=Request)
        except (msgspec.DecodeError, RecursionError) as error:
            batch = " Several operations in one list are not taken." if body.lstrip()[:1] == b"[" else ""
            return _response(failure(400, f"The body is no GraphQL request: {error}.{batch}", BAD_REQUEST))
        return _response(await asyncio.to_thread(self._graphql.answer, asked))

    async def get(self, request: HttpRequest) -> Response:
        given = request.query_params
        if "query" not in given:
            return _response(failure(400, "Give a query: ?query={...}", BAD_REQUEST))
        asked = Request(given["query"], given.get("variables"), given.get("operationName"))
        answer = await asyncio.to_thread(self._graphql.answer, asked, may_change=False)
        if answer.status == HTTPStatus.FORBIDDEN:
            return _response(failure(405, "Send mutations with POST.", FORBIDDEN), {"Allow": "POST"})
        return _response(answer)


def _response(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    return Response(answer.body, answer.status, headers, "application/json")
