"""The catalogue of the executions surface: which types flows may use, what the server is, and which namespaces there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import release
from runwright.executions.registered_flows import RegisteredFlows
from runwright.server.bodies import json_answer
from runwright.server.paging import Page
from runwright.server.problems import Problem
from runwright.server.routes import get
from runwright.server.tenants import TENANT, everywhere
from runwright.spec.conditions import CONDITIONS
from runwright.spec.json_schema import flow_schema
from runwright.spec.tasks import TASK_TYPES
from runwright.spec.triggers import TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext
    from runwright.server.routes import GuardedRoute

_FAMILIES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("tasks", TASK_TYPES),
    ("triggers", TRIGGERS),
    ("conditions", CONDITIONS),
)


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths of types, of the server's settings and of namespaces."""
    catalog = Catalog(context)

    def below(prefix: str) -> list[GuardedRoute]:
        return [
            get(f"{prefix}/plugins", catalog.types),
            get(f"{prefix}/plugins/schemas/{{kind}}", catalog.schema),
            get(f"{prefix}/plugins/{{type}}", catalog.type),
            get(f"{prefix}/configs", catalog.settings),
            get(f"{prefix}/namespaces/search", catalog.namespaces),
            get(f"{prefix}/namespaces/{{id}}", catalog.namespace),
        ]

    return everywhere(below)


class Catalog:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Answer for the record of a context."""
        self._flows = RegisteredFlows(context.record)

    async def types(self, request: Request) -> Response:
        """Return the types of tasks, triggers and conditions, under their full names."""
        found = {family: sorted({each.names[0] for each in types.values()}) for family, types in _FAMILIES}
        return json_answer([{"name": "core", "title": "core", "group": "io.kestra.plugin.core", **found}])

    async def type(self, request: Request) -> Response:
        """Return the names and the documentation of a type."""
        name = request.path_params["type"]
        found = next((types[name] for _, types in _FAMILIES if name in types), None)
        if found is None:
            raise Problem(404, f"There is no type '{name}'.")
        return json_answer({"name": found.names[0], "aliases": found.names[1:], "markdown": found.__doc__})

    def schema(self, request: Request) -> Response:
        """Return the JSON Schema of flows."""
        if request.path_params["kind"] != "flow":
            raise Problem(404, "There is a schema of flows only: ask for 'flow'.")
        return json_answer(flow_schema())

    async def settings(self, request: Request) -> Response:
        """Return what pages ask when they load: no secret, no path, nothing of users."""
        return json_answer(
            {
                "version": release.version(),
                "edition": "RUNWRIGHT",
                "tenant": TENANT,
                "isTaskRunEnabled": True,
                "isAnonymousUsageEnabled": False,
                "isTemplateEnabled": False,
                "isConcurrencyViewEnabled": False,
            }
        )

    def namespaces(self, request: Request) -> Response:
        """Return a page of the namespaces that have flows."""
        part = request.query_params.get("q", "").lower()
        found = sorted({each.namespace for each in self._flows.all() if part in each.namespace.lower()})
        return json_answer(Page.from_request(request).answer(found, lambda each: {"id": each, "deleted": False}))

    def namespace(self, request: Request) -> Response:
        """Return a namespace; each there may be exists."""
        return json_answer({"id": request.path_params["id"], "deleted": False})
