"""Lifeline: a worker process ends with its parent, and takes along what its attempt has started.

A thread of the worker waits for the far end of the connection to be closed. Where the parent dies while code in C keeps
that thread from running, the kernel's own signal ends at least the worker.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time

PATIENCE = 5.0
"""Seconds that an idle worker has to leave by itself."""

_PR_SET_PDEATHSIG = 1


class Lifeline:
    """Watches the connection `descriptor`; `is_held` says whether the parent was there when it was last looked at."""

    def __init__(self, descriptor: int) -> None:
        """Start to watch."""
        self.is_held = True
        self._is_busy = False
        self._lock = threading.Lock()
        _ask_kernel_to_watch_too()
        threading.Thread(target=self._watch, args=(descriptor,), name="runwright-lifeline", daemon=True).start()

    def begin(self) -> bool:
        """Note that an attempt begins; False when it must not, because nobody waits for it any more."""
        with self._lock:
            self._is_busy = self.is_held
        return self._is_busy

    def end(self) -> None:
        """Note that the attempt has ended; before the parent hears of it, who may then hang up at once."""
        self._is_busy = False

    def _watch(self, descriptor: int) -> None:
        poll = select.poll()
        poll.register(descriptor, getattr(select, "POLLRDHUP", 0))
        poll.poll()
        with self._lock:
            self.is_held = False
            is_busy = self._is_busy
        if not is_busy:
            time.sleep(PATIENCE)  # the process ends meanwhile, unless something keeps it
        end_group()


def end_group() -> None:
    """End this process at once, and with it every process that it started and that did not leave its group."""
    os.killpg(0, signal.SIGKILL)


def _ask_kernel_to_watch_too() -> None:
    """Die a second after the parent, so that the thread above comes first where it can."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # noqa: PLC0415  only Linux has what it is for

    libc = ctypes.CDLL(None)
    # SIGHUP is number 1, and a handler gets its number: alarm(1) ends the process a second later without any Python.
    libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
    libc.signal(signal.SIGHUP, ctypes.cast(libc.alarm, ctypes.c_void_p))
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGHUP)
