"""Explorer: every interleaving of everything that can happen to a small run, breadth first.

Two worlds count as the same when their machines would behave the same from now on. At every state reached the ledger's
rules hold, the log leads to the same machine, and words that nobody waits for change nothing. At the end, every state must
have a way to a finished run by what is bound to happen: reports, timers, an answer to a pause.
"""

from __future__ import annotations

import copy
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from runwright.engine.machine import Machine
from runwright.engine.stimuli import Reported, Started
from runwright.engine.transitions import LEGAL
from runwright.errors import IllegalTransition
from runwright.states import TABLE

from .graphs import graph_of
from .ledger import Violation
from .world import World

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

CODES = {kind.name: kind.code for kind in TABLE}
LATE = tuple(CODES[name] for name in ("Running", "Success", "Retrying", "Mapped"))
FORBIDDEN = {before: [after for after in CODES.values() if (before, after) not in LEGAL] for before in CODES.values()}


class Scope(NamedTuple):
    """What may happen in an exploration, and how often. `ends` is how a body may end, `early` how one may without starting."""

    flow: str
    ends: tuple[str, ...] = ("Success",)
    early: tuple[str, ...] = ()
    length: int = 2
    window: int = 256
    retries: int = 0
    pauses: int = 0
    loops: int = 0
    refusals: int = 0
    cancels: int = 0
    crashes: int = 0


class Move(NamedTuple):
    """One thing that happens. `is_bound` says that it will happen by itself in the end; `spends` names what it uses up."""

    verb: str
    name: str = ""
    state: str = ""
    number: int = 0
    spends: str = ""

    @property
    def is_bound(self) -> bool:
        return self.verb in {"create", "start", "report", "time", "finish", "resume", "admit"}


