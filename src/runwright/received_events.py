"""ReceivedEvents: events that programs sent to a server, kept as they came. The contract; every store has it.

They are no part of any run: nothing of them is in the log, and no row follows from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import msgspec

from runwright.errors import EventTaken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


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


class ReceivedFilter(msgspec.Struct, frozen=True):
    """Which events: empty conditions do not restrict.

    `names` are whole names, or with a `*` at their end how they begin; one of them must fit. `resources` are whole ids of what the
    events happened to. `since` and `until` compare when they happened (ns, inclusive).
    """

    names: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None

    def matches(self, event: ReceivedEvent) -> bool:
        """Say whether an event is one of these."""
        if self.names and not any(_is_named(event.name, each) for each in self.names):
            return False
        if self.resources and event.resource not in self.resources:
            return False
        return (self.since is None or event.at >= self.since) and (self.until is None or event.at <= self.until)


def _is_named(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def check_same(sent: Iterable[ReceivedEvent], kept: Mapping[UUID, dict[str, Any]]) -> None:
    """Raise `EventTaken` for events that are kept under their ids with another body; when they came does not matter."""
    others = sorted({str(each.id) for each in sent if each.id in kept and _text(each.body) != _text(kept[each.id])})
    if others:
        more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
        raise EventTaken(f"Another event is kept under the id {others[0]}{more}: give each event an id of its own.")


def _text(body: dict[str, Any]) -> bytes:
    return msgspec.json.encode(body, order="deterministic")


class ReceivedEvents(Protocol):
    """Events of others, each kept once."""

    def keep_events(self, events: Sequence[ReceivedEvent], *, same_only: bool = False) -> int:
        """Write those whose ids are new, in one commit, and return how many those were.

        The first that came under an id stays; with `same_only`, a later one that is not the same raises `EventTaken`, and nothing
        is written.
        """
        ...

    def received_events(
        self,
        after: int = 0,
        *,
        before: int | None = None,
        newest_first: bool = False,
        limit: int = 1_000,
        which: ReceivedFilter | None = None,
    ) -> list[ReceivedEvent]:
        """Return those between two cursors, in the order in which they came, or the other way round."""
        ...
