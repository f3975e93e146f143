"""Pages: the web UI below `/ui`: for whoever may read, and with actions for operators. What it shows is `runwright.ui`'s business."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from runwright.server.auth import Role
from runwright.server.graphql.execution import GraphQL, GraphQLRequest
from runwright.server.limits import FORM
from runwright.server.problems import Problem
from runwright.server.routes import GuardedMount, get
from runwright.server.signing_in import invitation
from runwright.ui.actions.acting import Acting
from runwright.ui.application import pages
from runwright.ui.ask import Actor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    from runwright.server.context import ServerContext

PATH = "/ui"


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the place of the pages, and the way to them from `/`; which names the server goes by was checked before."""
    graphql = GraphQL(context.record, counts=context.state_counts.known)
    shown = pages(
        context.record,
        hosts=None,
        answer=lambda text: graphql.answer(GraphQLRequest(text)).body,
        acting=Acting(context.record, context.run, actor_of),
    )
    return [get("/", enter), PagesMount(PATH, shown, role=Role.VIEWER, limit=FORM)]


class PagesMount(GuardedMount):
    """The pages: a browser that has not signed in is led to where it can, where a program is told that it needs a key."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, if its sender may."""
        try:
            await super().handle(scope, receive, send)
        except Problem as problem:
            if problem.status != HTTPStatus.UNAUTHORIZED or not _is_opening(scope):
                raise
            await invitation(scope)(scope, receive, send)


def _is_opening(scope: Scope) -> bool:
    """Say whether somebody opens a page: a browser, which asks for text to read and sent no key."""
    headers = dict(scope["headers"])
    return scope["method"] == "GET" and b"text/html" in headers.get(b"accept", b"") and b"authorization" not in headers


def actor_of(scope: Scope) -> Actor | None:
    """Return who sent a request that was admitted, and whether they may act on runs."""
    principal = scope.get("principal")
    return None if principal is None else Actor(principal.name, principal.role >= Role.OPERATOR)


async def enter(_: Request) -> Response:
    """Lead to the pages."""
    return RedirectResponse(f"{PATH}/task-runs", 307)
