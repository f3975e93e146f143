"""ReceivedEvents: events that programs sent to a server, kept as they came. The contract; every store has it.

They are no part of any run: nothing of them is in the log, and no row follows from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence


class ReceivedEvent(msgspec.Struct, frozen=True):
    """One event: `at` (ns) is when it happened, `received` (ns) when it came, `body` all that was sent.

    `cursor` is 0 until the store has given one.
    """

    id: UUID
    at: int
    name: str
    resource: str
    received: int
    body: dict[str, Any] = {}
    cursor: int = 0


class ReceivedEvents(Protocol):
    """Events of others, each kept once."""

    def keep_events(self, events: Sequence[ReceivedEvent]) -> int:
        """Write those whose ids are new, in one commit, and return how many those were."""
        ...

    def received_events(
        self, after: int = 0, *, before: int | None = None, newest_first: bool = False, limit: int = 1_000
    ) -> list[ReceivedEvent]:
        """Return those between two cursors, in the order in which they came, or the other way round."""
        ...
