"""Random runs of random graphs: whatever happens in whatever order, every rule holds after every step and the run ends."""

from __future__ import annotations

import contextlib

from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from runwright.engine.stimuli import Reported
from runwright.errors import IllegalTransition
from runwright.graph import Graph
from runwright.states import KIND_BY_NAME

from .graphs import graphs
from .world import World

ENDS = ("Success", "Cached", "Skipped", "Warning", "Failed", "TimedOut", "Crashed")
UNSTARTED = ("TriggerFailed", "Skipped", "Cached", "Failed")


class Runs(RuleBasedStateMachine):
    """One world; each rule lets one thing happen to it, if it can."""

    @initialize(graph=graphs(), window=st.integers(1, 6))
    def begin(self, graph: Graph, window: int) -> None:
        self.world = World(graph, window=window)
        self.last: tuple[int, int, str] | None = None

    @rule(late=st.booleans())
    def start(self, late: bool) -> None:
        if not self.world.log:
            self.world.create()
        elif not (self.world.is_started or self.world.machine.is_finished) and (
            late or not self.world.ledger.is_cancelled
        ):
            self.world.start()

    @rule(data=st.data(), length=st.integers(0, 4), fails=st.booleans())
    def expand(self, data: st.DataObject, length: int, fails: bool) -> None:
        self._report(data, self._parents(), "Failed" if fails and length == 0 else "Mapped", length=length)

    @rule(data=st.data())
    def run(self, data: st.DataObject) -> None:
        self._report(data, [name for name in self._leaves() if not self._is_running(name)], "Running")

    @rule(data=st.data(), state=st.sampled_from(ENDS))
    def end(self, data: st.DataObject, state: str) -> None:
        self._report(data, [name for name in self._leaves() if self.world.state(name) == "Running"], state)

    @rule(data=st.data(), state=st.sampled_from(UNSTARTED))
    def end_without_starting(self, data: st.DataObject, state: str) -> None:
        self._report(data, [name for name in self._leaves() if not self._is_running(name)], state)

    @rule(data=st.data(), delay=st.integers(0, 20))
    def retry(self, data: st.DataObject, delay: int) -> None:
        self._report(data, self._movable(), "Retrying", due=self.world.at + delay)

    @rule(
        data=st.data(), delay=st.none() | st.integers(0, 20), state=st.sampled_from(["Paused", "Scheduled", "Queued"])
    )
    def pause(self, data: st.DataObject, delay: int | None, state: str) -> None:
        self._report(data, self._movable(), state, due=None if delay is None else self.world.at + delay)

    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        names = [
            name for name in self._leaves() if not self._is_running(name) and self.world.state(name) != "Cancelling"
        ]
        if names and not self.world.ledger.is_cancelled:
            self.world.refuse(data.draw(st.sampled_from(names)))
            self.last = None

    @rule(data=st.data())
    def admit(self, data: st.DataObject) -> None:
        if self.world.queued:
            self.world.admit(data.draw(st.sampled_from(self.world.queued)))

    @rule(data=st.data(), turn=st.integers(1, 9))
    def loop(self, data: st.DataObject, turn: int) -> None:
        self._report(
            data, [name for name in self._leaves() if self.world.state(name) == "Running"], "Looped", turn=turn
        )

    @rule(data=st.data())
    @precondition(lambda self: self.world.ledger.is_cancelled)
    def stop(self, data: st.DataObject) -> None:
        names = self._leaves()
        if names:
            name = data.draw(st.sampled_from(names))
            self._say(name, "Killed" if self._is_running(name) else "Cancelled")

    @rule(ahead=st.integers(0, 30))
    def pass_time(self, ahead: int) -> None:
        if self.world.log:
            self.world.pass_time(self.world.at + ahead)

    @rule(data=st.data(), everything=st.booleans())
    def resume(self, data: st.DataObject, everything: bool) -> None:
        if self.world.log:
            known = [self.world.name(ordinal) for ordinal in self.world.ledger.open_runs()] or ["run"]
            self.world.request("resume", "run" if everything else data.draw(st.sampled_from(known)))

    @rule(really=st.integers(0, 5))
    def cancel(self, really: int) -> None:
        if self.world.log and really == 0:
            self.world.request("cancel")

    @rule(lost=st.integers(0, 6))
    def crash(self, lost: int) -> None:
        self.world.crash(keep=max(0, len(self.world.log) - lost))
        self.last = None

    @rule()
    def finish(self) -> None:
        if self.world.finish is not None:
            self.world.finish_run()

    @rule(ordinal=st.integers(1, 40), attempt=st.integers(0, 4), state=st.sampled_from(("Running", "Retrying", *ENDS)))
    def hear_of_an_attempt_that_is_not_made(self, ordinal: int, attempt: int, state: str) -> None:
        if self.world.log and self.world.ledger.serving.get(ordinal) != attempt:
            before = len(self.world.log)
            self.world.handle(Reported(ordinal, attempt, KIND_BY_NAME[state].code, None, 2, self.world.at))
            assert before == len(self.world.log)

    @rule()
    def hear_the_last_words_again(self) -> None:
        if self.last is not None:
            ordinal, attempt, state = self.last
            with contextlib.suppress(IllegalTransition):
                self.world.handle(Reported(ordinal, attempt, KIND_BY_NAME[state].code, None, 2, self.world.at + 1))

    @invariant()
    def the_log_leads_to_what_the_machine_knows(self) -> None:
        if hasattr(self, "world"):
            self.world.ledger.agree(self.world.machine)
            self.world.check_restores()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.complete()
            assert self.world.machine.is_finished
            self.world.check_restores()

    # ---- inside

    def _leaves(self) -> list[str]:
        parents = set(self._parents())
        return [name for name in self.world.serving if name not in parents]

    def _parents(self) -> list[str]:
        by_slug = self.world.graph.by_slug
        return [name for name in self.world.serving if name in by_slug and by_slug[name].is_mapped]

    def _is_running(self, name: str) -> bool:
        return self.world.state(name) in {"Running", "Looped"}

    def _movable(self) -> list[str]:
        return [name for name in self._leaves() if self.world.state(name) != "Looped"]

    def _report(self, data: st.DataObject, names: list[str], state: str, **more: int | None) -> None:
        if names:
            self._say(data.draw(st.sampled_from(names)), state, **more)

    def _say(self, name: str, state: str, **more: int | None) -> None:
        ordinal = self.world.ordinal(name)
        self.last = (ordinal, self.world.ledger.serving[ordinal], state)
        self.world.report(name, state, **more)


Runs.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a failure is told as it was found: to make it short takes longer than a test may
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestRuns = Runs.TestCase
