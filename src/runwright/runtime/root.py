"""Root: the flow run itself on the record, as the root of its task runs: created, begun, ended.

It feeds the machine and passes on what that decides. It runs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright import clock, codec
from runwright.engine.stimuli import Annotated, Created, Kill, Opened, Reported, Requested, Stimulus
from runwright.engine.transitions import LEGAL
from runwright.states import KIND_BY_NAME, Running, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.engine.machine import Machine
    from runwright.engine.stimuli import Effect
    from runwright.events import LogLine, Metric
    from runwright.flowable import Children
    from runwright.runtime.writer import Writer

_CANCELLED, _KILLED = KIND_BY_NAME["Cancelled"].code, KIND_BY_NAME["Killed"].code
_PENDING = KIND_BY_NAME["Pending"].code


class Root:
    """One flow run, by its machine and the writer of its events."""

    def __init__(self, machine: Machine, writer: Writer) -> None:
        """Stand for the flow run of `machine`."""
        self.machine = machine
        self.writer = writer

    @property
    def has_begun(self) -> bool:
        """Say whether the flow run has its task runs."""
        return self.machine.has_begun

    def create(self, data: dict[str, Any]) -> None:
        """Begin the record of the flow run; `data` says how it came to be."""
        self.apply(Created(data))

    def schedule(self, due: int) -> None:
        """Plan the start of a flow run that has not begun, for a time (ns)."""
        self.apply(Reported(0, 0, KIND_BY_NAME["Scheduled"].code, {"due": due}))

    def queue(self, message: str) -> None:
        """Note that the flow run waits for a slot."""
        self.apply(Reported(0, 0, KIND_BY_NAME["Queued"].code, {"message": message}))
        self.writer.flush()

    def annotate(self, data: dict[str, Any]) -> None:
        """Note what became known of the flow run."""
        self.apply(Annotated(data))

    def open_aftermath(self, children: Children) -> None:
        """Give the flow run what is to run after its end."""
        self.apply(Opened(0, 0, children))

    def apply(
        self, stimulus: Stimulus, at: int = 0, logs: Sequence[LogLine] = (), metrics: Sequence[Metric] = ()
    ) -> list[Effect]:
        """Feed the machine and record what it decides; returns the effects. Raises `IllegalTransition`."""
        decision = self.machine.handle(stimulus, at or clock.now())
        if decision.events or logs or metrics:
            self.writer.emit(decision.events, logs, metrics)
        return decision.effects

    def end(self, state: State, handed_on: dict[str, Any] | None = None) -> None:
        """Record the state that the flow run is left in, with what it hands on as the record has it, and return when everything is durable.

        A final state ends what is still open first: nothing will run it any more. A state to wait in counts only before the
        flow run has begun; one that has begun and is not over stays Running, for somebody to go on with it.
        """
        is_final = state.kind.phase.is_final
        if not self.machine.is_finished and (is_final or not (self.has_begun or isinstance(state, Running))):
            code = state.kind.code
            if is_final and self.has_begun and (len(self.machine.open_cells()) > 1 or code == _CANCELLED):
                self._end_task_runs()
            if (self.machine.open_cells()[0].code, code) in LEGAL:
                self.apply(Reported(0, 0, code, _data(state, handed_on)))
        self.writer.flush()

    def _end_task_runs(self) -> None:
        effects = self.apply(Requested("cancel", by="flow run"))
        running = {cell.ordinal for cell in self.machine.open_cells() if cell.code != _PENDING}
        for effect in effects:
            if isinstance(effect, Kill):
                code = _KILLED if effect.ordinal in running else _CANCELLED
                self.apply(Reported(effect.ordinal, effect.attempt, code, {"message": "Its flow run ended."}))


def _data(state: State, handed_on: dict[str, Any] | None) -> dict[str, Any]:
    """Return what is kept of a flow run's state: its result is the task runs, which are on record themselves."""
    data: dict[str, Any] = {"message": state.message}
    if isinstance(state.result, BaseException):
        data["error"] = codec.error_data(state.result)
    due = getattr(state, "start_time", None)
    if due is not None:
        data["due"] = codec.time_data(due)
    return {**data, **(handed_on or {})}
