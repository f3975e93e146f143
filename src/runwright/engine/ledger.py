"""Ledger: what is known of one flow run: its open runs, their children, what is ready and what is due. No events, no effects.

The machine decides on top of it. `restore` folds the events of a run into the same ledger that their decisions left.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import deque
from heapq import heappush
from typing import TYPE_CHECKING, Any

from runwright.engine import cells
from runwright.engine.branches import Branch, plan_from_data
from runwright.engine.cells import Cell, Group
from runwright.events import EventKind
from runwright.flowable import AFTERMATH

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self
    from uuid import UUID

    from runwright.events import Event
    from runwright.flowable import Children
    from runwright.graph import Graph, Node

_STATE, _EXPANDED = int(EventKind.STATE), int(EventKind.EXPANDED)

_AFTER_THE_END = frozenset({"afterExecution"})


class Ledger:
    """One flow run. Ordinals are given in the order in which runs expand; ordinal 0 is the flow run itself."""

    def __init__(self, flow_run: UUID, graph: Graph, *, window: int = 256) -> None:
        """Stand before the run; `window` bounds the attempts in the executor's hands.

        What ended badly in a branch stays known, because it may run again; `keeps_ended` is for whoever is to reopen others.
        `is_owned` says that somebody runs it, and not just asks something of it.
        """
        self.flow_run = flow_run
        self.graph = graph
        self.window = window
        self.keeps_ended = self.is_owned = False
        self.is_cancelled = self.is_killed = self.is_held = False
        self.outstanding: int = 0
        self._root = Cell(0, None, -1, None)
        self._cells: dict[int, Cell] = {0: self._root}
        self._groups: dict[int, Group | Branch] = {}
        self._feeding: list[Group] = []
        self._branches: list[Branch] = []
        self._spans: list[Group | Branch] = []
        self._ended: dict[int, Cell] = {}
        self._waiting: set[int] = set()
        self._queued: dict[int, Cell] = {}
        self._ready: deque[Cell] = deque()
        self._timers: list[tuple[int, int]] = []
        self._next_ordinal = 1
        self._is_settling = False

    @property
    def is_finished(self) -> bool:
        """Say whether the flow run is final."""
        return cells.IS_FINAL[self._root.code]

    @property
    def is_stopped(self) -> bool:
        """Say whether somebody had the flow run stopped: it, or all that it waited for."""
        return self.is_cancelled or self._root.code == cells.KILLED

    @property
    def is_over(self) -> bool:
        """Say whether the flow run is final, and so is what was to run after its end."""
        branch = self._groups.get(0)
        is_after = type(branch) is Branch and branch.plan.branch == "afterExecution"
        return self.is_finished and not (is_after and not branch.is_over)  # type: ignore[union-attr]  it is a branch

    def open_cells(self) -> list[Cell]:
        """Return the open runs, for inspection."""
        return list(self._cells.values())

    def cell_of(self, ordinal: int) -> Cell | None:
        """Return an open run."""
        return self._cells.get(ordinal)

    def group_of(self, ordinal: int) -> Group | None:
        """Return the children of a mapped run that was expanded and is still known; those of the flow run for 0."""
        group = self._groups.get(ordinal)
        return group if isinstance(group, Group) else None

    def is_queued(self, ordinal: int) -> bool:
        """Say whether a run waits for a slot."""
        cell = self._queued.get(ordinal)
        return cell is not None and self._cells.get(ordinal) is cell

    def branch_of(self, ordinal: int) -> Branch | None:
        """Return the latest branch of a run that stands for others."""
        group = self._groups.get(ordinal)
        return group if isinstance(group, Branch) else None

    def branch_around(self, ordinal: int) -> Branch:
        """Return the branch that a run belongs to; raises `LookupError` for one that no branch has."""
        group = self._span_around(ordinal)
        if isinstance(group, Branch):
            return group
        raise LookupError(f"Ordinal {ordinal} is in no branch.")

    def _span_around(self, ordinal: int) -> Group | Branch | None:
        place = bisect_right(self._spans, ordinal, key=lambda each: each.first)
        group = self._spans[place - 1] if place else None
        return group if group is not None and ordinal < group.first + group.count else None

    @property
    def has_begun(self) -> bool:
        """Say whether the flow run has expanded."""
        return 0 in self._groups

    @property
    def has_started(self) -> bool:
        """Say whether the flow run has expanded, or is about to."""
        return self.has_begun or cells.IS_ACTIVE[self._root.code]

    # ---- children

    def _open_root(self, count: int) -> Group:
        group = Group(self._root, 1, count, None, [])
        self._groups[0] = group
        self._spans.append(group)
        self._next_ordinal = 1 + count
        for node in self.graph.nodes:
            group.status[node.index] = cells.OPEN
            cell = Cell(node.index + 1, node, -1, group, waiting=len(node.inputs))
            self._cells[cell.ordinal] = cell
            if not cell.waiting:
                self._ready.append(cell)
        return group

    def _open_group(self, cell: Cell, first: int, count: int) -> Group:
        node = self._node(cell)
        group = Group(cell, first, count, node, self._sources(node))
        self._groups[cell.ordinal] = group
        self._spans.append(group)
        self._next_ordinal = first + count
        self._feeding.append(group)
        for link in node.outputs:
            if self.graph.is_pairwise(link):
                self._satisfy(link.downstream)
        return group

    def _open_branch(self, cell: Cell, first: int, plan: Children) -> Branch:
        branch = Branch(cell, first, plan, self.graph)
        before = self._groups.get(cell.ordinal)
        branch.before = before if isinstance(before, Branch) else None
        self._groups[cell.ordinal] = branch
        self._spans.append(branch)
        branch.is_held = plan.branch == "afterExecution"
        branch.is_later = plan.branch != "tasks" or plan.turn > 1 or self._has_come_later(cell)
        self._next_ordinal = first + branch.count
        self._feed(branch)
        return branch

    @staticmethod
    def _has_come_later(cell: Cell) -> bool:
        group = cell.group
        return type(group) is Branch and group.follows(cell)

    def _begin_aftermath(self) -> None:
        """Let what is to run after the end of the flow run begin."""
        branch = self._groups.get(0)
        if type(branch) is Branch:
            branch.is_held = False
            self._feed(branch)

    def _forget_aftermath(self) -> None:
        """Forget what was to run after an end that was never recorded: it is asked for again."""
        self._take_back(0, _AFTER_THE_END)

    def _take_back(self, ordinal: int, branches: frozenset[str]) -> None:
        """Let a run be where it was before these branches of it opened, because of an end that is none: they are asked for again."""
        branch = self._groups.get(ordinal)
        while type(branch) is Branch and branch.plan.branch in branches:
            del self._groups[ordinal]
            if branch.is_feeding:
                branch.is_feeding = False
                self._branches.remove(branch)
            branch = branch.before
            if branch is not None:
                branch.recount()
                self._groups[ordinal] = branch

    def _feed(self, branch: Branch) -> None:
        """Look for children in a branch from now on, before all others: depth before breadth."""
        if not branch.is_feeding and branch.has_more:
            branch.is_feeding = True
            self._branches.append(branch)

    def _sources(self, node: Node) -> list[Group]:
        """Return the groups whose child i must end before child i of this mapped node may start."""
        upstream = [link.upstream + 1 for link in node.inputs if self.graph.is_pairwise(link)]
        return [group for ordinal in upstream if isinstance(group := self._groups.get(ordinal), Group)]

    def _open_child(self, group: Group, index: int) -> Cell:
        cell = Cell(group.first + index, group.node, index, group)
        self._cells[cell.ordinal] = cell
        return cell

    def _open_member(self, branch: Branch, index: int, at: int) -> Cell:
        cell = Cell(branch.first + index, branch.node_of(index), branch.round_of(index), branch, opened=at)
        self._cells[cell.ordinal] = cell
        return cell

    def _close(self, cell: Cell, code: int) -> Group | Branch | None:
        self._cells.pop(cell.ordinal, None)
        group, node = cell.group, cell.node
        if group is None or node is None:
            self.is_held = False  # it is the flow run: what comes after its end is not held
            return None
        if isinstance(group, Branch):
            return self._close_member(cell, group, code)
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

    def _close_member(self, cell: Cell, branch: Branch, code: int) -> Branch:
        branch.close(cell.ordinal - branch.first, code)
        if self.keeps_ended or not cells.IS_OK[code]:
            self._ended[cell.ordinal] = cell
        self._waiting.discard(cell.ordinal)
        self._feed(branch)
        return branch

    def _satisfy(self, node_index: int) -> None:
        cell = self._cells.get(node_index + 1)
        if cell is not None:
            cell.waiting -= 1
            if not cell.waiting:
                self._ready.append(cell)

    # ---- waiting

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

    def _queue(self, cell: Cell) -> None:
        """Let a run wait for a slot, as for one link more; a group of which a window full waits opens no others."""
        cell.waiting = 1
        self._queued[cell.ordinal] = cell
        group = cell.group
        if type(group) is Group and group in self._feeding and self._is_crowded(group):
            self._feeding.remove(group)

    def _leave_queue(self, cell: Cell) -> None:
        del self._queued[cell.ordinal]
        cell.waiting = 0
        self._ready.append(cell)
        group = cell.group
        if type(group) is Group and cell.index >= 0 and group.has_untouched and group not in self._feeding:
            insort(self._feeding, group, key=lambda each: each.first)

    def _is_crowded(self, group: Group) -> bool:
        return sum(cell.group is group for cell in self._queued.values()) >= self.window

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
            if not self._stands_for_others(cell):
                self.outstanding -= 1

    def _move(self, cell: Cell, code: int, data: dict[str, Any] | None) -> None:
        """Put a run into a state."""
        if code == cells.RUNNING and cell.code != cells.LOOPED and cell.ordinal:
            cell.attempt += 1
        elif code == cells.LOOPED:
            cell.loop = data
        elif code == cells.RETRYING and not cells.IS_ACTIVE[cell.code]:
            cell.tried += 1
        cell.version += 1
        cell.code = code
        cell.suspended = False

    @staticmethod
    def _stands_for_others(cell: Cell) -> bool:
        return cell.node is not None and cell.node.flowable is not None

    @staticmethod
    def _node(cell: Cell) -> Node:
        if cell.node is None:
            raise TypeError("The flow run itself is no node.")
        return cell.node

    # ---- running again

    def _reopen(self, cell: Cell) -> None:
        """Take back the end of a run."""
        branch = cell.group
        if type(branch) is not Branch:
            raise TypeError("Only what a branch opened runs again.")
        self._ended.pop(cell.ordinal, None)
        self._queued.pop(cell.ordinal, None)
        self._cells[cell.ordinal] = cell
        cell.parked, cell.due, cell.serving, cell.waiting = False, None, 0, 0
        branch.reopen(cell.ordinal - branch.first)
        self._groups[branch.parent.ordinal] = branch  # those that came of its end never were
        self._take_back(cell.ordinal, AFTERMATH)

    def _begin_anew(self, cell: Cell, at: int) -> None:
        """Note that somebody restarted a run: limits of a loop count from there."""
        latest = self.branch_of(cell.ordinal)
        cell.restarted, cell.turns = at, 0 if latest is None else latest.plan.turn

    # ---- restore

    def restore(self, events: Iterable[Event]) -> Self:
        """Fold the events of a run, oldest first, into this fresh ledger; a machine then goes on after `Recovered`."""
        for event in events:
            self._restore_one(event)
        for branch in self._branches:
            branch.is_feeding = False
        self._branches.clear()
        for group in self._groups.values():
            if isinstance(group, Branch):
                group.recount()
                self._feed(group)
        return self

    def _restore_one(self, event: Event) -> None:
        data = event.data or {}
        cell = self._cells.get(event.ordinal) or self._find_child(event)
        if event.kind == EventKind.CREATED or cell is None:
            return
        if event.kind == _STATE:
            self._restore_state(cell, event, data)
        else:
            cell.version = event.version
            cell.suspended = cell.suspended or bool(data.get("suspended"))
        if event.kind == _EXPANDED:
            self._restore_expansion(cell, data)
        elif event.kind == EventKind.REQUESTED:
            self._restore_request(data)

    def _restore_expansion(self, cell: Cell, data: dict[str, Any]) -> None:
        if "body" in data:
            self._open_branch(cell, data["first"], plan_from_data(data))
        elif "tasks" in data:
            self._open_root(data["tasks"])
        else:
            self._open_group(cell, data["first"], data["count"])

    def _restore_request(self, data: dict[str, Any]) -> None:
        intent = data["intent"]
        if intent in {"cancel", "kill"}:
            self.is_cancelled, self.is_held = True, False
            self.is_killed = intent == "kill"
        elif intent == "pause":
            self.is_held = True
        elif intent == "resume":
            self.is_held = self.is_held and bool(data["ordinal"])  # one of its runs goes on, not what is held
            for cell in self._paused(data["ordinal"]):
                cell.resumed = True
                cell.given = data.get("data") or {}
        elif intent in {"restart", "mark"} and self.is_finished:
            self.is_cancelled = self.is_killed = self.is_held = self._is_settling = False

    def _restore_state(self, cell: Cell, event: Event, data: dict[str, Any]) -> None:
        before = cell.code
        self._move(cell, event.state, data)
        cell.parked, cell.due = False, None
        if data.get("restart"):
            self._begin_anew(cell, event.at)
            if not cell.ordinal and not data.get("marked") and not data.get("keeps"):
                self._take_back(0, AFTERMATH)
        self._restore_waiting(cell)
        if cells.IS_FINAL[event.state]:
            cell.serving = 0
            self._close(cell, event.state)
        elif data.get("lost"):
            self._waiting.discard(cell.ordinal)
            self._lose(cell)
        elif self._stands_for_others(cell) and cells.IS_ACTIVE[event.state]:
            cell.serving = cell.attempt
        elif before == cells.PAUSED and event.state == cells.RUNNING and cell.ordinal:
            cell.resumed = True
        elif event.state == cells.QUEUED and "waits_for" in data:
            cell.serving, cell.resumed = 0, cell.resumed or before == cells.PAUSED
            self._ready.append(cell)
        elif cell.ordinal and not cells.IS_ACTIVE[event.state]:
            cell.serving = 0
            self._plan(cell, before, data.get("due"))

    def _restore_waiting(self, cell: Cell) -> None:
        """Note whether the flow run waits with a run; one that goes on does with none that waited before."""
        if not cell.ordinal:
            if cell.code == cells.RUNNING:
                self._waiting.clear()
                self.is_held = False
        elif cells.IS_WAITING[cell.code] and cell.code != cells.RESUME:
            self._waiting.add(cell.ordinal)
        else:
            self._waiting.discard(cell.ordinal)

    def _open_ended(self, group: Group | Branch, index: int, event: Event) -> Cell | None:
        """Return a run that has ended and runs again."""
        if not isinstance(group, Branch) or event.kind != _STATE:
            return None
        children = self._groups.get(event.ordinal)
        cell = self._ended.get(event.ordinal) or (None if children is None else children.parent)
        if cell is None:
            cell = self._open_member(group, index, event.at)
            cell.code, cell.version, cell.attempt = group.status[index], event.version - 1, event.attempt
        self._reopen(cell)
        return cell

    def _find_child(self, event: Event) -> Cell | None:
        """Return the run of an event that is not open: a child's first event opens it, a restart opens what has ended."""
        ordinal = event.ordinal
        if not ordinal:
            if event.kind == _STATE:  # what is noted of a flow run that has ended does not open it
                self._cells[0] = self._root
            return self._root
        group = self._span_around(ordinal)
        return None if group is None else self._open_untouched(group, ordinal - group.first, event)

    def _open_untouched(self, group: Group | Branch, index: int, event: Event) -> Cell | None:
        if group.status[index] != cells.UNTOUCHED:
            return self._open_ended(group, index, event)
        if isinstance(group, Branch):
            group.begin(index)
            return self._open_member(group, index, event.at)
        if group.node is None:
            return None
        group.status[index] = cells.OPEN
        return self._open_child(group, index)
