"""Server-sent events: a stream of named messages over one HTTP answer. Silence is broken by comments, so proxies keep it open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from starlette.responses import StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEEP_ALIVE = 15.0
"""The longest silence, in seconds."""


class Told(NamedTuple):
    """One message: its data as JSON; `id` and `event` where they are given, without line breaks."""

    data: Any
    id: str | None = None
    event: str | None = None

    def __bytes__(self) -> bytes:
        """Return it as it is sent."""
        lines = [f"{name}: {_line(value)}" for name, value in (("id", self.id), ("event", self.event)) if value]
        return "\n".join([*lines, f"data: {msgspec.json.encode(self.data).decode()}", "", ""]).encode()


def stream(messages: AsyncIterator[Told], keep_alive: float = KEEP_ALIVE) -> StreamingResponse:
    """Return a response that sends messages as they come, and ends with them."""
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(_with_comments(messages, keep_alive), headers=headers, media_type="text/event-stream")


async def _with_comments(messages: AsyncIterator[Told], seconds: float) -> AsyncIterator[bytes]:
    coming = asyncio.ensure_future(anext(messages, None))
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=seconds)
            if not done:
                yield b": waiting\n\n"
                continue
            message = coming.result()
            if message is None:
                return
            yield bytes(message)
            coming = asyncio.ensure_future(anext(messages, None))
    finally:
        coming.cancel()


def _line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")
