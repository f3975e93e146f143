"""The schedules surface: schedules of flows written in Python are listed, paused and resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright.clock import to_iso
from runwright.errors import NotOnRecord
from runwright.server.auth import Role
from runwright.server.bodies import json_answer
from runwright.server.routes import get, post
from runwright.triggering.flow_schedules import FlowSchedules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext
    from runwright.triggering.flow_schedules import Scheduled


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return the paths below `/api/schedules`."""
    schedules = Schedules(context)
    return [
        get("/api/schedules", schedules.list),
        get("/api/schedules/{flow_id}", schedules.one),
        post("/api/schedules/{flow_id}/pause", schedules.pause, Role.OPERATOR),
        post("/api/schedules/{flow_id}/resume", schedules.resume, Role.OPERATOR),
    ]


class Schedules:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Keep schedules in the record of a context."""
        self._schedules = FlowSchedules(context.record)

    def list(self, request: Request) -> Response:
        """Return all schedules, by the names of their flows."""
        return json_answer([_document(each) for each in self._schedules.all()])

    def one(self, request: Request) -> Response:
        """Return the schedule of a flow."""
        return json_answer(_document(self._find(request)))

    def pause(self, request: Request) -> Response:
        """Let no run of a flow start by itself."""
        return json_answer(_document(self._schedules.pause(self._find(request).flow)))

    def resume(self, request: Request) -> Response:
        """Let runs start again, from the next time on."""
        return json_answer(_document(self._schedules.resume(self._find(request).flow)))

    def _find(self, request: Request) -> Scheduled:
        text = request.path_params["flow_id"]
        try:
            found = self._schedules.find_by_id(UUID(text))
        except ValueError:
            found = None
        if found is None:
            raise NotOnRecord(
                f"The flow {text} has no schedule on the record: /api/schedules lists those that have one."
            )
        return found


def _document(found: Scheduled) -> dict[str, Any]:
    schedule = found.schedule
    return {
        "flow_id": schedule.flow_id,
        "flow_name": found.flow,
        "paused": found.is_paused,
        "schedule": schedule.schedule,
        "catch_up": schedule.catch_up,
        "parameters": schedule.parameters,
        "next_start_time": _time(schedule.next),
        "last_start_time": _time(schedule.fired),
        "problem": schedule.problem,
    }


def _time(at: int | None) -> str | None:
    return None if at is None else to_iso(at)
