"""Sockets: the handshake of event clients, and what both directions share: who may connect, and how a connection ends.

Clients of Prefect 3 offer the subprotocol `prefect` and send their key in the first message. Without the subprotocol only an
open server talks to them, as an older client would expect: with no handshake at all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from starlette.websockets import WebSocketDisconnect

from runwright import decoding
from runwright.server import limits
from runwright.server.auth import Principal, Role, key_from_auth_string
from runwright.server.problems import Problem
from runwright.server.routes import address_of, check_role

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from runwright.server.context import ServerContext

    Message = TypeVar("Message")

SUBPROTOCOL = "prefect"
POLICY, PROTOCOL, LATER, GOING = 1008, 1002, 1013, 1012
AUTH_SECONDS = 5.0

_LONGEST_REASON = 120


class Closing(Exception):
    """The connection is to be closed, with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        """Hold both; a close frame takes no more than 123 bytes of reason."""
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON].decode("utf-8", "ignore")


class AuthMessage(msgspec.Struct):
    """The first message of a client."""

    type: str = ""
    token: str | None = None


class Connection(NamedTuple):
    """A websocket whose client was let in."""

    socket: WebSocket
    principal: Principal

    async def tell(self, message: dict[str, Any]) -> None:
        """Send a message as JSON."""
        await self.socket.send_text(msgspec.json.encode(message).decode())

    async def hear(self, kind: type[Message]) -> Message:
        """Return the next message; raises `Closing` for one that does not fit, `WebSocketDisconnect` at the end."""
        return message_from(await receive_text(self.socket), kind)


async def let_in(socket: WebSocket, context: ServerContext, role: Role) -> Connection:
    """Accept a client that may do what `role` may; raises `Closing` for any other."""
    speaks = SUBPROTOCOL in socket.scope.get("subprotocols", ())
    await socket.accept(subprotocol=SUBPROTOCOL if speaks else None)
    if not speaks and not context.gate.is_open:
        raise Closing(PROTOCOL, "This server asks for a key: offer the subprotocol 'prefect' and send it.")
    try:
        principal = await _identify(socket, context, role) if speaks else context.gate.principal_from_key(None)
    except Problem as problem:
        raise Closing(POLICY, problem.message) from None
    socket.scope["principal"] = principal
    connection = Connection(socket, principal)
    if speaks:
        await connection.tell({"type": "auth_success"})
    return connection


async def _identify(socket: WebSocket, context: ServerContext, role: Role) -> Principal:
    try:
        async with asyncio.timeout(AUTH_SECONDS):
            message = message_from(await receive_text(socket), AuthMessage)
    except TimeoutError:
        raise Closing(POLICY, "Expected 'auth' message") from None
    if message.type != "auth":
        raise Closing(POLICY, "Expected 'auth' message")
    key = key_from_auth_string(message.token) if message.token else None
    header = socket.headers.get("authorization")
    principal = (
        context.gate.principal_from_header(header, address_of(socket.scope)) if header and key is None else None
    ) or context.gate.principal_from_key(key, address_of(socket.scope))
    check_role(principal, role)
    return principal


async def receive_text(socket: WebSocket) -> str | bytes:
    """Return the next message; raises `WebSocketDisconnect` at the end, `Closing` for one that is too long."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    text = message.get("text")
    text = message.get("bytes") or b"" if text is None else text
    if len(text) > limits.MESSAGE_OF_EVENTS:
        raise Closing(1009, "The message is too long.")
    return text


def message_from(text: str | bytes, kind: type[Message]) -> Message:
    """Return a message as a `kind`; raises `Closing` for one that does not fit."""
    try:
        return decoding.from_json(text, kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Closing(PROTOCOL, f"This message cannot be read: {error}") from None


async def close(socket: WebSocket, code: int, reason: str = "") -> None:
    """Close a connection, if it still is one."""
    try:
        await socket.close(code, reason)
    except (RuntimeError, WebSocketDisconnect, OSError):
        return
