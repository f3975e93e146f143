"""Limits: how much a request may bring, and how long it may take to bring it. Sizes in bytes, times in seconds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runwright.server.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

MEBIBYTE = 1024 * 1024
BODY = MEBIBYTE
BATCH = 4 * MEBIBYTE
FORM = 16 * MEBIBYTE
FILES = 256 * MEBIBYTE
HEADERS = 16 * 1024
MESSAGE_OF_EVENTS = 2 * MEBIBYTE
BODY_SECONDS = 30.0
PAGE = 200
SOCKETS = 100
EVENTS_IN_A_BATCH = 10_000


def check_headers(scope: Scope) -> None:
    """Raise `Problem` 431 for headers that are too long together, 400 for a length that is no number."""
    if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADERS:
        raise Problem(431, "The headers are too long.")
    announced = [value for name, value in scope["headers"] if name == b"content-length"]
    if any(not value.isdigit() for value in announced):
        raise Problem(400, "The content length is no number.")


def limited_receive(scope: Scope, receive: Receive, limit: int, seconds: float = BODY_SECONDS) -> Receive:
    """Return a `receive` that raises `Problem` 413 beyond `limit` bytes, and 408 when the next part takes too long."""
    announced = next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)
    if announced > limit:
        raise too_large(limit)
    read, is_whole = 0, False

    async def limited() -> Message:
        nonlocal read, is_whole
        if is_whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), seconds)
        except TimeoutError:
            raise Problem(408, f"The body did not come within {seconds:g} s.") from None
        read += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        if read > limit:
            raise too_large(limit)
        return message

    return limited


def too_large(limit: int) -> Problem:
    """Return the problem of a body beyond its limit."""
    return Problem(413, f"The body is longer than {limit} bytes.")
