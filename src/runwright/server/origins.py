"""Origins: requests that a foreign page makes in somebody's browser are refused, whatever key the browser holds.

The Host must be an address, `localhost`, or a name that the server was told (a page that rebinds its own name to this address
keeps its name there). A request that can change something, and every websocket, must come from a page of this host or from no
page at all.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runwright.server.limits import check_headers
from runwright.server.problems import Problem, answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})


class OriginCheck:
    """The check as ASGI middleware: 421 for a foreign Host, 403 for a foreign page."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        """Stand before `app`; `hosts` are further names of the server, `*` for any."""
        self.app = app
        self._hosts = {host.lower().rstrip(".") for host in hosts} | {"localhost", socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] in {"http", "websocket"}:
            try:
                check_headers(scope)
                self.check(scope)
            except Problem as problem:
                await _refuse(scope, receive, send, problem)
                return
        await self.app(scope, receive, send)

    def check(self, scope: Scope) -> None:
        """Raise `Problem` for a foreign Host or a foreign page."""
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not self.knows(hosts[0]):
            raise Problem(421, "This server does not go by that name: start it with --allow-host NAME.")
        if scope["type"] == "http" and scope["method"] in _SAFE:
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = headers.get(b"origin")
        if origin is not None and urlsplit(origin).netloc.lower() != hosts[0].lower():
            raise Problem(403, "A page of another origin may not do this.")
        if headers.get(b"sec-fetch-site", "none") not in _OWN_SITES:
            raise Problem(403, "A page of another site may not do this.")
        if scope["type"] == "websocket" and origin is None and b"cookie" in headers:
            raise Problem(403, "A browser names the origin of its page.")

    def knows(self, host: str) -> bool:
        """Say whether a Host header names this server."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if "*" in self._hosts or name in self._hosts:
            return bool(name)
        try:
            return bool(ip_address(name))
        except ValueError:
            return False


async def _refuse(scope: Scope, receive: Receive, send: Send, problem: Problem) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": problem.message})
        return
    await answer(problem, scope["path"])(scope, receive, send)
