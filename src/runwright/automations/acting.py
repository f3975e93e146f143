"""Acting: does what automations were triggered for, each action once, and tells of it in events.

A firing waits on record until all its actions are done. Who is at it says so there; when that process is lost another goes on after a
while, with the action that was under way: what that starts, asks or tells has an id that follows from the firing, so the record
takes it once. A request to a web server carries that id as `Idempotency-Key`: it is sent again if nobody knows whether it arrived.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4, uuid5

import msgspec
from msgspec.structs import replace

from runwright import clock, decoding
from runwright.automations.actions import Doing, perform
from runwright.automations.automation import DONE, OPEN, actions_of
from runwright.automations.listening import Pending
from runwright.cards import Card
from runwright.compat.task_run_body import with_z
from runwright.errors import RecordError, RecordFull, RunwrightError
from runwright.received_events import ReceivedEvent

if TYPE_CHECKING:
    from runwright.automations.actions import Run
    from runwright.automations.declared import Action
    from runwright.store import Store

TURN = 30 * clock.NANOSECONDS
"""How long (ns) one process has for an action before others take it for lost."""
KEPT = 24 * 3_600 * clock.NANOSECONDS
"""How long (ns) is known what was done, so that it is not done again."""

_PASSING = (RecordError, RecordFull)

_logger = logging.getLogger("runwright.Automations")


class Acting:
    """The actions of all automations on one record; `run` is told of each flow run that is to be run now."""

    def __init__(self, record: Store, run: Run, *, turn: int = TURN) -> None:
        """Do nothing yet; `turn` is how long (ns) others wait for an action of ours."""
        self._record = record
        self._run = run
        self._turn = turn
        self._me = str(uuid4())
        self._pruned_at = 0

    def look(self) -> int:
        """Do what waits and nobody is at; returns how many firings that were."""
        count = 0
        for card in self._record.list_cards(OPEN):
            if self._record.find_card(DONE, card.name) is not None:
                self._record.delete_card(OPEN, card.name)
                continue
            pending = decoding.from_plain(card.data, Pending)
            if pending.owner in {"", self._me} or pending.until <= clock.now():
                count += self._act(card, pending)
        self._prune()
        return count

    def _act(self, card: Card, pending: Pending) -> bool:
        """Do all actions of a firing; False when somebody else is at it."""
        actions = actions_of(pending.automation.declared)
        if pending.done == 0:
            self._tell("triggered", card.name, pending, _triggered(pending))
        while pending.done < len(actions):
            claimed = self._claim(card, pending)
            if claimed is None:
                return False
            card = claimed
            self._do(card.name, pending, actions[pending.done])
            pending.done += 1
        self._record.keep_card(Card(DONE, card.name))
        self._record.delete_card(OPEN, card.name)
        return True

    def _claim(self, card: Card, pending: Pending) -> Card | None:
        pending.owner, pending.until = self._me, clock.now() + self._turn
        return self._record.keep_card(replace(card, data=msgspec.to_builtins(pending)))

    def _do(self, name: str, pending: Pending, action: Action) -> None:
        identity = uuid5(UUID(name), str(pending.done))
        kind = msgspec.to_builtins(action)
        about = {"action_index": pending.done, "action": kind, "invocation": str(identity)}
        self._tell("action.triggered", name, pending, about)
        doing = Doing(self._record, self._run, identity, pending.automation, pending.firing)
        try:
            outcome = perform(doing, action)
        except Exception as error:  # noqa: BLE001  whatever somebody declares
            reason = (
                str(error) if isinstance(error, RunwrightError | ValueError) else f"{type(error).__name__}: {error}"
            )
            _logger.warning("The action %s of %s failed: %s", kind["type"], pending.automation.declared.name, reason)
            self._tell("action.failed", name, pending, {**about, "reason": reason})
        else:
            self._tell("action.executed", name, pending, {**about, **outcome})

    def _tell(self, what: str, name: str, pending: Pending, payload: dict[str, Any]) -> None:
        """Keep an event of what an automation does; told twice it is kept once."""
        now, event = clock.now(), f"prefect.automation.{what}"
        identity = uuid5(UUID(name), f"{what}/{pending.done}")
        document = pending.firing.document
        body = {
            "occurred": with_z(now // 1_000),
            "event": event,
            "resource": pending.automation.resource,
            "related": _related(document),
            "payload": payload,
            "id": str(identity),
            "follows": None,
        }
        resource = pending.automation.resource["prefect.resource.id"]
        self._record.keep_events([ReceivedEvent(identity, now, event, resource, now, body)])

    def _prune(self) -> None:
        """Forget, now and then, what was done long ago."""
        now = clock.now()
        if now - self._pruned_at < KEPT // 24:
            return
        self._pruned_at = now
        for card in self._record.list_cards(DONE):
            if card.updated < self._record.now() - KEPT:
                self._record.delete_card(DONE, card.name)


def _triggered(pending: Pending) -> dict[str, Any]:
    firing = pending.firing
    return {
        "triggering_event": firing.document,
        "triggering_labels": firing.labels,
        "triggered": with_z(firing.at // 1_000),
    }


def _related(document: dict[str, Any] | None) -> list[dict[str, str]]:
    """Return the event that an automation was triggered by, and what that was about, as related resources."""
    if document is None:
        return []
    event = {"prefect.resource.id": f"prefect.event.{document['id']}", "prefect.resource.role": "triggering-event"}
    about = {
        "prefect.resource.role": "triggering-resource",
        "prefect.resource.id": document["resource"]["prefect.resource.id"],
    }
    return [event, about]
