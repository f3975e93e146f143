"""The limits surface: how many task runs with a tag run at once, kept and read as clients of Prefect 3 do it, in both its versions.

The newer version names the limit of a tag `tag:NAME`. Of other names, which limit what programs do elsewhere, the record knows nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid5

import msgspec

from runwright.compat.task_run_body import with_z
from runwright.server.auth import Role
from runwright.server.bodies import empty_answer, json_answer, read_json
from runwright.server.problems import Problem
from runwright.server.routes import delete, get, patch, post

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext
    from runwright.tag_limits import TagLimit, TagSlot

MOST_IN_A_PAGE = 200

_OLD, _NEW = "/api/concurrency_limits", "/api/v2/concurrency_limits"
_PREFIX = "tag:"
_IDS = UUID("6f2f6a52-7a1f-5a0e-8f0c-2d7a3c1b9e64")

Slots = Annotated[int, msgspec.Meta(ge=0)]


class Query(msgspec.Struct):
    """Which page of all limits."""

    limit: Annotated[int, msgspec.Meta(ge=0, le=MOST_IN_A_PAGE)] | None = MOST_IN_A_PAGE
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0

    def page(self, found: list[TagLimit]) -> list[TagLimit]:
        """Return what is asked for of all limits."""
        return found[self.offset :][: MOST_IN_A_PAGE if self.limit is None else self.limit]


class TagLimitBody(msgspec.Struct):
    """The body of a limit as the older version writes it."""

    tag: str
    concurrency_limit: Slots


class NamedLimitBody(msgspec.Struct):
    """The body of a limit as the newer version writes it."""

    name: str
    limit: Slots
    active: bool = True
    slot_decay_per_second: float = 0.0


class NamedLimitChange(msgspec.Struct):
    """What is to change of a limit in the newer version."""

    name: str | None = None
    limit: Slots | None = None
    active: bool | None = None
    slot_decay_per_second: float | None = None


class Reset(msgspec.Struct):
    """The body of a reset: who is to have the slots."""

    slot_override: list[UUID] | None = None


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths of both versions."""
    limits = Endpoints(context)
    return [
        post(f"{_OLD}/", limits.keep, Role.AUTHOR, body=TagLimitBody),
        post(f"{_OLD}/filter", limits.filter, Role.VIEWER, body=Query),
        get(f"{_OLD}/tag/{{name:path}}", limits.one),
        post(f"{_OLD}/tag/{{name:path}}/reset", limits.reset, Role.AUTHOR, body=Reset),
        delete(f"{_OLD}/tag/{{name:path}}", limits.delete, Role.AUTHOR),
        get(f"{_OLD}/{{name}}", limits.one),
        delete(f"{_OLD}/{{name}}", limits.delete, Role.AUTHOR),
        post(f"{_NEW}/", limits.keep_named, Role.AUTHOR, body=NamedLimitBody),
        post(f"{_NEW}/filter", limits.filter_named, Role.VIEWER, body=Query),
        get(f"{_NEW}/{{name:path}}", limits.one_named),
        patch(f"{_NEW}/{{name:path}}", limits.change_named, Role.AUTHOR, body=NamedLimitChange),
        delete(f"{_NEW}/{{name:path}}", limits.delete_named, Role.AUTHOR),
    ]


