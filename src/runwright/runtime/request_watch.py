"""RequestWatch: looking for what is asked of a flow run while this process holds it, and answering.

It has a thread of its own, so that no task keeps it from looking. What a request means is for the machine to say.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from runwright.engine.stimuli import Requested
from runwright.errors import IllegalTransition, LeaseLost, RecordError, RunwrightError
from runwright.events import EventKind
from runwright.ids import MAX_VERSION
from runwright.request import ENDING, REOPENING, Answer
from runwright.views import EventFilter

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from runwright.engine.machine import Machine
    from runwright.request import Request
    from runwright.runtime.leases import LeaseKeeper
    from runwright.runtime.root import Root
    from runwright.store import Store

    Deliver = Callable[["Asked"], None]

LOOK = 0.25
"""Seconds between two looks: each is a read in memory while the record is unchanged."""

_logger = logging.getLogger("runwright.Requests")


class Asked:
    """A request on its way to who carries it out, and the way back for the answer.

    `is_early` says that it waited for an owner: taking the flow run over may be all that it asked for.
    """

    __slots__ = ("_watch", "is_early", "request")

    def __init__(self, request: Request, watch: RequestWatch, *, is_early: bool) -> None:
        """Carry `request`."""
        self.request = request
        self.is_early = is_early
        self._watch = watch

    def answer(self, answer: Answer) -> None:
        """Record what became of the request: what follows from it is durable. Raises `LeaseLost`."""
        self._watch.answer(self.request, answer)


class RequestWatch:
    """Looks every quarter of a second, and hands each request to `deliver`, once.

    What is still open when the watch stops is answered if the flow run of `root` has ended, and otherwise left for the next
    owner.
    """

    def __init__(self, store: Store, keeper: LeaseKeeper, root: Root, deliver: Deliver) -> None:
        """Look once, before anything is started, and then from a thread of its own."""
        self._store = store
        self._keeper = keeper
        self._root = root
        self._deliver = deliver
        self._delivered: set[UUID] = set()
        self._is_failing = False
        self._stopped = threading.Event()
        self._look(is_first=True)
        self._thread = threading.Thread(target=self._watch, name="runwright-requests", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and answer what came too late."""
        self._stopped.set()
        self._thread.join()
        if not self._root.machine.is_finished or self._root.writer.error is not None:
            return
        try:
            for request in self._open():
                _answer_late(Asked(request, self, is_early=False), self._root.machine)
        except RunwrightError:
            _logger.exception(
                "What was asked of the flow run could not be answered; whoever asked finds that it has ended."
            )

    def answer(self, request: Request, answer: Answer) -> None:
        """Record the answer to a request; raises `LeaseLost`."""
        self._store.answer(request.id, self._keeper.lease, answer)

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK):
            self._look()

    def _look(self, *, is_first: bool = False) -> None:
        try:
            requests = [each for each in self._open() if each.id not in self._delivered]
            done = self._done_before() if is_first and requests else set[str]()
            for request in requests:
                self._delivered.add(request.id)
                if str(request.id) in done:
                    self.answer(request, Answer())
                else:
                    self._deliver(Asked(request, self, is_early=is_first))
            self._is_failing = False
        except LeaseLost:
            self._stopped.set()  # whoever keeps the lease says so
        except Exception:
            if not self._is_failing:
                _logger.exception("What is asked of the flow run could not be read; looking again.")
            self._is_failing = True

    def _open(self) -> list[Request]:
        return self._store.requests(self._keeper.lease.flow_run)

    def _done_before(self) -> set[str]:
        """Return the requests that an owner carried out which did not live to answer."""
        which = EventFilter(flow_run=self._keeper.lease.flow_run, ordinal=0, limit=MAX_VERSION)
        events = self._store.events(which)
        return {str((each.data or {}).get("request")) for each in events if each.kind == EventKind.REQUESTED}


def heed(asked: Asked, machine: Machine, apply: Callable[[Requested], object], flush: Callable[[], object]) -> None:
    """Let the machine do what was asked, by way of `apply`, and answer once that is durable; on the flow's own thread."""
    if machine.is_finished and not (asked.is_early and asked.request.intent in REOPENING):
        _answer_late(asked, machine)
        return
    is_done = False
    try:
        _check(asked, machine)
        apply(_stimulus_of(asked.request))
        is_done = True
        flush()
    except RecordError:
        raise  # the request is for the next owner
    except Exception as error:
        asked.answer(Answer.from_error(error))  # and not for the next owner, to break on it too
        if is_done or not isinstance(error, IllegalTransition):
            raise
    else:
        asked.answer(Answer())


def _answer_late(asked: Asked, machine: Machine) -> None:
    """Answer what came when the flow run had ended: who wanted that end has got it; what may be asked still is left open."""
    request = asked.request
    if request.intent in ENDING and machine.is_stopped:
        asked.answer(Answer())
    elif request.intent not in REOPENING:
        text = f"Flow run {request.flow_run} has ended: there is nothing left to {request.intent}."
        asked.answer(Answer.from_error(IllegalTransition(text)))


def _stimulus_of(request: Request) -> Requested:
    """Return a request as the machine hears of it; its id goes into the log, for an owner that does not live to answer."""
    return Requested(request.intent, request.ordinal, by=request.by, data=request.data or None, request=str(request.id))


def _check(asked: Asked, machine: Machine) -> None:
    """Raise `IllegalTransition` for a request that would change nothing."""
    request = asked.request
    if request.intent == "resume" and not asked.is_early and not _is_paused(machine, request.ordinal):
        what = f"task run {request.ordinal} of it is not" if request.ordinal else "nothing of it is"
        raise IllegalTransition(f"Flow run {request.flow_run} is running, and {what} paused: let it run.")


def _is_paused(machine: Machine, ordinal: int) -> bool:
    if machine.is_held and not ordinal:
        return True
    return any(cell.ordinal and cell.is_paused and ordinal in {0, cell.ordinal} for cell in machine.open_cells())
