"""Pages: the web UI below `/ui`, for whoever may read. What the pages show is `runwright.ui`'s business."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from runwright.server.auth import Role
from runwright.server.graphql.execution import GraphQL, GraphQLRequest
from runwright.server.routes import GuardedMount, get
from runwright.ui.application import pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext

PATH = "/ui"


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the place of the pages, and the way to them from `/`; which names the server goes by was checked before."""
    graphql = GraphQL(context.record)
    shown = pages(context.record, hosts=None, answer=lambda text: graphql.answer(GraphQLRequest(text)).body)
    return [get("/", enter), GuardedMount(PATH, shown, role=Role.VIEWER)]


async def enter(_: Request) -> Response:
    """Lead to the pages."""
    return RedirectResponse(f"{PATH}/task-runs", 307)
