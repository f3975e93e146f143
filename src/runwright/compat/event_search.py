"""Event search: the documented events that a filter asks for, found in the log and among the events of others.

The log is read from its newest end. Where time, name, ids, labels and related resources decide, only the events of the page asked
for are built; else those are that may match by what the log says of them. Reading ends at a page of events that are all from before
the time asked for.
"""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from runwright import clock, ids
from runwright.compat import event_outlines
from runwright.compat.event_texts import EventTexts
from runwright.compat.events import TaskRunEvents
from runwright.compat.flow_run_events import FlowRunEvents, is_transition
from runwright.compat.task_run_body import LATE_AFTER, with_z
from runwright.events import EventKind
from runwright.received_events import ReceivedFilter
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, TABLE
from runwright.views import EventFilter as LogFilter, FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.compat.event_filter import EventFilter
    from runwright.events import Event
    from runwright.received_events import ReceivedEvent
    from runwright.store import Store

TASK_RUN = "prefect.task-run."
FLOW_RUN = "prefect.flow-run."

_PAGE = 5_000
_OPEN_KEPT = 10_000
_RUNNING = KIND_BY_NAME["Running"].code
_SCHEDULED = KIND_BY_NAME["Scheduled"].code
_FIRST_IN_LOG = 2

SLACK = 3_600 * clock.NANOSECONDS
"""How much (ns) later something may come into the log than it happened."""

_NAMES: dict[str, set[int]] = {"Late": {_SCHEDULED}, "Retrying": {_RUNNING}, "Suspended": {0}}
for _kind in TABLE:
    _NAMES.setdefault(_kind.event_name, set()).add(_kind.code)


class Found(NamedTuple):
    """An event that matches: when it happened (us), its place in its log, and what it is built from, or the document itself."""

    at: int
    order: tuple[int, int]
    name: str
    source: Event | None
    document: dict[str, Any] | None

    @property
    def is_first(self) -> bool:
        """Say whether it is the Pending that the first event of a task run implies."""
        return self.source is not None and self.order[1] == 0


