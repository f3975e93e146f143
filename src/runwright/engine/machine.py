"""Machine: the decisions of one flow run, as a pure function from a stimulus to events and effects.

It is told the time; it reads no clock, starts no thread, calls no user code and touches no record. A report costs as much
as its run has links that lead out, never a look at all runs. `restore` folds events back into the same machine.
"""

from __future__ import annotations

from heapq import heappop
from typing import TYPE_CHECKING, Any

from runwright.engine import cells
from runwright.engine.branches import Branch
from runwright.engine.requests import Requests
from runwright.engine.stimuli import (
    Admitted,
    Annotated,
    Created,
    Decision,
    Effect,
    FinishRun,
    Left,
    Opened,
    Recovered,
    Refused,
    Reported,
    Requested,
    Resolve,
    Started,
    Stimulus,
    Submit,
    TimerFired,
)
from runwright.engine.transitions import LEGAL
from runwright.events import Event, EventKind
from runwright.ids import MAX_ORDINAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from runwright.engine.cells import Cell, Group
    from runwright.flowable import Ending
    from runwright.graph import Graph

_EXPANDED, _ANNOTATED = int(EventKind.EXPANDED), int(EventKind.ANNOTATED)
_REOPENED = frozenset({cells.RESUME, cells.QUEUED})
_CANCELLED = "The flow run was cancelled."


