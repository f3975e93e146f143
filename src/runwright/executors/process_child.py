"""Process child: the program of a worker process. It makes the attempts that come over its socket, one after the other.

The main thread does everything, so that an alarm can interrupt user code. What has come but was not begun can still be
taken back: beginning a call means to take its ticket from a pipe, and the parent may be quicker.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from typing import TYPE_CHECKING

from runwright.context import activate
from runwright.executors.endings import broken_out, final, unanswered
from runwright.executors.parcels import Unpacked, unreadable_call
from runwright.executors.pickles import loads
from runwright.executors.process_frames import CHUNK, TICKET, Frame, Kind, Unpacker, packed
from runwright.executors.process_lifeline import Lifeline, end_group
from runwright.executors.report_bytes import pack_report
from runwright.runtime import journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.executor import Report, TaskCall


def main(connection: int, tickets: int) -> None:
    """Work until the parent closes the connection; both arguments are file descriptors."""
    for descriptor in connection, tickets:
        os.set_inheritable(descriptor, False)  # noqa: FBT003  what a task starts must not hold the connection open
    with socket.socket(fileno=connection) as stream:
        child = _Child(stream, tickets)
        activate({"loading_flow": True})  # what is imported to put calls together must not run flows
        child.set_up()
        child.work()


class _Child:
    def __init__(self, stream: socket.socket, tickets: int) -> None:
        self.lifeline = Lifeline(stream.fileno())
        self._stream = stream
        self._tickets = tickets
        self._ticket: tuple[int, ...] | None = None
        self._unpacker = Unpacker()
        self._frames: deque[Frame] = deque()
        self._unpacked = Unpacked()
        self._attempt: Callable[[TaskCall, Callable[[Report], None]], None]
        self._is_answered = True

    def set_up(self) -> None:
        """Take the first frame, and say that calls may come."""
        frame = self._next()
        if frame is None:
            return
        level, attempt = loads(frame.body)
        journal.install(level)
        if attempt is None:
            from runwright.runtime.attempt import make_attempt  # noqa: PLC0415  the parent need not load it

            attempt = make_attempt
        self._attempt = attempt
        self._stream.sendall(packed(Kind.READY, b""))

    def work(self) -> None:
        """Make attempts until the connection is closed."""
        while (frame := self._next()) is not None:
            if frame.kind == Kind.CALL:
                if self._takes_ticket((frame.ordinal, frame.attempt)) and self.lifeline.begin():
                    self._make(frame)
            elif frame.kind == Kind.TASK:
                self._unpacked.keep_task(frame.ordinal, frame.body)
            else:
                self._unpacked.keep_setting(frame.body)

    def _next(self) -> Frame | None:
        while not self._frames:
            try:
                chunk = self._stream.recv(CHUNK)
            except OSError:
                return None
            if not chunk:
                return None
            self._frames.extend(self._unpacker.feed(chunk))
        return self._frames.popleft()

    def _takes_ticket(self, wanted: tuple[int, int]) -> bool:
        """Take the ticket of a call; False when the parent has taken it back, and the next one is for a later call."""
        if self._ticket is None:
            try:
                self._ticket = TICKET.unpack(os.read(self._tickets, TICKET.size))
            except BlockingIOError:
                return False
        if self._ticket != wanted:
            return False
        self._ticket = None
        return True

    def _make(self, frame: Frame) -> None:
        self._is_answered = False
        try:
            call = self._unpacked.call(frame.ordinal, frame.attempt, frame.body)
        except BaseException as error:  # noqa: BLE001  user code inside the values
            self._report(unreadable_call(frame.ordinal, frame.attempt, error))
            return
        try:
            self._attempt(call, self._report)
        except BaseException as error:  # noqa: BLE001  an attempt answers for itself; this is the last resort
            self._report(final(call, broken_out(error)))
        if not self._is_answered:
            self._report(final(call, unanswered()))

    def _report(self, report: Report) -> None:
        if self._is_answered:
            return
        self._is_answered = report.is_final
        body = pack_report(report)
        kind = Kind.FINAL if report.is_final else Kind.PARTIAL
        if report.is_final:
            self.lifeline.end()  # first: who has heard it may let this process leave, which is to leave in order then
        try:
            self._stream.sendall(packed(kind, body, report.ordinal, report.attempt))
        except OSError:
            end_group()
