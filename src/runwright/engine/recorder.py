"""Recorder: how a decision is written down: the states of runs, and what else is said of them, as events of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.engine import cells
from runwright.engine.ledger import Ledger
from runwright.errors import IllegalTransition
from runwright.events import Event, EventKind
from runwright.states import KIND_BY_CODE

if TYPE_CHECKING:
    from runwright.engine.branches import Branch
    from runwright.engine.cells import Cell, Group
    from runwright.engine.stimuli import Decision

_STATE = int(EventKind.STATE)


class Recorder(Ledger):
    """A ledger whose changes are events."""

    def _record(self, cell: Cell, code: int, data: dict[str, Any] | None, at: int, decision: Decision) -> None:
        """Put a run into a state, as an event; the first of a branch's child says when that was opened, and what for."""
        if cell.opened and cell.version == 1:
            data = {**(data or {}), "opened": cell.opened}
            value = cell.group.value_of(cell.ordinal - cell.group.first)  # type: ignore[union-attr]  only branches open
            if value is not None:
                data["value"] = value
        self._move(cell, code, data)
        decision.events.append(Event(at, self.flow_run, cell.ordinal, cell.version, cell.attempt, _STATE, code, data))

    def _append(self, cell: Cell, kind: int, state: int, data: dict[str, Any], at: int, decision: Decision) -> None:
        """Say something about a run that is no transition."""
        cell.version += 1
        decision.events.append(Event(at, self.flow_run, cell.ordinal, cell.version, cell.attempt, kind, state, data))

    def _end(self, cell: Cell, code: int, data: dict[str, Any] | None, at: int, decision: Decision) -> None:
        """Put a run into a final state, and let what waited for it go on."""
        self._record(cell, code, data, at, decision)
        self._settle(cell, code, at, decision)

    def _settle(self, cell: Cell, code: int, at: int, decision: Decision) -> None:
        raise NotImplementedError

    def _settle_if_empty(self, group: Group, at: int, decision: Decision) -> None:
        raise NotImplementedError

    def _settle_branch(self, branch: Branch, at: int, decision: Decision) -> None:
        raise NotImplementedError

    def _finish(self, decision: Decision) -> None:
        raise NotImplementedError

    def _refusal(self, cell: Cell, code: int) -> IllegalTransition:
        before, after = KIND_BY_CODE[cell.code].name, KIND_BY_CODE[code].name
        where = cell.node.slug if cell.node is not None else "the flow run"
        return IllegalTransition(
            f"{where} (ordinal {cell.ordinal}, version {cell.version}) cannot go {before} -> {after}."
        )

    # ---- the flow run follows

    def _follow(self, cell: Cell, at: int, decision: Decision) -> None:
        """Let a flow run whose graph is flowable wait with a task run that does."""
        if self.graph.flowable is None:
            return
        self._waiting.add(cell.ordinal)
        if self._root.code == cells.RUNNING:
            self._record(self._root, cell.code, None, at, decision)

    def _go_on(self, cell: Cell, at: int, decision: Decision, message: str | None = None) -> None:
        """Let the flow run go on with the last task run that it waited with; `message` says that somebody asked for it."""
        self._waiting.discard(cell.ordinal)
        root = self._root
        if self._waiting or self.is_held or root.code not in {cells.PAUSED, cells.RETRYING}:
            return
        if message is None:
            self._record(root, cells.RUNNING, None, at, decision)
        else:
            self._record(root, cells.RESUME, {"message": message}, at, decision)
            self._run_on(at, decision)

    def _run_on(self, at: int, decision: Decision) -> None:
        """Let a flow run that was asked to go on do so, if somebody runs it; it is Resume until then."""
        if self.is_owned:
            self._record(self._root, cells.RUNNING, None, at, decision)

    def _follow_again(self, at: int, decision: Decision) -> None:
        """Let a flow run that was restored wait, or go on, with its task runs: its own event may not have been written."""
        root = self._root
        if self.graph.flowable is None:
            return
        if (self._waiting or self.is_held) and root.code == cells.RUNNING:
            code = cells.PAUSED if self.is_held else self._cells[max(self._waiting)].code
            self._record(root, code, None, at, decision)
        elif not (self._waiting or self.is_held) and root.code in {cells.PAUSED, cells.RETRYING}:
            self._record(root, cells.RUNNING, None, at, decision)
