"""A record behind a real server on loopback: read over HTTP, written to directly, as other processes do."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from runwright.record_calls import CALLS
from runwright.server.app import create_app
from runwright.server.context import ServerOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.store import Store

OVER_HTTP = {*CALLS, "ask", "iterate_events", "await_events"}


@contextmanager
def serving(record: Store, options: ServerOptions | None = None) -> Iterator[str]:
    """Serve a record on a free port of loopback; gives the address."""
    app = create_app(record, options=options or ServerOptions())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    started = threading.Event()
    startup = server.startup

    async def announce(sockets: Any = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = announce
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(30)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


class ReadOverHttp:
    """A store whose reads go through a server, and everything else to the record itself."""

    def __init__(self, record: Store, served: Store) -> None:
        """Join the two."""
        self._record = record
        self._served = served

    def __getattr__(self, name: str) -> Any:
        """Return the way that a method goes."""
        return getattr(self._served if name in OVER_HTTP else self._record, name)
