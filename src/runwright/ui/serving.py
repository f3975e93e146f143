"""Serving: the pages over one record on this machine alone, until somebody ends it."""

from __future__ import annotations

import contextlib
import os
import socket
import webbrowser
from typing import TYPE_CHECKING

import uvicorn

from runwright.ui.application import pages

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.store import Store

HOST = "127.0.0.1"
_WAITING = 128


def listening(port: int = 0) -> socket.socket:
    """Return a socket that listens on this machine; port 0 is any that is free. Raises `OSError` when the port is taken."""
    # The protocol is named so that small answers are sent at once: asyncio leaves Nagle on where it is not.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two programs have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_WAITING)
    except OSError:
        listener.close()
        raise
    return listener


def serve(
    store: Store,
    name: str,
    port: int,
    *,
    is_opened: bool,
    tell: Callable[[str], None],
    answer: Callable[[str], bytes | str] | None = None,
) -> None:
    """Serve the pages until interrupted; `tell` gets the address, `answer` answers GraphQL. Port 0 is any that is free.

    Raises `OSError` when the port is taken.
    """
    with listening(port) as listener:
        address = f"http://{HOST}:{listener.getsockname()[1]}/"
        tell(address)
        if is_opened:
            webbrowser.open(address)
        config = uvicorn.Config(
            pages(store, name, answer=answer), log_level="warning", access_log=False, server_header=False, lifespan="off",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
