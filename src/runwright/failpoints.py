"""Failpoints: places where a test makes the process fail on purpose.

`RUNWRIGHT_FAILPOINT=name:action:count[,...]` makes the hit number `count` (from 1, by default 1) of the place `name` fail.
The actions:

    kill                 the process ends at once, as by SIGKILL
    raise                `FailpointReached` is raised
    hang                 the thread waits for ever
    commit_then_raise    at `x.before_commit`: the commit happens, then `FailpointReached` is raised, as when an answer is lost

The variable is read once, when this module is imported. While it is not set, `hit` does nothing.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "RUNWRIGHT_FAILPOINT"


class FailpointReached(RuntimeError):
    """A test asked for this failure."""


def parse(text: str) -> dict[str, tuple[str, int]]:
    """Return action and count by place; raises `ValueError` for an action that does not exist or a count below 1."""
    found: dict[str, tuple[str, int]] = {}
    for part in text.split(","):
        name, _, rest = part.strip().partition(":")
        action, _, count = rest.partition(":")
        if action == "commit_then_raise":
            name, action = name.replace(".before_commit", ".after_commit"), "raise"
        if not name or action not in _ACTIONS or not (count or "1").isdecimal() or count == "0":
            raise ValueError(f"{VARIABLE} has {part!r}: write name:action:count, action one of {', '.join(_ACTIONS)}.")
        found[name] = action, int(count or "1")
    return found


def hits(text: str) -> Callable[[str], None]:
    """Return a `hit` that fails where `text` says; each place fails once."""
    if not text:
        return _pass
    left = parse(text)
    lock = threading.Lock()

    def hit(name: str) -> None:
        with lock:
            action, count = left.pop(name, ("", 0))
            if count > 1:
                left[name] = action, count - 1
        if count == 1:
            _ACTIONS[action](name)

    return hit


def _pass(name: str) -> None:
    """Let the place be passed."""


def _kill(name: str) -> None:  # noqa: ARG001  one signature for all actions
    os.kill(os.getpid(), signal.SIGKILL)


def _raise(name: str) -> None:
    raise FailpointReached(f"The failpoint {name} was reached.")


def _hang(name: str) -> None:  # noqa: ARG001  one signature for all actions
    threading.Event().wait()


_ACTIONS: dict[str, Callable[[str], None]] = {"kill": _kill, "raise": _raise, "hang": _hang}

hit = hits(os.environ.get(VARIABLE, ""))
