"""Store: a record in the memory of this process, with every guard of one on disk."""

from __future__ import annotations

import threading
import time
from copy import copy
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace as replaced

from runwright.errors import IllegalTransition, NotOnRecord, RecordError
from runwright.failpoints import hit
from runwright.given_tags import TagChange
from runwright.received_events import check_same
from runwright.retention import Purged
from runwright.runs import Project, TaskInfo
from runwright.states import KIND_BY_CODE
from runwright.store import Difference
from runwright.stores import keeping, leasing
from runwright.stores.kept_limits import KeptLimits
from runwright.stores.memory.cards import MemoryCards
from runwright.stores.memory.reads import MemoryViews
from runwright.stores.memory.requests import MemoryRequests
from runwright.stores.memory.rows import MemoryRows
from runwright.stores.memory.slots import MemorySlots
from runwright.stores.memory.tag_slots import MemoryTagSlots
from runwright.stores.projection import Fold
from runwright.stores.registration import flow_id_of, project_id_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from runwright.cards import Card
    from runwright.events import Batch, Event, LogLine, Metric
    from runwright.key_values import KeyValue
    from runwright.received_events import ReceivedEvent
    from runwright.request import Answer, Request
    from runwright.runs import FlowVersion
    from runwright.store import Lease
    from runwright.tag_limits import Claim, TagSlot
    from runwright.trigger_states import TriggerState

_FIRST = 2


