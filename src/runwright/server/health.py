"""Health: whether the server lives, whether it can serve, and what it counts. Exact paths, GET only, one word to strangers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import UUID

from starlette.responses import PlainTextResponse

from runwright.errors import RunwrightError
from runwright.server.auth import Role
from runwright.server.bodies import json_answer
from runwright.server.routes import get
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext

COUNTS_KEPT = 5.0
"""How long counts of the record are answered again, in seconds."""

_NOBODY = UUID(int=0)


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return `/livez`, `/readyz` and `/metrics`."""
    health = Health(context)
    return [
        get("/livez", health.live, Role.ANYONE),
        get("/readyz", health.ready, Role.ANYONE),
        get("/metrics", health.metrics),
    ]


class Health:
    """The answers, from the record."""

    def __init__(self, context: ServerContext) -> None:
        """Count from now."""
        self._context = context
        self._began = time.monotonic()
        self._counted = -COUNTS_KEPT
        self._counts: dict[str, int] = {}

    async def live(self, request: Request) -> Response:
        """Say that the event loop turns."""
        return PlainTextResponse("ok")

    def ready(self, request: Request) -> Response:
        """Say whether the record answers; those with a key are told more than a word."""
        checks = {"record": self._check_record()}
        is_ready = all(each["ok"] for each in checks.values())
        status = 200 if is_ready else 503
        if request.scope.get("principal") is None:
            return PlainTextResponse("ok" if is_ready else "unready", status)
        return json_answer({"ready": is_ready, "checks": checks}, status)

    def metrics(self, request: Request) -> Response:
        """Return counters and gauges in the text format of Prometheus."""
        lines = [
            "# TYPE runwright_task_runs gauge",
            *(f'runwright_task_runs{{state="{state}"}} {count}' for state, count in sorted(self._count().items())),
            "# TYPE runwright_uptime_seconds gauge",
            f"runwright_uptime_seconds {time.monotonic() - self._began:.3f}",
        ]
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")

    def _check_record(self) -> dict[str, object]:
        began = time.perf_counter()
        try:
            self._context.record.now()
            self._context.record.find_lease(_NOBODY)
        except RunwrightError as error:
            return {"ok": False, "problem": type(error).__name__}
        return {"ok": True, "ms": round((time.perf_counter() - began) * 1_000, 3)}

    def _count(self) -> dict[str, int]:
        if time.monotonic() - self._counted >= COUNTS_KEPT:
            self._counts = self._context.record.count_task_runs(TaskRunFilter(without_deleted=True), "state")
            self._counted = time.monotonic()
        return self._counts