class Endpoints:
    """The endpoints; a limit is named by its tag, by its id, and in the newer version by `tag:` and its tag."""

    def __init__(self, context: ServerContext) -> None:
        """Serve the limits of a context's record."""
        self._context = context
        self._record = context.record

    async def keep(self, request: Request) -> Response:
        """Limit a tag, or change its limit."""
        body = await read_json(request, TagLimitBody)
        kept = await self._context.in_thread(self._record.keep_tag_limit, body.tag, body.concurrency_limit)
        return json_answer(await self._context.in_thread(self._old, [kept]))

    async def filter(self, request: Request) -> Response:
        """Return a page of limits."""
        query = await read_json(request, Query, Query())
        found = await self._context.in_thread(self._record.tag_limits)
        return json_answer(await self._context.in_thread(self._olds, query.page(found)))

    async def one(self, request: Request) -> Response:
        """Return a limit, with the task runs that hold its slots."""
        return json_answer(await self._context.in_thread(lambda: self._old([self._find(_name(request))])))

    async def reset(self, request: Request) -> Response:
        """Free no slot, because none is ever lost: it is held by who runs."""
        body = await read_json(request, Reset, Reset())
        if body.slot_override:
            raise Problem(422, "Slots are held by the task runs that run, and cannot be given to others.")
        return await self.one(request)

    async def delete(self, request: Request) -> Response:
        """Lift a limit."""
        await self._context.in_thread(self._lift, _name(request))
        return empty_answer(200)

    async def keep_named(self, request: Request) -> Response:
        """Limit a tag by its newer name; a tag that has a limit is refused."""
        body = await read_json(request, NamedLimitBody)
        _refuse(is_active=body.active, decay=body.slot_decay_per_second)
        kept = await self._context.in_thread(self._add, _tag_of(body.name), body.limit)
        return json_answer(await self._context.in_thread(self._new, [kept]), 201)

    async def filter_named(self, request: Request) -> Response:
        """Return a page of limits by their newer names."""
        query = await read_json(request, Query, Query())
        found = await self._context.in_thread(self._record.tag_limits)
        return json_answer(await self._context.in_thread(self._news, query.page(found)))

    async def one_named(self, request: Request) -> Response:
        """Return a limit by its newer name, with the number of slots in use."""
        return json_answer(await self._context.in_thread(lambda: self._new([self._named(request)])))

    async def change_named(self, request: Request) -> Response:
        """Give a limit another number of slots."""
        body = await read_json(request, NamedLimitChange)
        _refuse(is_active=body.active is not False, decay=body.slot_decay_per_second or 0.0)
        found = await self._context.in_thread(self._named, request)
        if body.name is not None and body.name != f"{_PREFIX}{found.tag}":
            raise Problem(422, "The limit of a tag has the name of its tag: delete it, and make one for the other tag.")
        if body.limit is not None:
            await self._context.in_thread(self._record.keep_tag_limit, found.tag, body.limit)
        return empty_answer()

    async def delete_named(self, request: Request) -> Response:
        """Lift a limit by its newer name."""
        await self._context.in_thread(lambda: self._lift(self._named(request).tag))
        return empty_answer()

    # ---- inside

    def _find(self, name: str) -> TagLimit:
        found = next((each for each in self._record.tag_limits() if name in {each.tag, _id(each)}), None)
        if found is None:
            raise Problem(404, "Concurrency limit not found")
        return found

    def _named(self, request: Request) -> TagLimit:
        return self._find(_name(request).removeprefix(_PREFIX))

    def _lift(self, name: str) -> None:
        self._record.delete_tag_limit(self._find(name).tag)

    def _add(self, tag: str, slots: int) -> TagLimit:
        if any(each.tag == tag for each in self._record.tag_limits()):
            raise Problem(409, f"The tag {tag!r} has a limit already.")
        return self._record.keep_tag_limit(tag, slots)

    def _old(self, found: list[TagLimit]) -> dict[str, Any]:
        return self._olds(found)[0]

    def _olds(self, found: list[TagLimit]) -> list[dict[str, Any]]:
        return self._documents(
            found,
            lambda each, slots: {
                "tag": each.tag,
                "concurrency_limit": each.slots,
                "active_slots": [str(slot.task_run) for slot in slots],
            },
        )

    def _new(self, found: list[TagLimit]) -> dict[str, Any]:
        return self._news(found)[0]

    def _news(self, found: list[TagLimit]) -> list[dict[str, Any]]:
        return self._documents(
            found,
            lambda each, slots: {
                "active": True,
                "name": f"{_PREFIX}{each.tag}",
                "limit": each.slots,
                "active_slots": len(slots),
                "slot_decay_per_second": 0.0,
            },
        )

    def _documents(
        self, found: list[TagLimit], body: Callable[[TagLimit, list[TagSlot]], dict[str, Any]]
    ) -> list[dict[str, Any]]:
        held = [slot for slot in self._record.tag_slots() if slot.is_held]
        return [
            {
                "id": _id(each),
                "created": with_z(each.created // 1_000),
                "updated": with_z(each.updated // 1_000),
                **body(each, [slot for slot in held if slot.tag == each.tag]),
            }
            for each in found
        ]


def _name(request: Request) -> str:
    return request.path_params["name"]


def _tag_of(name: str) -> str:
    if not name.startswith(_PREFIX):
        raise Problem(
            422, f"Limits here are those of tags: name one {_PREFIX}NAME. What others limit by name is not kept."
        )
    return name.removeprefix(_PREFIX)


def _refuse(*, is_active: bool, decay: float) -> None:
    if not is_active:
        raise Problem(422, "A limit that is kept counts: delete it to let everything run.")
    if decay:
        raise Problem(422, "A slot is held as long as its task run runs: slot_decay_per_second is 0.")


def _id(limit: TagLimit) -> str:
    return str(uuid5(_IDS, limit.tag))
