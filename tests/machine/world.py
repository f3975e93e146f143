"""World: one machine with everything around it: the log it writes, the attempts it asked for, the time, and crashes.

Names are slugs: `a`, and `a[0]` for a mapped child; `run` is the flow run. Every step is checked by the `Ledger`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from runwright.engine.machine import Machine
from runwright.engine.stimuli import (
    Admitted,
    Created,
    Decision,
    FinishRun,
    Given,
    Kill,
    Recovered,
    Refused,
    Reported,
    Requested,
    Started,
    Stimulus,
    Submit,
    TimerFired,
)
from runwright.errors import IllegalTransition
from runwright.events import Event, EventKind
from runwright.flowables.dag import Dag
from runwright.states import KIND_BY_CODE, KIND_BY_NAME

from .ledger import Ledger, Violation

if TYPE_CHECKING:
    from runwright.graph import Graph

FLOW_RUN = UUID("01920000-0000-7000-8000-000000000000")


class World:
    """A flow run under test. `at` is the time of the next step; `submits` holds the last submission of each run."""

    def __init__(self, graph: Graph, *, window: int = 256, machine: type[Machine] = Machine) -> None:
        self.graph = graph
        self.window = window
        self.machine_class = machine
        self.machine = self._fresh()
        self.ledger = Ledger(graph, window)
        self.log: list[Event] = []
        self.submits: dict[str, Submit] = {}
        self.finish: FinishRun | None = None
        self.at = 1

    # ---- steps

    def handle(self, stimulus: Stimulus) -> Decision:
        """Feed the machine; every rule is checked on what it decides. Raises what the machine refuses with."""
        decision = self._decide(stimulus)
        self._take(decision)
        self.ledger.agree(self.machine)
        return decision

    def create(self) -> list[str]:
        """Create the flow run."""
        return self._say(self.handle(Created({})))

    def start(self, **given: str) -> list[str]:
        """Start the flow run, created before or now; `given` are states of tasks that are not to run."""
        created = [] if self.log else self.create()
        over = [Given(self.ordinal(name), KIND_BY_NAME[state].code) for name, state in given.items()]
        return created + self._say(self.handle(Started(given=over)))

    def report(self, name: str, state: str, *, length: int = 0, due: int | None = None, **data: Any) -> list[str]:
        """Report for the attempt that is being made of a run, as the executor would."""
        return self._say(self.handle(self._reported(name, state, self._serving(name), length, due, data)))

    def report_late(self, name: str, attempt: int, state: str) -> list[str]:
        """Report for an attempt by its number, whether it is being made or not."""
        return self._say(self.handle(self._reported(name, state, attempt, 0, None, {})))

    def refuse(self, name: str) -> list[str]:
        """Say that the attempt that is being made of a run gets no slot."""
        ordinal, attempt = self.ordinal(name), self._serving(name)
        decision = self._decide(Refused(ordinal, attempt, {"waits_for": ["db"]}))
        self.log += decision.events
        self.ledger.read(decision.events)
        self.ledger.refused(ordinal)
        self._take(Decision([], decision.effects))
        self.ledger.agree(self.machine)
        return self._say(decision)

    def admit(self, name: str) -> list[str]:
        """Say that a run that waits for a slot has it."""
        self.ledger.admitted(self.ordinal(name))
        return self._say(self.handle(Admitted(self.ordinal(name))))

    def finish_run(self) -> list[str]:
        """End the flow run as the machine asked for."""
        finish, self.finish = self.finish, None
        assert finish is not None, "the machine has not asked for the end"
        return self._say(self.handle(Reported(0, 0, KIND_BY_NAME[finish.state].code, {"message": finish.message})))

    def request(self, intent: str, name: str = "run") -> list[str]:
        """Ask for something, as a user would."""
        return self._say(self.handle(Requested(intent, self.ordinal(name), "user")))

    def pass_time(self, to: int) -> list[str]:
        """Let time pass and fire the timers."""
        self.at = to
        return self._say(self.handle(TimerFired()))

    def crash(self, keep: int | None = None) -> list[str]:
        """Lose the process and all it held, with only the first `keep` events on record; a new owner recovers."""
        del self.log[len(self.log) if keep is None else keep :]
        self.restore()
        return self._say(self.handle(Recovered())) if self.log else []

    def complete(self, ends: dict[str, str] | None = None, lengths: dict[str, int] | None = None) -> str:
        """Let everything end: attempts in `ends` by name (or as Success), maps with `lengths` (or 2). Returns the outcome."""
        while not self.machine.is_finished:
            if not self.is_started and not self.ledger.is_cancelled:
                self.start()
            elif self.finish is not None:
                self.finish_run()
            elif self.serving:
                self._complete_one(self.serving[0], ends or {}, lengths or {})
            elif self.machine.next_timer is not None:
                self.pass_time(max(self.at, self.machine.next_timer))
            elif self.queued:
                self.admit(self.queued[0])
            else:
                self.request("resume")
        return self.state("run")

    def _complete_one(self, name: str, ends: dict[str, str], lengths: dict[str, int]) -> None:
        node, index = self.ledger.place(self.ordinal(name))
        is_running = self.state(name) in {"Running", "Looped", "Cancelling"}
        if self.ledger.is_cancelled:
            self.report(name, "Killed" if is_running else "Cancelled")
        elif self.graph.nodes[node].is_mapped and index < 0:
            self.report(name, ends.get(name, "Mapped"), length=lengths.get(name, 2))
        elif not is_running:
            self.report(name, "Running")
        else:
            self.report(name, ends.get(name, "Success"))

    def restore(self) -> None:
        """Put a machine in place that knows nothing but the log."""
        self.ledger = Ledger(self.graph, self.window)
        self.ledger.read(self.log)
        self.ledger.crash()
        self.finish = None
        self.machine = self._restored()
        self.ledger.agree_restored(self.machine)

    def check_restores(self) -> None:
        """Check that the log leads to what the live machine knows."""
        self.ledger.agree_restored(self._restored())

    # ---- names

    def ordinal(self, name: str) -> int:
        """Return the ordinal of a run by name."""
        if name == "run":
            return 0
        slug, _, index = name.rstrip("]").partition("[")
        task = self.graph.by_slug[slug].index + 1
        return self.ledger.families[task].first + int(index) if index else task

    def name(self, ordinal: int) -> str:
        """Return the name of a run."""
        if not ordinal:
            return "run"
        node, index = self.ledger.place(ordinal)
        slug = self.graph.nodes[node].slug
        return slug if index < 0 else f"{slug}[{index}]"

    @property
    def serving(self) -> list[str]:
        """Return the names of the runs of which an attempt is being made."""
        return [self.name(ordinal) for ordinal in sorted(self.ledger.serving)]

    @property
    def queued(self) -> list[str]:
        """Return the names of the runs that wait for a slot."""
        return [self.name(each) for each in sorted(self.ledger.queued) if not self.ledger.entry(each).is_final]

    @property
    def is_started(self) -> bool:
        """Say whether the flow run has its task runs."""
        return 0 in self.ledger.families

    def state(self, name: str) -> str:
        """Return what the log says a run is in."""
        return KIND_BY_CODE[self.ledger.entry(self.ordinal(name)).code].name

    # ---- inside

    def _fresh(self) -> Machine:
        return self.machine_class(FLOW_RUN, self.graph, ending=Dag(), window=self.window)

    def _restored(self) -> Machine:
        try:
            return self._fresh().restore(self.log)
        except Exception as error:
            raise Violation(f"a log can be folded: {error!r}") from error

    def _decide(self, stimulus: Stimulus) -> Decision:
        try:
            return self.machine.handle(stimulus, self.at)
        except IllegalTransition:
            raise
        except Exception as error:
            raise Violation(f"the machine decides: {stimulus} raised {error!r}") from error

    def _take(self, decision: Decision) -> None:
        self.log += decision.events
        self.ledger.read(decision.events, decision.effects, self.at)
        for effect in decision.effects:
            if isinstance(effect, FinishRun):
                self.finish = effect
            elif isinstance(effect, Submit):
                self.submits[self.name(effect.ordinal)] = effect

    def _serving(self, name: str) -> int:
        return self.ledger.serving.get(self.ordinal(name), 0)

    def _reported(
        self, name: str, state: str, attempt: int, length: int, due: int | None, data: dict[str, Any]
    ) -> Reported:
        kept = data if due is None else {**data, "due": due}
        return Reported(self.ordinal(name), attempt, KIND_BY_NAME[state].code, kept or None, length, due)

    def _say(self, *decisions: Decision) -> list[str]:
        said: list[str] = []
        for decision in decisions:
            said += [self._say_event(event) for event in decision.events]
            said += [self._say_effect(effect) for effect in decision.effects]
        return said

    def _say_event(self, event: Event) -> str:
        name, data = self.name(event.ordinal), event.data or {}
        if event.kind == EventKind.STATE:
            return f"{name} {KIND_BY_CODE[event.state].name}"
        if event.kind == EventKind.EXPANDED:
            return f"{name} expanded {data.get('tasks', data.get('count'))}"
        return f"{name} {data['intent']}" if event.kind == EventKind.REQUESTED else f"{name} created"

    def _say_effect(self, effect: Submit | Kill | FinishRun) -> str:
        if isinstance(effect, FinishRun):
            return f"finish {effect.state}"
        verb = "kill" if isinstance(effect, Kill) else "submit"
        again = f" #{effect.attempt}" if effect.attempt > 1 else ""
        return f"{verb} {self.name(effect.ordinal)}{again}"