class Machine(Requests):
    """One flow run. Everything changes through `handle`; `window` bounds the attempts in the executor's hands."""

    def __init__(self, flow_run: UUID, graph: Graph, *, ending: Ending, window: int = 256) -> None:
        """Stand before the run; `ending` says how one ends whose graph opens all nodes at once."""
        super().__init__(flow_run, graph, window=window)
        self._ending = ending
        self._handlers: dict[type[Any], Callable[[Any, int, Decision], None]] = {
            Reported: self._on_reported,
            Refused: self._on_refused,
            Admitted: self._on_admitted,
            Opened: self._on_opened,
            Annotated: self._on_annotated,
            Left: self._on_left,
            Created: self._on_created,
            Started: self._on_started,
            Recovered: self._on_recovered,
            TimerFired: self._on_timer,
            Requested: self._on_requested,
        }

    def handle(self, stimulus: Stimulus, at: int) -> Decision:
        """Return what follows from a stimulus at a time (ns); raises `IllegalTransition` and changes nothing."""
        decision = Decision([], [])
        self._handlers[type(stimulus)](stimulus, at, decision)
        self._drain(at, decision)
        return decision

    @property
    def next_timer(self) -> int | None:
        """Return when (ns) something waiting is due, None for never."""
        timers = self._timers
        while timers and not self._is_awaited(*timers[0]):
            heappop(timers)
        return timers[0][0] if timers else None

    @property
    def is_stalled(self) -> bool:
        """Say whether nothing moves on without a request: whatever is open is paused."""
        if self.is_over or self.outstanding or self.next_timer is not None or self._is_settling:
            return False
        return self.is_held or not any(map(self.is_queued, self._queued))

    def is_asked(self, resolve: Resolve) -> bool:
        """Say whether a question is still open: nothing that it asks about began again meanwhile."""
        cell = self._cells.get(resolve.ordinal)
        if cell is None or cell.serving != resolve.attempt:
            return False
        if resolve.tallies is None:
            return True
        branch = self.branch_of(resolve.ordinal)
        return branch is not None and branch.is_over and branch.tallies() == resolve.tallies

    # ---- stimuli

    def _on_created(self, stimulus: Created, at: int, decision: Decision) -> None:
        decision.events.append(Event(at, self.flow_run, 0, 1, 0, int(EventKind.CREATED), cells.PENDING, stimulus.data))

    def _on_annotated(self, stimulus: Annotated, at: int, decision: Decision) -> None:
        cell = self._root if not stimulus.ordinal else self._cells.get(stimulus.ordinal)
        if cell is not None:
            self._append(cell, _ANNOTATED, 0, stimulus.data, at, decision)

    def _on_left(self, _: Left, at: int, decision: Decision) -> None:
        """Say once of each run that is paused that it is nowhere but on record now."""
        for cell in self._cells.values():
            if cell.code == cells.PAUSED and not (cell.serving or cell.suspended):
                cell.suspended = True
                self._append(cell, int(EventKind.ANNOTATED), 0, {"suspended": True}, at, decision)

    def _on_started(self, stimulus: Started, at: int, decision: Decision) -> None:
        if (self._root.code, cells.RUNNING) not in LEGAL:
            raise self._refusal(self._root, cells.RUNNING)
        self.is_owned, self.is_held = True, False
        if self.is_cancelled:
            self._finish(decision)
            return
        self._record(self._root, cells.RUNNING, stimulus.data, at, decision)
        if not self.has_begun:
            self._expand_root(at, decision)
        for given in stimulus.given:
            self._end(self._cells[given.ordinal], given.state, given.data, at, decision)

    def _on_recovered(self, _: Recovered, at: int, decision: Decision) -> None:
        """Go on: finish what the events only began, and make the attempts again that the lost process was making."""
        self.is_owned = True
        if not self.is_finished:
            self._forget_aftermath()
        if self._root.code in _REOPENED and self.has_begun:
            self._record(self._root, cells.RUNNING, None, at, decision)
        self._follow_again(at, decision)
        if self.is_finished:
            self._begin_aftermath()
        elif self.is_cancelled:
            self._cancel(Requested("cancel"), at, decision)
        elif self._root.code == cells.RUNNING and not self.has_begun:
            self._expand_root(at, decision)
        self._recover_open(at, decision)
        for group in list(self._groups.values()):
            if isinstance(group, Branch):
                self._settle_branch(group, at, decision)
            else:
                self._settle_if_empty(group, at, decision)

    def _recover_open(self, at: int, decision: Decision) -> None:
        for cell in list(self._cells.values()):
            if cell.ordinal and cells.IS_ACTIVE[cell.code]:
                self._recover(cell, at, decision)
            elif cell.ordinal and cell.resumed and cell.is_paused:
                self._resume(cell, at, decision)

    def _recover(self, cell: Cell, at: int, decision: Decision) -> None:
        if not self._stands_for_others(cell):
            self._make_again(cell, at, decision)
        elif cell.ordinal not in self._groups:
            self._resolve(cell, decision.effects)

    def _on_reported(self, stimulus: Reported, at: int, decision: Decision) -> None:
        cell = self._cells.get(stimulus.ordinal)
        if cell is None or stimulus.attempt != cell.serving or (not cell.serving and cell.ordinal):
            return
        before, code = cell.code, stimulus.state
        if (before, code) not in LEGAL or (not cell.ordinal and self._is_early(code)):
            raise self._refusal(cell, code)
        if code == cells.MAPPED and cell.ordinal and cell.index < 0 and cell.node is not None and cell.node.is_mapped:
            self._expand(cell, stimulus.length, at, decision)
            return
        self._record(cell, code, stimulus.data, at, decision)
        if cells.IS_FINAL[code]:
            self._release(cell)
            self._settle(cell, code, at, decision)
        elif cell.ordinal and not cells.IS_ACTIVE[code]:
            self._release(cell)
            if self.is_cancelled:
                self._end(cell, cells.CANCELLED, {"message": _CANCELLED}, at, decision)
            else:
                self._plan(cell, before, stimulus.due)
                self._follow(cell, at, decision)

    def _on_refused(self, stimulus: Refused, at: int, decision: Decision) -> None:
        """Let a run wait for a slot, out of the executor's hands: what needs none goes on in its place."""
        cell = self._cells.get(stimulus.ordinal)
        if cell is None or not cell.serving or cell.serving != stimulus.attempt:
            return
        if cell.code != cells.QUEUED:
            self._record(cell, cells.QUEUED, stimulus.data, at, decision)
        self._release(cell)
        self._queue(cell)

    def _on_admitted(self, stimulus: Admitted, _: int, __: Decision) -> None:
        if self.is_queued(stimulus.ordinal):
            self._leave_queue(self._cells[stimulus.ordinal])

    def _on_opened(self, stimulus: Opened, at: int, decision: Decision) -> None:
        """Give a run that stands for others its children; it stays Running until they are final."""
        cell = self._cells.get(stimulus.ordinal)
        if cell is None or stimulus.attempt != cell.serving:
            return
        if self.is_cancelled:
            self._end_unless_root(cell, at, decision)
            return
        if cell.ordinal and cell.code != cells.RUNNING:
            self._record(cell, cells.RUNNING, stimulus.data, at, decision)
            cell.serving = cell.attempt
        elif cell.ordinal and stimulus.data is not None:  # it is asked anew
            self._append(cell, _ANNOTATED, 0, stimulus.data, at, decision)
        first, count = self._next_ordinal, len(stimulus.children.body) * stimulus.children.rounds
        if first + count - 1 > MAX_ORDINAL:
            self._refuse_children(cell, count, at, decision)
            return
        branch = self._open_branch(cell, first, stimulus.children)
        self._append(cell, _EXPANDED, 0, branch.data(), at, decision)
        self._settle_branch(branch, at, decision)

    def _on_timer(self, _: TimerFired, at: int, decision: Decision) -> None:
        while self._timers and self._timers[0][0] <= at:
            due, ordinal = heappop(self._timers)
            if self._is_awaited(due, ordinal):
                cell = self._cells[ordinal]
                cell.due = None
                cell.resumed = cell.code == cells.PAUSED
                self._go_on(cell, at, decision)
                self._ready.append(cell)

    def _make_again(self, cell: Cell, at: int, decision: Decision) -> None:
        """Try the attempt that a lost process was making once more, without using up a retry."""
        if cell.code == cells.CANCELLING:
            self._end(cell, cells.KILLED, {"message": "Its process was lost while it was being stopped."}, at, decision)
            return
        lost = {"state": cells.CRASHED, "message": "The process that ran it was lost."}
        data = {"message": "Run again after its process was lost.", "failed": lost, "lost": True}
        self._record(cell, cells.RETRYING, data, at, decision)
        self._lose(cell)

    # ---- decisions

    def _expand_root(self, at: int, decision: Decision) -> None:
        if self.graph.flowable is not None:
            decision.effects.append(Resolve(0, 0))
            return
        count = len(self.graph.nodes)
        self._append(self._root, _EXPANDED, 0, {"first": 1, "tasks": count}, at, decision)
        self._settle_if_empty(self._open_root(count), at, decision)

    def _expand(self, cell: Cell, length: int, at: int, decision: Decision) -> None:
        """Open the children of a mapped run; the run itself stays open until they are final."""
        self._release(cell)
        length = min([length, *(source.count for source in self._sources(self._node(cell)))])
        first = self._next_ordinal
        if self.is_cancelled:
            self._end(cell, cells.CANCELLED, {"message": _CANCELLED}, at, decision)
        elif first + length - 1 > MAX_ORDINAL:
            self._refuse_children(cell, length, at, decision)
        else:
            data = {"first": first, "count": length, "task": self._node(cell).index}
            self._append(cell, _EXPANDED, 0, data, at, decision)
            self._settle_if_empty(self._open_group(cell, first, length), at, decision)

    def _refuse_children(self, cell: Cell, count: int, at: int, decision: Decision) -> None:
        room = MAX_ORDINAL - self._next_ordinal + 1
        text = f"{count} children are too many: this flow run has room for {room} more task runs. Map over batches."
        self._end(cell, cells.FAILED, {"message": text}, at, decision)

    def _settle(self, cell: Cell, code: int, at: int, decision: Decision) -> None:
        """Close a run that is final: count it in its group, let what waited for it go on."""
        group = self._close(cell, code)
        if group is None or group.open:
            return
        if isinstance(group, Branch):
            self._settle_branch(group, at, decision)
        else:
            self._settle_if_empty(group, at, decision)

    def _settle_if_empty(self, group: Group, at: int, decision: Decision) -> None:
        if group.open or cells.IS_FINAL[group.parent.code]:
            return
        parent = group.parent
        if parent.ordinal:
            code = cells.CANCELLED if self.is_cancelled and group.cancelled else cells.MAPPED
            self._end(parent, code, {"children": group.count}, at, decision)
        else:
            self._finish(decision)

    def _settle_branch(self, branch: Branch, at: int, decision: Decision) -> None:
        """Ask how the run above goes on when a branch is over, unless it goes nowhere any more."""
        parent = branch.parent
        if not branch.is_over or self._groups.get(parent.ordinal) is not branch:
            return
        if self.is_cancelled:
            self._end_unless_root(parent, at, decision)
        elif parent.ordinal == 0 or parent.serving:
            self._resolve(parent, decision.effects, branch)

    def _end_unless_root(self, cell: Cell, at: int, decision: Decision) -> None:
        if cell.ordinal == 0:
            self._finish(decision)
        elif cell.ordinal in self._cells:
            self._end(cell, cells.KILLED, {"message": _CANCELLED}, at, decision)

    def _finish(self, decision: Decision) -> None:
        if not self._is_settling:
            self._is_settling = True
            decision.effects.append(self._outcome())

    def _outcome(self) -> FinishRun:
        if self.is_cancelled:
            return FinishRun("Killed" if self.is_killed else "Cancelled", _CANCELLED)
        ended = self._ending.settle(self._groups[0].tally)
        return FinishRun(ended.state, ended.message)

    def _is_early(self, code: int) -> bool:
        """Say whether the flow run would end before its task runs have."""
        return cells.IS_FINAL[code] and 0 in self._groups and self._groups[0].open > 0

    # ---- effects

    def _drain(self, at: int, decision: Decision) -> None:
        """Submit what is ready while the window has room, then children, the newest group first: depth before breadth."""
        if self.is_cancelled or self.is_held:
            return
        while self._ready and self.outstanding < self.window:
            cell = self._ready.popleft()
            if cell.is_idle and self._cells.get(cell.ordinal) is cell and self._may_begin(cell):
                self._submit(cell, decision.effects)
        while self._branches and self.outstanding < self.window:
            branch = self._branches[-1]
            index = branch.take() if self._is_led(branch) else -1
            if index >= 0:
                self._submit(self._open_member(branch, index, at), decision.effects)
            else:
                branch.is_feeding = False
                self._branches.remove(branch)
        while self._feeding and self.outstanding < self.window:
            child = self._next_child()
            if child is None:
                return
            self._submit(child, decision.effects)

    def _may_begin(self, cell: Cell) -> bool:
        return cell.ordinal not in self._groups or self._stands_for_others(cell)

    def _is_led(self, branch: Branch) -> bool:
        """Say whether the run above a branch is under way, and stands for this one: a mark or a restart may come between."""
        parent = branch.parent
        is_under_way = not parent.ordinal or cells.IS_ACTIVE[parent.code]
        return is_under_way and self._groups.get(parent.ordinal) is branch

    def _next_child(self) -> Cell | None:
        for group in reversed(self._feeding):
            index = group.take()
            if index >= 0:
                return self._open_child(group, index)
        self._feeding = [group for group in self._feeding if group.has_untouched]
        return None

    def _submit(self, cell: Cell, effects: list[Effect]) -> None:
        node, group = self._node(cell), cell.group
        cell.serving = cell.attempt + 1
        if node.flowable is not None:
            self._resolve(cell, effects)
            return
        self.outstanding += 1
        is_parent = node.is_mapped and cell.index < 0
        needs_commit = group is not None and group.follows(cell)
        runs = cell.serving - cell.lost + cell.tried
        submit = Submit(
            cell.ordinal, node.index, cell.index, cell.serving, runs, is_parent, cell.resumed, needs_commit, cell.loop
        )
        effects.append(submit)

    def _resolve(self, cell: Cell, effects: list[Effect], over: Branch | None = None) -> None:
        """Ask how a run that stands for others opens, or with a branch that is over, how it goes on."""
        latest = self.branch_of(cell.ordinal)
        resolve = Resolve(
            cell.ordinal,
            cell.serving,
            -1 if cell.node is None else cell.node.index,
            cell.index,
            tallies=None if over is None else over.tallies(),
            turn=0 if latest is None else latest.plan.turn,
            resumed=cell.resumed,
            data=cell.given,
            since=cell.restarted,
            turns_before=cell.turns,
        )
        cell.given = None
        effects.append(resolve)
