"""The checker is awake: with any guard of the machine switched off, the exploration finds a broken rule.

Where one guard hides the loss of another, both are switched off at once, and the row says so.
"""

from __future__ import annotations

import pytest

from runwright.engine.machine import Machine

from .explorer import Scope, explore
from .ledger import Violation
from .mutants import Edit, mutant
from .test_exploration import ENDS, SCOPES

REFUSED = SCOPES["a task refused, everything"]
ONE, CHAIN, MAP = SCOPES["one task, everything"], SCOPES["chain"], SCOPES["map"]
_DRAIN = "            if cell.is_idle and self._cells.get(cell.ordinal) is cell and self._may_begin(cell):\n"

GUARDS: dict[str, tuple[Scope, str, tuple[Edit, ...]]] = {
    # who may speak
    "a report belongs to the attempt that is made": (
        CHAIN, "late words", (Edit("or stimulus.attempt != cell.serving ", ""),)),
    "attempt 0 speaks for the flow run alone": (
        CHAIN, "late words", (Edit(" or (not cell.serving and cell.ordinal)", ""),)),
    "the table decides what may follow": (
        CHAIN, "the table forbids", (Edit("(before, code) not in LEGAL or ", ""),)),
    "a flow run does not end before its task runs": (
        CHAIN, "the table forbids", (Edit(" or (not cell.ordinal and self._is_early(code))", ""),)),
    "a flow run starts once": (
        CHAIN, "starts once", (Edit("if (self._root.code, cells.RUNNING) not in LEGAL:", "if False:"),)),
    "what has ended is forgotten": (
        CHAIN, "the machine knows the open runs", (Edit("self._cells.pop(cell.ordinal, None)", "None"),)),
    "an attempt that has ended leaves the window": (
        CHAIN, "outstanding counts|knows every attempt",
        (Edit("            self._release(cell)\n            self._settle(cell, code, at, decision)",
              "            self._settle(cell, code, at, decision)"),)),
    # who waits for a slot
    "what was refused says so": (
        REFUSED, "is Queued", (Edit("            self._record(cell, cells.QUEUED, stimulus.data, at, decision)", "            pass"),)),
    "what was refused leaves the window": (
        REFUSED, "every attempt", (Edit("        self._release(cell)\n        self._queue(cell)", "        self._queue(cell)"),)),
    "what was refused waits for its slot": (
        REFUSED, "the machine knows what waits|waits for its slot|stalled|something moves",
        (Edit("        self._release(cell)\n        self._queue(cell)", "        self._release(cell)"),)),
    "what waits for a slot moves on by itself": (
        REFUSED, "something moves|every run ends",
        (Edit("return self.is_held or not any(map(self.is_queued, self._queued))", "return True"),)),
    "what got its slot is made": (
        REFUSED, "something moves|every run ends", (Edit("        cell.waiting = 0\n        self._ready.append(cell)", "        cell.waiting = 0"),)),
    "a new owner asks for the slot again": (
        REFUSED, "is restored|something moves",
        (Edit('event.state == cells.QUEUED and "waits_for" in data', "False"),)),
    # when a run may start
    "a run waits for all its upstream runs": (
        SCOPES["diamond"], "upstream ends first", (Edit("waiting=len(node.inputs)", "waiting=min(1, len(node.inputs))"),)),
    "every upstream run counts down": (
        CHAIN, "something moves|every run ends", (Edit("cell.waiting -= 1", "pass"),)),
    "only what is idle is submitted (is_idle in _drain)": (
        CHAIN, "not made before it is due", (Edit(_DRAIN, _DRAIN.replace("cell.is_idle and ", "")),)),
    "a success on record is not made again": (
        CHAIN, "what has ended is not made again",
        (Edit(_DRAIN, _DRAIN.replace("self._cells.get(cell.ordinal) is cell and ", "")),)),
    "a run that was expanded is not made again": (
        MAP, "expanded is not made again", (Edit(_DRAIN, _DRAIN.replace(" and self._may_begin(cell)", "")),)),
    "a pair waits for its source": (
        SCOPES["map over map"], "upstream ends first",
        (Edit("        if self.sources:\n            while", "        if False:\n            while", "cells"),)),
    "a pair waits for all its sources": (
        Scope("a => b; a => c; b => d; c => d", length=1), "upstream ends first",
        (Edit("sink.is_fed(index)", "True", "cells"), Edit("if self.is_fed(match.start())", "if False", "cells"))),
    "a pair is opened once": (
        SCOPES["map over map"], "one attempt|the machine knows|is not made again",
        (Edit("                if status[index] == UNTOUCHED:", "                if True:", "cells"),)),
    "an expansion satisfies a pairwise edge once": (
        SCOPES["map over map and a task"], "upstream ends first",
        (Edit("if not (was_expanded and self.graph.is_pairwise(link)):", "if True:"),)),
    "a restored child is not opened again": (
        MAP, "one attempt at a time|is not made again|the machine knows",
        (Edit("        group.status[index] = cells.OPEN\n        return", "        return"),)),
    "the window bounds children": (
        SCOPES["map in a window"], "the window is not exceeded",
        (Edit("while self._feeding and self.outstanding < self.window:", "while self._feeding:"),)),
    "the window bounds what is ready": (
        SCOPES["retries in a window"], "the window is not exceeded",
        (Edit("while self._ready and self.outstanding < self.window:", "while self._ready:"),)),
    # waiting
    "a timer fires when it is due": (
        SCOPES["two retries"], "before it is due",
        (Edit("while self._timers and self._timers[0][0] <= at:", "while self._timers:"),)),
    "a timer that was overtaken means nothing": (
        Scope("a", pauses=1, retries=1), "before it is due", (Edit("cell is not None and cell.due == due", "cell is not None"),)),
    "a pause that is over counts as resumed": (
        ONE, "knows that it was resumed", (Edit("cell.resumed = cell.code == cells.PAUSED", "pass"),)),
    "a resumed attempt that was lost is still resumed": (
        ONE, "what run 1 waits for is restored",
        (Edit("        elif before == cells.PAUSED and event.state == cells.RUNNING and cell.ordinal:\n            cell.resumed = True\n", ""),)),
    "a retry is no longer resumed": (
        ONE, "knows that it was resumed|waits for is restored", (Edit("cell.resumed = cell.code == cells.RESUME", "cell.resumed |= cell.code == cells.RESUME"),)),
    "a lost attempt uses up no retry": (
        ONE, "uses up a retry|agree on run", (Edit("cell.lost += 1", "pass"),)),
    "a paused attempt uses up no retry": (
        ONE, "uses up a retry|agree on run",
        (Edit("cell.lost += cells.IS_ACTIVE[before] and cell.code != cells.RETRYING", "pass"),)),
    "a retry without an attempt is a retry": (
        ONE, "uses up a retry|agree on run", (Edit("cell.tried += 1", "pass"),)),
    "a resume is for what is paused": (
        SCOPES["two pauses"], "knows every attempt",
        (Edit("return self.parked or (self.code == PAUSED and not self.serving)", "return self.parked or self.code == PAUSED", "cells"),)),
    # the end
    "a mapped run settles once": (
        MAP, "a final state is final", (Edit("if group.open or cells.IS_FINAL[group.parent.code]:", "if group.open:"),)),
    "a group settles when it is empty": (
        MAP, "ends after its children|ends last", (Edit("if group.open or cells", "if cells"), Edit("if group is None or group.open:", "if group is None:"))),
    "a flow run is finished once": (
        SCOPES["chain"], "finished once", (Edit("if not self._is_settling:", "if True:"),)),
    "the children of a reference task count": (
        MAP, "reference tasks decide", (Edit("if was_expanded and node.is_reference:", "if False:"),)),
    # cancelling
    "cancelling reaches the attempts": (
        CHAIN, "kills every attempt", (Edit("for cell in sorted(served, key=lambda cell: cells.IS_ACTIVE[cell.code]):", "for cell in ():"),)),
    "cancelling blocks submission (with what waits left alone, which hides it)": (
        SCOPES["map in a window"], "nothing is submitted after a cancel",
        (Edit("        if self.is_cancelled or self.is_held:\n            return\n        while", "        while"),
         Edit("        self._feeding.clear()\n", ""),
         Edit("            self._cancel_untouched(group, at, decision)\n", "            pass\n"))),
    "cancelling ends what waits": (
        CHAIN, "every run ends|something moves",
        (Edit("            if cell.ordinal in self._cells and self._ends_at_once(cell):\n", "            if False:\n"),)),
    "cancelling ends children that nobody has seen": (
        SCOPES["map in a window"], "every run ends|something moves",
        (Edit("            self._cancel_untouched(group, at, decision)\n", "            pass\n"),)),
    "cancelling ends what wants to wait": (
        CHAIN, "every run ends|something moves|before it is due",
        (Edit('            if self.is_cancelled:\n                self._end(cell, cells.CANCELLED, {"message": _CANCELLED}, at, decision)\n            else:\n                self._plan', "            if True:\n                self._plan"),)),
    "cancelling expands nothing": (
        MAP, "every run ends|something moves", (Edit("        if self.is_cancelled:\n            self._end(cell", "        if False:\n            self._end(cell"),)),
    "cancelling before the start ends the run": (
        Scope("a", cancels=1), "every run ends", (Edit("        if not self.has_begun or self._groups[0].open == 0:\n            self._finish(decision)\n", ""),)),
    "a cancelled run does not start": (
        CHAIN, "every run ends|something moves|is not refused",
        (Edit("        if self.is_cancelled:\n            self._finish(decision)\n            return\n", ""),)),
    "a flow run is Cancelling before it is Cancelled": (
        CHAIN, "is not refused", (Edit("if is_under_way and (self._root.code, cells.CANCELLING) in LEGAL:", "if False:"),)),
    "what ran is Killed and not Cancelled": (
        CHAIN, "a transition is legal", (Edit("code = cells.KILLED if self.is_killed or cells.IS_ACTIVE[cell.code] else cells.CANCELLED", "code = cells.CANCELLED"),)),
    # recovery
    "a recovered run knows that it was cancelled": (
        CHAIN, "nothing is submitted after a cancel",
        (Edit('        if intent in {"cancel", "kill"}:\n            self.is_cancelled, self.is_held = True, False', '        if intent in {"cancel", "kill"}:\n            pass'),)),
    "a recovered run knows who was asked to go on": (
        ONE, "what was asked to go on goes on|waits for is restored",
        (Edit('            for cell in self._paused(data["ordinal"]):\n                cell.resumed = True\n', '            for cell in self._paused(data["ordinal"]):\n'),)),
    "a recovered run makes lost attempts again": (
        CHAIN, "every run ends|something moves", (Edit("self._make_again(cell, at, decision)", "pass"),)),
    "a recovered run does not make again what was being stopped": (
        SCOPES["one task, told to stop"], "a transition is legal", (Edit("if cell.code == cells.CANCELLING:", "if False:"),)),
    "a recovered run is expanded if it was not": (
        CHAIN, "every run ends|something moves|is not refused", (Edit("elif self._root.code == cells.RUNNING and not self.has_begun:", "elif False:"),)),
    "a recovered run settles what was empty": (
        CHAIN, "every run ends|something moves",
        (Edit("            else:\n                self._settle_if_empty(group, at, decision)\n", ""),)),
    "a recovered timer is set again": (
        ONE, "what run 1 waits for is restored", (Edit('self._plan(cell, before, data.get("due"))', "self._plan(cell, before, None)"),)),
}  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS)
def test_the_checker_notices(guard: str) -> None:
    """Switch one guard off: the exploration that covers it breaks the rule that the guard keeps."""
    scope, rule, edits = GUARDS[guard]
    with pytest.raises(Violation, match=rule):
        explore(scope, mutant(*edits))


def test_a_mutant_without_edits_is_the_machine_itself() -> None:
    """What makes the mutants changes nothing by itself, so that it is the edit that is noticed."""
    scope = Scope("a => b; b -> c", ENDS, crashes=1, cancels=1)
    assert explore(scope, Machine) == explore(scope, mutant())
