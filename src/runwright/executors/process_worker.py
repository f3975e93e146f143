"""Worker: one child process as its parent sees it: what was sent to it, what it says, and how it ends.

It decides nothing about attempts. Everything here happens on the pool's thread.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

from runwright.executors.process_frames import CHUNK, TICKET, Frame, Kind, Unpacker, packed

if TYPE_CHECKING:
    from runwright.executor import TaskCall
    from runwright.executors.parcels import Parcel

BUFFER = 256 * 1024
"""What the connection takes in at once, in bytes, each way: some systems are stingy, and small calls must not wait."""

AT_ONCE = 64
"""How many chunks to take from one worker before the others have their turn."""

PATIENCE = 5.0
"""Seconds to wait for a process that was killed to be gone."""

_PROGRAM = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[3]); "
    "from runwright.executors.process_child import main; main(int(sys.argv[1]), int(sys.argv[2]))"
)


class Entry:
    """A call in the pool's hands. `worker` is where it was sent, `has_begun` says that its body is reported running."""

    __slots__ = ("call", "has_begun", "parcel", "worker")

    def __init__(self, call: TaskCall, parcel: Parcel) -> None:
        """Wait to be sent."""
        self.call = call
        self.parcel = parcel
        self.worker: Worker | None = None
        self.has_begun = False

    @property
    def key(self) -> tuple[int, int]:
        """Return what reports name the attempt by."""
        return self.call.ordinal, self.call.attempt


class Worker:
    """A child process. `entries` are the calls sent and not answered, in order: the first one runs, or is about to."""

    def __init__(self, setup: bytes, directory: str) -> None:
        """Start the process with the module path of this one; raises `OSError` when the system refuses."""
        self.is_ready = False
        self.entries: deque[Entry] = deque()
        self.deadline: float | None = None
        self._setting = 0
        self._tasks: set[int] = set()
        self._unpacker = Unpacker()
        self._unsent = bytearray()
        self.stream, theirs = socket.socketpair()
        self._their_tickets, self._our_tickets = os.pipe()
        for end in self.stream, theirs:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        try:
            with theirs:
                self._process = _started(theirs, self._their_tickets, directory)
        except BaseException:
            self._close()
            raise
        self.stream.setblocking(False)  # noqa: FBT003  its one argument
        os.set_blocking(self._their_tickets, False)
        self._write(packed(Kind.SETUP, setup))

    @property
    def has_unsent(self) -> bool:
        """Say whether the connection was full, and `flush` has something to do."""
        return bool(self._unsent)

    # ---- what the parent says

    def send(self, entry: Entry) -> None:
        """Send a call, and before it what it needs and the process has not seen."""
        setting, task, body = entry.parcel
        frames = [packed(Kind.CALL, body, *entry.key)]
        if task.number not in self._tasks:
            self._tasks.add(task.number)
            frames.insert(0, packed(Kind.TASK, task.body, task.number))
        if setting.number != self._setting:
            self._setting = setting.number
            frames.insert(0, packed(Kind.SETTING, setting.body, setting.number))
        entry.worker = self
        self.entries.append(entry)
        os.write(self._our_tickets, TICKET.pack(*entry.key))
        self._write(b"".join(frames))

    def take_back(self) -> list[Entry]:
        """Return the calls that the process has not begun, and now never will."""
        taken: list[Entry] = []
        while self.entries:
            try:
                key = TICKET.unpack(os.read(self._their_tickets, TICKET.size))
            except BlockingIOError:
                break
            entry = next(each for each in self.entries if each.key == key)
            self.entries.remove(entry)
            entry.worker = None
            taken.append(entry)
        return taken

    def flush(self) -> None:
        """Send what the connection had no room for."""
        unsent, self._unsent = self._unsent, bytearray()
        self._write(unsent)

    def _write(self, data: bytes | bytearray) -> None:
        if self._unsent:
            self._unsent += data
            return
        try:
            sent = self.stream.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # it is gone, which reading will tell
        if sent < len(data):
            self._unsent = bytearray(memoryview(data)[sent:])

    # ---- what the process says

    def receive(self) -> tuple[list[Frame], bool]:
        """Return what it has said since, without waiting, and whether it may say more."""
        frames: list[Frame] = []
        for _ in range(AT_ONCE):
            try:
                chunk = self.stream.recv(CHUNK)
            except BlockingIOError:
                break
            except OSError:
                return frames, False
            if not chunk:
                return frames, False
            frames += self._unpacker.feed(chunk)
            if len(chunk) < CHUNK:
                break
        return frames, True

    # ---- its end

    def is_dead(self) -> bool:
        """Say whether the process has ended, even where something it started holds its connection open."""
        if not hasattr(os, "waitid"):
            return self._process.poll() is not None
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True  # user code has waited for it

    def kill(self) -> None:
        """End the process and everything in its group, now."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._close()

    def dismiss(self) -> None:
        """Let an idle process leave in its own time."""
        self._close()

    def is_gone(self, seconds: float = 0.0) -> bool:
        """Wait for the process to be gone; False when it is not in time."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def obituary(self) -> str:
        """Bury a process whose connection has closed, with what it left behind, and return how it ended."""
        self.kill()
        if not self.is_gone(PATIENCE):
            return "closed its connection and does not end"
        status = self._process.returncode
        if status >= 0:
            return f"ended with exit code {status}"
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = "a signal"
        hint = ", perhaps by the system because memory ran out" if -status == signal.SIGKILL else ""
        return f"was killed by {name} (signal {-status}){hint}"

    def _close(self) -> None:
        if self.stream.fileno() < 0:
            return
        with contextlib.suppress(OSError):
            self.stream.shutdown(socket.SHUT_RDWR)  # a fork of this process may hold it too
        self.stream.close()
        os.close(self._our_tickets)
        os.close(self._their_tickets)


def _started(stream: socket.socket, tickets: int, directory: str) -> subprocess.Popen[Any]:
    descriptors = stream.fileno(), tickets
    return subprocess.Popen(  # noqa: S603  this very interpreter
        [sys.executable, "-c", _PROGRAM, *map(str, descriptors), json.dumps([str(each) for each in sys.path])],
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        cwd=directory,
        start_new_session=True,  # Ctrl-C is for the parent to handle, and the whole group can be killed at once
    )
