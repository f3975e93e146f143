"""Polling: triggers that ask a web server at intervals, and start an execution when its answer is as they expect.

Each question is claimed on the record first, so that of several who look one asks; what is lost with its process is asked again an
interval later. Questions have threads of their own: a server that is slow holds up no schedule.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from runwright import clock
from runwright.clock import NANOSECONDS, to_iso
from runwright.errors import RunwrightError
from runwright.runnables.http import request
from runwright.spec.tasks.values import HttpRequest
from runwright.spec.triggers import HttpTrigger
from runwright.triggering.conditions import Seen, all_hold
from runwright.triggering.firing import Firing
from runwright.triggering.progress import changed, progress_of, with_progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.trigger_states import TriggerState
    from runwright.triggering.firing import Starter
    from runwright.triggering.progress import Place, Progress
    from runwright.triggering.registered_triggers import Registered, RegisteredTriggers

    Later = Callable[[Callable[[], None]], Any]

USUAL_SECONDS = 60
"""The time between two questions where a trigger says nothing."""
_AT_ONCE = 4
_LONGEST_PROBLEM = 1_000

_logger = logging.getLogger("runwright.Triggers")


class Polling:
    """The triggers of one record that ask web servers; `later` makes a call that may take long, by default in another thread."""

    def __init__(self, triggers: RegisteredTriggers, starter: Starter, later: Later | None = None) -> None:
        """Ask nothing yet."""
        self._triggers = triggers
        self._starter = starter
        self._record = starter.record
        self._later: Later = later or ThreadPoolExecutor(_AT_ONCE, "runwright-polling").submit

    def plan(self) -> None:
        """Ask for what is new at once, and no more for what is turned off."""
        for registered, trigger in self._triggers.of(HttpTrigger):
            self._plan(registered, trigger)

    def _plan(self, registered: Registered, trigger: HttpTrigger) -> None:
        declared = _declared_by(registered, trigger)

        def planned(progress: Progress) -> Progress:
            if progress.declared == declared:
                return progress
            return replace(progress, declared=declared, next=clock.now() if declared else None, problem=None)

        self._change(registered.place, planned)

    def look(self) -> None:
        """Begin the questions that are due."""
        now = clock.now()
        for state in self._record.due_triggers(now):
            registered = self._triggers.find(state.namespace, state.flow, state.trigger)
            if registered is None or not isinstance(registered.trigger, HttpTrigger):
                continue
            progress, trigger = progress_of(state), registered.trigger
            if progress.declared != _declared_by(registered, trigger):
                self._plan(registered, trigger)
            elif progress.declared and not self._starter.is_open(progress.execution):
                self._claim(state, registered, trigger, now)

    def _claim(self, state: TriggerState, registered: Registered, trigger: HttpTrigger, now: int) -> None:
        following = now + int(_seconds_of(trigger) * NANOSECONDS)
        claimed = with_progress(state, replace(progress_of(state), next=following, fired=now))
        if self._record.keep_trigger(claimed) is not None:
            self._later(lambda: self._ask(registered, trigger, now))

    def _ask(self, registered: Registered, trigger: HttpTrigger, at: int) -> None:
        """Ask once, and keep what came of it."""
        execution, problem = None, None
        try:
            execution = self._answered(registered, trigger, at)
        except Exception as error:  # noqa: BLE001  whatever a declared text or a web server says
            problem = str(error)[:_LONGEST_PROBLEM]
            _logger.warning("The trigger %s of %s could not ask: %s", trigger.id, registered.flow.name, problem)
        try:
            self._change(
                registered.place,
                lambda progress: replace(progress, execution=execution or progress.execution, problem=problem),
            )
        except RunwrightError:
            _logger.exception("What came of the trigger %s could not be kept.", trigger.id)

    def _answered(self, registered: Registered, trigger: HttpTrigger, at: int) -> str | None:
        """Return the execution that the answer has started, None where it was not as expected."""
        record = self._record.url
        asking = Firing(registered, "", at, {"date": to_iso(at)}).scope(record)
        outputs = request(_task_of(trigger), asking.attempt)
        answer = {"statusCode": outputs["code"], "headers": outputs["headers"], "body": outputs.get("body")}
        firing = Firing(registered, f"poll/{at}", at, {**outputs, "date": to_iso(at)}, around={"response": answer})
        scope = firing.scope(record)
        if not scope.holds(trigger.response_condition):
            return None
        if not all_hold(trigger, Seen(scope, *registered.place[:2])):
            return None
        return str(self._starter.start(firing))

    def _change(self, place: Place, change: Callable[[Progress], Progress]) -> None:
        def made(state: TriggerState) -> TriggerState | None:
            before = progress_of(state)
            after = change(before)
            return None if after == before and state.version else with_progress(state, after)

        changed(self._record, place, made)


def _seconds_of(trigger: HttpTrigger) -> float:
    interval = trigger.interval
    return USUAL_SECONDS if interval is None else max(1.0, interval.days * 86_400 + interval.seconds)


def _declared_by(registered: Registered, trigger: HttpTrigger) -> str:
    """Return a text that changes when where or how often a trigger asks does; empty for one that is turned off."""
    return "" if registered.is_idle else f"poll {trigger.uri} {_seconds_of(trigger)}"


def _task_of(trigger: HttpTrigger) -> HttpRequest:
    """Return the task that sends the request of a trigger; an answer that refuses is one for its condition."""
    return HttpRequest(
        id=trigger.id,
        type="http.Request",
        uri=trigger.uri,
        method=trigger.method,
        body=trigger.body,
        content_type=trigger.content_type,
        headers=trigger.headers,
        params=trigger.params,
        form_data=trigger.form_data,
        options={"allowFailed": True, **trigger.options},
        encrypt_body=trigger.encrypt_body,
    )
