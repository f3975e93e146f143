"""Requests: what follows when somebody asks something of a flow run: to end it, hold it, let it go on, or run part of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from runwright.engine import cells
from runwright.engine.branches import Branch
from runwright.engine.recorder import Recorder
from runwright.engine.stimuli import Decision, Kill, Requested, Resolve
from runwright.engine.transitions import LEGAL
from runwright.errors import IllegalTransition
from runwright.events import EventKind
from runwright.flowable import AFTERMATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runwright.engine.cells import Cell, Group

_REQUESTED = int(EventKind.REQUESTED)
_CANCELLED = "The flow run was cancelled."
_AGAIN = {"restart": True}


class Requests(Recorder):
    """A recorder that answers requests."""

    def _on_requested(self, stimulus: Requested, at: int, decision: Decision) -> None:
        if self.is_finished and stimulus.intent not in _REOPENING:
            return
        answer = self._ANSWERS.get(stimulus.intent)
        if answer is None:
            known = ", ".join(sorted(self._ANSWERS))
            raise IllegalTransition(f"Nobody can ask a flow run to {stimulus.intent!r}: the intents are {known}.")
        if stimulus.intent in _REOPENING:
            self._check_reopening(stimulus)
        elif stimulus.intent == "pause" and self._root.code != cells.RUNNING:
            raise self._refusal(self._root, cells.PAUSED)
        data: dict[str, Any] = {"intent": stimulus.intent, "by": stimulus.by, "ordinal": stimulus.ordinal}
        if stimulus.data:
            data["data"] = stimulus.data
        if stimulus.request:
            data["request"] = stimulus.request
        self._append(self._root, _REQUESTED, 0, data, at, decision)
        answer(self, stimulus, at, decision)

    # ---- ending

    def _kill(self, _: Requested, at: int, decision: Decision) -> None:
        self.is_killed = True
        self._cancel(_, at, decision)

    def _cancel(self, _: Requested, at: int, decision: Decision) -> None:
        """Stop what runs, end what does not; the flow run ends when the last attempt has."""
        self.is_cancelled, self.is_held = True, False
        self._ready.clear()
        self._timers.clear()
        self._feeding.clear()
        for branch in self._branches:
            branch.is_feeding = False
        self._branches.clear()
        is_under_way = self.has_begun or cells.IS_ACTIVE[self._root.code]
        if is_under_way and (self._root.code, cells.CANCELLING) in LEGAL:
            message = f"The flow run is being {'killed' if self.is_killed else 'cancelled'}."
            self._record(self._root, cells.CANCELLING, {"message": message}, at, decision)
        served = [cell for cell in self._cells.values() if cell.serving and not self._stands_for_others(cell)]
        # What has not begun goes first: it would begin in the place of what is stopped.
        for cell in sorted(served, key=lambda cell: cells.IS_ACTIVE[cell.code]):
            decision.effects.append(Kill(cell.ordinal, cell.serving))
        for group in list(self._groups.values()):
            self._cancel_untouched(group, at, decision)
        for cell in sorted(self._cells.values(), key=lambda cell: -cell.ordinal):
            if cell.ordinal in self._cells and self._ends_at_once(cell):
                code = cells.KILLED if self.is_killed or cells.IS_ACTIVE[cell.code] else cells.CANCELLED
                self._end(cell, code, {"message": _CANCELLED}, at, decision)
        if not self.has_begun or self._groups[0].open == 0:
            self._finish(decision)

    def _ends_at_once(self, cell: Cell) -> bool:
        """Say whether nothing keeps a run from ending: no attempt, no child that is open."""
        if not cell.ordinal:
            return False
        group = self._groups.get(cell.ordinal)
        if self._stands_for_others(cell):
            return group is None or group.open == 0
        return not cell.serving and group is None

    def _cancel_untouched(self, group: Group | Branch, at: int, decision: Decision) -> None:
        if isinstance(group, Branch):
            group.is_stopped = True
            return
        for index in range(group.count):
            if group.status[index] == cells.UNTOUCHED:
                group.status[index] = cells.OPEN
                cell = self._open_child(group, index)
                self._end(cell, cells.CANCELLED, {"message": _CANCELLED}, at, decision)

    # ---- waiting

    def _pause(self, _: Requested, at: int, decision: Decision) -> None:
        """Let nothing new begin; what runs ends as it would."""
        self.is_held = True
        self._record(self._root, cells.PAUSED, {"message": "Somebody asked for a pause."}, at, decision)

    def _let_go_on(self, stimulus: Requested, at: int, decision: Decision) -> None:
        if self.is_held and not stimulus.ordinal:
            self.is_held = False
            if not self._waiting and self._root.code == cells.PAUSED:
                self._record(self._root, cells.RESUME, {"message": stimulus.message}, at, decision)
                self._run_on(at, decision)
        for cell in self._paused(stimulus.ordinal):
            cell.given = stimulus.data or {}
            self._resume(cell, at, decision, stimulus.message)

    def _resume(self, cell: Cell, at: int, decision: Decision, message: str = "Resumed.") -> None:
        before = cell.code
        self._go_on(cell, at, decision, message)
        if not self._stands_for_others(cell):
            self._record(cell, cells.RESUME, {"message": message}, at, decision)
            self._plan(cell, before, None)
        else:
            cell.due, cell.parked, cell.resumed = None, False, True
            self._ready.append(cell)

    # ---- running again

    def _check_reopening(self, stimulus: Requested) -> None:
        """Raise `IllegalTransition` when there is nothing that a restart or a mark could go on from."""
        if self.graph.flowable is None:
            raise IllegalTransition("A flow written in Python is not restarted: run it again with the states it had.")
        if self.is_cancelled and not self.is_finished:
            raise IllegalTransition(f"The flow run is being stopped: {stimulus.intent} it when it has ended.")
        if stimulus.intent == "restart" and not self.is_finished:
            raise IllegalTransition("The flow run has not ended: restart it then.")
        if stimulus.intent == "restart" and not any(self._restartable()) and not self._has_failed_after_all():
            raise IllegalTransition("No task found to restart execution from!")
        if stimulus.intent == "mark" and stimulus.ordinal and stimulus.ordinal not in {*self._ended, *self._cells}:
            raise IllegalTransition("There is no such task run that has begun.")
        children = self._groups.get(stimulus.ordinal)
        if stimulus.intent == "mark" and stimulus.ordinal in self._cells and children is not None and children.open:
            raise IllegalTransition("What stands for others ends after them: mark those that are under way below it.")
        if stimulus.intent == "mark" and not self.is_finished and self._is_followed(stimulus.ordinal):
            raise IllegalTransition("What came of its end is under way: mark the task run when that has ended.")

    def _is_followed(self, ordinal: int) -> bool:
        """Say whether something is under way that a later branch opened because of an end that a mark would take back."""
        cell = self._ended.get(ordinal)
        branches = [] if cell is None else [each.group for each in self._with_parents(cell)]
        latest = [
            (branch, self._groups.get(branch.parent.ordinal)) for branch in branches if isinstance(branch, Branch)
        ]
        return any(later is not None and later is not branch and later.open > 0 for branch, later in latest)

    def _restart(self, stimulus: Requested, at: int, decision: Decision) -> None:
        """Run again what ended badly, under the runs above it; what came of that end is left behind."""
        self._rerun(list(self._restartable()), at, decision, stimulus)

    def _mark(self, stimulus: Requested, at: int, decision: Decision) -> None:
        """Put one task run into a final state, and go on from there."""
        code = (stimulus.data or {})["state"]
        if not stimulus.ordinal:
            self._change(code, at, decision)
            return
        cell = self._ended.get(stimulus.ordinal)
        if cell is not None:
            self._rerun(list(self._with_parents(cell)), at, decision, stimulus, marked=code)
            return
        cell = self._cells[stimulus.ordinal]
        if cell.serving and not self._stands_for_others(cell):
            decision.effects.append(Kill(cell.ordinal, cell.serving))
            self._release(cell)
        self._go_on(cell, at, decision, "Marked.")
        self._end(cell, code, {"message": "Marked.", "marked": True}, at, decision)

    def _change(self, code: int, at: int, decision: Decision) -> None:
        """Put a flow run that has ended into another final state, and nothing else."""
        if not self.is_finished:
            raise self._refusal(self._root, code)
        marked = {"message": "Marked.", "marked": True}
        self._record(self._root, cells.RESUME, {**marked, **_AGAIN}, at, decision)
        self._record(self._root, code, marked, at, decision)

    def _rerun(
        self, again: list[Cell], at: int, decision: Decision, stimulus: Requested, *, marked: int | None = None
    ) -> None:
        root = self._root
        if self.is_finished:
            self.is_cancelled = self.is_killed = self.is_held = self._is_settling = False
            self._leave_behind(at, decision)
            self._cells[0] = root
            self._record(root, cells.RESUME, {"message": stimulus.message, **_AGAIN}, at, decision)
            self._take_back(0, AFTERMATH)
            self._run_on(at, decision)
        for cell in again:  # those above first
            self._reopen(cell)
        below = [self._groups.get(cell.ordinal) for cell in again if marked is None or cell.ordinal != stimulus.ordinal]
        groups = [*below, *(cell.group for cell in again)]
        for branch in {group.first: group for group in groups if isinstance(group, Branch)}.values():
            branch.recount()
            self._feed(branch)
        for cell in again:
            if marked is not None and cell.ordinal == stimulus.ordinal:
                self._record(cell, cells.RESUME, {"message": "Marked.", "marked": True, **_AGAIN}, at, decision)
                self._end(cell, marked, {"message": "Marked.", "marked": True}, at, decision)
            else:
                self._run_again(cell, at, decision)
        for cell in [*again, *([] if again else [root])]:
            self._ask_again(cell, at, decision)

    def _leave_behind(self, at: int, decision: Decision) -> None:
        """End what runs after an end that is taken back; nothing follows from that."""
        aside = Decision(decision.events, [])
        for cell in sorted(self._cells.values(), key=lambda cell: -cell.ordinal):
            if cell.serving and not self._stands_for_others(cell):
                decision.effects.append(Kill(cell.ordinal, cell.serving))
                self._release(cell)
            code = cells.KILLED if cells.IS_ACTIVE[cell.code] else cells.CANCELLED
            self._end(cell, code, {"message": "The end that it came after was taken back."}, at, aside)

    def _ask_again(self, cell: Cell, at: int, decision: Decision) -> None:
        """Ask how a run goes on that stands for others, where nothing below it does."""
        is_asked = any(type(each) is Resolve and each.ordinal == cell.ordinal for each in decision.effects)
        if cell.ordinal not in self._cells or cell.code != cells.RUNNING or is_asked:
            return
        children = self._groups.get(cell.ordinal)
        if isinstance(children, Branch):
            self._settle_branch(children, at, decision)
        else:
            decision.effects.append(Resolve(cell.ordinal, cell.serving, self._node(cell).index, cell.index))

    def _run_again(self, cell: Cell, at: int, decision: Decision) -> None:
        if not self._stands_for_others(cell) or self._node(cell).flowable.restarts_whole:
            self._record(cell, cells.RESUME, {"message": "Restarted.", **_AGAIN}, at, decision)
            self._plan(cell, cells.FAILED, None)
            return
        self._record(cell, cells.RUNNING, {"message": "Restarted.", **_AGAIN}, at, decision)
        self._begin_anew(cell, at)
        cell.serving = cell.attempt

    def _restartable(self) -> Iterator[Cell]:
        """Yield what ended badly and belongs to the tasks proper, those above first."""
        seen: set[int] = set()
        for cell in sorted(self._ended.values(), key=lambda cell: cell.ordinal):
            runs = _down_to_whole(self._with_parents(cell))
            for each in runs if not any(cells.IS_OK[run.code] for run in runs) else ():
                if each.ordinal not in seen and not self._is_aftermath(each):
                    seen.add(each.ordinal)
                    yield each

    def _has_failed_after_all(self) -> bool:
        """Say whether nothing but what runs whatever came before ended badly: that runs again then."""
        branch = self.branch_of(0)
        while branch is not None and branch.plan.branch == "afterExecution":
            branch = branch.before
        return branch is not None and branch.plan.branch == "finally" and branch.bad > 0

    def _with_parents(self, cell: Cell) -> Iterator[Cell]:
        branch = cell.group
        if isinstance(branch, Branch) and branch.parent.ordinal in self._ended:
            yield from self._with_parents(branch.parent)
        yield cell

    def _is_aftermath(self, cell: Cell) -> bool:
        """Say whether a run is there only because of an end that a restart takes back."""
        branch = cell.group
        while isinstance(branch, Branch):
            if branch.plan.branch in AFTERMATH:
                return True
            branch = branch.parent.group
        return False

    _ANSWERS: ClassVar[dict[str, Callable[[Any, Requested, int, Decision], None]]] = {
        "cancel": _cancel,
        "kill": _kill,
        "pause": _pause,
        "resume": _let_go_on,
        "restart": _restart,
        "mark": _mark,
    }


def _down_to_whole(runs: Iterator[Cell]) -> list[Cell]:
    """Return runs, each above the next, down to the first that a restart begins anew."""
    taken: list[Cell] = []
    for cell in runs:
        taken.append(cell)
        if cell.node is not None and cell.node.flowable is not None and cell.node.flowable.restarts_whole:
            break
    return taken


_REOPENING = {"restart", "mark"}
