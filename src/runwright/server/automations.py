"""The automations surface: automations are kept, found and turned off as clients of Prefect 3 do it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import msgspec

from runwright.automations.automation import Automations
from runwright.automations.declared import Declared
from runwright.clock import from_datetime
from runwright.server.auth import Role
from runwright.server.bodies import empty_answer, json_answer, read_json
from runwright.server.routes import delete, get, patch, post, put
from runwright.server.runs import uuid_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.automations.automation import Automation
    from runwright.server.context import ServerContext

MOST_IN_A_PAGE = 200


class _Names(msgspec.Struct, forbid_unknown_fields=True):
    any_: list[str] | None = None


class _Ids(msgspec.Struct, forbid_unknown_fields=True):
    any_: list[UUID] | None = None


class _Times(msgspec.Struct, forbid_unknown_fields=True):
    before_: datetime | None = None


class _Tags(msgspec.Struct, forbid_unknown_fields=True):
    all_: list[str] | None = None
    any_: list[str] | None = None
    is_null_: bool | None = None
    operator: Literal["and_", "or_"] = "and_"


class Which(msgspec.Struct, forbid_unknown_fields=True):
    """Which automations: every condition must hold, or with `or_` one of them."""

    id: _Ids | None = None
    name: _Names | None = None
    created: _Times | None = None
    tags: _Tags | None = None
    operator: Literal["and_", "or_"] = "and_"

    def matches(self, automation: Automation) -> bool:
        """Say whether an automation is asked for."""
        found = [*self._of_name(automation), *self._of_tags(set(automation.declared.tags))]
        if self.id is not None and self.id.any_ is not None:
            found.append(automation.id in self.id.any_)
        if self.created is not None and self.created.before_ is not None:
            found.append(automation.created < from_datetime(self.created.before_))
        return not found or (any(found) if self.operator == "or_" else all(found))

    def _of_name(self, automation: Automation) -> list[bool]:
        return [] if self.name is None or self.name.any_ is None else [automation.declared.name in self.name.any_]

    def _of_tags(self, tags: set[str]) -> list[bool]:
        if self.tags is None:
            return []
        wanted, found = self.tags, list[bool]()
        if wanted.all_ is not None:
            found.append(tags.issuperset(wanted.all_))
        if wanted.any_ is not None:
            found.append(not tags.isdisjoint(wanted.any_))
        if wanted.is_null_ is not None:
            found.append(wanted.is_null_ != bool(tags))
        return found


class Query(msgspec.Struct):
    """The body of a search."""

    automations: Which | None = None
    sort: Literal["CREATED_DESC", "UPDATED_DESC", "NAME_ASC", "NAME_DESC"] | None = None
    limit: Annotated[int, msgspec.Meta(ge=0, le=MOST_IN_A_PAGE)] | None = MOST_IN_A_PAGE
    offset: Annotated[int, msgspec.Meta(ge=0)] | None = 0

    def page(self, found: list[Automation]) -> list[Automation]:
        """Return what is asked for of all automations."""
        wanted = [each for each in found if self.automations is None or self.automations.matches(each)]
        keys: dict[str, Any] = {
            "CREATED_DESC": lambda each: -each.created,
            "UPDATED_DESC": lambda each: -each.updated,
            "NAME_ASC": lambda each: each.declared.name,
            "NAME_DESC": lambda each: each.declared.name,
        }
        wanted.sort(key=keys[self.sort or "NAME_ASC"], reverse=self.sort == "NAME_DESC")
        limit = MOST_IN_A_PAGE if self.limit is None else self.limit
        offset = self.offset or 0
        return wanted[offset : offset + limit]


class Switch(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a part of an update."""

    enabled: bool = True


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/api/automations`."""
    automations = Endpoints(context)
    return [
        post("/api/automations/", automations.create, Role.AUTHOR, body=Declared),
        post("/api/automations/filter", automations.filter, Role.VIEWER, body=Query),
        post("/api/automations/count", automations.count, Role.VIEWER),
        get("/api/automations/related-to/{resource_id}", automations.related),
        delete("/api/automations/owned-by/{resource_id}", automations.delete_owned, Role.AUTHOR),
        get("/api/automations/{id}", automations.one),
        put("/api/automations/{id}", automations.update, Role.AUTHOR),
        patch("/api/automations/{id}", automations.switch, Role.AUTHOR, body=Switch),
        delete("/api/automations/{id}", automations.delete, Role.AUTHOR),
    ]


class Endpoints:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Serve the automations of a context's record."""
        self._context = context
        self._automations = Automations(context.record)

    async def create(self, request: Request) -> Response:
        """Keep a new automation, which listens from now on."""
        declared = await read_json(request, Declared)
        kept = await self._context.in_thread(self._automations.create, declared)
        return json_answer(kept.document(), 201)

    async def filter(self, request: Request) -> Response:
        """Return a page of automations."""
        query = await read_json(request, Query, Query())
        found = await self._context.in_thread(self._automations.all)
        return json_answer([each.document() for each in query.page(found)])

    async def count(self, _: Request) -> Response:
        """Return how many automations there are."""
        return json_answer(len(await self._context.in_thread(self._automations.all)))

    async def one(self, request: Request) -> Response:
        """Return an automation."""
        found = await self._context.in_thread(self._automations.find, _identity(request))
        return json_answer(found.document())

    async def related(self, request: Request) -> Response:
        """Return the automations that a resource owns, or that name it."""
        name = request.path_params["resource_id"]
        found = await self._context.in_thread(self._automations.all)
        return json_answer([each.document() for each in found if _is_about(each, name)])

    async def update(self, request: Request) -> Response:
        """Put another automation in the place of one."""
        declared = await read_json(request, Declared)
        await self._context.in_thread(self._automations.update, _identity(request), declared)
        return empty_answer()

    async def switch(self, request: Request) -> Response:
        """Turn an automation on or off."""
        wanted = await read_json(request, Switch)
        identity = _identity(request)
        await self._context.in_thread(lambda: self._automations.switch(identity, is_enabled=wanted.enabled))
        return empty_answer()

    async def delete(self, request: Request) -> Response:
        """Delete an automation."""
        await self._context.in_thread(self._automations.delete, _identity(request))
        return empty_answer()

    async def delete_owned(self, request: Request) -> Response:
        """Delete the automations that a resource owns."""
        name = request.path_params["resource_id"]
        for each in await self._context.in_thread(self._automations.all):
            if each.declared.owner_resource == name:
                await self._context.in_thread(self._automations.delete, each.id)
        return empty_answer(202)


def _identity(request: Request) -> UUID:
    return uuid_from(request.path_params["id"], "id")


def _is_about(automation: Automation, name: str) -> bool:
    declared = automation.declared
    identity = name.rpartition(".")[2]
    named = msgspec.json.encode([declared.trigger, declared.actions]).decode()
    return declared.owner_resource == name or f'"{name}"' in named or f'"{identity}"' in named
