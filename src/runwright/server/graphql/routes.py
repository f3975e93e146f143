"""Routes: where GraphQL is served: `/graphql`, and the root for clients that know no other path.

What an operation may change is asked inside, because one path serves queries and mutations.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from runwright import decoding
from runwright.remote_runs import RemoteRuns
from runwright.server.auth import Role
from runwright.server.graphql.execution import BAD_REQUEST, FORBIDDEN, GraphQL, GraphQLRequest, failure
from runwright.server.limits import BATCH
from runwright.server.routes import get, post

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext
    from runwright.server.graphql.execution import Answer


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return `/graphql`, and the root for POST alone."""
    endpoint = _Endpoint(context)
    return [
        post("/graphql", endpoint.post, Role.VIEWER, BATCH, GraphQLRequest),
        get("/graphql", endpoint.get),
        post("/", endpoint.post, Role.VIEWER, BATCH, GraphQLRequest),
    ]


class _Endpoint:
    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._graphql = GraphQL(context.record, RemoteRuns(context.record), context.state_counts.known)

    async def post(self, request: Request) -> Response:
        """Answer a GraphQL query, or apply mutations."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return _response(failure(415, "Send the query as application/json.", BAD_REQUEST))
        body = await request.body()
        try:
            asked = decoding.from_json(body, GraphQLRequest)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            batch = " Several operations in one list are not taken." if body.lstrip()[:1] == b"[" else ""
            return _response(failure(400, f"The body is no GraphQL request: {error}.{batch}", BAD_REQUEST))
        if "mutation" in asked.query:
            request.scope["role"] = Role.OPERATOR  # the least that any of them asks for
        return _response(await self._context.in_thread(self._graphql.answer, asked, request.scope["principal"].role))

    async def get(self, request: Request) -> Response:
        """Answer the GraphQL query that the address has."""
        given = request.query_params
        if "query" not in given:
            return _response(failure(400, "Give a query: ?query={...}", BAD_REQUEST))
        asked = GraphQLRequest(given["query"], given.get("variables"), given.get("operationName"))
        answer = await self._context.in_thread(self._graphql.answer, asked, Role.VIEWER)
        if answer.status == HTTPStatus.FORBIDDEN:
            return _response(failure(405, "Send mutations with POST.", FORBIDDEN), {"Allow": "POST"})
        return _response(answer)


def _response(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    return Response(answer.body, answer.status, headers, "application/json")
