"""Application: the pages over a record as an ASGI application, for whoever serves it: at an address of its own or below a path."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from runwright.ui.log_end import LogEnd
from runwright.ui.presence import Presence
from runwright.ui.routes import broken, routes
from runwright.ui.safety import LOOPBACK, Guarded
from runwright.ui.surface import Surface

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp

    from runwright.store import Store
    from runwright.ui.actions.acting import Acting


def pages(
    store: Store,
    name: str = "",
    *,
    hosts: Sequence[str] | None = LOOPBACK,
    is_live: bool = True,
    answer: Callable[[str], bytes | str] | None = None,
    acting: Acting | None = None,
) -> ASGIApp:
    """Return the pages over a record.

    `name` is what the record is called on them. `hosts` are the names that they may be asked by, None where somebody else sees
    to that. `answer` gives the JSON that answers a GraphQL query, `acting` does what pages ask for; without it they only read.
    """
    surface = Surface(
        store,
        name or store.url.rpartition("/")[2],
        LogEnd(store),
        is_live,
        answer,
        acting,
        presence=Presence(store.url),
    )
    app = Starlette(routes=routes(surface), exception_handlers={Exception: partial(broken, surface)})
    app.router.redirect_slashes = False
    return Guarded(app, hosts)
