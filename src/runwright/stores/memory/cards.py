"""Cards: small documents beside all runs, in a memory record. The caller holds the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from runwright.stores.keeping import kept_card
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from runwright.cards import Card


class MemoryCards:
    """Cards by kind and name."""

    def __init__(self) -> None:
        """Hold none."""
        self._held: dict[tuple[str, str], Card] = {}

    def find(self, kind: str, name: str) -> Card | None:
        """Return a card."""
        card = self._held.get((to_text(kind), to_text(name)))
        return None if card is None else _copied(card)

    def list_all(self, kind: str, after: str | None, limit: int | None, *, newest_first: bool) -> list[Card]:
        """Return cards by name, or the other way round."""
        names = sorted((name for own, name in self._held if own == kind), reverse=newest_first)
        if after:
            names = [name for name in names if (name < after if newest_first else name > after)]
        return [_copied(self._held[kind, name]) for name in names[:limit]]

    def keep(self, card: Card, at: int) -> Card | None:
        """Write a card over the version that it was read in; None when there is a newer one."""
        place = to_text(card.kind), to_text(card.name)
        added = kept_card(self._held.get(place), card, at)
        if added is None:
            return None
        self._held[place] = added
        return _copied(added)

    def delete(self, kind: str, name: str) -> bool:
        """Delete a card; False where there was none."""
        return self._held.pop((to_text(kind), to_text(name)), None) is not None


def _copied(card: Card) -> Card:
    """Return a card whose data its reader may change."""
    return replace(card, data=from_json(to_json(card.data)))
