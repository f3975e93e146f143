"""Flows that never end by themselves, for the tests of control from other processes. Run as a user would.

Every body appends `name pid` to the file EFFECTS names when it begins.
"""

from __future__ import annotations

import os
import time
from threading import Event

from runwright import Flow, context, task
from runwright.signals import PAUSE

LINKS = 500


def leave_trace() -> None:
    """Append what runs here, and in which process."""
    descriptor = os.open(os.environ["EFFECTS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, f"{context.task_name} {os.getpid()}\n".encode())
    os.close(descriptor)


@task
def hang(_: int) -> None:
    """Begin, and never end."""
    leave_trace()
    Event().wait()


@task
def after(_: list[None]) -> None:
    """Run last, which never happens."""
    leave_trace()


@task
def link(number: int) -> int:
    """Take a moment."""
    leave_trace()
    time.sleep(0.05)
    return number + 1


@task
def asks() -> None:
    """Go on only when somebody says so."""
    if not context.get("resume"):
        raise PAUSE("Go on?")
    leave_trace()


with Flow("hanging") as hanging:
    after(hang.map([0, 1]))

with Flow("chain") as chain:
    number = link(0)
    for _ in range(LINKS - 1):
        number = link(number)

with Flow("asking") as asking:
    hang(0)
    asks()