class Situation:
    """A world and what may still happen to it."""

    def __init__(self, world: World, budget: dict[str, int], scope: Scope) -> None:
        self.world = world
        self.budget = budget
        self.scope = scope

    @classmethod
    def first(cls, scope: Scope, machine: type[Machine] = Machine) -> Situation:
        """Return the situation before anything has happened."""
        world = World(graph_of(scope.flow), window=scope.window, machine=machine)
        names = ("retries", "pauses", "loops", "refusals", "cancels", "crashes")
        return cls(world, {name: getattr(scope, name) for name in names}, scope)

    def copy(self) -> Situation:
        return Situation(_copy_world(self.world), dict(self.budget), self.scope)

    @property
    def key(self) -> Hashable:
        """Return what tells apart situations that may go different ways."""
        world = self.world
        return (_machine_key(world.machine), bool(world.log), world.finish is not None, tuple(self.budget.values()))

    def moves(self) -> Iterator[Move]:
        """Yield everything that may happen next."""
        world = self.world
        if not world.log:
            yield Move("create")
            return
        if world.machine.is_finished:
            return
        if not world.is_started:
            yield Move("start late" if world.ledger.is_cancelled else "start")
        if world.finish is not None:
            yield Move("finish")
        if world.machine.next_timer is not None:
            yield Move("time")
        for name in world.serving:
            yield from self._words(name)
        yield from (Move("admit", name) for name in world.queued)
        paused = [world.name(cell.ordinal) for cell in world.machine.open_cells() if cell.is_paused]
        yield from (Move("resume", name) for name in paused)
        if self.budget["cancels"]:
            yield Move("cancel", spends="cancels")
        if self.budget["crashes"]:
            yield Move("crash", spends="crashes")

    def after(self, move: Move) -> Situation:
        """Return the situation that follows; this one stays as it is."""
        then = self.copy()
        then.apply(move)
        return then

    def apply(self, move: Move) -> None:
        """Let something happen here."""
        if move.spends:
            self.budget[move.spends] -= 1
        try:
            self._apply(move)
        except IllegalTransition as refusal:
            raise Violation(f"what happens by the rules is not refused: {move}: {refusal}") from refusal

    def _apply(self, move: Move) -> None:
        world = self.world
        if move.verb == "report":
            wait = {"Retrying": 10, "Paused": move.number}.get(move.state)
            due = world.ordinal(move.name) + wait if wait else None
            world.report(move.name, move.state, length=self.scope.length, due=due)
        elif move.verb == "create":
            world.create()
        elif move.verb.startswith("start"):
            world.start()
        elif move.verb == "time":
            world.pass_time(max(world.at, world.machine.next_timer or 0))
        elif move.verb == "finish":
            world.finish_run()
        elif move.verb == "crash":
            world.crash()
        elif move.verb == "refuse":
            world.refuse(move.name)
        elif move.verb == "admit":
            world.admit(move.name)
        else:
            world.request(move.verb, move.name or "run")

    def torn(self, move: Move) -> Iterator[Situation]:
        """Yield what follows when the process dies inside a step: each prefix of its events on record, no effect done."""
        if not self.budget["crashes"]:
            return
        whole = self.after(move)
        for keep in range(len(self.world.log), len(whole.world.log)):
            world = copy.copy(whole.world)
            world.log = list(whole.world.log)
            world.crash(keep)
            yield Situation(world, {**whole.budget, "crashes": whole.budget["crashes"] - 1}, self.scope)

    def check(self) -> None:
        """Check what must hold in every situation, beyond what every step checks."""
        self._check_late_words()
        self._check_illegal_words()

    def _words(self, name: str) -> Iterator[Move]:
        world, scope = self.world, self.scope
        node, index = world.ledger.place(world.ordinal(name))
        state = world.state(name)
        if state in {"Running", "Looped"}:
            words = scope.ends if state == "Running" else ()
            if state == "Looped":
                yield Move("report", name, "Running")
            if state == "Running" and self.budget["loops"]:
                yield Move("report", name, "Looped", spends="loops")
            if world.ledger.is_cancelled:
                words = (*words, "Killed")
        elif state == "Cancelling":
            words = ("Success", "Killed")
        elif world.graph.nodes[node].is_mapped and index < 0:
            words = ("Mapped", *scope.early)
        else:
            words = ("Running", *scope.early)
            if world.ledger.is_cancelled:
                words = (*words, "Cancelled")
        is_leaf = index >= 0 or not world.graph.nodes[node].is_mapped
        if self.budget["retries"] and is_leaf and state not in {"Looped", "Cancelling"}:
            yield Move("report", name, "Retrying", spends="retries")
        if self.budget["pauses"] and is_leaf and state != "Cancelling":
            yield Move("report", name, "Paused", spends="pauses")
            yield Move("report", name, "Paused", number=1, spends="pauses")
        yield from self._refusals(name, state, is_leaf)
        yield from (Move("report", name, word) for word in words)

    def _refusals(self, name: str, state: str, is_leaf: bool) -> Iterator[Move]:
        is_open = state not in {"Running", "Looped", "Cancelling"} and not self.world.ledger.is_cancelled
        if self.budget["refusals"] and is_leaf and is_open:
            yield Move("refuse", name, spends="refusals")

    def _check_late_words(self) -> None:
        """Words of attempts that are not being made, whether old, not yet begun, or of runs that have ended."""
        machine, before = self.world.machine, _machine_key(self.world.machine)
        for ordinal in range(1, machine._next_ordinal + 1):
            made = self.world.ledger.serving.get(ordinal, 0)
            for attempt in {0, made - 1, made + 1} - {made or -1, -1}:
                for code in LATE:
                    decision = machine.handle(Reported(ordinal, attempt, code, None, 1, 1), self.world.at)
                    if decision.events or decision.effects:
                        raise Violation(f"late words change nothing: {ordinal} attempt {attempt} state {code}")
        if before != _machine_key(machine):
            raise Violation("late words change nothing, not even in memory")

    def _check_second_start(self) -> None:
        try:
            self.world.machine.handle(Started(), self.world.at)
        except IllegalTransition:
            return
        raise Violation("a flow run starts once")

    def _check_illegal_words(self) -> None:
        """Words that the table forbids, of attempts that are being made; and the end of a flow run that has not ended."""
        machine, before = self.world.machine, _machine_key(self.world.machine)
        forbidden = [
            (ordinal, attempt, code)
            for ordinal, attempt in self.world.ledger.serving.items()
            for code in FORBIDDEN[self.world.ledger.entry(ordinal).code]
        ]
        if self.world.ledger.serving:
            forbidden.append((0, 0, CODES["Success"]))
        for ordinal, attempt, code in forbidden:
            try:
                machine.handle(Reported(ordinal, attempt, code), self.world.at)
            except IllegalTransition:
                continue
            raise Violation(f"what the table forbids is refused: {ordinal} to {code}")
        if machine._root.code != CODES["Pending"]:
            self._check_second_start()
        if before != _machine_key(machine):
            raise Violation("what the table forbids changes nothing")


class Explored(NamedTuple):
    """What an exploration saw."""

    situations: int
    steps: int
    finished: int


