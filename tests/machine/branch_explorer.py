"""BranchExplorer: every interleaving of everything that can happen to a small run of branches, breadth first.

As the explorer of graphs, with the questions that scripts answer, and with all that can be asked of an execution.
"""

from __future__ import annotations

import copy
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from runwright.engine.machine import Machine
from runwright.errors import IllegalTransition
from runwright.states import KIND_BY_NAME

from .branch_world import BranchWorld
from .explorer import Explored, _check_liveness, _copied
from .ledger import Violation

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from runwright.engine.branches import Branch
    from runwright.engine.cells import Cell
    from runwright.graph import Graph


class BranchScope(NamedTuple):
    """What may happen in an exploration, and how often: `ends` is how work may end, `asks` what may be asked, each once."""

    flow: Graph
    ends: tuple[str, ...] = ("Success",)
    asks: tuple[str, ...] = ()
    retries: int = 0
    crashes: int = 0
    window: int = 256


class Move(NamedTuple):
    """One thing that happens. `is_bound` says that it will happen by itself in the end; `spends` what it uses up."""

    verb: str
    name: str = ""
    state: str = ""
    spends: str = ""
    is_bound: bool = False


class Situation:
    """A world and what may still happen to it."""

    def __init__(self, world: BranchWorld, budget: dict[str, int], scope: BranchScope) -> None:
        self.world = world
        self.budget = budget
        self.scope = scope

    @classmethod
    def first(cls, scope: BranchScope, machine: type[Machine] = Machine) -> Situation:
        """Return the situation when a flow run has started."""
        world = BranchWorld(scope.flow, window=scope.window, machine=machine)
        world.start()
        asks = {intent: scope.asks.count(intent) for intent in scope.asks}
        return cls(world, {**asks, "retries": scope.retries, "crashes": scope.crashes}, scope)

    def copy(self) -> Situation:
        world = copy.copy(self.world)
        world.log, world.commits = list(world.log), world.commits[-1:]
        world.ledger, world.pending = world.ledger.copy(), deque(world.pending)
        world.machine = _copy_machine(world.machine)
        return Situation(world, dict(self.budget), self.scope)

    @property
    def key(self) -> Hashable:
        """Return what tells apart situations that may go different ways."""
        world = self.world
        asked = tuple((each.ordinal, each.attempt, each.tallies is None) for each in world.pending)
        finish = None if world.finish is None else world.finish.state
        return (_machine_key(world.machine), asked, finish, world.at, tuple(self.budget.values()))

    @property
    def is_over(self) -> bool:
        return self.world.machine.is_over and not self.world.pending

    def moves(self) -> Iterator[Move]:
        """Yield everything that may happen next."""
        world, machine = self.world, self.world.machine
        if world.pending:
            yield Move("answer", is_bound=True)
        elif world.finish is not None:
            yield Move("finish", is_bound=True)
            if self.budget["crashes"]:
                yield Move("crash", spends="crashes")
            return
        if machine.next_timer is not None:
            yield Move("time", is_bound=True)
        for name in world.serving:
            yield from self._words(name)
        is_parked = machine.is_held or any(cell.is_paused for cell in machine.open_cells() if cell.ordinal)
        if is_parked and not machine.is_finished:
            yield Move("resume", is_bound=True)
        for intent in ("cancel", "kill", "pause", "restart", "mark"):
            if self.budget.get(intent):
                yield from self._requests(intent)
        if self.budget["crashes"]:
            yield Move("crash", spends="crashes")

    def after(self, move: Move) -> Situation | None:
        """Return the situation that follows, None where what was asked is refused; this one stays as it is."""
        then = self.copy()
        if move.spends:
            then.budget[move.spends] -= 1
        try:
            then._apply(move)
        except IllegalTransition as refusal:
            if move.verb in {"pause", "restart", "mark"}:
                return None
            raise Violation(f"what happens by the rules is not refused: {move}: {refusal}") from refusal
        return then

    def torn(self, whole: Situation) -> Iterator[Situation]:
        """Yield what follows when the process dies inside a step: each prefix of its decisions on record, no effect done."""
        for keep in [each for each in whole.world.commits if len(self.world.log) <= each < len(whole.world.log)]:
            world = copy.copy(whole.world)
            world.log, world.commits, world.pending = list(whole.world.log), list(whole.world.commits), deque()
            world.crash(keep)
            yield Situation(world, {**whole.budget, "crashes": whole.budget["crashes"] - 1}, self.scope)

    def _apply(self, move: Move) -> None:
        world = self.world
        if move.verb == "report":
            world.report(move.name, move.state, due=world.at + 2 if move.state == "Retrying" else None)
        elif move.verb == "answer":
            world.answer()
        elif move.verb == "time":
            world.pass_time()
        elif move.verb == "finish":
            world.finish_run()
        elif move.verb == "crash":
            world.crash()
        elif move.verb == "mark":
            world.request("mark", move.name, state=_SUCCESS)
        else:
            world.request(move.verb)

    def _words(self, name: str) -> Iterator[Move]:
        world, state = self.world, self.world.state(name)
        if world.ledger.is_cancelled:
            words = ("Killed", "Success") if state in {"Running", "Cancelling"} else ("Cancelled",)
        elif state == "Running":
            words = self.scope.ends
            if self.budget["retries"]:
                yield Move("report", name, "Retrying", spends="retries")
        else:
            words = ("Running",)
        yield from (Move("report", name, word, is_bound=True) for word in words)

    def _requests(self, intent: str) -> Iterator[Move]:
        world = self.world
        if intent in {"restart", "mark"} or not world.machine.is_finished:
            if intent != "mark":
                yield Move(intent, spends=intent)
            else:
                names = {world.name(ordinal) for ordinal in sorted(world.ledger.opened)}
                yield from (Move("mark", name, spends=intent) for name in sorted(names))


