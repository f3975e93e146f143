"""Signing in: how a browser gets a session: with the link that the start of the server prints, or by its key."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

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
    from starlette.types import Scope

    from runwright.server.context import ServerContext

PATH = "/sign-in"

_STYLES = """
:root { color-scheme: light dark; --ground: #f5f6f8; --panel: #fff; --ink: #171a21; --muted: #5a6373; --line: #8b94a3;
  --accent: #2f4bc7; --on: #fff; --bad: #b3140f; }
@media (prefers-color-scheme: dark) { :root { --ground: #0e1116; --panel: #161b22; --ink: #e7eaf0; --muted: #9aa5b5;
  --line: #6b7686; --accent: #93abff; --on: #0e1116; --bad: #ff8d85; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  font: 0.875rem/1.5 ui-sans-serif, system-ui, sans-serif; background: var(--ground); color: var(--ink); }
main { width: min(24rem, 100%); background: var(--panel); border-radius: 12px; padding: 1.5rem 1.75rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / 10%), 0 8px 24px rgb(0 0 0 / 10%); }
.brand { display: flex; gap: 0.5rem; align-items: center; font-weight: 700; margin: 0 0 1rem; }
.brand svg { width: 1.5rem; fill: none; stroke: var(--accent); stroke-width: 2; stroke-linecap: round; }
h1 { font-size: 1.25rem; margin: 0 0 0.75rem; }
label { display: block; font-weight: 600; margin-bottom: 0.25rem; }
input { width: 100%; font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: 8px;
  padding: 0.5rem 0.75rem; }
button { width: 100%; font: inherit; font-weight: 600; color: var(--on); background: var(--accent); border: 0;
  border-radius: 8px; padding: 0.5rem; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.why { color: var(--muted); margin: 1rem 0 0; font-size: 0.8125rem; }
[role="alert"] { color: var(--bad); font-weight: 600; }
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLES.encode()).digest()).decode()}'; img-src data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Sign in · Runwright</title>
<link rel="icon" href="data:,"><style>{_STYLES.replace("%", "%%")}</style></head>
<body>
<main>
<p class="brand"><svg viewBox="0 0 24 24" aria-hidden="true">
<path d="M4 5h7a4 4 0 0 1 0 8H8"/><path d="M11 13l5 6"/></svg>Runwright</p>
<h1>Sign in</h1>
%s<form method="post" action="{PATH}">
<input type="hidden" name="to" value="%s">
<p><label for="key">API key</label><input id="key" name="key" type="password" autocomplete="current-password" required
autofocus></p>
<p><button>Sign in</button></p>
</form>
<p class="why">The key is in the file <code>server/api-key</code> of the server's home;
starting the server prints a link that needs none.</p>
</main>
</body>
</html>
"""
_PAGES = "/ui/"


def invitation(scope: Scope) -> Response:
    """Lead a browser to where it can sign in, and then back to what it asked for."""
    query = scope["query_string"].decode("latin-1")
    return RedirectResponse(
        f"{PATH}?to={quote(scope['path'] + (f'?{query}' if query else ''), safe='/')}", 303, _HEADERS
    )


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
        to = request.query_params.get("to", "")
        return _ask("This link was used, or is too old." if code else "", 403 if code else 200, to)

    async def sign_in(self, request: Request) -> Response:
        """Let a browser in that has a key."""
        async with request.form(max_files=0, max_fields=10) as form:
            key, to = str(form.get("key", "")), str(form.get("to", ""))
        try:
            principal = self._context.gate.principal_from_key(key, address_of(request.scope))
        except Problem as problem:
            return _ask("This key is not known here." if problem.status == 401 else problem.message, problem.status, to)  # noqa: PLR2004  HTTP's
        return _let_in(request, self._context.sessions.begin(principal), to)

    async def sign_out(self, request: Request) -> Response:
        """End the session of a browser."""
        self._context.sessions.end(request.cookies.get(COOKIE))
        answer = RedirectResponse(PATH, 303, _HEADERS)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer


def _let_in(request: Request, session: str, to: str = "") -> Response:
    answer = RedirectResponse(to if to.startswith(_PAGES) else "/", 303, _HEADERS)
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


def _ask(told: str, status: int, to: str) -> Response:
    alert = f'<p role="alert">{escape(told)}</p>\n' if told else ""
    return HTMLResponse(_PAGE % (alert, escape(to)), status, _HEADERS)
