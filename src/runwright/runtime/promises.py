"""Promises: what a flow says of its executions (`sla`), watched while one runs, and what becomes of one that breaks them.

How long an execution takes is watched by a thread of its own; assertions are looked at whenever the execution goes on. A promise is
broken once. An execution that is to end for it is cancelled, and ends as the promise says.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID, uuid4

from runwright import clock
from runwright.clock import NANOSECONDS
from runwright.engine.stimuli import Annotated, FinishRun
from runwright.errors import RunwrightError
from runwright.expression import is_true
from runwright.request import Answer, Request
from runwright.runtime.request_watch import Asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.runtime.execution import Execution
    from runwright.runtime.flow_loop import FlowLoop
    from runwright.spec.flow_spec import Sla

_ENDS = {"FAIL": "Failed", "CANCEL": "Cancelled"}


class Promises:
    """The promises of one execution, which began at `began` (ns). A context manager around its loop."""

    def __init__(self, declared: tuple[Sla, ...], execution: Execution, loop: FlowLoop, began: int) -> None:
        """Watch nothing yet."""
        self._open = list(declared)
        self._execution = execution
        self._loop = loop
        self._began = began
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="runwright-promises", daemon=True)
        self.ending: str | None = None
        execution.promises = self.kept

    def __enter__(self) -> Self:
        """Watch the time, if that can end the execution."""
        if any(each.behavior in _ENDS and each.type == "MAX_DURATION" for each in self._open):
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def kept(self, *, is_first: bool) -> Iterator[Annotated | FinishRun]:
        """Yield what is to be told of the promises that are broken now; nothing runs that has not begun when that ends it.

        `is_first` says that nothing has begun yet.
        """
        for each in [each for each in self._open if self._is_broken(each)]:
            self._open.remove(each)
            self._execution.complain(0, 0, f"The promise {each.id} is broken: {_told(each)}")
            self._execution.add_labels({label.key: label.value for label in each.labels})
            yield Annotated({"labels": self._execution.labels})
            if each.behavior not in _ENDS or self.ending is not None:
                continue
            self.ending = _ENDS[each.behavior]
            if is_first:
                yield FinishRun(self.ending, f"The promise {each.id} is broken.")
                return
            self._loop.ask(_Ending(UUID(self._execution.facts.execution_id)))

    def _is_broken(self, promise: Sla) -> bool:
        if promise.duration is not None and promise.type == "MAX_DURATION":
            return clock.now() >= self._due(promise)
        try:
            return not is_true(self._execution.rendered(promise.assert_))
        except RunwrightError:
            return False  # it names what is not there yet

    def _due(self, promise: Sla) -> int:
        seconds: Any = promise.duration.total_seconds() if promise.duration is not None else 0
        return self._began + int(seconds * NANOSECONDS)

    def _watch(self) -> None:
        """Wait until the first promise about the time is broken that ends the execution."""
        ending = [each for each in self._open if each.behavior in _ENDS and each.type == "MAX_DURATION"]
        due = min(self._due(each) for each in ending)
        if not self._stopped.wait(max(0.0, (due - clock.now()) / NANOSECONDS)):
            self._loop.ask(_Ending(UUID(self._execution.facts.execution_id)))


class _Ending(Asked):
    """A request of a promise: nobody waits for its answer, and it is not on record beside the log."""

    def __init__(self, flow_run: UUID) -> None:
        self.request = Request(uuid4(), flow_run, "cancel", by="sla")
        self.is_early = False

    def answer(self, answer: Answer) -> None:
        """Tell nobody."""


def _told(promise: Sla) -> str:
    if promise.type == "MAX_DURATION":
        return f"the execution takes longer than {promise.duration}."
    return f"{promise.assert_} does not hold."
