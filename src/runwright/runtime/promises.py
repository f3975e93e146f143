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
from runwright.states import CLASS_BY_CODE, KIND_BY_NAME

if TYPE_CHECKING:
    from runwright.runtime.execution import Execution
    from runwright.runtime.flow_loop import FlowLoop
    from runwright.runtime.root import Root
    from runwright.spec.flow_spec import Sla
    from runwright.states import State

_ENDS = {"FAIL": "Failed", "CANCEL": "Cancelled"}
_BROKEN = "A promise of the flow is broken."


class Promises:
    """The promises of one execution, which began at `began` (ns). A context manager around its loop."""

    def __init__(self, declared: tuple[Sla, ...], execution: Execution, loop: FlowLoop, began: int) -> None:
        """Watch nothing yet."""
        self._open = list(declared)
        self._execution = execution
        self._loop = loop
        self._began = began
        self._ending: str | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="runwright-promises", daemon=True)
        if declared:
            execution.look_at_promises = self.look

    def __enter__(self) -> Self:
        """Watch the time, if that can end the execution."""
        if self._limits():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def refusal(self, root: Root) -> State | None:
        """Return the state of an execution that is not to begin, because a promise that ends it is broken already; else None."""
        if not root.has_begun:
            self._record(root)
        return None if self._ending is None else CLASS_BY_CODE[KIND_BY_NAME[self._ending].code](_BROKEN)

    def look(self) -> None:
        """Tell the execution of the promises that are broken now, each of them once; one that ends it cancels it."""
        for each in [each for each in self._open if self._is_broken(each)]:
            self._open.remove(each)
            self._execution.complain(0, 0, f"The promise {each.id} is broken: {_told(each)}")
            self._execution.add_labels({label.key: label.value for label in each.labels})
            if each.behavior in _ENDS and self._ending is None:
                self._ending = _ENDS[each.behavior]
                self._cancel()

    def settle(self, root: Root) -> None:
        """Record what the thread has found, and let an execution that was cancelled for a promise end as that says."""
        finish = self._loop.finish
        if finish is None:
            return
        self._record(root)
        if self._ending is not None and finish.state == "Cancelled":
            self._loop.finish = FinishRun(self._ending, _BROKEN)

    def _record(self, root: Root) -> None:
        news = self._execution.news()
        if news is not None:
            at = clock.now()
            root.apply(Annotated(news), at, self._execution.lines(at))

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

    def _limits(self) -> list[int]:
        """Return the times (ns) at which the execution is to end if it has not."""
        return [self._due(each) for each in self._open if each.type == "MAX_DURATION" and each.behavior in _ENDS]

    def _watch(self) -> None:
        if not self._stopped.wait(max(0.0, (min(self._limits()) - clock.now()) / NANOSECONDS)):
            self._cancel()

    def _cancel(self) -> None:
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