def explore(
    scope: BranchScope, machine: type[Machine] = Machine, *, is_deep: bool = True, most: int = 20_000
) -> Explored:
    """Visit every situation in scope; raises `Violation`. Without `is_deep` processes die between steps only."""
    first = Situation.first(scope, machine)
    number = {first.key: 0}
    ways: list[list[int]] = [[]]
    is_over = [False]
    queue = deque([(0, first)])
    steps = 0
    while queue:
        place, here = queue.popleft()
        is_over[place] = here.is_over
        for move in here.moves():
            then = here.after(move)
            if then is None:
                continue
            followers = [(then, move.is_bound)]
            if is_deep and move.verb != "crash" and here.budget["crashes"]:
                followers += [(torn, False) for torn in here.torn(then)]
            for follower, is_bound in followers:
                steps += 1
                follower.world.check_restores()
                key = follower.key
                if key not in number:
                    assert len(ways) < most, "the scope is too large"
                    number[key] = len(ways)
                    queue.append((len(ways), follower))
                    ways.append([])
                    is_over.append(False)
                if is_bound:
                    ways[place].append(number[key])
    _check_liveness(ways, is_over)
    return Explored(len(ways), steps, sum(is_over))


_SUCCESS = KIND_BY_NAME["Success"].code


def _cell_key(cell: Cell) -> Hashable:
    group = cell.group
    return (
        cell.ordinal, cell.code, cell.attempt, cell.serving, cell.lost, cell.tried, cell.due, cell.parked, cell.resumed,
        -1 if group is None else group.first,
    )  # fmt: skip


def _branch_key(branch: Branch) -> Hashable:
    return (
        branch.first, bytes(branch.status), branch.open, branch.ok, branch.bad, branch.killed, branch.is_stopped,
        branch.is_held, branch.is_feeding, branch._begun, branch._running, tuple(branch._next), tuple(branch._suspended),
        tuple(tuple(sorted(each)) for each in branch._needs), -1 if branch.before is None else branch.before.first,
    )  # fmt: skip


def _machine_key(machine: Machine) -> Hashable:
    return (
        tuple(_cell_key(cell) for _, cell in sorted(machine._cells.items())),
        tuple(_cell_key(cell) for _, cell in sorted(machine._ended.items())),
        tuple((ordinal, _branch_key(branch)) for ordinal, branch in sorted(machine._groups.items())),  # type: ignore[arg-type]  all are branches
        tuple(cell.ordinal for cell in machine._ready),
        tuple(sorted(machine._timers)),
        tuple(branch.first for branch in machine._branches),
        tuple(sorted(machine._waiting)),
        (machine.is_cancelled, machine.is_killed, machine.is_held, machine._is_settling, machine._root.code),
        (machine.outstanding, machine._next_ordinal),
    )


def _copy_machine(machine: Machine) -> Machine:
    twin = copy.copy(machine)
    branches = {id(each): each for each in (*machine._groups.values(), *machine._branches, *machine._spans)}
    for branch in list(branches.values()):
        before = getattr(branch, "before", None)
        while before is not None:
            branches[id(before)] = before
            before = before.before
    cells = {
        id(cell): cell for cell in (*machine._cells.values(), *machine._ended.values(), *machine._ready, machine._root)
    }
    for cell in [*cells.values(), *(branch.parent for branch in branches.values())]:
        cells[id(cell)] = cell
    runs = {key: _copied(cell) for key, cell in cells.items()}
    groups = {key: _copied(branch) for key, branch in branches.items()}
    for cell in runs.values():
        cell.group = None if cell.group is None else groups[id(cell.group)]
    for branch in groups.values():
        branch.parent = runs[id(branch.parent)]
        branch.before = None if branch.before is None else groups[id(branch.before)]
        branch.status = bytearray(branch.status)
        branch._next, branch._suspended = deque(branch._next), deque(branch._suspended)
        branch._needs = [set(each) for each in branch._needs]
    twin._root = runs[id(machine._root)]
    twin._cells = {ordinal: runs[id(cell)] for ordinal, cell in machine._cells.items()}
    twin._ended = {ordinal: runs[id(cell)] for ordinal, cell in machine._ended.items()}
    twin._groups = {ordinal: groups[id(each)] for ordinal, each in machine._groups.items()}
    twin._branches = [groups[id(each)] for each in machine._branches]
    twin._spans = [groups[id(each)] for each in machine._spans]
    twin._ready = deque(runs[id(cell)] for cell in machine._ready)
    twin._timers, twin._waiting = list(machine._timers), set(machine._waiting)
    twin._handlers = {kind: getattr(twin, method.__name__) for kind, method in machine._handlers.items()}
    return twin
