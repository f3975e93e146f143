"""Promises: what a flow says of its executions (`sla`), watched while one runs, and what becomes of one that breaks them.

How long an execution takes is watched by a thread of its own, which lets the loop look; assertions are looked at whenever the
execution goes on. A promise is broken once, whoever runs the execution. One that is to end for it is cancelled, and ends as the
promise says. While nobody runs an execution, its row says when somebody has to look.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID, uuid4

from runwright import clock, ids
from runwright.clock import NANOSECONDS
from runwright.engine.stimuli import Annotated, FinishRun
from runwright.errors import RunwrightError
from runwright.expression import is_true
from runwright.request import Answer, Request
from runwright.runtime.request_watch import Asked
from runwright.states import CLASS_BY_CODE, KIND_BY_NAME

if TYPE_CHECKING:
    from runwright.runs import FlowRun
    from runwright.runtime.execution import Execution
    from runwright.runtime.flow_loop import FlowLoop
    from runwright.runtime.root import Root
    from runwright.spec.flow_spec import Sla
    from runwright.states import State

PROMISED, BROKEN = "promised", "broken"
"""Under what names the row of an execution has how many seconds it may take, by promise, and the promises that it has broken."""

_ENDS = {"FAIL": "Failed", "CANCEL": "Cancelled"}
_BROKEN = "A promise of the flow is broken."


class Promises:
    """The promises of one execution as its row has it. A context manager around its loop."""

    def __init__(self, declared: tuple[Sla, ...], execution: Execution, loop: FlowLoop, row: FlowRun) -> None:
        """Watch nothing yet; what runs after the end of an execution breaks none."""
        self._told = list(_broken(row))
        is_over = row.kind.phase.is_final
        self._open = [] if is_over else [each for each in declared if each.id not in self._told]
        self._execution = execution
        self._loop = loop
        self._began = _began(row)
        self._ending: str | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        if self._open:
            execution.look_at_promises = self.look

    def __enter__(self) -> Self:
        """Watch the time; what was promised for one that is over is looked at before anything begins."""
        due = sorted(self._due(each) for each in self._open if each.type == "MAX_DURATION")
        if due and due[0] <= clock.now():
            self._loop.look()
        if due and due[-1] > clock.now():
            self._thread = threading.Thread(target=self._watch, args=(due,), name="runwright-promises", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no more."""
        self._stopped.set()
        if self._thread is not None:
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
            self._told.append(each.id)
            self._execution.note(BROKEN, list(self._told))
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
        self._execution.look_at_promises = None  # what runs after the end breaks none
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

    def _watch(self, due: list[int]) -> None:
        while due and not self._stopped.wait(max(0.0, (due[0] - clock.now()) / NANOSECONDS)):
            if due[0] <= clock.now():
                del due[0]
                self._loop.look()

    def _cancel(self) -> None:
        self._loop.ask(_Ending(UUID(self._execution.facts.execution_id)))


class _Ending(Asked):
    """A request of a promise: nobody waits for its answer, and it is not on record beside the log."""

    def __init__(self, flow_run: UUID) -> None:
        self.request = Request(uuid4(), flow_run, "cancel", by="sla")
        self.is_early = False

    def answer(self, answer: Answer) -> None:
        """Tell nobody."""


def promised(declared: tuple[Sla, ...]) -> dict[str, float]:
    """Return how many seconds an execution may take by the promises of its flow: what its row has of them."""
    return {
        each.id: each.duration.total_seconds()
        for each in declared
        if each.type == "MAX_DURATION" and isinstance(each.duration, timedelta)
    }


def is_to_be_looked_at(row: FlowRun) -> bool:
    """Say whether an execution that has begun, and that nobody runs, has taken longer than was promised since anybody looked."""
    limits: dict[str, float] = row.details.get(PROMISED) or {}
    latest = _began(row)
    return any(latest + int(limits[each] * NANOSECONDS) <= clock.now() for each in limits.keys() - set(_broken(row)))


def _broken(row: FlowRun) -> list[str]:
    return row.details.get(BROKEN) or []


def _began(row: FlowRun) -> int:
    """Return when an execution began (ns); one that repeats the beginning of another began when it was made itself."""
    made = ids.created_at(row.id) if row.details.get("parent") else 0
    return clock.now() if row.start_time is None else max(row.start_time, made)


def _told(promise: Sla) -> str:
    if promise.type == "MAX_DURATION":
        return f"the execution takes longer than {promise.duration}."
    return f"{promise.assert_} does not hold."
