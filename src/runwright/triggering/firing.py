"""Firing: the one start of an execution that a trigger asks for, however often and by whomever it is asked.

The id of the execution follows from what it is started for, so the record itself refuses a second one: two servers that look at
once, or one that looks again after a crash, find the first.
"""

from __future__ import annotations

import logging
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from runwright import app, ids
from runwright.errors import IllegalTransition, LeaseHeld, NotOnRecord
from runwright.executions.chains import LINK
from runwright.executions.origin import Origin
from runwright.executions.runner import ExecutionRunner
from runwright.spec.triggers import ForeignTrigger
from runwright.triggering.trigger_scope import TriggerScope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runwright.runs import FlowRun
    from runwright.store import Store
    from runwright.triggering.registered_triggers import Registered

    Run = Callable[[UUID], None]

_logger = logging.getLogger("runwright.Triggers")


class Firing(NamedTuple):
    """What a trigger starts an execution for: `key` tells it from all else that it does so for, `at` (ns) is when.

    `variables` are what expressions see as `trigger`, `around` what else they see. `inputs` and `labels` go beyond those that the
    trigger declares. `link` is the place in a chain of executions that start each other.
    """

    registered: Registered
    key: str
    at: int
    variables: dict[str, Any]
    around: Mapping[str, Any] = {}
    inputs: Mapping[str, Any] = {}
    labels: Mapping[str, str] = {}
    link: int = 0

    def scope(self, record: str) -> TriggerScope:
        """Return what renders the texts of the trigger."""
        registered = self.registered
        return TriggerScope(record, registered.flow, registered.revision, self.variables, **self.around)


class Starter:
    """Starts executions on one record; `run` is told of each that is to be run now."""

    def __init__(self, record: Store, run: Run) -> None:
        """Start nothing yet."""
        self.record = record
        self._run = run

    def start(self, firing: Firing) -> UUID:
        """Return the execution that a firing has started, now or before.

        Raises `InputError` for inputs that the flow refuses, `ExpressionError` for those that cannot be rendered, and `LeaseHeld`
        while somebody else is just starting it: asked again, it is there.
        """
        known, free = self._find(firing)
        if known is not None:
            return known
        trigger, scope = firing.registered.trigger, firing.scope(self.record.url)
        inputs = {**scope.evaluate(trigger.inputs), **firing.inputs}
        labels = {scope.render(each.key): scope.render(each.value) for each in trigger.labels}
        started = {"id": trigger.id, "type": full_type(trigger), "variables": firing.variables, "key": firing.key}
        if firing.link:
            started[LINK] = firing.link
        origin = Origin(labels={**labels, **firing.labels}, trigger=started)
        runner = ExecutionRunner(firing.registered.flow, record=self.record.url)
        try:
            flow_run = runner.create(inputs, origin, flow_run=free)
        except (IllegalTransition, LeaseHeld):  # somebody else was faster
            known, _ = self._find(firing)
            if known is None:
                raise
            return known
        _logger.info("%s started %s for %s.", trigger.id, flow_run, firing.key)
        self._run(flow_run)
        return flow_run

    def is_open(self, execution: str | None) -> bool:
        """Say whether an execution has not ended; one that there never was, or that was purged, has."""
        if execution is None:
            return False
        try:
            return not app.find_flow_run(self.record, UUID(execution)).kind.phase.is_final
        except NotOnRecord:
            return False

    def _find(self, firing: Firing) -> tuple[UUID | None, UUID]:
        """Return the execution that there is for a firing, and the id that one has or would get."""
        trigger, name = firing.registered.trigger.id, firing.registered.flow.name
        for number in count():
            flow_run = ids.derived_flow_run_id(firing.at, f"{name}/{trigger}/{firing.key}/{number}")
            try:
                row = app.find_flow_run(self.record, flow_run)
            except NotOnRecord:
                return None, flow_run
            if row.flow_name == name and _started_for(row) == (trigger, firing.key):
                return flow_run, flow_run
        raise AssertionError("There is always another id.")


def full_type(trigger: Any) -> str:
    """Return the full name of a trigger's type."""
    return trigger.type if isinstance(trigger, ForeignTrigger) else trigger.names[0]


def _started_for(row: FlowRun) -> tuple[str | None, str | None]:
    started: dict[str, Any] = row.details.get("trigger") or {}
    return started.get("id"), started.get("key")