def explore(scope: Scope, machine: type[Machine] = Machine, *, is_deep: bool = True) -> Explored:
    """Visit every situation in scope; raises `Violation`. Without `is_deep` processes die between steps only."""
    first = Situation.first(scope, machine)
    number = {first.key: 0}
    ways: list[list[int]] = [[]]
    is_finished = [False]
    queue = deque([(0, first)])
    steps = 0
    while queue:
        place, here = queue.popleft()
        here.check()
        is_finished[place] = here.world.machine.is_finished
        for move in here.moves():
            followers = [(here.after(move), move.is_bound)]
            if is_deep and move.verb != "crash":
                followers += [(torn, False) for torn in here.torn(move)]
            for then, is_bound in followers:
                steps += 1
                then.world.check_restores()
                key = then.key
                if key not in number:
                    number[key] = len(ways)
                    queue.append((len(ways), then))
                    ways.append([])
                    is_finished.append(False)
                if is_bound:
                    ways[place].append(number[key])
    _check_liveness(ways, is_finished)
    return Explored(len(ways), steps, sum(is_finished))


def _check_liveness(ways: list[list[int]], is_finished: list[bool]) -> None:
    """Check that every situation leads to a finished run by what is bound to happen, and that nothing goes in circles."""
    left = [len(followers) for followers in ways]
    back: list[list[int]] = [[] for _ in ways]
    for place, followers in enumerate(ways):
        for follower in followers:
            back[follower].append(place)
    settled = deque(place for place, finished in enumerate(is_finished) if finished)
    count = 0
    while settled:
        count += 1
        for place in back[settled.popleft()]:
            left[place] -= 1
            if not left[place] and not is_finished[place]:
                settled.append(place)
    if count != len(ways):
        raise Violation(f"every run ends: {len(ways) - count} of {len(ways)} situations may never")


def _machine_key(machine: Machine) -> Hashable:
    runs = tuple(
        (
            cell.ordinal,
            cell.code,
            cell.waiting,
            cell.attempt,
            cell.serving,
            cell.lost,
            cell.tried,
            cell.due,
            cell.parked,
            cell.resumed,
            cell.loop is not None,
        )
        for _, cell in sorted(machine._cells.items())
    )
    groups = tuple(
        (ordinal, bytes(group.status), group.open, tuple(getattr(group, "ready", ())))
        for ordinal, group in machine._groups.items()
    )
    ready = tuple(cell.ordinal for cell in machine._ready)
    queued = tuple(filter(machine.is_queued, machine._queued))
    flags = (machine.is_cancelled, machine._is_settling, machine._root.code, machine.outstanding, machine._next_ordinal)
    return (
        runs,
        groups,
        ready,
        queued,
        tuple(sorted(machine._timers)),
        tuple(group.first for group in machine._feeding),
        flags,
    )


def _copy_world(world: World) -> World:
    twin = copy.copy(world)
    twin.log, twin.ledger, twin.submits = list(world.log), world.ledger.copy(), dict(world.submits)
    twin.machine = _copy_machine(world.machine)
    return twin


def _copy_machine(machine: Machine) -> Machine:
    twin = copy.copy(machine)
    groups = {id(group): _copied(group) for group in machine._groups.values()}
    known = {id(machine._root): machine._root}
    for cell in (
        *machine._cells.values(),
        *machine._ready,
        *machine._queued.values(),
        *(group.parent for group in machine._groups.values()),
    ):
        known[id(cell)] = cell
    runs = {key: _copied(cell) for key, cell in known.items()}
    for cell in runs.values():
        cell.group = None if cell.group is None else groups[id(cell.group)]
    for group in groups.values():
        group.parent = runs[id(group.parent)]
        group.status, group.ready = bytearray(group.status), deque(group.ready)
        group.sources = [groups[id(source)] for source in group.sources]
        group.sinks = [groups[id(sink)] for sink in group.sinks]
    twin._root = runs[id(machine._root)]
    twin._cells = {ordinal: runs[id(cell)] for ordinal, cell in machine._cells.items()}
    twin._groups = {ordinal: groups[id(group)] for ordinal, group in machine._groups.items()}
    twin._feeding = [groups[id(group)] for group in machine._feeding]
    twin._queued = {ordinal: runs[id(cell)] for ordinal, cell in machine._queued.items()}
    twin._ready = deque(runs[id(cell)] for cell in machine._ready)
    twin._timers = list(machine._timers)
    twin._handlers = {kind: getattr(twin, method.__name__) for kind, method in machine._handlers.items()}
    return twin


def _copied(thing: Any) -> Any:
    if isinstance(thing, msgspec.Struct):
        return copy.copy(thing)
    twin = object.__new__(type(thing))
    for name in type(thing).__slots__:
        setattr(twin, name, getattr(thing, name))
    return twin
