"""The checker of branches is awake: with any guard switched off, an exploration finds a broken rule."""

from __future__ import annotations

import pytest

from .branch_explorer import BranchScope, explore
from .ledger import Violation
from .mutants import Edit, mutant
from .scripts import chain, dag, each, flow, loop, pause, together
from .test_branch_exploration import ENDS, SCOPES

DAG = BranchScope(flow(dag("a", "b", "c", links="a>c b>c")), ENDS, crashes=1)
LIMITED = BranchScope(flow(together("a", "b", "c", limit=1)), ENDS, crashes=1)
ROUNDS = BranchScope(flow(each("a", "b", rounds=2, limit=1)), ENDS, crashes=1)
TWO_ROUNDS = BranchScope(flow(each("a", "b", rounds=2)), ENDS, crashes=1)
LOOP = BranchScope(flow(loop("a", turns=2)), ENDS, ("pause",), crashes=1)
PAUSES = BranchScope(flow(together(pause(), pause())), crashes=1)
HELD = BranchScope(flow("a", pause()), asks=("pause",), crashes=1)
KILL = BranchScope(flow(chain("a"), "b"), ENDS, ("kill",), crashes=1)
RESTART = BranchScope(flow(chain("a"), errors=("e",)), ENDS, ("restart",), crashes=1)
KILLED = BranchScope(flow(chain("a")), ENDS, ("kill", "restart"), crashes=1)
MARK = BranchScope(flow(chain("a", "b")), ENDS, ("mark",), crashes=1)
MARK_PAUSE = BranchScope(flow(together(pause(), "b")), ENDS, ("mark",))
AFTER = BranchScope(flow("a", after=("z",)), ENDS, ("restart",), crashes=1)

