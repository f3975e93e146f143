"""Routes: what a surface is made of. Each names the least role it asks for; what names none cannot be served.

A guarded route finds out who asks, refuses those who may not, keeps the body within its limit, and only then calls the
endpoint. Websocket endpoints ask the gate themselves, because their clients send the key in the first message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import cookie_parser
from starlette.routing import Match, Mount, Route, WebSocketRoute

from runwright.server.auth import Principal, Role, unauthorized
from runwright.server.limits import BODY, limited_receive
from runwright.server.problems import Problem
from runwright.server.sessions import COOKIE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

    from runwright.server.context import ServerContext


class GuardedRoute(Route):
    """A path with its methods, the least role that may use it, and the most bytes that its body may have.

    `is_audited` says that what changes something here is in the audit.
    """

    is_audited = True

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Sequence[str],
        role: Role,
        limit: int = BODY,
        body: Any = None,
    ) -> None:
        """Hold them; `limit` is in bytes, `body` the type that a JSON body is read as, for the description of the surface."""
        super().__init__(path, endpoint, methods=list(methods))
        self.role = role
        self.limit = limit
        self.body = body

    @property
    def verbs(self) -> list[str]:
        """Return the methods that somebody asked for: HEAD comes with GET by itself."""
        return sorted((self.methods or set()) - {"HEAD"})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, if its sender may."""
        if self.methods and scope["method"] not in self.methods:
            raise Problem(
                405, "This path does not know that method.", headers={"Allow": ", ".join(sorted(self.methods))}
            )
        scope["role"], scope["is_audited"] = self.role, self.is_audited
        admit(scope, self.role)
        await super().handle(scope, limited_receive(scope, receive, self.limit), send)


class GuardedSocket(WebSocketRoute):
    """A websocket path; its endpoint asks the gate for `role` before it sends anything."""

    def __init__(self, path: str, endpoint: Callable[..., Any], *, role: Role) -> None:
        """Hold them."""
        super().__init__(path, endpoint)
        self.role = role


class GuardedMount(Mount):
    """An application of its own below a path, behind one role: static files of pages."""

    def __init__(self, path: str, app: ASGIApp, *, role: Role, limit: int = BODY) -> None:
        """Hold them; `limit` is of a body, in bytes."""
        super().__init__(path, app=app)
        self.role = role
        self.limit = limit

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, if its sender may."""
        if scope["type"] != "http":
            raise Problem(404, "There is nothing here.")
        admit(scope, self.role)
        await super().handle(scope, limited_receive(scope, receive, self.limit), send)


class IntakeRoute(GuardedRoute):
    """A path for what programs send all the time, and the record keeps as it comes: events, log lines."""

    is_audited = False


def get(path: str, endpoint: Callable[..., Any], role: Role = Role.VIEWER) -> GuardedRoute:
    """Return a route that reads."""
    return GuardedRoute(path, endpoint, methods=["GET"], role=role)


def post(path: str, endpoint: Callable[..., Any], role: Role, limit: int = BODY, body: Any = None) -> GuardedRoute:
    """Return a route for POST; the role says whether it reads or changes something."""
    return GuardedRoute(path, endpoint, methods=["POST"], role=role, limit=limit, body=body)


def put(path: str, endpoint: Callable[..., Any], role: Role, limit: int = BODY) -> GuardedRoute:
    """Return a route for PUT."""
    return GuardedRoute(path, endpoint, methods=["PUT"], role=role, limit=limit)


def patch(path: str, endpoint: Callable[..., Any], role: Role, body: Any = None) -> GuardedRoute:
    """Return a route for PATCH."""
    return GuardedRoute(path, endpoint, methods=["PATCH"], role=role, body=body)


def delete(path: str, endpoint: Callable[..., Any], role: Role, body: Any = None) -> GuardedRoute:
    """Return a route for DELETE."""
    return GuardedRoute(path, endpoint, methods=["DELETE"], role=role, body=body)


def admit(scope: Scope, role: Role) -> Principal | None:
    """Return who asks, and note it in the scope; raises `Problem` 401 without a key, 403 for too small a role."""
    principal = scope["principal"] = _principal_of(scope)
    if role is Role.ANYONE:
        return principal
    if principal is None:
        raise unauthorized("This server asks for a key: send it as a bearer token, or as the password of basic auth.")
    check_role(principal, role)
    return principal


def _principal_of(scope: Scope) -> Principal | None:
    """Return who asks, by key or by the cookie of a session; what a session changes, it asks for from a page of this server."""
    context: ServerContext = scope["app"].state.context
    header = _header(scope, b"authorization")
    principal = context.gate.principal_from_header(header, address_of(scope))
    if principal is not None or header:
        return principal
    principal = context.sessions.principal_of(_cookie(scope))
    if principal is not None and not context.gate.knows(principal):
        return None
    if principal is not None and scope["method"] not in {"GET", "HEAD"}:
        named = {name for name, _ in scope["headers"]}
        if not {b"origin", b"sec-fetch-site"} & named:
            raise Problem(403, "With a session this must come from a page of this server.")
    return principal


def _cookie(scope: Scope) -> str | None:
    texts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    return cookie_parser("; ".join(texts)).get(COOKIE)


def check_role(principal: Principal, role: Role) -> None:
    """Raise `Problem` 403 when somebody may not do what `role` may."""
    if principal.role < role:
        raise Problem(
            403, f"This needs the role {role.name.lower()}; {principal.name} is {principal.role.name.lower()}."
        )


def address_of(scope: Scope) -> str:
    """Return the address that a request comes from, empty where it has none."""
    client = scope.get("client")
    return client[0] if client else ""


def check_guarded(routes: Sequence[BaseRoute]) -> None:
    """Raise `TypeError` for a route that names no role."""
    for each in routes:
        if not isinstance(each, GuardedRoute | GuardedSocket | GuardedMount):
            raise TypeError(f"The route {each!r} names no role: make it with `runwright.server.routes`.")


def find(routes: Sequence[BaseRoute], scope: Scope) -> BaseRoute | None:
    """Return the route that serves a request, if any does."""
    return next((each for each in routes if each.matches(scope)[0] is Match.FULL), None)


def _header(scope: Scope, name: bytes) -> str | None:
    values = [value for key, value in scope["headers"] if key == name]
    if len(values) > 1:
        raise Problem(400, f"The header {name.decode()} is given more than once.")
    return values[0].decode("latin-1") if values else None
