"""Safety: what keeps pages from doing what their reader did not mean: headers, known hosts, and no writes from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_READS = {"GET", "HEAD", "OPTIONS"}


class Guarded:
    """An application behind a list of hosts, with our headers on every answer, that takes writes from its own pages only."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str] | None = LOOPBACK) -> None:
        """Guard an application; `hosts` None lets any name through."""
        self._app = app
        self._hosts = None if hosts is None else frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(send, *refusal)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in message["headers"]}
                added = [*HEADERS, (b"cache-control", b"no-cache")]
                message["headers"] = [*message["headers"], *(each for each in added if each[0] not in names)]
            await send(message)

        await self._app(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if self._hosts is not None and _name_of(host) not in self._hosts:
            return 421, "This address is not served under that name: open the one that the command printed."
        if scope["method"] in _READS:
            return None
        origin = headers.get(b"origin", b"").decode("latin-1")
        is_ours = urlsplit(origin).netloc == host if origin else headers.get(b"sec-fetch-site") == b"same-origin"
        return None if is_ours else (403, "Writes are taken from pages of this address only.")


def _name_of(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


async def _refuse(send: Send, status: int, message: str) -> None:
    headers = [*HEADERS, (b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{message}\n".encode()})
