"""Received-event contract: what every store must do with events that others send, as tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest

from runwright.errors import EventTaken
from runwright.received_events import ReceivedEvent, ReceivedFilter

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

    def test_an_id_is_not_given_to_another_event(self, store: Store) -> None:
        """Where that is asked for: the same comes again without harm, another is refused together with all that comes with it."""
        assert store.keep_events([event(1), event(1), event(2)], same_only=True) == 2
        again = msgspec.structs.replace(event(2), received=100)
        assert store.keep_events([again, event(3)], same_only=True) == 1
        assert 99 == store.received_events()[1].received

        other = msgspec.structs.replace(event(2), body={"payload": {"n": [1, None, "e"]}})
        for batch in ([event(4), other], [event(5), msgspec.structs.replace(event(5), body={})]):
            with pytest.raises(EventTaken, match=str(batch[1].id)):
                store.keep_events(batch, same_only=True)
        assert [1, 2, 3] == [each.id.int for each in store.received_events()]

    def test_received_events_are_read_by_cursor(self, store: Store) -> None:
        """Between two cursors, from either end."""
        store.keep_events([event(number) for number in range(1, 6)])
        cursors = [each.cursor for each in store.received_events()]
        assert [2, 3] == [each.id.int for each in store.received_events(cursors[0], limit=2)]
        newest = store.received_events(before=cursors[4], newest_first=True, limit=2)
        assert [4, 3] == [each.id.int for each in newest]
        assert store.received_events(cursors[4]) == []

    @pytest.mark.parametrize(
        ("expected", "which"),
        [
            ([1, 2, 3, 4], {}),
            ([1, 2], {"names": ("a.b",)}),
            ([1, 2, 3], {"names": ("a.*",)}),
            ([1, 2, 4], {"names": ("a.b", "'; --*")}),
            ([], {"names": ("a",)}),
            ([1, 2, 3, 4], {"names": ("*",)}),
            ([2], {"resources": ("thing.2",)}),
            ([2, 4], {"resources": ("thing.2", "thing.4", "thing")}),
            ([2], {"names": ("a.*",), "resources": ("thing.2", "thing.4")}),
            ([2, 3], {"since": 20, "until": 30}),
        ],
    )
    def test_received_events_are_read_by_name_resource_and_time(
        self, store: Store, expected: list[int], which: dict[str, Any]
    ) -> None:
        """From either end, page by page."""
        store.keep_events([event(number, name) for number, name in enumerate(["a.b", "a.b", "a.c" * 400, "'; --x"], 1)])
        wanted = ReceivedFilter(**which)
        assert expected == [each.id.int for each in store.received_events(which=wanted)]
        assert expected[::-1][:1] == [
            each.id.int for each in store.received_events(which=wanted, newest_first=True, limit=1)
        ]


def event(number: int, name: str = "a.b") -> ReceivedEvent:
    """Return an event that happened at ten times its number."""
    body = {"payload": {"n": [1, None, "\u00e9"]}}
    return ReceivedEvent(UUID(int=number), number * 10, name, f"thing.{number}", 99, body)
