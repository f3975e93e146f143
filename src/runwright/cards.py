"""Cards: small documents that a server keeps beside all runs: automations, API keys, what was done by whom. The contract.

Every store has it. They are no part of any run: nothing of them is in the log. A card is written over the version that was read,
so that of several who change one at once one goes ahead, and the others look again.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec


class Card(msgspec.Struct, frozen=True):
    """One document, by its kind and a name that is its own among its kind.

    `version` counts how often it was written, 0 for what is not on record; times are nanoseconds since 1970.
    """

    kind: str
    name: str
    data: dict[str, Any] = {}
    created: int = 0
    updated: int = 0
    version: int = 0


class Cards(Protocol):
    """Cards of every kind."""

    def find_card(self, kind: str, name: str) -> Card | None:
        """Return a card, None where there is none."""
        ...

    def list_cards(
        self, kind: str, *, after: str | None = None, newest_first: bool = False, limit: int | None = None
    ) -> list[Card]:
        """Return the cards of a kind by name, or the other way round; `after` is the name of the last one of the page before."""
        ...

    def keep_card(self, card: Card) -> Card | None:
        """Write a card over the version that it was read in, and return it as it is kept; None when that is not the newest.

        Both are one transaction. Its times and its next version are the store's to say.
        """
        ...

    def delete_card(self, kind: str, name: str) -> bool:
        """Delete a card; False where there was none."""
        ...
