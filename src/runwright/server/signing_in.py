"""Signing in: how a browser gets a session: with the link that the start of the server prints, or by its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, RedirectResponse

from runwright.server.auth import Role
from runwright.server.problems import Problem
from runwright.server.routes import address_of, get, post
from runwright.server.sessions import COOKIE, IDLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from runwright.server.context import ServerContext

PATH = "/sign-in"

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in - Runwright</title></head>
<body>
<main>
<h1>Sign in</h1>
{told}<form method="post" action="/sign-in">
<p><label for="key">API key</label> <input id="key" name="key" type="password" autocomplete="current-password" required autofocus></p>
<p><button>Sign in</button></p>
</form>
<p>The key is in the file <code>server/api-key</code> of the server's home; starting the server prints a link that needs none.</p>
</main>
</body>
</html>
"""


def routes(context: ServerContext) -> Sequence[BaseRoute]:
    """Return `/sign-in` and `/sign-out`."""
    signing = SigningIn(context)
    return [
        get(PATH, signing.show, Role.ANYONE),
        post(PATH, signing.sign_in, Role.ANYONE, limit=16 * 1024),
        post("/sign-out", signing.sign_out, Role.ANYONE),
    ]


class SigningIn:
    """The endpoints."""

    def __init__(self, context: ServerContext) -> None:
        """Begin sessions of a context."""
        self._context = context

    async def show(self, request: Request) -> Response:
        """Let a browser in that has a code, and ask others for a key."""
        code = request.query_params.get("code")
        session = self._context.sessions.redeem(code) if code else None
        if session is not None:
            return _let_in(request, session)
        return _ask("This link was used, or is too old." if code else "", 403 if code else 200)

    async def sign_in(self, request: Request) -> Response:
        """Let a browser in that has a key."""
        async with request.form(max_files=0, max_fields=10) as form:
            key = str(form.get("key", ""))
        try:
            principal = self._context.gate.principal_from_key(key, address_of(request.scope))
        except Problem as problem:
            return _ask("This key is not known here." if problem.status == 401 else problem.message, problem.status)  # noqa: PLR2004  HTTP's
        return _let_in(request, self._context.sessions.begin(principal))

    async def sign_out(self, request: Request) -> Response:
        """End the session of a browser."""
        self._context.sessions.end(request.cookies.get(COOKIE))
        answer = RedirectResponse(PATH, 303, _HEADERS)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer


def _let_in(request: Request, session: str) -> Response:
    answer = RedirectResponse("/", 303, _HEADERS)
    answer.set_cookie(
        COOKIE,
        session,
        max_age=int(IDLE_SECONDS),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


def _ask(told: str, status: int) -> Response:
    return HTMLResponse(_PAGE.format(told=f'<p role="alert">{told}</p>\n' if told else ""), status, _HEADERS)
