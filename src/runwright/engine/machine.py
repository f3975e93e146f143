"""Machine: the decisions of one flow run, as a pure function from a stimulus to events and effects.

It is told the time; it reads no clock, starts no thread, calls no user code and touches no record. A report costs as much
as its run has links that lead out, never a look at all runs. `restore` folds events back into the same machine.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from runwright.engine import cells
from runwright.engine.cells import Cell, Group
from runwright.engine.stimuli import (
    Created,
    Decision,
    Effect,
    FinishRun,
    Kill,
    Recovered,
    Reported,
    Requested,
    Started,
    Stimulus,
    Submit,
    TimerFired,
)
from runwright.engine.transitions import LEGAL
from runwright.errors import IllegalTransition
from runwright.events import Event, EventKind
from runwright.flowable import Children
from runwright.ids import MAX_ORDINAL
from runwright.states import KIND_BY_CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from runwright.flowable import Flowable
    from runwright.graph import Graph, Node

_STATE, _EXPANDED = int(EventKind.STATE), int(EventKind.EXPANDED)
_CANCELLED = "The flow run was cancelled."


class Machine:
    """One flow run. Everything changes through `handle`; `window` bounds the attempts in the executor's hands."""

    def __init__(self, flow_run: UUID, graph: Graph, *, root: Flowable, mapped: Flowable, window: int = 256) -> None:
        """Stand before the run: `root` is how the flow run opens and closes, `mapped` how a mapped task does."""
        self.flow_run = flow_run
        self.graph = graph
        self.window = window
        self.is_cancelled = False
        self.outstanding = 0
        self._flowables = {None: root, "mapped": mapped}
        self._root = Cell(0, None, -1, None)
        self._cells: dict[int, Cell] = {0: self._root}
        self._groups: dict[int, Group] = {}
        self._feeding: list[Group] = []
        self._ready: deque[Cell] = deque()
        self._timers: list[tuple[int, int]] = []
        self._next_ordinal = 1
        self._is_settling = False
        self._handlers: dict[type[Any], Callable[[Any, int, Decision], None]] = {
            Reported: self._on_reported,
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
    def is_finished(self) -> bool:
        """Say whether the flow run is final."""
        return cells.IS_FINAL[self._root.code]

    @property
    def is_stalled(self) -> bool:
        """Say whether nothing moves on without a request: whatever is open is paused."""
        return not self.is_finished and not self.outstanding and self.next_timer is None and not self._is_settling

    def open_cells(self) -> list[Cell]:
        """Return the open runs, for inspection."""
        return list(self._cells.values())

    def group_of(self, ordinal: int) -> Group | None:
        """Return the children of a run that was expanded and is still known."""
        return self._groups.get(ordinal)

    # ---- stimuli

    def _on_created(self, stimulus: Created, at: int, decision: Decision) -> None:
        decision.events.append(Event(at, self.flow_run, 0, 1, 0, int(EventKind.CREATED), cells.PENDING, stimulus.data))

    def _on_started(self, stimulus: Started, at: int, decision: Decision) -> None:
        if (self._root.code, cells.RUNNING) not in LEGAL:
            raise self._refusal(self._root, cells.RUNNING)
        if self.is_cancelled:
            self._finish(decision)
            return
        self._record(self._root, cells.RUNNING, stimulus.data, at, decision)
        if 0 not in self._groups:
            self._expand_root(at, decision)
        for given in stimulus.given:
            self._end(self._cells[given.ordinal], given.state, given.data, at, decision)

    def _on_recovered(self, _: Recovered, at: int, decision: Decision) -> None:
        """Go on: finish what the events only began, and make the attempts again that the lost process was making."""
        if self.is_cancelled:
            self._cancel(at, decision)
        elif self._root.code == cells.RUNNING and 0 not in self._groups:
            self._expand_root(at, decision)
        for cell in list(self._cells.values()):
            if cell.ordinal and cells.IS_ACTIVE[cell.code]:
                self._make_again(cell, at, decision)
            elif cell.resumed and cell.is_paused:
                self._resume(cell, at, decision)
        for group in list(self._groups.values()):
            self._settle_if_empty(group, at, decision)

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

    def _on_timer(self, _: TimerFired, at: int, decision: Decision) -> None:
        while self._timers and self._timers[0][0] <= at:
            due, ordinal = heappop(self._timers)
            if self._is_awaited(due, ordinal):
                cell = self._cells[ordinal]
                cell.due = None
                cell.resumed = cell.code == cells.PAUSED
                self._ready.append(cell)

    def _on_requested(self, stimulus: Requested, at: int, decision: Decision) -> None:
        if self.is_finished:
            return
        data = {"intent": stimulus.intent, "by": stimulus.by, "ordinal": stimulus.ordinal}
        self._append(self._root, int(EventKind.REQUESTED), 0, data, at, decision)
        if stimulus.intent == "cancel":
            self._cancel(at, decision)
        elif stimulus.intent == "resume":
            for cell in self._paused(stimulus.ordinal):
                self._resume(cell, at, decision, stimulus.message)

    # ---- requests

    def _cancel(self, at: int, decision: Decision) -> None:
        """Stop what runs, end what does not; the flow run ends when the last attempt has."""
        self.is_cancelled = True
        self._ready.clear()
        self._timers.clear()
        self._feeding.clear()
        if self._root.code == cells.RUNNING:
            self._record(self._root, cells.CANCELLING, {"message": "The flow run is being cancelled."}, at, decision)
        for cell in self._cells.values():
            if cell.serving:
                decision.effects.append(Kill(cell.ordinal, cell.serving))
        for group in list(self._groups.values()):
            self._cancel_untouched(group, at, decision)
        for cell in sorted(self._cells.values(), key=lambda cell: -cell.ordinal):
            if cell.ordinal and not cell.serving and cell.ordinal not in self._groups:
                code = cells.KILLED if cells.IS_ACTIVE[cell.code] else cells.CANCELLED
                self._end(cell, code, {"message": _CANCELLED}, at, decision)
        if 0 not in self._groups:
            self._finish(decision)

    def _cancel_untouched(self, group: Group, at: int, decision: Decision) -> None:
        for index in range(group.count):
            if group.status[index] == cells.UNTOUCHED:
                group.status[index] = cells.OPEN
                cell = self._open_child(group, index)
                self._end(cell, cells.CANCELLED, {"message": _CANCELLED}, at, decision)

    def _resume(self, cell: Cell, at: int, decision: Decision, message: str = "Resumed.") -> None:
        before = cell.code
        self._record(cell, cells.RESUME, {"message": message}, at, decision)
        self._plan(cell, before, None)

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

    def _record(self, cell: Cell, code: int, data: dict[str, Any] | None, at: int, decision: Decision) -> None:
        """Put a run into a state, as an event."""
        self._move(cell, code, data)
        decision.events.append(Event(at, self.flow_run, cell.ordinal, cell.version, cell.attempt, _STATE, code, data))

    def _move(self, cell: Cell, code: int, data: dict[str, Any] | None) -> None:
        if code == cells.RUNNING and cell.code != cells.LOOPED and cell.ordinal:
            cell.attempt += 1
        elif code == cells.LOOPED:
            cell.loop = data
        elif code == cells.RETRYING and not cells.IS_ACTIVE[cell.code]:
            cell.tried += 1
        cell.version += 1
        cell.code = code

    def _append(self, cell: Cell, kind: int, state: int, data: dict[str, Any], at: int, decision: Decision) -> None:
        cell.version += 1
        decision.events.append(Event(at, self.flow_run, cell.ordinal, cell.version, cell.attempt, kind, state, data))

    def _end(self, cell: Cell, code: int, data: dict[str, Any] | None, at: int, decision: Decision) -> None:
        self._record(cell, code, data, at, decision)
        self._settle(cell, code, at, decision)

    def _expand_root(self, at: int, decision: Decision) -> None:
        count = len(self.graph.nodes)
        self._append(self._root, _EXPANDED, 0, {"first": 1, "tasks": count}, at, decision)
        self._open_root(count)
        self._settle_if_empty(self._groups[0], at, decision)

    def _expand(self, cell: Cell, length: int, at: int, decision: Decision) -> None:
        """Open the children of a mapped run; the run itself stays open until they are final."""
        self._release(cell)
        length = min([length, *(source.count for source in self._sources(self._node(cell)))])
        count, first = self._flowables["mapped"].expand(length).count, self._next_ordinal
        if self.is_cancelled:
            self._end(cell, cells.CANCELLED, {"message": _CANCELLED}, at, decision)
        elif first + count - 1 > MAX_ORDINAL:
            room = MAX_ORDINAL - first + 1
            text = f"{count} children are too many: this flow run has room for {room} more task runs. Map over batches."
            self._end(cell, cells.FAILED, {"message": text}, at, decision)
        else:
            data = {"first": first, "count": count, "task": self._node(cell).index}
            self._append(cell, _EXPANDED, 0, data, at, decision)
            self._settle_if_empty(self._open_group(cell, first, count), at, decision)

    def _settle(self, cell: Cell, code: int, at: int, decision: Decision) -> None:
        """Close a run that is final: count it in its group, let what waited for it go on."""
        group = self._close(cell, code)
        if group is not None and not group.open:
            self._settle_if_empty(group, at, decision)

    def _settle_if_empty(self, group: Group, at: int, decision: Decision) -> None:
        if group.open or cells.IS_FINAL[group.parent.code]:
            return
        parent = group.parent
        if parent.ordinal:
            ended = self._flowables["mapped"].settle(group.tally)
            if isinstance(ended, Children):
                raise TypeError("A mapped run settles once.")
            code = cells.CANCELLED if self.is_cancelled and group.cancelled else cells.MAPPED
            self._end(parent, code, {"children": group.count}, at, decision)
        else:
            self._finish(decision)

    def _finish(self, decision: Decision) -> None:
        if not self._is_settling:
            self._is_settling = True
            decision.effects.append(self._outcome())

    def _outcome(self) -> FinishRun:
        if self.is_cancelled:
            return FinishRun("Cancelled", _CANCELLED)
        ended = self._flowables[None].settle(self._groups[0].tally)
        if isinstance(ended, Children):
            raise TypeError("A flow run settles once.")
        return FinishRun(ended.state, ended.message)

    def _is_early(self, code: int) -> bool:
        """Say whether the flow run would end before its task runs have."""
        return cells.IS_FINAL[code] and 0 in self._groups and self._groups[0].open > 0

    # ---- bookkeeping shared with restore: no events, no effects

    def _open_root(self, count: int) -> None:
        group = Group(self._root, 1, count, None, [])
        self._groups[0] = group
        self._next_ordinal = 1 + count
        for node in self.graph.nodes:
            group.status[node.index] = cells.OPEN
            cell = Cell(node.index + 1, node, -1, group, waiting=len(node.inputs))
            self._cells[cell.ordinal] = cell
            if not cell.waiting:
                self._ready.append(cell)

    def _open_group(self, cell: Cell, first: int, count: int) -> Group:
        node = self._node(cell)
        group = Group(cell, first, count, node, self._sources(node))
        self._groups[cell.ordinal] = group
        self._next_ordinal = first + count
        self._feeding.append(group)
        for link in node.outputs:
            if self.graph.is_pairwise(link):
                self._satisfy(link.downstream)
        return group

    def _sources(self, node: Node) -> list[Group]:
        """Return the groups whose child i must end before child i of this mapped node may start."""
        upstream = [link.upstream + 1 for link in node.inputs if self.graph.is_pairwise(link)]
        return [self._groups[ordinal] for ordinal in upstream if ordinal in self._groups]

    def _open_child(self, group: Group, index: int) -> Cell:
        cell = Cell(group.first + index, group.node, index, group)
        self._cells[cell.ordinal] = cell
        return cell

    def _close(self, cell: Cell, code: int) -> Group | None:
        self._cells.pop(cell.ordinal, None)
        group, node = cell.group, cell.node
        if group is None or node is None:
            return None
        if cell.index >= 0:
            group.close(cell.index, code)
            return group
        was_expanded = cell.ordinal in self._groups
        group.close(node.index, code, is_reference=node.is_reference and not was_expanded)
        if was_expanded and node.is_reference:
            children = self._groups[cell.ordinal]
            group.reference_bad += children.bad
            group.reference_other += children.cancelled
        for link in node.outputs:
            if not (was_expanded and self.graph.is_pairwise(link)):
                self._satisfy(link.downstream)
        return group

    def _satisfy(self, node_index: int) -> None:
        cell = self._cells.get(node_index + 1)
        if cell is not None:
            cell.waiting -= 1
            if not cell.waiting:
                self._ready.append(cell)

    def _plan(self, cell: Cell, before: int, due: int | None) -> None:
        """Let a run wait until it is due, or until somebody asks; being paused uses up no retry."""
        cell.due, cell.parked = due, False
        cell.resumed = cell.code == cells.RESUME
        cell.lost += cells.IS_ACTIVE[before] and cell.code != cells.RETRYING
        if due is not None:
            heappush(self._timers, (due, cell.ordinal))
        elif cell.code in {cells.RESUME, cells.RETRYING}:
            self._ready.append(cell)
        else:
            cell.parked = True

    def _lose(self, cell: Cell) -> None:
        cell.lost += 1
        self._ready.append(cell)

    def _is_awaited(self, due: int, ordinal: int) -> bool:
        """Say whether a timer still means something; that of a run resumed early does not."""
        cell = self._cells.get(ordinal)
        return cell is not None and cell.due == due

    def _paused(self, ordinal: int) -> list[Cell]:
        runs = (cell for cell in self._cells.values() if cell.ordinal and cell.is_paused)
        return [cell for cell in runs if not ordinal or cell.ordinal == ordinal]

    def _release(self, cell: Cell) -> None:
        if cell.serving:
            cell.serving = 0
            self.outstanding -= 1

    def _node(self, cell: Cell) -> Node:
        if cell.node is None:
            raise TypeError("The flow run itself is no node.")
        return cell.node

    # ---- effects

    def _drain(self, at: int, decision: Decision) -> None:
        """Submit what is ready while the window has room, then children, the newest group first: depth before breadth."""
        if self.is_cancelled:
            return
        while self._ready and self.outstanding < self.window:
            cell = self._ready.popleft()
            if cell.is_idle and self._cells.get(cell.ordinal) is cell and cell.ordinal not in self._groups:
                self._submit(cell, decision.effects)
        while self._feeding and self.outstanding < self.window:
            child = self._next_child()
            if child is None:
                return
            self._submit(child, decision.effects)

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
        self.outstanding += 1
        is_parent = node.is_mapped and cell.index < 0
        needs_commit = group is not None and bool(group.sources or (cell.index < 0 and node.inputs))
        runs = cell.serving - cell.lost + cell.tried
        submit = Submit(
            cell.ordinal, node.index, cell.index, cell.serving, runs, is_parent, cell.resumed, needs_commit, cell.loop
        )
        effects.append(submit)

    def _refusal(self, cell: Cell, code: int) -> IllegalTransition:
        before, after = KIND_BY_CODE[cell.code].name, KIND_BY_CODE[code].name
        where = cell.node.slug if cell.node is not None else "the flow run"
        return IllegalTransition(
            f"{where} (ordinal {cell.ordinal}, version {cell.version}) cannot go {before} -> {after}."
        )

    # ---- restore

    def restore(self, events: Iterable[Event]) -> Machine:
        """Fold the events of a run, oldest first, into this fresh machine; `Recovered` then makes it go on."""
        for event in events:
            self._restore_one(event)
        return self

    def _restore_one(self, event: Event) -> None:
        cell = self._cells.get(event.ordinal) or self._find_child(event.ordinal)
        if event.kind == EventKind.CREATED or cell is None:
            return
        data = event.data or {}
        if event.kind == _STATE:
            self._restore_state(cell, event, data)
        else:
            cell.version = event.version
        if event.kind == _EXPANDED:
            if "tasks" in data:
                self._open_root(data["tasks"])
            else:
                self._open_group(cell, data["first"], data["count"])
        elif event.kind == EventKind.REQUESTED:
            self._restore_request(data)

    def _restore_request(self, data: dict[str, Any]) -> None:
        if data["intent"] == "cancel":
            self.is_cancelled = True
        elif data["intent"] == "resume":
            for cell in self._paused(data["ordinal"]):
                cell.resumed = True

    def _restore_state(self, cell: Cell, event: Event, data: dict[str, Any]) -> None:
        before = cell.code
        self._move(cell, event.state, data)
        cell.parked, cell.due = False, None
        if cells.IS_FINAL[event.state]:
            self._close(cell, event.state)
        elif data.get("lost"):
            self._lose(cell)
        elif before == cells.PAUSED and event.state == cells.RUNNING:
            cell.resumed = True
        elif cell.ordinal and not cells.IS_ACTIVE[event.state]:
            self._plan(cell, before, data.get("due"))

    def _find_child(self, ordinal: int) -> Cell | None:
        for group in self._groups.values():
            if group.node is not None and group.first <= ordinal < group.first + group.count:
                index = ordinal - group.first
                if group.status[index] == cells.UNTOUCHED:
                    group.status[index] = cells.OPEN
                    return self._open_child(group, index)
        return None
