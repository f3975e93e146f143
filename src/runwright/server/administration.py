"""The administration surface: API keys, and the audit, for administrators alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from runwright.clock import recordable, to_iso
from runwright.server.audit import MOST_IN_A_PAGE, Audit
from runwright.server.auth import Role
from runwright.server.bodies import empty_answer, json_answer, read_json
from runwright.server.problems import Problem
from runwright.server.routes import delete, get, post

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext
    from runwright.server.kept_keys import KeptKey

_PAGE = 100


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """The body that asks for a key."""

    name: str
    role: Literal["viewer", "operator", "author", "admin"]
    expires: datetime | None = None


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return `/api/keys` and `/api/audit`."""
    endpoints = Endpoints(context)
    return [
        get("/api/keys", endpoints.keys, Role.ADMIN),
        post("/api/keys", endpoints.create, Role.ADMIN, body=NewKey),
        delete("/api/keys/{name}", endpoints.revoke, Role.ADMIN),
        get("/api/audit", endpoints.audit, Role.ADMIN),
    ]


class Endpoints:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Serve a context's record."""
        self._context = context

    async def keys(self, _: Request) -> Response:
        """Return the keys that the record knows, without their texts."""
        found = await self._context.in_thread(self._context.kept_keys.all)
        return json_answer([row_of(each) for each in found])

    async def create(self, request: Request) -> Response:
        """Make a key; its text is in this answer and nowhere else."""
        wanted = await read_json(request, NewKey)
        expires = None if wanted.expires is None else recordable(wanted.expires)
        by, role = request.scope["principal"].name, Role[wanted.role.upper()]
        kept_keys = self._context.kept_keys
        key, text = await self._context.in_thread(lambda: kept_keys.create(wanted.name, role, by=by, expires=expires))
        return json_answer({**row_of(key), "key": text}, 201, {"Cache-Control": "no-store"})

    async def revoke(self, request: Request) -> Response:
        """Let a key open nothing any more."""
        await self._context.in_thread(self._context.kept_keys.revoke, request.path_params["name"])
        return empty_answer()

    async def audit(self, request: Request) -> Response:
        """Return who asked for what, the newest first."""
        limit = request.query_params.get("limit", str(_PAGE))
        if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= MOST_IN_A_PAGE:
            raise Problem(422, f"limit is a number from 1 to {MOST_IN_A_PAGE}.")
        before = request.query_params.get("before")
        audit = self._context.audit
        found = await self._context.in_thread(lambda: audit.read(before=before, limit=int(limit)))
        following = Audit.place(found[-1]) if len(found) == int(limit) else None
        return json_answer({"entries": [each.row() for each in found], "next": following})


def row_of(key: KeptKey) -> dict[str, Any]:
    """Return a key as people and programs read it."""
    return {
        "name": key.name,
        "role": key.role.name.lower(),
        "hint": key.hint,
        "by": key.by,
        "created": to_iso(key.created),
        "expires": None if key.expires is None else to_iso(key.expires),
    }
