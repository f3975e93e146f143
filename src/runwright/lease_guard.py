"""LeaseGuard: a small process that renews the leases of this one while tasks let none of its threads run.

A task that holds the interpreter's lock (a long call into a library that never lets go) starves the thread that renews leases, and the
flow run would be taken over while it is still running. The guard looks at the record, and renews what is about to run out, as long as
the process that it guards lives and is not stopped: who was stopped has lost its leases, and finds that out when it goes on.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from select import select
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec

from runwright import decoding, settings
from runwright.clock import NANOSECONDS
from runwright.errors import LeaseLost, RecordError
from runwright.store import Lease
from runwright.stores import open_store

if TYPE_CHECKING:
    from runwright.store import Store

SHORTEST = 10.0
"""Seconds that a lease has at least to be guarded: a shorter one might run out before the process has started."""

_LOOKS = 6
_CHUNK = 65_536


class Guarded(msgspec.Struct, array_like=True):
    """A line to the guard: a lease and its length in seconds, 0 for one that was given up."""

    flow_run: UUID
    owner: str
    token: int
    seconds: float


class _Held(NamedTuple):
    lease: Lease
    seconds: float


class LeaseGuard:
    """The guard of this process on one record, started when the first lease is handed to it."""

    def __init__(self, address: str) -> None:
        """Start nothing yet; `address` is the URL of the record as it is opened, with its password."""
        self._address = address
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Say whether leases are watched without a start first."""
        return self._process is not None

    def start(self) -> None:
        """Start the process now, for who will hold leases for long."""
        with self._lock:
            if self._process is None:
                self._process = _started(self._address)

    def watch(self, lease: Lease, seconds: float) -> None:
        """Have a lease renewed that this process does not renew in time; a short one is left alone."""
        if seconds >= SHORTEST:
            self.start()
            self._tell(Guarded(lease.flow_run, lease.owner, lease.token, seconds))

    def forget(self, lease: Lease) -> None:
        """Leave a lease alone from now on."""
        if self._process is not None:
            self._tell(Guarded(lease.flow_run, lease.owner, lease.token, 0))

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def _tell(self, line: Guarded) -> None:
        with self._lock:
            if self._process is None or self._process.stdin is None:
                return
            try:
                os.write(self._process.stdin.fileno(), msgspec.json.encode(line) + b"\n")
            except OSError:  # it has died, or does not read: who renews in time does without it
                return


def _started(address: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603  this program itself
        [sys.executable, "-m", __name__, str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is not meant for it
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    if process.stdin is not None:
        os.write(process.stdin.fileno(), msgspec.json.encode(address) + b"\n")  # no argument: others could read it
        os.set_blocking(process.stdin.fileno(), False)
    return process


# ---- the process itself


class Watch:
    """What the guard does: it holds leases of another process, and renews those that are about to run out."""

    def __init__(self, record: Store, process: int) -> None:
        """Hold none yet; `process` is who has them."""
        self._record = record
        self._process = process
        self._held: dict[UUID, _Held] = {}

    @property
    def pause(self) -> float:
        """Return the seconds until the next look."""
        return min((each.seconds for each in self._held.values()), default=60.0) / _LOOKS

    def hear(self, line: Guarded) -> None:
        """Take a lease, or let go of it."""
        if line.seconds:
            self._held[line.flow_run] = _Held(Lease(line.flow_run, line.owner, line.token, 0), line.seconds)
        elif line.flow_run in self._held and self._held[line.flow_run].lease.token == line.token:
            del self._held[line.flow_run]

    def look(self) -> None:
        """Renew what has less than half of its time left; what is another's now, or was given up, is forgotten."""
        for flow_run, held in list(self._held.items()):
            newest = self._record.find_lease(flow_run)
            if newest is None or newest.token != held.lease.token:
                del self._held[flow_run]
            elif newest.expires - self._record.now() < held.seconds / 2 * NANOSECONDS and not is_stopped(self._process):
                try:
                    self._record.renew(held.lease, held.seconds)
                except LeaseLost:
                    del self._held[flow_run]


def is_stopped(process: int) -> bool:
    """Say whether a process is halted (by SIGSTOP, a debugger), or gone."""
    try:
        state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        if Path("/proc/self").exists():
            return True
        command = ["/bin/ps", "-o", "state=", "-p", str(process)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  a fixed program
        state = done.stdout.strip()[:1] or "Z"
    return state in "TtZX"


def main() -> None:
    """Guard the process whose id is the argument, as its standard input says, until it ends."""
    process = int(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("runwright.Record").setLevel(logging.ERROR)  # a server that is away: who is guarded says so
    lines = _Lines()
    address, *rest = lines.read(None)
    record = open_store(decoding.from_json(address, str), synchronous=settings.load().synchronous, is_patient=True)
    watch = Watch(record, process)
    while os.getppid() == process:
        for line in rest:
            watch.hear(decoding.from_json(line, Guarded))
        with suppress(RecordError):  # it is looked at again
            watch.look()
        rest = lines.read(watch.pause)
    os._exit(0)


class _Lines:
    """The lines of standard input; its end is that of this process."""

    def __init__(self) -> None:
        self._rest = b""

    def read(self, seconds: float | None) -> list[bytes]:
        """Return the lines that came within so many seconds (None: however long it takes), as soon as there are any."""
        lines: list[bytes] = []
        while not lines:
            if not select([0], [], [], seconds)[0]:
                break
            data = os.read(0, _CHUNK)
            if not data:
                os._exit(0)
            *lines, self._rest = (self._rest + data).split(b"\n")
        return lines


if __name__ == "__main__":
    main()
