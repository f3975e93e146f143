"""Webhooks: starts executions for requests from outside that know the key of a trigger. What a request is, the surface says."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from runwright import clock
from runwright.errors import ExpressionError, FlowError, IllegalTransition, NotOnRecord, SecretMissing
from runwright.executions.registered_flows import RegisteredFlows
from runwright.spec.triggers import Webhook
from runwright.triggering.conditions import Seen, all_hold
from runwright.triggering.firing import Firing, Starter
from runwright.triggering.progress import state_at
from runwright.triggering.registered_triggers import RegisteredTriggers
from runwright.triggering.trigger_scope import TriggerScope

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.store import Store
    from runwright.triggering.firing import Run
    from runwright.triggering.registered_triggers import Registered


class Webhooks:
    """The webhooks of one record; `run` is told of each execution that is to be run now."""

    def __init__(self, record: Store, run: Run) -> None:
        """Look at nothing yet."""
        self._record = record
        self._triggers = RegisteredTriggers(record)
        self._starter = Starter(record, run)

    def find(self, namespace: str, flow_id: str, key: str) -> tuple[Registered, Webhook]:
        """Return the trigger that a key opens; every key of the flow is compared, and takes the same time.

        Raises `NotOnRecord` where there is none, `IllegalTransition` for a flow that is turned off or invalid, or a trigger that
        is turned off.
        """
        self._triggers.refresh()
        of_flow = [each for each in self._triggers.of(Webhook) if each[0].place[:2] == (namespace, flow_id)]
        if not of_flow or of_flow[0][0].flow.spec.disabled:
            self._refuse(namespace, flow_id)
        opened = [each for each in of_flow if self._opens(key, *each)]
        if not opened:
            raise NotOnRecord("Webhook not found")
        registered, trigger = opened[0]
        if registered.is_idle or state_at(self._record, registered.place).is_disabled:
            raise IllegalTransition("The trigger is disabled: it starts no executions.")
        return registered, trigger

    def take(self, registered: Registered, variables: dict[str, Any]) -> UUID | None:
        """Return the execution that a request has started, None when the conditions of the trigger do not hold.

        `variables` are what expressions see as `trigger`. Raises `InputError`, `ExpressionError`, `NotRunnable`.
        """
        firing = Firing(registered, f"webhook/{uuid4()}", clock.now(), variables)
        seen = Seen(firing.scope(self._record.url), *registered.place[:2])
        return self._starter.start(firing) if all_hold(registered.trigger, seen) else None

    def _opens(self, key: str, registered: Registered, trigger: Webhook) -> bool:
        scope = TriggerScope(self._record.url, registered.flow, registered.revision, {})
        try:
            own = str(scope.render(trigger.key))
        except (ExpressionError, SecretMissing):
            return False  # a key that nobody can know
        return bool(own) and hmac.compare_digest(own.encode(), key.encode())

    def _refuse(self, namespace: str, flow_id: str) -> None:
        """Raise what is wrong with a flow that has no webhooks to offer, if anything is."""
        found = RegisteredFlows(self._record).find(namespace, flow_id)
        if found is None or found.is_deleted:
            raise NotOnRecord("Flow not found")
        try:
            is_disabled = found.spec.disabled
        except FlowError as error:
            raise IllegalTransition("The flow is invalid: it starts no executions.") from error
        if is_disabled:
            raise IllegalTransition("The flow is disabled: it starts no executions.")
