"""The application: surfaces, the gate before them, and what becomes of errors.

A surface is a function `routes(context)` that returns guarded routes. To add one, write it and name it in `SURFACES`.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from runwright.errors import RunwrightError
from runwright.server.context import ServerContext, ServerOptions
from runwright.server.origins import OriginCheck
from runwright.server.problems import Problem, answer, problem_from
from runwright.server.request_log import RequestLog
from runwright.server.router import PathRouter
from runwright.server.routes import check_guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.store import Store

    Surface = Callable[[ServerContext], Sequence[BaseRoute]]

SURFACES: tuple[str, ...] = (
    "runwright.server.health:routes",
    "runwright.server.about:routes",
    "runwright.server.events:routes",
    "runwright.server.automations:routes",
    "runwright.server.tag_limits:routes",
    "runwright.server.administration:routes",
    "runwright.server.runs:routes",
    "runwright.server.task_run_tags:routes",
    "runwright.server.logs:routes",
    "runwright.server.record_calls:routes",
    "runwright.server.flow_archives:routes",
    "runwright.server.flows:routes",
    "runwright.server.webhooks:routes",
    "runwright.server.statistics:routes",
    "runwright.server.namespace_files:routes",
    "runwright.server.executions:routes",
    "runwright.server.triggers:routes",
    "runwright.server.flow_schedules:routes",
    "runwright.server.key_values:routes",
    "runwright.server.catalog:routes",
    "runwright.server.openapi:routes",
    "runwright.server.signing_in:routes",
    "runwright.server.graphql.routes:routes",
    "runwright.server.pages:routes",
)
"""Where each surface's function is, as `module:name`, in the order in which paths are looked for."""

_log = logging.getLogger("runwright.server")


def create_app(
    record: Store, *, options: ServerOptions | None = None, surfaces: Iterable[Surface | str] = SURFACES
) -> Starlette:
    """Return the ASGI application that serves `surfaces` over a record.

    Raises `TypeError` when a surface has a route that names no role.
    """
    context = ServerContext(record, options or ServerOptions())
    routes = [route for surface in surfaces for route in _load(surface)(context)]
    check_guarded(routes)
    app = Starlette(
        middleware=[Middleware(RequestLog), Middleware(OriginCheck, hosts=context.options.hosts)],
        exception_handlers={
            Problem: _tell,
            RunwrightError: _tell_error,
            HTTPException: _tell_status,
        },
    )
    app.router = PathRouter(routes, redirect_slashes=False)
    app.state.context = context
    return app


def _load(surface: Surface | str) -> Surface:
    if not isinstance(surface, str):
        return surface
    module, _, name = surface.partition(":")
    return getattr(import_module(module), name)


def _tell(request: Request, problem: Any) -> Response:
    return answer(problem, request.url.path, request.scope.get("request_id", ""))


def _tell_error(request: Request, error: Any) -> Response:
    problem = problem_from(error)
    if problem.status >= 500:  # noqa: PLR2004  the range of statuses that are the server's fault
        _log.error("request %s failed", request.scope.get("request_id", ""), exc_info=error)
    return _tell(request, problem)


def _tell_status(request: Request, error: Any) -> Response:
    text = "There is nothing at this path." if error.status_code == 404 else str(error.detail)  # noqa: PLR2004  HTTP's
    return _tell(request, Problem(error.status_code, text, headers=error.headers))
