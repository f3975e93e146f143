"""Threads: attempts run side by side in threads of this process.

Python cannot stop a thread. An attempt that is killed or late is abandoned: its final report is given for it, whatever
it says later is dropped, and another thread takes its place. Code that takes down the process takes down the flow run.
"""

from __future__ import annotations

import functools
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from runwright.errors import ExecutorError
from runwright.executors.endings import GRACE, broken_out, final, stopped, timed_out, unanswered
from runwright.executors.slots import processors
from runwright.runtime.attempt import make_attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runwright.executor import Report, TaskCall
    from runwright.states import State

    Attempt = Callable[[TaskCall, Callable[[Report], None]], None]

MOST = 32


class ThreadExecutor:
    """Runs up to `slots` attempts at once, by default four more than there are processors, at most 32.

    A timeout counts from the report of Running, anew for each turn of a loop; `grace` seconds later the attempt is
    abandoned.
    """

    def __init__(self, slots: int | None = None, *, attempt: Attempt = make_attempt, grace: float = GRACE) -> None:
        """Start nothing yet; `attempt` is what makes one attempt and reports it."""
        self.slots = slots or min(MOST, processors() + 4)
        self.grace = grace
        self._attempt = attempt
        self._waiting: queue.SimpleQueue[_Ticket | None] = queue.SimpleQueue()
        self._open: dict[tuple[int, int], _Ticket] = {}
        self._threads: set[threading.Thread] = set()
        self._staffing = threading.Lock()
        self._watchdog: _Watchdog | None = None
        self._is_started = False

    def start(self, report: Callable[[Report], None]) -> None:
        """Remember where reports go; threads start when there is work for them."""
        if self._is_started:
            raise ExecutorError(
                "This executor runs a flow already: give each flow run at the same time its own executor."
            )
        self.report = report
        self._waiting = queue.SimpleQueue()
        self._is_started = True

    def submit(self, calls: Sequence[TaskCall]) -> None:
        """Queue the calls for the next free threads; raises `ExecutorError` before `start` and after `stop`."""
        if not self._is_started:
            raise ExecutorError("The executor is not started: call start(report) before submit.")
        for call in calls:
            ticket = _Ticket(self, call)
            self._open[call.ordinal, call.attempt] = ticket
            self._waiting.put(ticket)
        if len(self._threads) < self.slots:
            self._staff()

    def kill(self, ordinal: int, attempt: int) -> bool:
        """Report an attempt as Killed, or Cancelled before its body began, and abandon its thread."""
        ticket = self._open.get((ordinal, attempt))
        return ticket is not None and ticket.end_as_stopped("The attempt was killed; its thread may still run.")

    def stop(self) -> None:
        """Abandon what still runs, answer what still waits, and let the idle threads end."""
        if not self._is_started:
            return
        self._is_started = False
        for ticket in list(self._open.values()):
            ticket.end_as_stopped("The executor was stopped.")
        if self._watchdog is not None:
            self._watchdog.stop()
            self._watchdog = None
        idle = list(self._threads)
        self._threads.clear()
        self._waiting.put(None)
        for thread in idle:
            if thread is not threading.current_thread():
                thread.join()

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as it was made, running nothing."""
        return functools.partial(type(self), self.slots, attempt=self._attempt, grace=self.grace), ()

    # ---- what tickets ask for

    def close(self, ticket: _Ticket) -> None:
        """Forget an attempt that is over."""
        self._open.pop((ticket.call.ordinal, ticket.call.attempt), None)
        if ticket.deadline is not None and self._watchdog is not None:
            self._watchdog.forget(ticket)

    def abandon(self, thread: threading.Thread) -> None:
        """Let go of a thread that does not come back, and start another where calls wait for one."""
        self._threads.discard(thread)
        if self._is_started:
            self._staff()

    # ---- threads

    def _staff(self) -> None:
        """Start threads until there is one for each open call, or for each slot."""
        with self._staffing:
            while len(self._threads) < min(self.slots, len(self._open)):
                thread = threading.Thread(
                    target=self._work, args=(self._waiting,), name=f"runwright-{len(self._threads) + 1}", daemon=True
                )
                self._threads.add(thread)
                thread.start()

    def _work(self, waiting: queue.SimpleQueue[_Ticket | None]) -> None:
        thread = threading.current_thread()
        while (ticket := waiting.get()) is not None:
            if not ticket.take(thread):
                continue
            if ticket.call.timeout is not None:
                self._watch(ticket)
            try:
                self._attempt(ticket.call, ticket.report)
            except BaseException as error:  # noqa: BLE001  an attempt answers for itself; this is the last resort
                ticket.end(broken_out(error))
            if not ticket.is_over:
                ticket.end(unanswered())
            if thread not in self._threads:
                return
        waiting.put(None)  # for the next thread to see

    def _watch(self, ticket: _Ticket) -> None:
        with self._staffing:
            if self._watchdog is None:
                self._watchdog = _Watchdog()
        self._watchdog.watch(ticket)


class _Ticket:
    """One attempt on its way through a thread: sees to it that exactly one final report is passed on, as the last."""

    __slots__ = ("_executor", "_has_begun", "_lock", "_thread", "call", "deadline", "is_over")

    def __init__(self, executor: ThreadExecutor, call: TaskCall) -> None:
        self.call = call
        self.deadline: float | None = None
        self._executor = executor
        self._lock = threading.RLock()  # what is reported may lead back here, to `kill`
        self._thread: threading.Thread | None = None
        self._has_begun = False
        self.is_over = False

    def take(self, thread: threading.Thread) -> bool:
        """Bind the attempt to the thread that makes it; False when it was ended while it waited."""
        with self._lock:
            if self.is_over:
                return False
            self._thread = thread
            self._set_deadline()
            return True

    def report(self, report: Report) -> None:
        """Pass on what the attempt says, unless it was ended."""
        with self._lock:
            if self.is_over:
                return
            if report.is_final:
                self.is_over = True
                self._executor.close(self)
            else:
                self._has_begun = True
                self._set_deadline()
            self._executor.report(report)

    def end(self, state: State) -> bool:
        """End the attempt in `state` and abandon its thread; False when it was over before."""
        with self._lock:
            if self.is_over:
                return False
            self.report(final(self.call, state))
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            self._executor.abandon(thread)
        return True

    def end_as_stopped(self, message: str) -> bool:
        """End the attempt as Killed, or as Cancelled before its body began."""
        with self._lock:
            return self.end(stopped(message, has_begun=self._has_begun))

    def _set_deadline(self) -> None:
        if self.call.timeout is not None:
            self.deadline = time.monotonic() + self.call.timeout + self._executor.grace


class _Watchdog:
    """A thread that ends the attempts whose deadline has passed. It knows those that run: at most one for each slot."""

    def __init__(self) -> None:
        self._tickets: dict[_Ticket, None] = {}
        self._changed = threading.Condition()
        self._next = float("inf")
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="runwright-watchdog", daemon=True)
        self._thread.start()

    def watch(self, ticket: _Ticket) -> None:
        """Expect the attempt to end before its deadline, which may move on meanwhile."""
        deadline = ticket.deadline or 0.0
        with self._changed:
            self._tickets[ticket] = None
            if deadline < self._next:
                self._changed.notify()

    def forget(self, ticket: _Ticket) -> None:
        """Expect nothing more."""
        self._tickets.pop(ticket, None)

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._is_stopped:
                    return
                self._next = min((ticket.deadline or 0.0 for ticket in list(self._tickets)), default=float("inf"))
                seconds = self._next - time.monotonic()
                if seconds > 0:
                    self._changed.wait(min(seconds, threading.TIMEOUT_MAX))
            for ticket in list(self._tickets):
                if (ticket.deadline or 0.0) <= time.monotonic():
                    self._tickets.pop(ticket, None)
                    ticket.end(timed_out())
