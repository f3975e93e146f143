"""About: what clients of Prefect 3 ask when they connect: whether the server answers, and which version it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.server.bodies import json_answer
from runwright.server.problems import Problem
from runwright.server.routes import get

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext

SPOKEN = "3.9.1"
"""The release of Prefect whose clients are spoken to; they refuse another major one and warn of an older one."""


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths that clients try first."""
    about = About(context)
    return [
        get("/api/health", about.healthy),
        get("/api/ready", about.ready),
        get("/api/hello", about.hello),
        get("/api/version", about.version),
        get("/api/admin/version", about.version),
        get("/api/csrf-token", about.no_token),
    ]


class About:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Answer for the record of a context."""
        self._context = context

    async def healthy(self, request: Request) -> Response:
        """Say that the server answers."""
        return json_answer(content=True)

    def ready(self, request: Request) -> Response:
        """Say that the record answers."""
        self._context.record.now()
        return json_answer({"message": "OK"})

    async def hello(self, request: Request) -> Response:
        """Greet."""
        return json_answer("\N{WAVING HAND SIGN}")

    async def version(self, request: Request) -> Response:
        """Return the release of Prefect that this server is understood by."""
        return json_answer(SPOKEN)

    async def no_token(self, request: Request) -> Response:
        """Say that no token against forged requests is needed: keys travel in headers, and foreign pages are refused."""
        raise Problem(422, "CSRF protection is disabled.")
