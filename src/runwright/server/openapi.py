"""OpenAPI: the description of all paths, made from the routes that are served and the types that their bodies are read as."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from runwright import release
from runwright.server.auth import Role
from runwright.server.bodies import json_answer
from runwright.server.routes import GuardedRoute, get

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext

VERSION = "3.1.0"

_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_REFERENCE = "#/components/schemas/{name}"
_SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"basic": []}]


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return `/openapi.json`."""
    del context
    return [get("/openapi.json", describe)]


async def describe(request: Request) -> Response:
    """Return the description of this server."""
    return json_answer(description_of([each for each in request.app.routes if isinstance(each, GuardedRoute)]))


def description_of(served: Sequence[GuardedRoute]) -> dict[str, Any]:
    """Return an OpenAPI document of routes."""
    bodies = [each.body for each in served if each.body is not None]
    schemas, components = msgspec.json.schema_components(bodies, ref_template=_REFERENCE)
    schema_of = dict(zip(map(id, (each for each in served if each.body is not None)), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for each in served:
        operations = paths.setdefault(_PARAMETER.sub(r"{\1}", each.path), {})
        for verb in each.verbs:
            operations[verb.lower()] = _operation(each, verb, schema_of.get(id(each)))
    return {
        "openapi": VERSION,
        "info": {"title": "Runwright", "version": release.version() or "0"},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _operation(route: GuardedRoute, verb: str, body: dict[str, Any] | None) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{verb.lower()}{re.sub(r'[^a-zA-Z0-9]+', '_', route.path)}".rstrip("_"),
        "summary": (route.endpoint.__doc__ or f"{verb} {route.path}").strip().partition("\n")[0],
        "security": [] if route.role is Role.ANYONE else _SECURITY,
        "x-role": route.role.name.lower(),
        "responses": {"default": {"description": "The answer, or what is wrong with the request."}},
    }
    names = _PARAMETER.findall(route.path)
    if names:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
        ]
    if body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return operation