class MemoryStore(MemoryViews, KeptLimits):
    """A record that ends with its process."""

    url = "memory://"
    is_remote = False

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._grown = threading.Condition(self._lock)
        self._leases: dict[UUID, Lease] = {}
        self._values: dict[tuple[str, str], KeyValue] = {}
        self._requests = MemoryRequests()
        self._cards = MemoryCards()
        self._slots = MemorySlots(self._living_token, self._is_final)
        self._tag_slots = MemoryTagSlots(self._living_token)
        self._is_closed = False

    def migrate(self) -> None:
        """Do nothing: what was never written has no earlier version."""

    def register(self, flow: FlowVersion) -> FlowVersion:
        """Return the flow with its id and version, recorded now unless its fingerprint is known for its name."""
        with self._lock:
            versions = [each for each in self._rows.flows if each.name == to_text(flow.name)]
            for known in versions:
                if known.fingerprint == to_text(flow.fingerprint):
                    return copy(known)
            added = _kept(flow, len(versions) + 1, flow.created or self.now())
            self._rows.flows.append(added)
            return copy(added)

    def add_project(self, name: str, description: str | None = None) -> Project:
        """Return the project of a name, recorded now unless there is one."""
        with self._lock:
            known = next((each for each in self._projects if each.name == to_text(name)), None)
            if known is None:
                said = None if description is None else to_text(description)
                known = Project(project_id_of(name), to_text(name), said, self.now())
                self._projects.append(known)
            return known

    def append(self, batch: Batch, held: dict[UUID, Lease]) -> int:
        """Commit a batch and return the cursor of its last event (0 for none); see `runwright.store.Store`."""
        with self._lock:
            if self._is_closed:
                raise RecordError("This record was closed, and what it held is gone.")
            for cursor, event in enumerate(batch.events, start=self._last_cursor + 1):
                event.cursor = cursor
            try:
                fold = Fold(self._rows).add(batch.events)
                self._check_new(batch.events)
            except IllegalTransition:  # who has lost a lease is told that, and not what another has recorded since
                for flow_run in {event.flow_run for event in batch.events}:
                    leasing.check_held(self._leases.get(flow_run), held.get(flow_run), flow_run)
                raise
            self._check_leases(fold, batch, held)
            events = [_kept_event(event) for event in batch.events]
            logs = [_kept_line(line) for line in batch.logs]
            metrics = [_kept_metric(each) for each in batch.metrics]
            hit("append.before_commit")
            self._events += events
            self._last_cursor += len(events)
            self._logs += logs
            self._metrics += metrics
            self._rows.put(fold)
            self._grown.notify_all()
        hit("append.after_commit")
        return events[-1].cursor if events else 0

    def keep_events(self, events: Sequence[ReceivedEvent], *, same_only: bool = False) -> int:
        """Write those whose ids are new, and return how many those were; raises `EventTaken` with `same_only`."""
        with self._lock:
            known = {each.id: each.body for each in self._received}
            fresh = [each for each in {each.id: each for each in reversed(events)}.values() if each.id not in known]
            if same_only:
                check_same(events, {**{each.id: each.body for each in fresh}, **known})
            for each in reversed(fresh):
                body = from_json(to_json(each.body))
                self._received.append(replaced(each, body=body, cursor=len(self._received) + 1))
        return len(fresh)

    def acquire(self, flow_run: UUID, owner: str, seconds: float) -> Lease:
        """Return a lease with a new token; raises `LeaseHeld` while another owner's has not expired."""
        with self._lock:
            newest = self._leases.get(flow_run)
            lease = self._leases[flow_run] = leasing.granted(newest, flow_run, owner, seconds, self.now())
            return lease

    def renew(self, lease: Lease, seconds: float) -> Lease:
        """Return the lease, extended; raises `LeaseLost` when a newer token exists."""
        with self._lock:
            leasing.check_held(self._leases.get(lease.flow_run), lease, lease.flow_run)
            extended = self._leases[lease.flow_run] = replaced(lease, expires=leasing.expiry(seconds, self.now()))
            return extended

    def release(self, lease: Lease) -> None:
        """Give the lease up; one that was lost is left alone."""
        with self._lock:
            newest = self._leases.get(lease.flow_run)
            if newest is not None and newest.token == lease.token:
                self._leases[lease.flow_run] = replaced(newest, owner="")

    def find_lease(self, flow_run: UUID) -> Lease | None:
        """Return the newest lease of a flow run that was not given up, expired or not."""
        with self._lock:
            lease = self._leases.get(flow_run)
        return lease if lease is not None and lease.owner else None

    def lost_leases(self) -> list[Lease]:
        """Return the leases that have expired and were not given up, the oldest first."""
        with self._lock:
            lost = [each for each in self._leases.values() if each.owner and each.expires <= self.now()]
        return sorted(lost, key=lambda lease: lease.expires)

    def find_value(self, namespace: str, key: str) -> KeyValue | None:
        """Return what is under a key, None where nothing is."""
        with self._lock:
            value = self._values.get((to_text(namespace), to_text(key)))
            return None if value is None or keeping.is_over(value, self.now()) else _copied(value)

    def list_values(self, namespace: str, prefix: str = "") -> list[KeyValue]:
        """Return what a namespace has under keys that begin with `prefix`, by key."""
        with self._lock:
            keys = sorted(key for owner, key in self._values if owner == to_text(namespace))
            found = (self.find_value(namespace, key) for key in keys if key.startswith(to_text(prefix)))
            return [value for value in found if value is not None]

    def keep_value(self, value: KeyValue, *, overwrite: bool = True) -> KeyValue:
        """Write a value and return it as it is kept; raises `KeyTaken` without `overwrite` when the key has one."""
        with self._lock:
            place = to_text(value.namespace), to_text(value.key)
            kept = self._values[place] = keeping.kept(self._values.get(place), value, self.now(), overwrite=overwrite)
            return _copied(kept)

    def delete_value(self, namespace: str, key: str) -> bool:
        """Delete what is under a key; False where nothing was."""
        with self._lock:
            was_there = self.find_value(namespace, key) is not None
            self._values.pop((to_text(namespace), to_text(key)), None)
            return was_there

    def ask(self, request: Request) -> Request:
        """Keep a request, and return it with the time it came; one whose id is known is returned as it is kept."""
        with self._lock:
            if request.flow_run not in self._rows.keys:
                raise NotOnRecord(f"No flow run {request.flow_run} is on this record: nothing can be asked of it.")
            return self._requests.ask(request, self.now())

    def requests(self, flow_run: UUID | None = None, *, open_only: bool = True) -> list[Request]:
        """Return requests, oldest first."""
        with self._lock:
            return self._requests.find(flow_run, open_only=open_only)

    def answer(self, request: UUID, lease: Lease, answer: Answer) -> Request:
        """Answer a request and return it; one that has an answer keeps it. Raises `LeaseLost`."""
        with self._lock:
            flow_run = self._requests.one(request).flow_run
            held = lease if lease.flow_run == flow_run else None
            leasing.check_held(self._leases.get(flow_run), held, flow_run)
            return self._requests.answer(request, answer, self.now())

    def claim_slot(self, name: str, limit: int, lease: Lease, *, is_waiting: bool = True) -> bool:
        """Take one of `limit` slots of this name; says whether the flow run has one now. See `runwright.store.Store`."""
        with self._lock:
            leasing.check_held(self._leases.get(lease.flow_run), lease, lease.flow_run)
            return self._slots.claim(name, limit, lease, is_waiting=is_waiting)

    def keep_slot(self, name: str, lease: Lease) -> None:
        """Keep the slot that was claimed under a lease beyond its end, for the next owner to claim."""
        with self._lock:
            leasing.check_held(self._leases.get(lease.flow_run), lease, lease.flow_run)
            self._slots.keep(name, lease)

    def release_slot(self, name: str, lease: Lease) -> None:
        """Give a slot back, or stop waiting for one."""
        with self._lock:
            newest = self._leases.get(lease.flow_run)
            if newest is not None and newest.token == lease.token:
                self._slots.leave(name, lease)

    def tag_slots(self) -> list[TagSlot]:
        """Return who holds slots of tags, or waits for them, the first that came first."""
        with self._lock:
            return self._tag_slots.living()

    def claim_tag_slots(self, lease: Lease, claims: Sequence[Claim], given_back: Collection[int] = ()) -> list[int]:
        """Give slots of tags back, and take others; see `runwright.tag_limits.TagLimits`."""
        with self._lock:
            leasing.check_held(self._leases.get(lease.flow_run), lease, lease.flow_run)
            return self._tag_slots.claim(lease, claims, given_back)

    def find_trigger(self, namespace: str, flow: str, trigger: str) -> TriggerState | None:
        """Return the state of a trigger, None for one that has none yet."""
        with self._lock:
            return self._triggers.find(namespace, flow, trigger)

    def list_triggers(self, namespace: str | None = None, flow: str | None = None) -> list[TriggerState]:
        """Return states by namespace, flow and trigger; those of one namespace or flow where given."""
        with self._lock:
            return self._triggers.list_all(namespace, flow)

    def due_triggers(self, at: int) -> list[TriggerState]:
        """Return the states that are due at a time or were before, those that are turned off left out."""
        with self._lock:
            return self._triggers.due(at)

    def keep_trigger(self, state: TriggerState) -> TriggerState | None:
        """Write a state over the version that it was read in, and return it; None when that is not the newest."""
        with self._lock:
            return self._triggers.keep(state, self.now())

    def delete_trigger(self, namespace: str, flow: str, trigger: str) -> bool:
        """Delete the state of a trigger; False where there was none."""
        with self._lock:
            return self._triggers.delete(namespace, flow, trigger)

    def find_card(self, kind: str, name: str) -> Card | None:
        """Return a card, None where there is none."""
        with self._lock:
            return self._cards.find(kind, name)

    def list_cards(
        self, kind: str, *, after: str | None = None, newest_first: bool = False, limit: int | None = None
    ) -> list[Card]:
        """Return the cards of a kind by name, or the other way round."""
        with self._lock:
            return self._cards.list_all(kind, after, limit, newest_first=newest_first)

    def keep_card(self, card: Card) -> Card | None:
        """Write a card over the version that it was read in, and return it; None when that is not the newest."""
        with self._lock:
            return self._cards.keep(card, self.now())

    def delete_card(self, kind: str, name: str) -> bool:
        """Delete a card; False where there was none."""
        with self._lock:
            return self._cards.delete(kind, name)

    def change_tags(
        self, task_runs: Sequence[UUID], add: Sequence[str] = (), remove: Sequence[str] = (), *, by: str = ""
    ) -> int:
        """Change the tags of task runs, and return how many of those have changed; raises `TagRefused`, `NotOnRecord`."""
        change = TagChange.checked(add, remove)
        with self._lock:
            own = {each: self._own_tags(each) for each in task_runs}
            return sum(self._given_tags.change(each, change, own[each], by, self.now()) for each in own)

    def given_tags(self, limit: int = 100) -> list[str]:
        """Return the tags that any task run was given, each once, in order."""
        with self._lock:
            return self._given_tags.names(limit)

    def count_flow_versions(self) -> int:
        """Return how many versions of flows there are."""
        with self._lock:
            return len(self._rows.flows)

    def now(self) -> int:
        """Return the clock of the process."""
        return time.time_ns()

    def await_events(self, after: int, seconds: float) -> int:
        """Return the last cursor as soon as it is beyond `after`, or after so many seconds what it is then."""
        with self._grown:
            self._grown.wait_for(lambda: self._last_cursor > after, seconds)
            return self._last_cursor

    def purge(self, flow_runs: Sequence[UUID]) -> Purged:
        """Delete flow runs that have ended with all that is kept of them, and return which those were."""
        with self._lock:
            gone = tuple(each for each in dict.fromkeys(flow_runs) if self._is_purgeable(each))
            lines, metrics = len(self._logs), len(self._metrics)
            self._events = [each for each in self._events if each.flow_run not in gone]
            self._logs = [each for each in self._logs if each.flow_run not in gone]
            self._metrics = [each for each in self._metrics if each.flow_run not in gone]
            for flow_run in gone:
                self._given_tags.drop(self._task_runs_of(flow_run))
                self._rows.drop(flow_run)
                self._requests.drop(flow_run)
                self._slots.drop(flow_run)
                self._tag_slots.drop(flow_run)
                self._leases.pop(flow_run, None)
            return Purged(gone, lines - len(self._logs), metrics - len(self._metrics))

    def purge_log_lines(
        self,
        flow_run: UUID,
        *,
        levels: Collection[int] | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> int:
        """Delete log lines of a flow run, and return how many."""
        with self._lock:
            left = [
                line
                for line in self._logs
                if line.flow_run != flow_run
                or (levels is not None and line.level not in levels)
                or (since is not None and line.at < since)
                or (until is not None and line.at >= until)
            ]
            count, self._logs = len(self._logs) - len(left), left
            return count

    def purge_metrics(self, flow_run: UUID) -> int:
        """Delete the numbers of a flow run, and return how many there were."""
        with self._lock:
            left = [each for each in self._metrics if each.flow_run != flow_run]
            count, self._metrics = len(self._metrics) - len(left), left
            return count

    def find_damage(self) -> list[str]:
        """Return nothing: memory is what it is."""
        return []

    def rebuild(self, *, replace: bool = False) -> list[Difference]:
        """Return how the rows differ from the fold of the log; with `replace`, put the fold in their place."""
        with self._lock:
            rows = MemoryRows(self._rows.flows)
            try:
                rows.put(Fold(rows, keys=self._rows.keys).add(self._events))
            except (IllegalTransition, NotOnRecord) as error:
                return [Difference("event", "", str(error), None)]
            found = _differences(self._rows, rows)
            if replace:
                self._rows = rows
        return found

    def close(self) -> None:
        """Take no more events."""
        self._is_closed = True

    def _living_token(self, flow_run: UUID) -> int:
        lease = self._leases.get(flow_run)
        return lease.token if lease is not None and lease.owner and lease.expires > self.now() else 0

    def _is_purgeable(self, flow_run: UUID) -> bool:
        is_held = bool(self._living_token(flow_run))
        return self._is_final(flow_run) and not is_held and not self._requests.find(flow_run, open_only=True)

    def _is_final(self, flow_run: UUID) -> bool:
        row = self._rows.flow_run.get(self._rows.keys.get(flow_run, 0))
        return row is not None and KIND_BY_CODE[row.state].phase.is_final

    def _check_new(self, events: list[Event]) -> None:
        """Raise `IllegalTransition` for a first event of a run that has had one: the fold takes its word for it."""
        for event in events:
            key = self._rows.keys.get(event.flow_run, 0)
            row = self._rows.task_run.get(key, {}).get(event.ordinal)
            if event.version == _FIRST and row is not None and row.version >= _FIRST:
                raise IllegalTransition(
                    f"Flow run {event.flow_run}, ordinal {event.ordinal}: version {_FIRST} is on record already."
                )

    def _check_leases(self, fold: Fold, batch: Batch, held: dict[UUID, Lease]) -> None:
        flow_runs = {*fold.runs, *(each.flow_run for each in [*batch.logs, *batch.metrics])}
        for flow_run in flow_runs - fold.runs.keys() - self._rows.keys.keys():
            raise NotOnRecord(f"No flow run {flow_run} is on this record: its first event must be CREATED.")
        for flow_run in flow_runs:
            leasing.check_held(self._leases.get(flow_run), held.get(flow_run), flow_run)


def _kept(flow: FlowVersion, version: int, at: int) -> FlowVersion:
    tasks = tuple(
        TaskInfo(
            to_text(task.slug),
            to_text(task.name),
            tuple(from_json(to_json(task.tags))),
            task.is_mapped,
            from_json(to_json(task.policies)),
        )
        for task in flow.tasks
    )
    return replaced(
        flow,
        name=to_text(flow.name),
        fingerprint=to_text(flow.fingerprint),
        tasks=tasks,
        id=flow_id_of(flow),
        version=version,
        created=at,
        source=from_json(to_json(flow.source)),
        document=from_json(to_json(flow.document)),
    )


def _copied(value: KeyValue) -> KeyValue:
    """Return a value that its reader may change."""
    return replaced(value, value=from_json(to_json(value.value)))


def _kept_event(event: Event) -> Event:
    return replaced(event, data=_plain(event.data))


def _kept_line(line: LogLine) -> LogLine:
    return replaced(line, logger=to_text(line.logger), message=to_text(line.message))


def _kept_metric(metric: Metric) -> Metric:
    return replaced(metric, name=to_text(metric.name), kind=to_text(metric.kind), tags=_plain(metric.tags))


def _plain(data: Any) -> Any:
    """Return data as it would come back from a disk."""
    return None if data is None else from_json(to_json(data))


def _differences(recorded: MemoryRows, rebuilt: MemoryRows) -> list[Difference]:
    found: list[Difference] = []
    for table in ("flow_run", "expansion", "task_run", "attempt", "tally"):
        before, after = _flat(getattr(recorded, table)), _flat(getattr(rebuilt, table))
        found += [
            Difference(table, str(key), _shown(before.get(key)), _shown(after.get(key)))
            for key in sorted(before.keys() | after.keys(), key=str)
            if before.get(key) != after.get(key)
        ]
    return found


def _flat(table: dict[Any, Any]) -> dict[Any, Any]:
    """Return rows by their whole key, where they are held by flow run first."""
    flat: dict[Any, Any] = {}
    for key, held in table.items():
        flat.update({(key, inner): row for inner, row in held.items()} if isinstance(held, dict) else {key: held})
    return flat


def _shown(row: object) -> str | None:
    return None if row is None else str(row)
