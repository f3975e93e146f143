"""Pool: one thread that hands calls to worker processes, hears their reports, and sees that every call is answered.

Whoever submits or kills leaves a command and wakes the thread; only the thread touches workers. It also starts them:
the kernel takes the end of the thread that started a process for the end of its parent.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from runwright.errors import ExecutorError
from runwright.executors.endings import crashed, final, stopped, timed_out
from runwright.executors.process_frames import Frame, Kind
from runwright.executors.process_worker import PATIENCE, Entry, Worker
from runwright.executors.report_bytes import unpack_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.executor import Report
    from runwright.states import State

QUEUED = 1
"""How many calls wait inside a busy worker, so that it does not have to wait for the next one."""

FALSE_STARTS = 3
"""How many processes in a row may end before they are ready, until the calls that wait for one are given up."""

TICK = 1.0
"""Seconds between looks at whether a worker has died without closing its connection."""

FAREWELL = 5.0
"""Seconds that idle workers have to leave when the pool stops."""


class Pool:
    """Up to `slots` workers. `report` gets every report, on the pool's thread."""

    def __init__(
        self, slots: int, report: Callable[[Report], None], setup: bytes, *, directory: str, grace: float
    ) -> None:
        """Start the thread; workers start when there is work for them."""
        self._slots = slots
        self._report = report
        self._setup = setup
        self._directory = directory
        self._grace = grace
        self._open: dict[tuple[int, int], Entry] = {}
        self._commands: deque[tuple[Callable[..., None], Any]] = deque()
        self._pending: deque[Entry] = deque()
        self._workers: list[Worker] = []
        self._leaving: list[Worker] = []
        self._false_starts = 0
        self._last_words = ""
        self._next_look = 0.0
        self._is_stopping = False
        self._has_room = True
        self._is_woken = False
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_out.setblocking(False)  # noqa: FBT003  its one argument
        self._selector.register(self._wake_out, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="runwright-processes", daemon=True)
        self._thread.start()

    # ---- commands, from any thread

    def submit(self, entries: list[Entry]) -> None:
        """Take calls to be made; raises `ExecutorError` when the pool has stopped."""
        if self._is_stopping:
            raise ExecutorError("The worker processes were stopped: start the executor again.")
        for entry in entries:
            self._open[entry.key] = entry
        self._commands.append((self._pending.extend, entries))
        if self._has_room:  # otherwise the next report makes the thread look
            self._wake()

    def kill(self, key: tuple[int, int]) -> bool:
        """End an attempt, or see to it that it never begins; False when it is not here."""
        if key not in self._open:
            return False
        self._commands.append((self._kill, key))
        self._wake()
        return True

    def stop(self) -> None:
        """Answer what is open, end every process, and the thread."""
        self._is_stopping = True
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _wake(self) -> None:
        if not self._is_woken:
            self._is_woken = True
            with contextlib.suppress(OSError):  # the thread has ended
                self._wake_in.send(b"\0")

    # ---- the thread

    def _run(self) -> None:
        try:
            while not self._is_stopping:
                self._turn()
        finally:
            self._is_stopping = True
            self._end_all()

    def _turn(self) -> None:
        self._has_room = True
        while self._commands:
            command, argument = self._commands.popleft()
            command(argument)
        self._dispatch()
        self._has_room = not self._pending
        for key, _ in self._selector.select(self._patience()):
            if key.data is None:
                self._wake_out.recv(64)
                self._is_woken = False
            elif key.data in self._workers:
                self._flush(key.data)
                self._hear(key.data)
        self._look_after()

    def _patience(self) -> float | None:
        if self._commands or self._is_stopping:
            return 0.0
        busy = [worker for worker in self._workers if worker.entries or not worker.is_ready]
        if not busy and not self._leaving and not self._pending:
            return None
        now = time.monotonic()
        return max(0.0, min([TICK, *(worker.deadline - now for worker in busy if worker.deadline is not None)]))

    # ---- giving calls out

    def _dispatch(self) -> None:
        """Give what waits to idle workers, then to new ones, then to busy ones to have at hand."""
        pending, workers = self._pending, self._workers
        idle = [worker for worker in workers if worker.is_ready and not worker.entries]
        while idle and pending:
            self._send(idle.pop(), pending.popleft())
        if pending:
            self._hire()
            if all(worker.is_ready for worker in workers):
                for worker in workers:
                    if pending and len(worker.entries) <= QUEUED:
                        self._send(worker, pending.popleft())
        elif idle:
            self._share(idle)

    def _share(self, idle: list[Worker]) -> None:
        """Give idle workers what waits behind a running call elsewhere."""
        for worker in self._workers:
            if idle and len(worker.entries) > 1:
                for entry in worker.take_back():
                    self._send(idle.pop() if idle else worker, entry)

    def _send(self, worker: Worker, entry: Entry) -> None:
        is_first = not worker.entries
        worker.send(entry)
        if is_first:
            worker.deadline = self._deadline(entry)
        if worker.has_unsent:
            self._selector.modify(worker.stream, selectors.EVENT_READ | selectors.EVENT_WRITE, worker)

    def _flush(self, worker: Worker) -> None:
        if worker.has_unsent:
            worker.flush()
            if not worker.has_unsent:
                self._selector.modify(worker.stream, selectors.EVENT_READ, worker)

    def _hire(self) -> None:
        """Start workers for what waits, while there are slots; give up what waits when none will start."""
        starting = sum(not worker.is_ready for worker in self._workers)
        while len(self._workers) < self._slots and starting < len(self._pending) and self._false_starts < FALSE_STARTS:
            try:
                worker = Worker(self._setup, self._directory)
            except OSError as error:
                self._false_starts += 1
                self._last_words = f"was refused by the system: {error}"
                continue
            starting += 1
            self._workers.append(worker)
            self._selector.register(worker.stream, selectors.EVENT_READ, worker)
        if not self._workers:
            self._false_starts = 0
            message = (
                f"No worker process can be started. The last one {self._last_words}; see the standard error output."
            )
            while self._pending:
                self._finish(self._pending.popleft(), crashed(message))

    # ---- hearing of them

    def _hear(self, worker: Worker) -> None:
        frames, is_open = worker.receive()
        for frame in frames:
            if frame.kind == Kind.READY:
                worker.is_ready = True
                self._false_starts = 0
            else:
                self._take(worker, frame)
        if not is_open:
            self._bury(worker)

    def _take(self, worker: Worker, frame: Frame) -> None:
        is_final = frame.kind == Kind.FINAL
        entry = self._open.get((frame.ordinal, frame.attempt))
        if entry is None or entry.worker is not worker:
            return
        report = unpack_report(frame.ordinal, frame.attempt, frame.body, is_final=is_final)
        if is_final:
            worker.entries.remove(entry)
            del self._open[entry.key]
        else:
            entry.has_begun = True
        worker.deadline = self._deadline(worker.entries[0]) if worker.entries else None
        if report is not None:
            self._report(report)

    def _finish(self, entry: Entry, state: State) -> None:
        if self._open.pop(entry.key, None) is not None:
            self._report(final(entry.call, state))

    # ---- ending them

    def _kill(self, key: tuple[int, int]) -> None:
        entry = self._open.get(key)
        if entry is not None:
            self._end(entry, lambda: stopped("The attempt was killed.", has_begun=entry.has_begun))

    def _end(self, entry: Entry, state: Callable[[], State], *, is_stuck: bool = False) -> None:
        """End an attempt, its process too if it is running there: exactly this one, and only if it is not over yet."""
        worker = entry.worker
        if worker is None:
            self._pending.remove(entry)
            self._finish(entry, state())
            return
        taken = worker.take_back()  # nothing new begins there, so what is heard now is the last of anything before
        self._hear(worker)
        if worker in self._workers and (is_stuck or entry not in taken) and entry.key in self._open:
            self._retire(worker)
            worker.kill()
        self._finish(entry, state())
        self._pending.extendleft(each for each in reversed(taken) if each is not entry)

    def _bury(self, worker: Worker) -> None:
        """Answer for a worker that has died; what it had not begun goes to others."""
        taken = worker.take_back()
        self._retire(worker)
        how = worker.obituary()
        if not worker.is_ready:
            self._false_starts += 1
            self._last_words = how
        for entry in worker.entries:
            self._finish(entry, crashed(f"The worker process of the attempt {how}."))
        self._pending.extendleft(reversed(taken))

    def _retire(self, worker: Worker) -> None:
        self._selector.unregister(worker.stream)
        self._workers.remove(worker)
        self._leaving.append(worker)

    def _look_after(self) -> None:
        """End what is late, and notice who died in silence or is gone."""
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.entries and worker.deadline is not None and worker.deadline <= now:
                self._end(worker.entries[0], timed_out, is_stuck=True)
        if now < self._next_look:
            return
        self._next_look = now + TICK
        self._leaving = [worker for worker in self._leaving if not worker.is_gone()]
        for worker in list(self._workers):
            if (worker.entries or not worker.is_ready) and worker.is_dead():
                self._hear(worker)
                if worker in self._workers:
                    self._bury(worker)

    def _end_all(self) -> None:
        for worker in list(self._workers):
            worker.take_back()
            self._hear(worker)
            if worker in self._workers:
                self._retire(worker)
                if worker.entries or not worker.is_ready:
                    worker.kill()
                else:
                    worker.dismiss()
        for entry in list(self._open.values()):
            self._finish(entry, stopped("The executor was stopped.", has_begun=entry.has_begun))
        last = time.monotonic() + FAREWELL
        for worker in self._leaving:
            if not worker.is_gone(max(0.0, last - time.monotonic())):
                worker.kill()
                worker.is_gone(PATIENCE)
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    def _deadline(self, entry: Entry) -> float | None:
        """Return the time at which an attempt that begins now, or another turn of it, is late."""
        timeout = entry.call.timeout
        return None if timeout is None else time.monotonic() + timeout + self._grace
