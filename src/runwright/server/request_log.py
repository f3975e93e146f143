"""The request log: one JSON line for each request and websocket, under an id that the answer carries too.

A line has no query, no body and no header: keys and parameters of users never get into it.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

import msgspec

from runwright.server.audit import entry_of
from runwright.server.problems import Problem, answer
from runwright.server.routes import address_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from runwright.server.context import ServerContext

LOGGER = "runwright.server.access"

_KEY = re.compile(r"(/executions/webhook/[^/]*/[^/]*/)[^/]+")  # a webhook's key is its secret
_log = logging.getLogger(LOGGER)
_log_of_faults = logging.getLogger("runwright.server")


class RequestLog:
    """The log as ASGI middleware, and the answer to what nobody caught; its header `X-Request-Id` leads to the line."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request and write its line."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        request_id = scope["request_id"] = secrets.token_hex(8)
        began, told = time.perf_counter(), {"status": 0, "bytes": 0}

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            elif message["type"] == "websocket.close":
                told["status"] = message.get("code", 1000)
            told["bytes"] += len(message.get("body") or message.get("text") or "")
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception:  # noqa: BLE001  nobody stands outside of this
            _log_of_faults.exception("request %s failed", request_id)
            if not told["status"]:
                await _tell_nothing(scope, receive, noted)
        finally:
            _write(scope, told, time.perf_counter() - began)
            await _note(scope, told["status"])


async def _tell_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request that failed for a reason of the server's own, which only its log tells."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1011, "reason": "The server failed; its log says why."})
        return
    problem = Problem(500, "The server failed to answer; its log says why.")
    await answer(problem, scope["path"], scope["request_id"])(scope, receive, send)


async def _note(scope: Scope, status: int) -> None:
    """Put what changes something into the audit."""
    entry = entry_of(scope, status, _told_of(scope))
    if entry is not None:
        context: ServerContext = scope["app"].state.context
        await context.in_thread(context.audit.add, entry)


def _told_of(scope: Scope) -> str:
    return _KEY.sub(r"\1***", scope["path"])


def _write(scope: Scope, told: dict[str, int], seconds: float) -> None:
    if not _log.isEnabledFor(logging.INFO):
        return
    principal = scope.get("principal")
    line: dict[str, Any] = {
        "request_id": scope["request_id"],
        "method": scope.get("method", "WEBSOCKET"),
        "path": _told_of(scope),
        **told,
        "ms": round(seconds * 1_000, 3),
        "principal": principal.name if principal else None,
        "address": address_of(scope),
    }
    _log.info(msgspec.json.encode(line).decode())
