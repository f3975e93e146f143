"""Serving: an application on an address, until somebody stops it. What may be served without a key is decided here."""

from __future__ import annotations

import gc
import signal
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import uvicorn

from runwright.errors import SettingError
from runwright.server import limits

if TYPE_CHECKING:
    from types import FrameType

    from starlette.applications import Starlette

_GRACE = 10
_WAITING = 1_024
_PING = 20.0


class Address:
    """A socket that listens; `url` is where browsers and clients of this machine find it."""

    def __init__(self, host: str, port: int) -> None:
        """Listen; port 0 takes any that is free. Raises `SettingError` when the address cannot be had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # The protocol is named so that small answers are sent at once: asyncio leaves Nagle on where it is not.
        self.socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.socket.bind((host, port))
            self.socket.listen(_WAITING)  # who connects before the server is ready waits
        except OSError as error:
            self.socket.close()
            raise SettingError(
                f"{host}:{port} cannot be listened on ({error.strerror or error}): choose another."
            ) from None
        self.host, self.port = host, self.socket.getsockname()[1]

    @property
    def url(self) -> str:
        """Return the address as a URL."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104  compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def check_exposure(host: str, *, has_key: bool, is_insecure: bool) -> None:
    """Raise `SettingError` when a server without a key would be reached from other machines and nobody asked for that."""
    if has_key or is_insecure or is_loopback(host):
        return
    raise SettingError(
        f"Without a key, anybody who reaches {host} could start and read runs. Leave out --no-auth, or listen on 127.0.0.1."
    )


def is_loopback(host: str) -> bool:
    """Say whether an address is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def serve(app: Starlette, address: Address) -> None:
    """Serve until SIGTERM or SIGINT; then requests that run may end, and live streams are told to go.

    After SIGTERM it returns, after SIGINT it raises `KeyboardInterrupt`.
    """
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=limits.HEADERS + 8_192,
        ws_max_size=limits.MESSAGE_OF_EVENTS,
        ws_ping_interval=_PING,
        ws_ping_timeout=_PING,
        ws_per_message_deflate=False,
    )
    server = _Server(config)
    signal.signal(signal.SIGTERM, server.leave)  # until the server itself listens to it, and when it has dealt with it
    gc.collect()
    gc.freeze()  # what a server is made of stays: to look through it again and again holds up requests
    server.run(sockets=[address.socket])


class _Server(uvicorn.Server):
    """A server that tells its live streams to end before it waits for them."""

    def leave(self, *_: object) -> None:
        """End as soon as may be."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        app: Any = self.config.app
        app.state.context.stop()
        super().handle_exit(sig, frame)
