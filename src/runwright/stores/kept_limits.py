"""KeptLimits: the limits of tags as the cards of a record, for every store that has cards."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from msgspec.structs import replace

from runwright.cards import Card
from runwright.tag_limits import TagLimit, checked_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

_KIND = "tag limit"


class KeptLimits(ABC):
    """The limits of a store. Cards are its own to keep."""

    @abstractmethod
    def find_card(self, kind: str, name: str) -> Card | None:
        """Return a card, None where there is none."""

    @abstractmethod
    def list_cards(
        self, kind: str, *, after: str | None = None, newest_first: bool = False, limit: int | None = None
    ) -> Sequence[Card]:
        """Return the cards of a kind by name, or the other way round."""

    @abstractmethod
    def keep_card(self, card: Card) -> Card | None:
        """Write a card over the version that it was read in, and return it; None when that is not the newest."""

    @abstractmethod
    def delete_card(self, kind: str, name: str) -> bool:
        """Delete a card; False where there was none."""

    def tag_limits(self) -> list[TagLimit]:
        """Return all limits, by tag."""
        return [_limit(card) for card in self.list_cards(_KIND)]

    def keep_tag_limit(self, tag: str, slots: int) -> TagLimit:
        """Limit a tag, or change its limit, and return it; raises `LimitRefused`."""
        data = {"slots": checked_limit(tag, slots).slots}
        kept = None
        while kept is None:  # somebody else changes it meanwhile: the last word counts
            kept = self.keep_card(replace(self.find_card(_KIND, tag) or Card(_KIND, tag), data=data))
        return _limit(kept)

    def delete_tag_limit(self, tag: str) -> bool:
        """Lift the limit of a tag; False where there was none."""
        return self.delete_card(_KIND, tag)


def _limit(card: Card) -> TagLimit:
    return TagLimit(card.name, card.data["slots"], card.created, card.updated)
