"""Received-event contract: what every store must do with events that others send, as tests."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from runwright.received_events import ReceivedEvent

if TYPE_CHECKING:
    from runwright.store import Store


class ReceivedEventContract:
    """Kept once each, in the order in which they came."""

    def test_received_events_come_back_as_they_were(self, store: Store) -> None:
        """Each with a cursor."""
        assert store.keep_events([event(2), event(1)]) == 2
        found = store.received_events()
        assert [(2, 20), (1, 10)] == [(each.id.int, each.at) for each in found]
        assert {"payload": {"n": [1, None, "\u00e9"]}} == found[0].body
        assert ("a.b", "thing.2", 99) == (found[0].name, found[0].resource, found[0].received)
        assert 0 < found[0].cursor < found[1].cursor

    def test_an_event_is_kept_once(self, store: Store) -> None:
        """The first that came under an id stays, in one batch and in several."""
        assert store.keep_events([event(1), event(1, "other")]) == 1
        assert store.keep_events([event(1, "third"), event(2)]) == 1
        assert ["a.b", "a.b"] == [each.name for each in store.received_events()]

    def test_received_events_are_read_by_cursor(self, store: Store) -> None:
        """Between two cursors, from either end."""
        store.keep_events([event(number) for number in range(1, 6)])
        cursors = [each.cursor for each in store.received_events()]
        assert [2, 3] == [each.id.int for each in store.received_events(cursors[0], limit=2)]
        newest = store.received_events(before=cursors[4], newest_first=True, limit=2)
        assert [4, 3] == [each.id.int for each in newest]
        assert store.received_events(cursors[4]) == []


def event(number: int, name: str = "a.b") -> ReceivedEvent:
    """Return an event that happened at ten times its number."""
    body = {"payload": {"n": [1, None, "\u00e9"]}}
    return ReceivedEvent(UUID(int=number), number * 10, name, f"thing.{number}", 99, body)
