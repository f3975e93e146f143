"""Listener: who is told of events once they are committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.events import Event


class Listener(Protocol):
    """Hears of committed events, in order, on the writer's thread; what it raises is logged and goes no further."""

    def on_events(self, batch: Sequence[Event]) -> None:
        """Take note of a batch that is durable now."""
        ...
