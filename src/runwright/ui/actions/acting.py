"""Acting: does what pages ask for on one record, and says who asks. It runs no task: whoever has a worker does."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from runwright.child_runs import ChildRuns, Order
from runwright.control import Control
from runwright.executions.service import ExecutionService
from runwright.request import REOPENING
from runwright.triggering.trigger_service import TriggerService

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from starlette.types import Scope

    from runwright.runs import FlowRun
    from runwright.store import Store
    from runwright.ui.actions.action import Asked
    from runwright.ui.actions.subject import Subject
    from runwright.ui.ask import Actor

PATIENCE = 2.0
"""Seconds that an answer is waited for before the page is shown again; what was asked stays asked."""


class Acting:
    """What pages do on a record; `run` is told of what is to be run now, `actor_of` knows who sent a request."""

    def __init__(self, record: Store, run: Callable[[UUID], None], actor_of: Callable[[Scope], Actor | None]) -> None:
        """Serve a record."""
        self.record = record
        self.run = run
        self.actor_of = actor_of
        self.patience = PATIENCE
        self.control = Control(record)
        self.triggers = TriggerService(record)

    @cached_property
    def executions(self) -> ExecutionService:
        """Return what is done with executions."""
        return ExecutionService(self.record, self.run)

    def ask(self, subject: Subject, intent: str, asked: Asked, data: dict[str, Any] | None = None) -> FlowRun:
        """Ask something of a flow run, or of the task run that it is about; raises as `Control` does."""
        flow_run = subject.run.id
        task_run = None if subject.task_run is None or intent not in {"mark", "resume"} else subject.task_run.id
        request = self.control.ask(flow_run, intent, task_run, data, by=asked.by, request=asked.request)
        row = self.control.settle(request, 0.0 if intent == "resume" else self.patience)
        if intent == "resume" or intent in REOPENING:
            self.run(flow_run)
        return row

    def start(self, subject: Subject, parameters: dict[str, Any], asked: Asked, **options: Any) -> UUID:
        """Record a run of a flow as it is now, once for each request, and have it run; raises what wrong parameters do."""
        children = ChildRuns(self.record.url)
        order = Order(str(asked.request), parameters, {}, **options)
        flow_run = children.create(children.flow_named(subject.version.name), order)
        self.run(flow_run)
        return flow_run

    def repeat(self, subject: Subject, asked: Asked) -> UUID:
        """Record an execution that repeats another, from the task run on that it is about, once for each request."""
        key = str(asked.request)
        known = ChildRuns(self.record.url).find(subject.version.name, key)
        task_run = None if subject.task_run is None else str(subject.task_run.id)
        return known or self.executions.replay(subject.run, task_run, key=key).id
