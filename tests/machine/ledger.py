"""Ledger: the rules of a run, checked on what a machine says and does, by a second and simpler reading of the log.

Nothing here calls the machine's own decisions. A broken rule is a `Violation` that names the rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.engine.stimuli import FinishRun, Kill, Submit
from runwright.engine.transitions import LEGAL
from runwright.events import Event, EventKind
from runwright.states import KIND_BY_NAME, TABLE, Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runwright.engine.machine import Machine
    from runwright.engine.stimuli import Effect
    from runwright.graph import Graph

PENDING, RUNNING, LOOPED = (KIND_BY_NAME[name].code for name in ("Pending", "Running", "Looped"))
RETRYING, PAUSED, RESUME = (KIND_BY_NAME[name].code for name in ("Retrying", "Paused", "Resume"))
QUEUED = KIND_BY_NAME["Queued"].code
UNTOUCHED, OPEN = 0, 255
FINAL = {kind.code for kind in TABLE if kind.phase.is_final}
WAITING = {kind.code for kind in TABLE if kind.phase is Phase.WAITING}
ACTIVE = {kind.code for kind in TABLE if kind.phase is Phase.ACTIVE}
OK = {kind.code for kind in TABLE if kind.phase is Phase.OK}
STOPPED = {kind.code for kind in TABLE if "Cancelled" in {kind.name, kind.parent}}
WRONG = {kind.code for kind in TABLE if "Failed" in {kind.name, kind.parent}}
CREATED, STATE, EXPANDED, REQUESTED = (int(kind) for kind in tuple(EventKind)[:4])


class Violation(AssertionError):
    """A rule was broken."""


class Entry(NamedTuple):
    """What the log says of one run.

    `free` counts attempts that used up no retry, `tried` the retries that were used up without an attempt; `is_resumed`
    says that the next one follows a pause, `is_asked` that somebody asked a paused run to go on (whose attempt may be under
    way already: the log does not know).
    """

    version: int = 1
    code: int = PENDING
    attempt: int = 0
    free: int = 0
    due: int | None = None
    is_parked: bool = False
    is_resumed: bool = False
    is_asked: bool = False
    tried: int = 0

    @property
    def is_final(self) -> bool:
        return self.code in FINAL


class Family(NamedTuple):
    """The children of one run: `task` is the node that all run, None where child i runs node i."""

    first: int
    count: int
    task: int | None


class Ledger:
    """Reads every event and effect of one flow run in order; raises `Violation` at the first broken rule."""

    def __init__(self, graph: Graph, window: int = 256) -> None:
        self.graph = graph
        self.window = window
        self.entries: dict[int, Entry] = {}
        self.families: dict[int, Family] = {}
        self.serving: dict[int, int] = {}
        self.queued: set[int] = set()
        self.is_cancelled = False
        self.is_finishing = False

    def copy(self) -> Ledger:
        twin = Ledger(self.graph, self.window)
        twin.entries, twin.families, twin.serving = dict(self.entries), dict(self.families), dict(self.serving)
        twin.queued = set(self.queued)
        twin.is_cancelled, twin.is_finishing = self.is_cancelled, self.is_finishing
        return twin

    # ---- what happens

    def read(self, events: Iterable[Event], effects: Iterable[Effect] = (), at: int = 0) -> None:
        """Take what one decision says, then what it does at time `at`."""
        events, effects = list(events), list(effects)
        for event in events:
            self._read_event(event)
        if any(event.kind == REQUESTED and _intent(event) == "cancel" for event in events) and at:
            killed = {effect.ordinal: effect.attempt for effect in effects if isinstance(effect, Kill)}
            self._require(killed == self.serving, "a cancel kills every attempt", killed)
        for effect in effects:
            if isinstance(effect, Submit):
                self._read_submit(effect, at)
            elif isinstance(effect, Kill):
                self._require(
                    self.serving.get(effect.ordinal) == effect.attempt, "a kill stops an attempt that is made", effect
                )
            elif isinstance(effect, FinishRun):
                self._read_finish(effect)

    def answered(self, ordinal: int) -> None:
        """An attempt is over: its run has ended or waits."""
        self.serving.pop(ordinal, None)

    def refused(self, ordinal: int) -> None:
        """An attempt is given up for now: its run waits for a slot, and says so."""
        self.answered(ordinal)
        self._require(self.entry(ordinal).code == QUEUED, "what waits for a slot is Queued", ordinal)
        self.queued.add(ordinal)

    def admitted(self, ordinal: int) -> None:
        """A run that waited for a slot has it."""
        self.queued.discard(ordinal)

    def crash(self) -> None:
        """The process is gone, and every attempt and effect with it."""
        self.serving.clear()
        self.queued.clear()
        self.is_finishing = False

    def _read_event(self, event: Event) -> None:
        entry = self.entry(event.ordinal)
        if event.kind == CREATED:
            self._require(not self.entries and event.ordinal == 0, "a flow run is created once, first", event)
            self.entries[0] = Entry()
            self._require(event.version == 1, "creation is version 1", event)
            return
        self._require(event.version == entry.version + 1, "versions are contiguous", event)
        self._require(not entry.is_final, "a final state is final", event)
        entry = entry._replace(version=event.version)
        if event.kind == STATE:
            entry = self._moved(event, entry)
        elif event.kind == EXPANDED:
            self._read_expansion(event)
        elif event.kind == REQUESTED:
            self._read_request(event)
        self._require(event.attempt == entry.attempt, "an event belongs to the attempt that is open", event)
        self.entries[event.ordinal] = entry
        if event.kind == STATE and entry.code not in ACTIVE:
            self.answered(event.ordinal)

    def _moved(self, event: Event, entry: Entry) -> Entry:
        before, after, data = entry.code, event.state, event.data or {}
        self._require((before, after) in LEGAL, "a transition is legal", event)
        if after in FINAL and event.ordinal in self.families:
            self._require(not self.open_children(event.ordinal), "a run ends after its children", event)
        attempt, free = entry.attempt, entry.free
        if after == RUNNING and before != LOOPED and event.ordinal:
            attempt += 1
        is_waiting = after in WAITING
        was_active = before in ACTIVE
        if data.get("lost") or (is_waiting and was_active and after != RETRYING):
            free += 1
        due = data.get("due") if is_waiting else None
        is_refused = "waits_for" in data
        is_parked = is_waiting and due is None and after not in {RESUME, RETRYING} and not is_refused
        was_paused = before == PAUSED and (after == RUNNING or is_refused)
        is_kept = bool(data.get("lost")) or not is_waiting or is_refused
        is_resumed = after == RESUME or was_paused or (entry.is_resumed and is_kept)
        tried = entry.tried + (after == RETRYING and not was_active)
        return Entry(entry.version, after, attempt, free, due, is_parked, is_resumed, tried=tried)

    def _read_request(self, event: Event) -> None:
        self.is_cancelled |= _intent(event) == "cancel"
        asked = (event.data or {})["ordinal"]
        if _intent(event) != "resume":
            return
        for ordinal, entry in self.entries.items():
            is_paused = entry.is_parked or entry.code == PAUSED
            if ordinal and is_paused and asked in {0, ordinal}:
                self.entries[ordinal] = entry._replace(is_asked=True)

    def _read_expansion(self, event: Event) -> None:
        data: dict[str, Any] = event.data or {}
        self._require(event.ordinal not in self.families, "a run expands once", event)
        taken = max((family.first + family.count for family in self.families.values()), default=1)
        self._require(data["first"] == taken, "children are numbered on from the last", event)
        count = data["tasks"] if event.ordinal == 0 else data["count"]
        self.families[event.ordinal] = Family(data["first"], count, data.get("task"))
        self.answered(event.ordinal)

    def _read_submit(self, submit: Submit, at: int) -> None:
        entry, (node, index) = self.entry(submit.ordinal), self.place(submit.ordinal)
        self._require(not self.is_cancelled, "nothing is submitted after a cancel", submit)
        self._require(not entry.is_final, "what has ended is not made again", submit)
        self._require(submit.ordinal not in self.serving, "one attempt at a time", submit)
        self._require(submit.ordinal not in self.families, "a run that was expanded is not made again", submit)
        self._require(entry.code in WAITING, "what runs is not submitted", submit)
        self._require(not entry.is_parked, "what is paused waits for a request", submit)
        self._require(submit.ordinal not in self.queued, "what was refused waits for its slot", submit)
        self._require(entry.due is None or entry.due <= at, "what waits is not made before it is due", submit)
        self._require((node, index) == (submit.node, submit.map_index), "a submission names its node and index", submit)
        self._require(submit.attempt == entry.attempt + 1, "attempts are numbered on", submit)
        runs = submit.attempt - entry.free + entry.tried
        self._require(submit.run_count == runs, "only a retry uses up a retry", submit)
        is_resumed = entry.is_resumed or entry.code == PAUSED
        self._require(submit.resumed == is_resumed, "what was paused knows that it was resumed", submit)
        is_parent = self.graph.nodes[node].is_mapped and index < 0
        self._require(submit.is_mapped_parent == is_parent, "a mapped parent is called so", submit)
        self._require(self.is_fed(node, index), "upstream ends first", submit)
        self.serving[submit.ordinal] = submit.attempt
        self._require(len(self.serving) <= self.window, "the window is not exceeded", submit)

    def _read_finish(self, finish: FinishRun) -> None:
        self._require(not self.is_finishing, "a flow run is finished once", finish)
        self._require(
            not self.open_children(0) if 0 in self.families else self.is_cancelled, "a flow run ends last", finish
        )
        self._require(finish.state == self._due_outcome(), "reference tasks decide", finish)
        self.is_finishing = True

    def _due_outcome(self) -> str:
        if self.is_cancelled:
            return "Cancelled"
        references = [node.index + 1 for node in self.graph.nodes if node.is_reference]
        return "Failed" if any(WRONG.intersection(self.outcomes(ordinal)) for ordinal in references) else "Success"

    # ---- what is known

    def entry(self, ordinal: int) -> Entry:
        """Return what the log says of a run; Pending at version 1 when it says nothing."""
        return self.entries.get(ordinal, Entry())

    def place(self, ordinal: int) -> tuple[int, int]:
        """Return the node and map index of a run."""
        for parent, family in self.families.items():
            if family.first <= ordinal < family.first + family.count:
                offset = ordinal - family.first
                return (offset, -1) if parent == 0 else (family.task or 0, offset)
        raise Violation(f"a run is expanded before it is submitted: {ordinal}")

    def outcomes(self, ordinal: int) -> list[int]:
        """Return the final codes a run stands for: its own, or those of its children."""
        if ordinal in self.families:
            family = self.families[ordinal]
            return [self.entry(family.first + index).code for index in range(family.count)]
        return [self.entry(ordinal).code]

    def open_children(self, ordinal: int) -> list[int]:
        """Return the ordinals of the children that have not ended."""
        family = self.families[ordinal]
        span = range(family.first, family.first + family.count)
        return [child for child in span if not self.entry(child).is_final]

    def is_fed(self, node: int, index: int) -> bool:
        """Say whether everything that a run waits for has ended: for a mapped child also its pair in each mapped upstream."""
        for link in self.graph.nodes[node].inputs:
            upstream = link.upstream + 1
            is_pair = self.graph.is_pairwise(link) and upstream in self.families
            if is_pair and index >= 0 and not self.entry(self.families[upstream].first + index).is_final:
                return False
            if not is_pair and not self.entry(upstream).is_final:
                return False
        return True

    def open_runs(self) -> Iterator[int]:
        """Yield what has begun and not ended: the flow run, its tasks, and the children that anything is known of."""
        if not self.entry(0).is_final:
            yield 0
        for parent, family in self.families.items():
            for ordinal in range(family.first, family.first + family.count):
                is_known = parent == 0 or ordinal in self.entries or ordinal in self.serving
                if is_known and not self.entry(ordinal).is_final:
                    yield ordinal

    # ---- agreement with a machine

    def agree(self, machine: Machine) -> None:
        """Compare a live machine with the log: its open runs, its attempts, and its counts."""
        self._agree_on_runs(machine, set(self.open_runs()))
        serving = {cell.ordinal: cell.serving for cell in machine.open_cells() if cell.serving}
        self._require(serving == self.serving, "the machine knows every attempt that is made", (serving, self.serving))
        self._require(machine.outstanding == len(serving), "outstanding counts the attempts", machine.outstanding)
        waits = {ordinal for ordinal in self.queued if not self.entry(ordinal).is_final}
        known = {cell.ordinal for cell in machine.open_cells() if machine.is_queued(cell.ordinal)}
        self._require(waits == known, "the machine knows what waits for a slot", (waits, known))
        self._agree_on_counts(machine)
        asked = [ordinal for ordinal, entry in self.entries.items() if entry.is_asked and not entry.is_final]
        deaf = [ordinal for ordinal in asked if ordinal not in self.serving]
        self._require(not deaf, "what was asked to go on goes on", deaf)
        self._require(not self._is_forgotten(machine), "something moves an open flow run on", list(self.open_runs()))

    def agree_restored(self, machine: Machine) -> None:
        """Compare a machine that was just restored from the log: the same open runs and counts, no attempts."""
        begun = {ordinal for ordinal in self.open_runs() if ordinal in self.entries or self._is_task(ordinal)}
        self._agree_on_runs(machine, begun)
        for cell in machine.open_cells():
            entry = self.entry(cell.ordinal)
            said = (entry.due, entry.is_parked, entry.is_resumed or entry.is_asked)
            known = (cell.due, cell.parked, cell.resumed)
            self._require(
                not cell.ordinal or said == known, f"what run {cell.ordinal} waits for is restored", (said, known)
            )
        self._require(machine.outstanding == 0, "a restored machine has nothing outstanding", machine.outstanding)
        self._agree_on_counts(machine)

    def _is_task(self, ordinal: int) -> bool:
        return 0 in self.families and ordinal <= self.families[0].count

    def _agree_on_runs(self, machine: Machine, expected: set[int]) -> None:
        actual = {cell.ordinal: cell for cell in machine.open_cells()}
        if 0 not in self.entries:
            return
        self._require(expected == set(actual), "the machine knows the open runs", (expected, set(actual)))
        for ordinal, cell in actual.items():
            entry = self.entry(ordinal)
            said = (entry.version, entry.code, entry.attempt, entry.free, entry.tried)
            known = (cell.version, cell.code, cell.attempt, cell.lost, cell.tried)
            self._require(said == known, f"machine and log agree on run {ordinal}", (said, known))

    def _agree_on_counts(self, machine: Machine) -> None:
        for parent in self.families:
            group = machine.group_of(parent)
            if group is None:
                raise Violation(f"the machine knows the children of {parent}")
            final = [code for code in self._children_codes(parent) if code in FINAL]
            ok = sum(code in OK for code in final)
            stopped = sum(code in STOPPED for code in final)
            counted = (group.count - group.open, group.ok, group.cancelled, group.bad)
            self._require(
                counted == (len(final), ok, stopped, len(final) - ok - stopped),
                "children are counted",
                (parent, counted),
            )
            marked = [code for code in group.status if UNTOUCHED < code < OPEN]
            self._require(sorted(marked) == sorted(final), "each child has one final mark", (parent, marked, final))

    def _children_codes(self, parent: int) -> list[int]:
        family = self.families[parent]
        return [self.entry(ordinal).code for ordinal in range(family.first, family.first + family.count)]

    def _is_forgotten(self, machine: Machine) -> bool:
        """Say whether a started flow run is open and nothing that anybody does will ever move it."""
        if machine.is_finished or self.serving or self.is_finishing or 0 not in self.families:
            return False
        waits = [self.entry(ordinal) for ordinal in self.open_runs() if ordinal]
        if not machine.is_stalled:
            return machine.next_timer is None and not any(map(machine.is_queued, self.queued))
        return not any(entry.is_parked for entry in waits)

    @staticmethod
    def _require(is_kept: bool, rule: str, about: Any) -> None:
        if not is_kept:
            raise Violation(f"{rule}: {about}")


def _intent(event: Event) -> str:
    return (event.data or {})["intent"]
