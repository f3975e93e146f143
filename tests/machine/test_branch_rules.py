"""Random executions of random trees: whatever happens in whatever order, every rule holds after every step and the run ends."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from runwright.engine.stimuli import Reported
from runwright.errors import IllegalTransition
from runwright.graph import Graph
from runwright.states import KIND_BY_NAME

from .branch_world import BranchWorld
from .scripts import chain, dag, each, flow, loop, pause, together

ENDS = ("Success", "Skipped", "Warning", "Failed", "TimedOut", "Crashed")


@st.composite
def flows(draw: st.DrawFn) -> Graph:
    """Draw a flow of up to three levels."""
    names = iter(f"t{number}" for number in range(1000))

    def tasks(depth: int, least: int = 0) -> tuple[Any, ...]:
        return tuple(task(depth) for _ in range(draw(st.integers(least, 3))))

    def more(depth: int) -> dict[str, Any]:
        aside = {name: tasks(0) for name in ("errors", "finally_") if draw(st.integers(0, 3)) == 0}
        return {**aside, "is_whole": depth > 0 and draw(st.integers(0, 5)) == 0}

    def task(depth: int) -> Any:
        kind = draw(
            st.sampled_from(["work", "chain", "together", "dag", "each", "loop", "pause"] if depth else ["work"])
        )
        if kind == "work":
            return next(names)
        if kind == "dag":
            first, second, third = next(names), next(names), next(names)
            return dag(first, second, third, links=f"{first}>{third} {second}>{third}", limit=draw(st.integers(0, 2)))
        if kind == "each":
            limit = draw(st.integers(0, 2))
            return each(*tasks(depth - 1, 1), rounds=draw(st.integers(1, 3)), limit=limit, **more(depth))
        if kind == "loop":
            return loop(*tasks(depth - 1, 1), turns=draw(st.integers(1, 3)), **more(depth))
        if kind == "pause":
            return pause(*tasks(depth - 1), wait=draw(st.sampled_from([-1, 2])))
        made = chain if kind == "chain" else together
        return made(*tasks(depth - 1), limit=draw(st.integers(0, 2)), **more(depth))

    after = tasks(0) if draw(st.booleans()) else ()
    aside = {name: value for name, value in more(0).items() if name != "is_whole"}
    return flow(*tasks(2, 1), after=after, **aside)


class Executions(RuleBasedStateMachine):
    """One world; each rule lets one thing happen to it, if it can."""

    @initialize(graph=flows(), window=st.integers(1, 5))
    def begin(self, graph: Graph, window: int) -> None:
        self.world = BranchWorld(graph, window=window)
        self.world.start()

    @rule(count=st.integers(1, 5))
    def answer(self, count: int) -> None:
        for _ in range(count):
            if self.world.pending:
                self.world.answer()

    @rule(data=st.data())
    def run(self, data: st.DataObject) -> None:
        self._report(data, "Pending", "Running")

    @rule(data=st.data(), state=st.sampled_from(ENDS))
    def end(self, data: st.DataObject, state: str) -> None:
        self._report(data, "Running", state)

    @rule(data=st.data(), delay=st.integers(0, 9))
    def retry(self, data: st.DataObject, delay: int) -> None:
        self._report(data, "Running", "Retrying", due=self.world.at + delay)

    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        if self.world.ledger.is_cancelled and self.world.serving:
            name = data.draw(st.sampled_from(self.world.serving))
            is_running = self.world.state(name) in {"Running", "Cancelling"}
            self.world.report(name, "Killed" if is_running else "Cancelled")

    @rule(ahead=st.integers(0, 9))
    def pass_time(self, ahead: int) -> None:
        self.world.pass_time(self.world.at + ahead)

    @rule(data=st.data(), everything=st.booleans())
    def resume(self, data: st.DataObject, everything: bool) -> None:
        names = [name for name in map(self.world.name, self.world.ledger.open_runs()) if name]
        if self._is_asked() and not self.world.machine.is_finished:
            self.world.request("resume", "" if everything or not names else data.draw(st.sampled_from(names)))

    @rule(
        intent=st.sampled_from(["cancel", "kill", "pause", "pause", "restart", "restart", "restart"]),
        really=st.integers(0, 2),
    )
    def ask(self, intent: str, really: int) -> None:
        if self._is_asked() and (intent == "restart" or not (really or self.world.machine.is_finished)):
            with contextlib.suppress(IllegalTransition):
                self.world.request(intent)

    @rule(data=st.data(), state=st.sampled_from(["Success", "Failed", "Warning"]))
    def mark(self, data: st.DataObject, state: str) -> None:
        if self._is_asked() and self.world.ledger.opened:
            ordinal = data.draw(st.sampled_from(sorted(self.world.ledger.opened)))
            with contextlib.suppress(IllegalTransition):
                self.world.mark(ordinal, state)

    @rule(lost=st.integers(0, 4))
    def crash(self, lost: int) -> None:
        commits = self.world.commits
        self.world.crash(commits[max(1, len(commits) - 1 - lost)])

    @rule()
    def finish(self) -> None:
        if self.world.finish is not None and not self.world.pending:
            self.world.finish_run()

    @rule(ordinal=st.integers(1, 30), attempt=st.integers(0, 4), state=st.sampled_from(("Running", "Retrying", *ENDS)))
    def hear_of_an_attempt_that_is_not_made(self, ordinal: int, attempt: int, state: str) -> None:
        cell = self.world.machine.cell_of(ordinal)
        if cell is None or cell.serving != attempt:
            before = len(self.world.log)
            self.world.handle(Reported(ordinal, attempt, KIND_BY_NAME[state].code, None, 2, self.world.at))
            assert before == len(self.world.log)

    @invariant()
    def the_log_leads_to_what_the_machine_knows(self) -> None:
        if hasattr(self, "world"):
            self.world.check_restores()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.complete()
            self.world.check_restores()

    # ---- inside

    def _is_asked(self) -> bool:
        """Say whether somebody would hear of a request: nobody does once the end was asked for."""
        return self.world.finish is None

    def _report(self, data: st.DataObject, before: str, state: str, *, due: int | None = None) -> None:
        world = self.world
        is_begun = before == "Running"
        names = [name for name in world.serving if (world.state(name) == "Running") == is_begun]
        if names and not world.ledger.is_cancelled:
            world.report(data.draw(st.sampled_from(names)), state, due=due)


SETTINGS = settings(
    max_examples=20,
    stateful_step_count=50,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("part", range(8))
def test_random_executions(part: int) -> None:
    """Play as many stories as the settings say, the same in each part whenever it is asked for.

    A failure is told as it was found. To make a story short takes minutes, in which the limit of one test ended the process
    and nobody heard of it: whoever works on one adds `Phase.shrink`.
    """
    run_state_machine_as_test(seed(part)(partial(Executions)), settings=SETTINGS)