class EventSearch:
    """Searches over one record."""

    def __init__(self, record: Store) -> None:
        """Build events from the record."""
        self._record = record
        self._builder = TaskRunEvents(record)
        self._flow_runs = FlowRunEvents(record)
        self._texts: EventTexts | None = None

    def find(self, which: EventFilter) -> list[Found]:
        """Return all that match a filter that was resolved, in the order that it asks for."""
        found = [*self._in_log(which), *self._among_received(which)]
        found.sort(key=_order, reverse=which.order == "DESC")
        return _distinct(self, found) if which.resource and which.resource.distinct else found

    def find_in_order(self, which: EventFilter) -> list[Found]:
        """Return all that match in the order in which they were recorded, as a listener would have heard of them."""
        log = sorted(self._in_log(which), key=lambda each: each.order)
        received = sorted(self._among_received(which), key=lambda each: each.order)
        return list(merge(log, received, key=lambda each: each.at))

    def documents(self, found: list[Found]) -> list[dict[str, Any]]:
        """Return the documents of some that were found."""
        return [self.document_of(each) for each in found]

    def document_of(self, found: Found) -> dict[str, Any]:
        """Return the document of one."""
        if found.source is None:
            return found.document or {}
        if not found.source.ordinal:
            return self._flow_runs.build_one(found.source)[-1]
        self._builder.forget(_OPEN_KEPT)
        built = self._builder.build_one(found.source)
        return built[0] if found.is_first else built[-1]

    def resource_of(self, found: Found) -> str:
        """Return the id of what one happened to."""
        event = found.source
        if event is None:
            return self.document_of(found)["resource"]["prefect.resource.id"]
        if not event.ordinal:
            return f"{FLOW_RUN}{event.flow_run}"
        return event_outlines.resource_of(self._builder.facts_of(event.flow_run), event.ordinal)

    def _in_log(self, which: EventFilter) -> Iterator[Found]:
        since, until = which.since // 1_000, which.until // 1_000
        rough = which.without_unknown(event_outlines.LABELS)
        self._texts = None if which.text is None else EventTexts(which.text)
        for event in self._candidates(which):
            if self._texts is not None:
                self._texts.see(event)
            for found in (*self.transitions(event), *self.late(event, clock.now())):
                if since <= found.at <= until and self._is_wanted(found, which, rough):
                    yield found

    def _is_wanted(self, found: Found, which: EventFilter, rough: EventFilter) -> bool:
        """Say whether one is asked for; `rough` is what outlines can decide of the filter."""
        if which.event and not which.event.matches(found.name):
            return False
        if which.is_about_names_only:
            return True
        outline = self._outline_of(found)
        if outline is None:
            return which.matches(self.document_of(found))
        if rough is which or not rough.matches(outline):
            return rough.matches(outline)
        return self._can_hold(found.source) and which.matches(self.document_of(found))

    def _can_hold(self, event: Event | None) -> bool:
        if self._texts is None or event is None:
            return True
        facts = self._builder.facts_of(event.flow_run)
        return self._texts.can_hold(facts, facts.place_of(event.ordinal))

    def _outline_of(self, found: Found) -> dict[str, Any] | None:
        event = found.source
        if event is None or not event.ordinal:
            return None
        facts = self._builder.facts_of(event.flow_run)
        return event_outlines.outline_of(facts, event, found.name, is_first=found.is_first)

    def transitions(self, event: Event) -> list[Found]:
        """Return what an event of the log is to event clients: nothing, or its transition, its implied Pending before it."""
        found = []
        if event.ordinal and event.version == _FIRST_IN_LOG:
            created = self._builder.facts_of(event.flow_run).place_of(event.ordinal).created // 1_000
            found.append(Found(created, (event.cursor, 0), f"{TASK_RUN}Pending", event, None))
        if is_transition(event):
            prefix = TASK_RUN if event.ordinal else FLOW_RUN
            order = event.cursor, event.version
            found.append(Found(event.at // 1_000, order, f"{prefix}{_name_of(event)}", event, None))
        return found

    @staticmethod
    def late_after(event: Event) -> int | None:
        """Return from when on (ns) what an event schedules is late, None where it schedules nothing."""
        if event.kind != EventKind.STATE or event.state != _SCHEDULED or not event.data or "due" not in event.data:
            return None
        return max(event.data["due"] + LATE_AFTER, event.at)

    def late(self, event: Event, now: int) -> list[Found]:
        """Return the Late that follows a Scheduled, if nothing else came in time."""
        at = self.late_after(event)
        if at is None:
            return []
        after = LogFilter(event.cursor, event.flow_run, event.ordinal, 1)
        following = self._record.events(after)
        if at >= (following[0].at if following else now):
            return []
        late = (self._builder if event.ordinal else self._flow_runs).build_late(event, at)
        return [Found(at // 1_000, (event.cursor, event.version + 1), late["event"], None, late)]

    def waiting(self) -> Iterator[Event]:
        """Yield the events that scheduled what waits for its time now."""
        runs = [row for row in self._record.flow_runs(FlowRunFilter(states=("Scheduled",))) if row.state == _SCHEDULED]
        task_runs = self._record.task_runs(TaskRunFilter(states=("Scheduled",)))
        places = [(row.id, 0) for row in runs]
        places += [(row.flow_run, row.ordinal) for row in task_runs if row.state == _SCHEDULED]
        for flow_run, ordinal in places:
            yield from self._record.events(LogFilter(0, flow_run, ordinal, 1, newest_first=True))

    def _candidates(self, which: EventFilter) -> Iterator[Event]:
        """Yield the events of the log that may match, those of one page in their order."""
        wanted = wanted_states(which)
        if wanted.is_nothing:
            return
        scopes = scopes_of(which)
        for scope in [LogFilter()] if scopes is None else scopes:
            ordinal = 0 if wanted.is_of_flow_runs and scope.ordinal is None else scope.ordinal
            part = replace(scope, ordinal=ordinal, states=wanted.states, with_firsts=wanted.with_firsts, limit=_PAGE)
            if scopes is None:
                part = replace(part, after=self._cursor_at(which.since - SLACK))
                if wanted.states is None or _SCHEDULED in wanted.states:  # what was planned long ago may be late now
                    yield from self._read(LogFilter(before=part.after + 1, states=(_SCHEDULED,), limit=_PAGE), 0)
            if scopes is None and not wanted.with_firsts:  # a first event tells of what was long before it
                part = replace(part, before=self._cursor_at(which.until + SLACK) + 1)
            yield from self._read(part, which.since)

    def _read(self, part: LogFilter, since: int) -> Iterator[Event]:
        while page := self._record.events(replace(part, newest_first=True)):
            self._builder.forget()
            if self._texts is not None:
                self._texts.turn_page()
            yield from reversed(page)  # what follows on another takes no look at what was before
            if len(page) < _PAGE or max(event.at for event in page) < since:
                return
            part = replace(part, before=page[-1].cursor)

    def _cursor_at(self, at: int) -> int:
        """Return the last cursor of the log before a time (ns), found in a few reads however long the log is."""
        newest = self._record.events(LogFilter(limit=1, newest_first=True))
        low, high = 0, newest[0].cursor if newest else 0
        while low < high:
            middle = (low + high) // 2
            following = self._record.events(LogFilter(middle, limit=1))
            if following and following[0].at < at:
                low = following[0].cursor
            else:
                high = middle
        return low

    def _among_received(self, which: EventFilter) -> Iterator[Found]:
        before, part = None, _received_by(which)
        while page := self._record.received_events(before=before, newest_first=True, limit=_PAGE, which=part):
            for each in page:
                document = document_of(each)
                if which.matches(document):
                    yield Found(each.at // 1_000, (each.cursor, 0), each.name, None, document)
            if len(page) < _PAGE:
                return
            before = page[-1].cursor


def scopes_of(which: EventFilter) -> list[LogFilter] | None:
    """Return the parts of the log that a filter is about, None when it may be about all of it."""
    if which.id and which.id.id:
        return _places(which.id.id, "")
    if which.resource and which.resource.id:
        return [*_places(which.resource.id, TASK_RUN), *_places(which.resource.id, FLOW_RUN)]
    for each in which.related_filters:
        if each.id and all(name.startswith(FLOW_RUN) for name in each.id):
            return [LogFilter(flow_run=place.flow_run) for place in _places(each.id, FLOW_RUN)]
    return None


class Wanted(NamedTuple):
    """Which events of the log may have the names that are asked for: `states` None is all, `with_firsts` what implies a Pending."""

    states: tuple[int, ...] | None = None
    with_firsts: bool = True
    is_of_flow_runs: bool = False

    @property
    def is_nothing(self) -> bool:
        """Say whether no event of the log has such a name."""
        return self.states == () and not self.with_firsts


def wanted_states(which: EventFilter) -> Wanted:
    """Return what a filter on names leaves of the log."""
    if which.event is None:
        return Wanted()
    of_runs = {
        prefix: [name for name in _NAMES if which.event.matches(prefix + name)] for prefix in (TASK_RUN, FLOW_RUN)
    }
    names = {name for each in of_runs.values() for name in each}
    is_of_flow_runs = bool(names) and not of_runs[TASK_RUN]
    with_firsts = "Pending" in of_runs[TASK_RUN]
    if len(names) == len(_NAMES) and (with_firsts or is_of_flow_runs):
        return Wanted(None, with_firsts, is_of_flow_runs)
    states = {code for name in names for code in _NAMES[name]}
    return Wanted(tuple(sorted(states)), with_firsts, is_of_flow_runs)


def _received_by(which: EventFilter) -> ReceivedFilter:
    """Return what of a filter the record itself decides about what others sent."""
    name, resource = which.event, which.resource
    names: tuple[str, ...] = ()
    if name is not None:
        names = tuple(name.name or (f"{each}*" for each in name.prefix or ()))
    return ReceivedFilter(names, tuple((resource.id if resource else None) or ()), which.since, which.until)


def document_of(event: ReceivedEvent) -> dict[str, Any]:
    """Return what event clients read of an event that another program sent."""
    return {**event.body, "received": with_z(event.received // 1_000)}


def _places(names: list[str], prefix: str) -> list[LogFilter]:
    """Return the parts of the log that ids of task runs, flow runs or events, each after a prefix, lead to."""
    places: dict[tuple[UUID, int], LogFilter] = {}
    for name in names:
        try:
            identity = UUID(name.removeprefix(prefix)) if name.startswith(prefix) else None
        except ValueError:
            identity = None
        if identity is not None:
            place = ids.flow_run_of(identity), ids.ordinal_of(identity)
            places[place] = LogFilter(flow_run=place[0], ordinal=place[1])
    return list(places.values())


def _name_of(event: Event) -> str:
    """Return the state name that event clients know a transition by."""
    if event.kind == EventKind.ANNOTATED:
        return "Suspended"
    if event.ordinal and event.state == _RUNNING and event.attempt > 1:
        return "Retrying"
    return KIND_BY_CODE[event.state].event_name


def _order(found: Found) -> tuple[int, tuple[int, int]]:
    return found.at, found.order


def _distinct(search: EventSearch, found: list[Found]) -> list[Found]:
    """Return the newest of each resource, in the order in which they are."""
    newest: dict[str, Found] = {}
    for each in sorted(found, key=_order):
        newest[search.resource_of(each)] = each
    kept = set(map(id, newest.values()))
    return [each for each in found if id(each) in kept]
