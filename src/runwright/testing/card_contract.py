"""CardContract: what every store of cards must do, as tests. No test waits.

class TestMyStore(CardContract):
    @pytest.fixture
    def cards(self):
        with closing(MyStore(...)) as store:
            yield store
"""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from runwright.cards import Card

if TYPE_CHECKING:
    from runwright.cards import Cards


def names(cards: list[Card]) -> list[str]:
    """Return their names."""
    return [each.name for each in cards]


class CardContract:
    """Subclass it as `Test...`, and give the fixture `cards`."""

    def test_there_are_none_at_first(self, cards: Cards) -> None:
        """Which is no error."""
        assert cards.find_card("key", "ada") is None
        assert cards.list_cards("key") == []
        assert not cards.delete_card("key", "ada")

    def test_a_card_comes_back_as_it_is_kept(self, cards: Cards) -> None:
        """Its times and its version are the store's."""
        kept = cards.keep_card(Card("key", "ada", {"role": "admin", "n": [1, None]}, created=1))
        assert kept is not None
        assert (1, {"role": "admin", "n": [1, None]}) == (kept.version, kept.data)
        assert kept.created == kept.updated > 1
        assert kept == cards.find_card("key", "ada")

    def test_a_card_is_written_over_the_version_that_was_read(self, cards: Cards) -> None:
        """Whoever was slower is refused, and what the other wrote stays."""
        first = cards.keep_card(Card("key", "ada"))
        assert first is not None
        second = cards.keep_card(replace(first, data={"n": 2}))
        assert second is not None
        assert (2, first.created) == (second.version, second.created)
        assert cards.keep_card(replace(first, data={"n": 3})) is None
        assert cards.keep_card(Card("key", "ada")) is None
        assert second == cards.find_card("key", "ada")

    def test_a_card_that_was_deleted_meanwhile_is_refused(self, cards: Cards) -> None:
        """A new one begins again."""
        first = cards.keep_card(Card("key", "ada"))
        assert first is not None
        assert cards.delete_card("key", "ada")
        assert cards.keep_card(first) is None
        assert cards.keep_card(Card("key", "ada")) == cards.find_card("key", "ada")

    def test_cards_are_listed_by_name(self, cards: Cards) -> None:
        """From either end, page by page, each kind by itself."""
        for name in ("b", "a", "c", "B"):
            cards.keep_card(Card("key", name))
        cards.keep_card(Card("other", "d"))
        assert ["B", "a", "b", "c"] == names(cards.list_cards("key"))
        assert ["a", "b"] == names(cards.list_cards("key", after="B", limit=2))
        assert ["c", "b"] == names(cards.list_cards("key", newest_first=True, limit=2))
        assert ["a", "B"] == names(cards.list_cards("key", after="b", newest_first=True))

    @pytest.mark.parametrize("name", ["'; DROP TABLE card; --", "a\nb", "%", "snow \u2603", "n" * 1_000])
    def test_names_may_be_any_text(self, cards: Cards, name: str) -> None:
        """Who lets people choose them checks them."""
        kept = cards.keep_card(Card(name, name))
        assert kept == cards.find_card(name, name)
        assert [kept] == cards.list_cards(name)

    def test_what_a_reader_changes_stays_with_it(self, cards: Cards) -> None:
        """A card is given away as a copy."""
        kept = cards.keep_card(Card("key", "ada", {"n": [1]}))
        assert kept is not None
        kept.data["n"].append(2)
        assert cards.list_cards("key")[0].data == {"n": [1]}

    def test_of_several_who_write_at_once_one_goes_ahead(self, cards: Cards) -> None:
        """Each time."""
        outcomes: list[bool] = []

        def go() -> None:
            for number in range(5):
                card = cards.find_card("key", "ada") or Card("key", "ada")
                if card.version == number:
                    outcomes.append(cards.keep_card(card) is not None)

        threads = [Thread(target=go) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        card = cards.find_card("key", "ada")
        assert card is not None
        assert outcomes.count(True) == card.version > 0
