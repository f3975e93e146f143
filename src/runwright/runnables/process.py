"""Process: running a program in a process group of its own, hearing what it writes, and ending all of it.

Nothing of flows is known here. One thread does all: it reads both streams as they come and looks whether it is to stop.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from runwright.errors import RunnableFailed
from runwright.failpoints import hit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from threading import Event

    Hear = Callable[[str, bool], None]

GRACE = 5.0
"""How many seconds a program that is to stop has for that, before it is killed."""

LONGEST_LINE = 16 << 20
"""The bytes of a line that are kept; what comes after them is dropped."""

MARK = "RUNWRIGHT_PROGRAM"
"""A variable in the environment by which processes are found that have left the group."""

_WATCH = """
read -r group
read -r _
[ -z "$group" ] || kill -s KILL -- "-$group"
for _ in 1 2 3; do
    grep -ls -- "$0" /proc/[0-9]*/environ | while IFS=/ read -r _ _ process _; do kill -s KILL "$process"; done
done
"""
"""Is told a group, waits until its standard input ends, which it does when this process dies, and kills that group and whatever
has the mark that it is called by. A program that is started while this process dies has the mark when the input ends: until it
has become itself it holds the other end.
"""

_LOOK = 0.05
_CHUNK = 1 << 16
_PROCESSES = Path("/proc")


class Ending(NamedTuple):
    """How a program ended: its exit status (128 and more: by a signal), and whether that was because it had to stop."""

    status: int
    was_stopped: bool


def run_program(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    stopping: Event,
    hear: Hear,
    grace: float = GRACE,
) -> Ending:
    """Run a program to its end; `hear` gets each line, and whether it came on standard error.

    Once `stopping` is set it is asked to end, and killed after `grace` seconds. When the program has ended, however that
    came, or when this process has died, nothing of its group goes on. Raises `RunnableFailed` when it does not start.
    """
    if os.name != "posix":
        raise RunnableFailed("Tasks that run programs need a system with process groups, such as Linux or macOS.")
    mark = uuid.uuid4().hex
    with _watched(mark) as watch, _started(arguments, folder, {**environment, MARK: mark}) as process:
        hit("program.started")
        watch(process.pid)
        return _Run(process, mark, hear).to_its_end(stopping, grace)


@contextmanager
def _watched(mark: str) -> Iterator[Callable[[int], None]]:
    """Have what is started with a mark inside the block killed if this process dies there, and the group that it is told."""
    with subprocess.Popen(  # noqa: S603  words of our own
        ["/bin/sh", "-c", _WATCH, mark],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as watch:

        def tell(group: int) -> None:
            if watch.stdin is not None:
                watch.stdin.write(f"{group}\n".encode())
                watch.stdin.flush()

        try:
            yield tell
        finally:
            watch.kill()


def _started(arguments: Sequence[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  running what the author of the flow wrote is what this is for
            arguments,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as refused:
        reason = getattr(refused, "strerror", None) or refused
        raise RunnableFailed(
            f"The program {arguments[0]!r:.200} did not start: {reason}. Check the interpreter."
        ) from refused


class _Run:
    """A program that runs."""

    def __init__(self, process: subprocess.Popen[bytes], mark: str, hear: Hear) -> None:
        self._process = process
        self._mark = mark
        self._selector = selectors.DefaultSelector()
        for stream, is_error in ((process.stdout, False), (process.stderr, True)):
            if stream is not None:
                self._selector.register(
                    stream, selectors.EVENT_READ, Lines(lambda line, is_error=is_error: hear(line, is_error))
                )

    def to_its_end(self, stopping: Event, grace: float) -> Ending:
        """Listen until the program has ended."""
        killed_at: float | None = None
        try:
            while self._process.poll() is None:
                self._listen(_LOOK)
                if stopping.is_set() and killed_at is None:
                    self._signal(signal.SIGTERM)
                    killed_at = time.monotonic() + grace
                elif killed_at is not None and time.monotonic() >= killed_at:
                    break
        finally:
            self._signal(signal.SIGKILL, is_everywhere=killed_at is not None or self._process.poll() is None)
        self._process.wait()
        while self._listen(0):
            pass
        self._close()
        status = self._process.returncode
        return Ending(128 - status if status < 0 else status, killed_at is not None)

    def _listen(self, seconds: float) -> bool:
        """Hear what is there within a time, and say whether anything was."""
        if not self._selector.get_map():
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            return False
        ready = self._selector.select(seconds)
        for key, _ in ready:
            data = os.read(key.fd, _CHUNK)
            if data:
                key.data.feed(data)
            else:
                key.data.end()
                self._selector.unregister(key.fileobj)
        return bool(ready)

    def _close(self) -> None:
        for key in [*self._selector.get_map().values()]:
            key.data.end()
        self._selector.close()

    def _signal(self, number: signal.Signals, *, is_everywhere: bool = True) -> None:
        """Send a signal to the group, and where asked to those that have left it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
        for process in _marked(self._mark) if is_everywhere else ():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, number)


def _marked(mark: str) -> list[int]:
    """Return the processes whose environment has a mark; none where the system does not tell."""
    wanted, found = f"{MARK}={mark}".encode(), list[int]()
    for place in _PROCESSES.iterdir() if _PROCESSES.is_dir() else ():
        with suppress(OSError):
            if place.name.isdecimal() and wanted in (place / "environ").read_bytes():
                found.append(int(place.name))
    return found


class Lines:
    """Makes lines of the bytes that come in pieces."""

    def __init__(self, hear: Callable[[str], None]) -> None:
        """Begin with an empty line; `hear` gets each whole one, without its end."""
        self._hear = hear
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take a piece."""
        *whole, rest = data.split(b"\n")
        for each in whole:
            self._keep(each)
            self._flush()
        self._keep(rest)

    def end(self) -> None:
        """Hear what is left without an end."""
        if self._parts:
            self._flush()

    def _keep(self, data: bytes) -> None:
        data = data[: LONGEST_LINE - self._size]
        if data:
            self._parts.append(data)
            self._size += len(data)

    def _flush(self) -> None:
        line = b"".join(self._parts).decode("utf-8", "replace").rstrip("\r")
        self._parts, self._size = [], 0
        self._hear(line)
