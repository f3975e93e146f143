"""Automation: a declared automation as the record keeps it, and what surfaces do with those of one record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from runwright import clock, decoding
from runwright.automations.declared import Action, Declared, EventTrigger, Trigger
from runwright.cards import Card
from runwright.compat.task_run_body import with_z
from runwright.errors import LeaseHeld, NotOnRecord
from runwright.views import EventFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.store import Store

KIND = "automation"
STANDING, OPEN, DONE = "automation standing", "automation firing", "automation fired"

_ROUNDS = 20


class Since(msgspec.Struct, frozen=True):
    """From where on an automation listens: the last cursors of the log and of what others sent, and when that was (ns)."""

    log: int
    received: int
    at: int


class Kept(msgspec.Struct, frozen=True):
    """What a card of an automation holds."""

    declared: Declared
    since: Since


class Automation(msgspec.Struct, frozen=True):
    """An automation on record."""

    id: UUID
    declared: Declared
    since: Since
    created: int
    updated: int

    @property
    def resource(self) -> dict[str, str]:
        """Return it as a resource of events."""
        name = f"prefect.automation.{self.id}"
        return {"prefect.resource.id": name, "prefect.resource.name": self.declared.name}

    def document(self) -> dict[str, Any]:
        """Return it as clients read it."""
        body = msgspec.to_builtins(self.declared)
        times = {"created": with_z(self.created // 1_000), "updated": with_z(self.updated // 1_000)}
        return {"id": str(self.id), **times, **body}


class Automations:
    """The automations of one record."""

    def __init__(self, record: Store) -> None:
        """Serve a record."""
        self._record = record

    def all(self) -> list[Automation]:
        """Return all, the oldest first."""
        found = [_automation(each) for each in self._record.list_cards(KIND)]
        return sorted(found, key=lambda each: (each.created, each.id))

    def find(self, identity: UUID) -> Automation:
        """Return one; raises `NotOnRecord`."""
        card = self._record.find_card(KIND, str(identity))
        if card is None:
            raise NotOnRecord("Automation not found")
        return _automation(card)

    def named(self, text: str) -> Automation:
        """Return the one with an id or a name; raises `NotOnRecord`."""
        found = [each for each in self.all() if text in {str(each.id), each.declared.name}]
        if not found:
            raise NotOnRecord(f"There is no automation {text!r}: `runwright automation ls` lists them.")
        return found[-1]

    def create(self, declared: Declared) -> Automation:
        """Keep a new one, which listens from now on."""
        identity = uuid4()
        named = replace(declared, trigger=_with_ids(declared.trigger))
        kept = self._record.keep_card(Card(KIND, str(identity), _plain(Kept(named, self._now()))))
        assert kept is not None  # noqa: S101  nobody else has its id
        return _automation(kept)

    def update(self, identity: UUID, declared: Declared) -> Automation:
        """Put another in its place, which listens from now on; raises `NotOnRecord`."""
        named = replace(declared, trigger=_with_ids(declared.trigger))
        return self._change(identity, lambda _: Kept(named, self._now()))

    def switch(self, identity: UUID, *, is_enabled: bool) -> Automation:
        """Turn one on, from now on, or off; what it missed while it was off is not made up for. Raises `NotOnRecord`."""

        def switched(before: Kept) -> Kept | None:
            if before.declared.enabled == is_enabled:
                return None
            return Kept(replace(before.declared, enabled=is_enabled), self._now())

        return self._change(identity, switched)

    def delete(self, identity: UUID) -> None:
        """Delete one; what it was triggered for before is done all the same. Raises `NotOnRecord`."""
        if not self._record.delete_card(KIND, str(identity)):
            raise NotOnRecord("Automation not found")
        self._record.delete_card(STANDING, str(identity))

    def _change(self, identity: UUID, change: Callable[[Kept], Kept | None]) -> Automation:
        for _ in range(_ROUNDS):
            card = self._record.find_card(KIND, str(identity))
            if card is None:
                raise NotOnRecord("Automation not found")
            after = change(decoding.from_plain(card.data, Kept))
            kept = card if after is None else self._record.keep_card(replace(card, data=_plain(after)))
            if kept is not None:
                return _automation(kept)
        raise LeaseHeld("Others change this automation all the time: try again.")

    def _now(self) -> Since:
        """Return the ends of what has happened."""
        log = self._record.events(EventFilter(limit=1, newest_first=True))
        received = self._record.received_events(limit=1, newest_first=True)
        return Since(log[0].cursor if log else 0, received[0].cursor if received else 0, clock.now())


def _automation(card: Card) -> Automation:
    kept = decoding.from_plain(card.data, Kept)
    return Automation(UUID(card.name), kept.declared, kept.since, card.created, card.updated)


def _plain(kept: Kept) -> dict[str, Any]:
    return msgspec.to_builtins(kept)


def _with_ids(trigger: Trigger) -> Trigger:
    """Return a trigger in which each has an id."""
    named = replace(trigger, id=trigger.id or uuid4())
    return named if isinstance(named, EventTrigger) else replace(named, triggers=[*map(_with_ids, named.triggers)])


def actions_of(declared: Declared) -> list[Action]:
    """Return what is done when an automation is triggered."""
    return [*declared.actions, *declared.actions_on_trigger]
