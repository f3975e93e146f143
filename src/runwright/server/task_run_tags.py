"""The tags surface: what task runs are called afterwards. Only our own clients know it: in Prefect 3 the tags of a task run are fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright import ids
from runwright.server.auth import Role
from runwright.server.bodies import json_answer, read_json
from runwright.server.routes import patch
from runwright.server.runs import uuid_from
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext


class TagsBody(msgspec.Struct):
    """The tags that a task run is given, and those that are taken back."""

    add: list[str] = []
    remove: list[str] = []


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the path of the tags of a task run."""
    return [patch("/api/task_runs/{id}/tags", Endpoints(context).change, Role.OPERATOR, body=TagsBody)]


class Endpoints:
    """The endpoint."""

    def __init__(self, context: ServerContext) -> None:
        """Write to the record of a context."""
        self._context = context

    async def change(self, request: Request) -> Response:
        """Change the tags of a task run, and return all that it has now."""
        body = await read_json(request, TagsBody)
        identity = uuid_from(request.path_params["id"], "id")
        return json_answer(await self._context.in_thread(self._change, identity, body, request.scope["principal"].name))

    def _change(self, task_run: UUID, body: TagsBody, by: str) -> dict[str, Any]:
        self._context.record.change_tags([task_run], body.add, body.remove, by=by)
        which = TaskRunFilter(flow_run=ids.flow_run_of(task_run), ordinals=(ids.ordinal_of(task_run),))
        (row,) = self._context.record.task_runs(which)
        return {"id": str(row.id), "tags": list(row.tags), "given_tags": [each.tag for each in row.given_tags]}