GUARDS: dict[str, tuple[BranchScope, str, tuple[Edit, ...]]] = {
    # what opens
    "nothing opens once a child ended badly": (
        LIMITED, "branch that failed opens", (Edit("        else:\n            self.is_stopped = True", "        else:\n            pass"),)),
    "nor for a new owner": (
        LIMITED, "branch that failed opens", (Edit("self.is_stopped = (self.bad > 0 and not self.plan.is_tolerant) or self.killed > 0", "self.is_stopped = False"),)),
    "no more children than may": (
        LIMITED, "children run at once", (Edit("self.open < plan.limit", "True"),)),
    "no more rounds than may": (
        ROUNDS, "rounds run at once", (Edit("self._running < plan.limit", "True"),)),
    "a round that is over makes room": (
        ROUNDS, "something moves|every run ends", (Edit("(index)\n        else:\n            self._running -= 1\n", "(index)\n"),)),
    "a round goes on with what follows": (
        ROUNDS, "something moves|every run ends|none of it", (Edit("            self._next.append(index)\n        else", "            pass\n        else"),)),
    "a new owner counts the rounds that run": (
        BranchScope(flow(each("a", rounds=3, limit=1)), crashes=1), "rounds run at once",
        (Edit("            if current is not None and self.status[current] == OPEN:\n                self._running += 1\n            elif", "            if current is not None and self.status[current] == OPEN:\n                pass\n            elif"),)),
    "a new owner goes on with rounds between two tasks": (
        TWO_ROUNDS, "something moves|every run ends|none of it", (Edit("                self._suspended.append(current)", "                pass"),)),
    "rounds that begin are counted": (
        ROUNDS, "rounds|branch is over|the machine decides|at once", (Edit("        self._begun += 1\n        self._running += 1", "        self._begun += 1"),)),
    "a child waits for what it depends on": (
        DAG, "after those that it follows", (Edit("                    if not needs and self.status[later] == UNTOUCHED:", "                    if self.status[later] == UNTOUCHED:"),)),
    "what ends is needed no more": (
        DAG, "something moves|every run ends|none of it", (Edit("                    needs.discard(index)\n", ""), Edit("                    if not needs and self", "                    if len(needs) < 2 and self"))),
    "a new owner knows what is needed": (
        DAG, "after those that it follows", (Edit("self._needs = [self._needed_by(index) for index in range(self.count)]", "self._needs = [set() for index in range(self.count)]"),)),
    "a child that was opened is open": (
        LIMITED, "does not begin again", (Edit("if not self._needs[index] and self.status[index] == UNTOUCHED", "if not self._needs[index]"),)),
    # what is over
    "a branch is over when no child is open": (
        LIMITED, "no child is open|ends after its children", (Edit("return not self.open and not self.has_more", "return not self.has_more"), Edit("        if group is None or group.open:\n            return\n        if isinstance(group, Branch)", "        if group is None:\n            return\n        if isinstance(group, Branch)"))),
    "and when none will be": (
        LIMITED, "none of it will be opened", (Edit("return not self.open and not self.has_more", "return not self.open"),)),
    "children are counted": (
        LIMITED, "children are counted", (Edit("            self.ok += change\n", "            pass\n"),)),
    "a question is answered while it is open": (
        BranchScope(flow(together("a", "b")), ENDS, ("mark",), crashes=1), "is over|ends after|follows when|a final state|is not refused|one before is over",
        (Edit("return branch is not None and branch.is_over and branch.tallies() == resolve.tallies", "return True"),)),
    # waiting
    "the flow run waits with its runs": (
        PAUSES, "waits with its runs", (Edit("                self._follow(cell, at, decision)\n", ""),)),
    "the flow run goes on with the last of them": (
        PAUSES, "waits with its runs", (Edit("if self._waiting or self.is_held or root.code", "if self.is_held or root.code"),)),
    "a new owner knows who waits": (
        PAUSES, "waits with its runs", (Edit("            self._waiting.add(cell.ordinal)\n        else", "            pass\n        else"),)),
    "who waits no more is no longer waited with": (
        PAUSES, "goes on with its runs|something moves|every run ends", (Edit("        self._waiting.discard(cell.ordinal)\n        root = self._root", "        root = self._root"),)),
    "what is held begins nothing": (
        HELD, "is held", (Edit("        if self.is_cancelled or self.is_held:\n            return\n        while", "        if self.is_cancelled:\n            return\n        while"),)),
    "a new owner knows that it is held": (
        HELD, "goes on when it is asked to|knows what is held", (Edit('        elif intent == "pause":\n            self.is_held = True', '        elif intent == "pause":\n            pass'),)),
    "what is held goes on when it is asked to": (
        HELD, "something moves|every run ends|goes on with", (Edit("            self.is_held = False\n            if not self._waiting", "            if not self._waiting"),)),
    "the flow run is no run that was paused": (
        BranchScope(flow(loop("a", turns=2)), asks=("pause",), crashes=1), "waits with its runs",
        (Edit("event.state == cells.RUNNING and cell.ordinal:", "event.state == cells.RUNNING:"), Edit("elif cell.ordinal and cell.resumed and cell.is_paused:", "elif cell.resumed and cell.is_paused:"))),
    # ends
    "a cancel stops what stands for others": (
        BranchScope(flow("a", "b"), asks=("kill",)), "nothing begins after a cancel|branch is over|something moves|every run ends",
        (Edit("            group.is_stopped = True\n            return", "            return"),)),
    "a cancel ends what has no open children": (
        BranchScope(flow(pause()), asks=("kill",)), "something moves|every run ends", (Edit("            return group is None or group.open == 0\n", "            return False\n"),)),
    "a cancel leaves what has open children": (
        KILL, "ends after its children", (Edit("            return group is None or group.open == 0\n", "            return True\n"),)),
    "a branch that is over under a cancel ends its run": (
        KILL, "asked once at a time", (Edit("        if self.is_cancelled:\n            self._end_unless_root(parent, at, decision)\n        elif", "        if"),)),
    "a cancel before anything opened is a cancel": (
        BranchScope(flow("a"), asks=("cancel",)), "is not refused", (Edit("is_under_way = self.has_begun or cells.IS_ACTIVE[self._root.code]", "is_under_way = self.has_begun"),)),
    "what comes after the end waits for it": (
        AFTER, "branch that is over opens", (Edit('        branch.is_held = plan.branch == "afterExecution"\n', ""),)),
    "what comes after an end that is not on record is asked for again": (
        AFTER, "something moves|every run ends", (Edit("        if not self.is_finished:\n            self._forget_aftermath()\n", ""),)),
    "what comes after the end begins then": (
        AFTER, "something moves|every run ends", (Edit("        if self.is_finished:\n            self._begin_aftermath()\n        elif", "        if"),)),
    # running again
    "a restart recounts": (
        BranchScope(flow("a", "b"), ENDS, ("restart",)), "something moves|every run ends|none of it|is over", (Edit("            branch.recount()\n            self._feed(branch)\n        for cell in again", "            pass\n        for cell in again"),)),
    "a restart begins what was killed before it had": (
        KILLED, "none of it will be|something moves", (Edit("        groups = [*below, *(cell.group for cell in again)]", "        groups = [cell.group for cell in again]"),)),
    "a restart ends what came after the end": (
        AFTER, "is over|while their parent|ends after|goes on with|the machine knows|before is over|ends last", (Edit("            self._leave_behind(at, decision)\n", "            pass\n"),)),
    "a restart leaves what came of the end": (
        RESTART, "is over|something moves|every run ends|goes on", (Edit("        self._groups[branch.parent.ordinal] = branch  # those", "        pass  # those"), Edit("            self._take_back(0, AFTERMATH)\n            self._run_on", "            self._run_on"))),
    "a restart waits until what is stopped has ended": (
        KILLED, "transition is legal|finished once|after a cancel|ends last",
        (Edit("if self.is_cancelled and not self.is_finished:", "if False:"), Edit('if stimulus.intent == "restart" and not self.is_finished:', "if False:"))),
    "what stands for open runs is not marked": (
        MARK, "ends after its children", (Edit("and stimulus.ordinal in self._cells and children is not None and children.open:", "and False:"),)),
    "what is marked is stopped": (
        MARK, "knows every attempt|outstanding", (Edit("            self._release(cell)\n        self._go_on", "        self._go_on"),)),
    "a pause that is marked lets the flow run go on": (
        MARK_PAUSE, "goes on with its runs|something moves|every run ends", (Edit('        self._go_on(cell, at, decision, "Marked.")\n', ""),)),
    # recovery
    "a new owner asks again how a run opens": (
        PAUSES, "something moves|every run ends", (Edit("        elif cell.ordinal not in self._groups:\n            self._resolve(cell, decision.effects)", "        elif False:\n            pass"),)),
    "a new owner asks again how a run goes on": (
        KILL, "something moves|every run ends", (Edit("            if isinstance(group, Branch):\n                self._settle_branch(group, at, decision)\n            else:\n                self._settle_if", "            if isinstance(group, Branch):\n                pass\n            else:\n                self._settle_if"),)),
    "a new owner looks for children": (
        KILL, "something moves|every run ends|none of it", (Edit("                group.recount()\n                self._feed(group)", "                group.recount()"),)),
    "what follows something waits until that is durable": (
        KILL, "until that is durable", (Edit("            return index % self.width > 0 or 0 <", "            return 0 <"),)),
    "a branch that comes later follows something": (
        RESTART, "until that is durable", (Edit('plan.branch != "tasks" or plan.turn > 1 or ', ""),)),
    "a loop knows its turn": (
        LOOP, "knows its turn", (Edit("turn=0 if latest is None else latest.plan.turn", "turn=0"),)),
}  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS)
def test_the_checker_notices(guard: str) -> None:
    """Switch one guard off: the exploration that covers it breaks the rule that the guard keeps."""
    scope, rule, edits = GUARDS[guard]
    with pytest.raises(Violation, match=rule):
        explore(scope, mutant(*edits))


def test_a_mutant_without_edits_is_the_machine_itself() -> None:
    """What makes the mutants changes nothing by itself, so that it is the edit that is noticed."""
    scope = SCOPES["chain"]
    assert explore(scope) == explore(scope, mutant())
