"""Live: tells a page that the log has grown, so that it reads itself again. What happened is the page's own business."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from runwright.ui.surface import Surface

LOOK = 1.0
KEEP_ALIVE = 15.0


async def follow(surface: Surface, request: Request) -> Response:
    """Answer with server-sent events: one with the newest cursor when the log has grown or its file is gone, at most one each second."""
    if not surface.is_live:
        return Response(status_code=204)
    last = request.headers.get("last-event-id", request.query_params.get("after", ""))
    after = int(last) if last.isdecimal() and len(last) < 20 else None  # noqa: PLR2004  digits of a cursor
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(surface, request, after), media_type="text/event-stream", headers=headers)


async def _events(surface: Surface, request: Request, after: int | None) -> AsyncIterator[str]:
    seen = after if after is not None else await run_in_threadpool(surface.log_end.cursor)
    quiet, gone = 0.0, surface.presence.trouble()
    yield "retry: 2000\n\n"
    while not await request.is_disconnected():
        cursor = await run_in_threadpool(surface.log_end.cursor)
        if cursor > seen or gone != surface.presence.trouble():
            seen, quiet, gone = cursor, 0.0, surface.presence.trouble()
            yield f"id: {cursor}\ndata: {cursor}\n\n"
        elif quiet >= KEEP_ALIVE:
            quiet = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(LOOK)
        quiet += LOOK
