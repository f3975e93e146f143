"""FlowTriggers: starts executions when others come to a state, and turns triggers off whose executions end as `stopAfter` says.

It reads the log from where it has got to, which is on record; what it reads twice after a crash starts nothing twice.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from runwright import app, clock
from runwright.clock import NANOSECONDS
from runwright.errors import RecordError
from runwright.events import EventKind
from runwright.executions.chains import next_link
from runwright.spec.triggers import FlowTrigger
from runwright.states import KIND_BY_CODE
from runwright.triggering.conditions import Seen, all_hold
from runwright.triggering.firing import Firing
from runwright.triggering.preconditions import wanted_by
from runwright.triggering.progress import POSITION, Met, changed, progress_of, state_at, switched, with_progress
from runwright.triggering.upstream import Upstream
from runwright.views import EventFilter

if TYPE_CHECKING:
    from runwright.events import Event
    from runwright.trigger_states import TriggerState
    from runwright.triggering.firing import Starter
    from runwright.triggering.progress import Progress
    from runwright.triggering.registered_triggers import Registered, RegisteredTriggers

AT_LEAST_EVERY = 5 * NANOSECONDS
"""How long (ns) the place in the log may be known to this process only, while nothing is started."""

_PAGE = 500
_logger = logging.getLogger("runwright.Triggers")


class FlowTriggers:
    """The triggers on one record that listen to executions."""

    def __init__(self, triggers: RegisteredTriggers, starter: Starter) -> None:
        """Begin where others have got to; at the end of the log where nobody ever listened."""
        self._triggers = triggers
        self._starter = starter
        self._record = starter.record
        state = state_at(self._record, POSITION)
        self._cursor = progress_of(state).cursor if state.version else self._end()
        self._kept_at = 0
        self._listening: list[tuple[Registered, FlowTrigger]] = []
        self._stops = False
        self._keep(is_urgent=True)

    def plan(self) -> None:
        """Find out who listens."""
        self._listening = [each for each in self._triggers.of(FlowTrigger) if not each[0].is_idle]
        self._stops = any(each.trigger.stop_after for each in self._triggers.all())

    def look(self) -> None:
        """Hear what happened since the last look."""
        end = self._end()
        while self._cursor < end:
            events: list[Event] = []
            if self._listening or self._stops:
                events = self._record.events(EventFilter(self._cursor, ordinal=0, before=end + 1, limit=_PAGE))
            heard = [self._hear(event) for event in events]
            self._cursor = events[-1].cursor if len(events) == _PAGE else end
            self._keep(is_urgent=any(heard))
        self._keep(is_urgent=False)

    # ---- one event

    def _hear(self, event: Event) -> bool:
        """Do what follows from an event, and say whether anything may have."""
        if event.kind != EventKind.STATE:
            return False
        kind = KIND_BY_CODE[event.state]
        is_wanted = kind.phase.is_final or any(kind.execution in each.states for _, each in self._listening)
        if not is_wanted:
            return False
        row = app.find_flow_run(self._record, event.flow_run)
        if "/" not in row.flow_name or row.details.get("deleted"):
            return False
        upstream = Upstream(self._record, row, event)
        if self._stops:
            self._stop(upstream)
        for registered, trigger in self._listening:
            self._offer(upstream, registered, trigger)
        return True

    def _stop(self, upstream: Upstream) -> None:
        started: dict[str, Any] = upstream.row.details.get("trigger") or {}
        registered = self._triggers.find(upstream.namespace, upstream.flow_id, started.get("id", ""))
        if registered is not None and upstream.is_final and upstream.state in registered.trigger.stop_after:
            switched(self._record, registered.place, is_disabled=True)

    def _offer(self, upstream: Upstream, registered: Registered, trigger: FlowTrigger) -> None:
        """Let a trigger take what happened, if that is for it; what it cannot decide is noted, and starts nothing."""
        is_own = registered.flow.name == upstream.row.flow_name
        is_wanted = upstream.state in trigger.states if trigger.states else upstream.is_final
        if is_own or not is_wanted or upstream.event.at < registered.since:
            return
        state = state_at(self._record, registered.place)
        if state.is_disabled:
            return
        try:
            self._take(upstream, registered, trigger, state)
        except RecordError:
            raise
        except Exception as error:  # noqa: BLE001  whatever a declared text says
            _logger.warning("The trigger %s of %s starts nothing: %s", trigger.id, registered.flow.name, error)
            self._note(registered, str(error))

    def _take(self, upstream: Upstream, registered: Registered, trigger: FlowTrigger, state: TriggerState) -> None:
        around = upstream.surroundings(registered.flow.text)
        correlation = upstream.labels.get("system.correlationId")
        labels = {} if correlation is None else {"system.correlationId": correlation}
        firing = Firing(
            registered, f"flow/{upstream.key}", upstream.event.at, upstream.variables(), around, labels=labels
        )
        seen = Seen(firing.scope(self._record.url), *registered.place[:2], upstream)
        if not all_hold(trigger, seen):
            return
        firing = firing._replace(link=next_link(upstream.row))
        if wanted_by(trigger):
            self._meet(firing, seen, trigger)
        else:
            flow_run = str(self._starter.start(firing))
            self._fired(registered, lambda progress: replace(progress, execution=flow_run, problem=None))

    def _meet(self, firing: Firing, seen: Seen, trigger: FlowTrigger) -> None:
        """Count what an execution meets, and start one when all is met; whoever was faster has counted it already."""
        event = seen.upstream.event  # type: ignore[union-attr]  it is there

        def met(state: TriggerState) -> TriggerState | None:
            progress = progress_of(state)
            found = dict(progress.met)
            wanted = wanted_by(trigger)
            for each in wanted:
                after = each.after(found.get(each.id, Met()), seen, event.cursor, event.at)
                if after is not None:
                    found[each.id] = after
            if found == progress.met:
                return None
            if all(each.is_met(found.get(each.id, Met())) for each in wanted):
                progress = replace(progress, execution=str(self._starter.start(firing)), problem=None)
                found.update({each.id: each.used(found[each.id]) for each in wanted})
            return with_progress(state, replace(progress, met=found))

        changed(self._record, firing.registered.place, met)

    def _note(self, registered: Registered, problem: str) -> None:
        self._fired(registered, lambda progress: replace(progress, problem=problem))

    def _fired(self, registered: Registered, change: Any) -> None:
        def noted(state: TriggerState) -> TriggerState | None:
            before = progress_of(state)
            after: Progress = change(before)
            return None if after == before else with_progress(state, after)

        changed(self._record, registered.place, noted)

    # ---- the place in the log

    def _end(self) -> int:
        newest = self._record.events(EventFilter(limit=1, newest_first=True))
        return newest[0].cursor if newest else 0

    def _keep(self, *, is_urgent: bool) -> None:
        """Put the place in the log on record, unless others are further on."""
        now = clock.now()
        if not is_urgent and now - self._kept_at < AT_LEAST_EVERY:
            return
        self._kept_at = now

        def kept(state: TriggerState) -> TriggerState | None:
            progress = progress_of(state)
            if state.version and progress.cursor >= self._cursor:
                return None
            return with_progress(state, replace(progress, cursor=self._cursor))

        changed(self._record, POSITION, kept)
