"""Following: who follows one flow run is woken when the record gains events of it; the feed looks for everybody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runwright.server.feed import Lagging, Stopping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from runwright.server.context import ServerContext

LONGEST_REST = 1.0
"""Seconds after which a change is told, however long telling the one before took."""


async def changes(context: ServerContext, flow_run: UUID) -> AsyncIterator[None]:
    """Yield at once, and whenever a flow run has changed since; ends with the server.

    What changes while the caller tells a change, and as long again after that, is one change: large documents are told less often.
    """
    loop = asyncio.get_running_loop()
    while True:
        with await context.feed.listen() as listener:
            try:
                while True:
                    began = loop.time()
                    yield
                    await asyncio.sleep(min(loop.time() - began, LONGEST_REST))
                    while not any(
                        event.flow_run == flow_run for news in await listener.take() for event in news.events
                    ):
                        pass
            except Lagging:
                continue
            except Stopping:
                return
