"""BranchWorld: one machine of a flow that scripts answer for, with its log, the attempts it asked for, the time, and crashes.

A run's name is the way to it: `a`, `each1[v0]` is no run, `each1/b[0]` is b in the first round of each1, `loop1/b[2]` in the second turn.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from runwright.engine.machine import Machine
from runwright.engine.stimuli import (
    Created,
    Decision,
    FinishRun,
    Opened,
    Recovered,
    Reported,
    Requested,
    Resolve,
    Started,
    Stimulus,
    TimerFired,
)
from runwright.errors import IllegalTransition
from runwright.events import Event
from runwright.flowable import Children, Settled
from runwright.flowables.dag import Dag
from runwright.states import KIND_BY_CODE, KIND_BY_NAME

from .branch_ledger import BranchLedger
from .ledger import Violation
from .world import FLOW_RUN

if TYPE_CHECKING:
    from runwright.graph import Graph

_RUNNING = KIND_BY_NAME["Running"].code


class BranchWorld:
    """A flow run under test. `at` is the time of the next step; `pending` are the questions that no script has answered.

    `commits` are the lengths of the log after each decision, whose events are recorded together or not at all.
    """

    def __init__(self, graph: Graph, *, window: int = 256, machine: type[Machine] = Machine) -> None:
        self.graph = graph
        self.window = window
        self.machine_class = machine
        self.machine = self._fresh()
        self.ledger = BranchLedger(graph, window)
        self.log: list[Event] = []
        self.commits: list[int] = []
        self.pending: deque[Resolve] = deque()
        self.finish: FinishRun | None = None
        self.at = 1

    # ---- steps

    def handle(self, stimulus: Stimulus) -> Decision:
        """Feed the machine; every rule is checked on what it decides. Raises what the machine refuses with."""
        try:
            decision = self.machine.handle(stimulus, self.at)
        except IllegalTransition:
            raise
        except Exception as error:
            raise Violation(f"the machine decides: {stimulus} raised {error!r}") from error
        self.log += decision.events
        self.commits.append(len(self.log))
        self.ledger.read(decision.events, decision.effects)
        for effect in decision.effects:
            if isinstance(effect, FinishRun):
                self.finish = effect
            elif isinstance(effect, Resolve):
                self.pending.append(effect)
        self.ledger.agree(self.machine, self.at)
        return decision

    def start(self) -> None:
        """Create and start the flow run."""
        self.handle(Created({}))
        self.handle(Started())

    def answer(self, place: int = 0) -> None:
        """Let the script answer one of the questions."""
        resolve = self.pending[place]
        del self.pending[place]
        node = self.graph.nodes[resolve.node] if resolve.ordinal else None
        script = self.graph.flowable if node is None else node.flowable
        if not self.machine.is_asked(resolve):
            return
        found = script.expand(resolve) if resolve.tallies is None else script.settle(resolve.tallies, resolve)
        if not self.machine.is_asked(resolve) or (node is None and self.machine.is_finished):
            pass
        elif isinstance(found, Children):
            self.handle(Opened(resolve.ordinal, resolve.attempt, found))
        elif node is None:
            self.finish = FinishRun(found.state, found.message) if isinstance(found, Settled) else None
            self.ledger.is_finishing = True
        else:
            self._tell(resolve, found)
        if not any(each.ordinal == resolve.ordinal for each in self.pending):
            self.ledger.asked.discard(resolve.ordinal)

    def settle(self) -> None:
        """Answer every question, in the order in which they were asked."""
        while self.pending:
            self.answer()

    def report(self, name: str, state: str, *, due: int | None = None) -> None:
        """Report for the attempt that is being made of a run, as the executor would."""
        ordinal = self.ordinal(name)
        self._report(ordinal, state, due=due)

    def run(self, name: str, state: str = "Success") -> None:
        """Let a run begin and end."""
        self.report(name, "Running")
        self.report(name, state)
        self.settle()

    def finish_run(self) -> None:
        """End the flow run as the root's script, or the machine, asked for; then what is to run after the end begins."""
        finish, self.finish = self.finish, None
        assert finish is not None, "nobody has asked for the end"
        body = self.graph.flowable.bodies["after"]
        if body and finish.state not in {"Killed", "Cancelled"}:
            self.handle(Opened(0, 0, Children(body=body, branch="afterExecution")))
        self.handle(Reported(0, 0, KIND_BY_NAME[finish.state].code, {"message": finish.message}))
        if not self.machine.is_over:
            self.handle(Recovered())
        self.ledger.is_finishing = False

    def mark(self, ordinal: int, state: str) -> None:
        """Ask for a run to end so."""
        self._ask("mark", ordinal, {"state": KIND_BY_NAME[state].code})

    def request(self, intent: str, name: str = "", **data: object) -> None:
        """Ask for something, as a user would."""
        self._ask(intent, self.ordinal(name) if name else 0, data)

    def _ask(self, intent: str, ordinal: int, data: dict[str, object]) -> None:
        self.handle(Requested(intent, ordinal, "user", data=data or None))
        if intent in {"restart", "mark"}:
            self.finish = None

    def pass_time(self, to: int | None = None) -> None:
        """Let time pass, to when something is due, and fire the timers."""
        self.at = max(self.at, self.machine.next_timer or 0) if to is None else to
        self.handle(TimerFired())

    def crash(self, keep: int | None = None) -> None:
        """Lose the process and all it held, with only the first `keep` events on record; a new owner recovers."""
        del self.log[len(self.log) if keep is None else keep :]
        self.commits = [each for each in self.commits if each <= len(self.log)]
        self.ledger = BranchLedger(self.graph, self.window)
        self.ledger.read_past(self.log)
        self.finish = None
        self.pending.clear()
        self.machine = self.restored()
        self.ledger.agree_restored(self.machine)
        if self.machine.has_started or self.machine.is_finished:
            self.handle(Recovered())
        elif len(self.log) > 1:
            self.handle(Started())

    def complete(self, ends: dict[str, str] | None = None) -> str:
        """Let everything end: attempts in `ends` by name (or as Success). Returns the outcome."""
        for _ in range(1000):
            if self.machine.is_over and not self.pending:
                return self.state("")
            self._advance(ends or {})
        raise Violation(f"every run ends: {[self.name(each) for each in self.ledger.open_runs()]} are open")

    def _advance(self, ends: dict[str, str]) -> None:
        if not self.log:
            self.handle(Created({}))
        elif self.machine._root.code == KIND_BY_NAME["Pending"].code:
            self.handle(Started())
        elif self.pending:
            self.answer()
        elif self.finish is not None:
            self.finish_run()
        elif self.ledger.serving:
            self._complete_one(min(self.ledger.serving), ends)
        elif self.machine.next_timer is not None and not self.machine.is_held:
            self.pass_time()
        else:
            self.request("resume")

    def _complete_one(self, ordinal: int, ends: dict[str, str]) -> None:
        is_running = KIND_BY_CODE[self.ledger.run(ordinal).code].name in {"Running", "Cancelling"}
        if self.ledger.is_cancelled:
            self._report(ordinal, "Killed" if is_running else "Cancelled")
        elif not is_running:
            self._report(ordinal, "Running")
        else:
            self._report(ordinal, ends.get(self.name(ordinal), "Success"))

    def _report(self, ordinal: int, state: str, *, due: int | None = None) -> None:
        data = None if due is None else {"due": due}
        attempt = self.ledger.serving.get(ordinal, 0)
        self.handle(Reported(ordinal, attempt, KIND_BY_NAME[state].code, data, due=due))

    def _tell(self, resolve: Resolve, found: object) -> None:
        ordinal, attempt = resolve.ordinal, resolve.attempt
        cell = self.machine.cell_of(ordinal)
        if cell is not None and cell.code != _RUNNING:
            self.handle(Reported(ordinal, attempt, _RUNNING))
        if isinstance(found, Settled):
            self.handle(Reported(ordinal, attempt, KIND_BY_NAME[found.state].code))
            return
        seconds: float | None = found.seconds  # type: ignore[attr-defined]  it is a Waiting
        due = None if seconds is None else self.at + int(seconds)
        data = None if due is None else {"due": due}
        self.handle(Reported(ordinal, attempt, KIND_BY_NAME["Paused"].code, data, due=due))

    # ---- names

    def name(self, ordinal: int) -> str:
        """Return the way to a run."""
        if not ordinal:
            return ""
        span = self.ledger.span_of(ordinal)
        number = self.ledger._number_of(ordinal)
        own = self.graph.nodes[self.ledger.node_of(ordinal)].slug + ("" if number < 0 else f"[{number}]")
        return f"{self.name(span.parent)}/{own}" if span.parent else own

    def ordinal(self, name: str) -> int:
        """Return the newest run of a name."""
        spans = reversed(self.ledger.spans)
        found = next((each for span in spans for each in span.ordinals if self.name(each) == name), None)
        assert found is not None, f"there is no {name}"
        return found

    def state(self, name: str) -> str:
        """Return what the log says a run is in; of "" the flow run."""
        return KIND_BY_CODE[self.ledger.run(self.ordinal(name) if name else 0).code].name

    def states(self) -> dict[str, str]:
        """Return the states of everything that was opened, by name; of several with a name the newest."""
        return {self.name(each): KIND_BY_CODE[self.ledger.run(each).code].name for each in sorted(self.ledger.opened)}

    @property
    def serving(self) -> list[str]:
        """Return the names of the runs of which an attempt is being made."""
        return [self.name(ordinal) for ordinal in sorted(self.ledger.serving)]

    # ---- inside

    def restored(self) -> Machine:
        """Return a machine that knows nothing but the log."""
        try:
            return self._fresh().restore(self.log)
        except Exception as error:
            raise Violation(f"a log can be folded: {error!r}") from error

    def check_restores(self) -> None:
        """Check that the log leads to what the live machine knows."""
        twin = BranchLedger(self.graph, self.window)
        twin.read_past(self.log)
        twin.agree_restored(self.restored())

    def _fresh(self) -> Machine:
        return self.machine_class(FLOW_RUN, self.graph, ending=Dag(), window=self.window)
