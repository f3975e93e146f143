"""Approval: the person at the terminal says whether a paused task run may go on. Without a terminal nobody is asked."""

from __future__ import annotations

import sys

APPROVED = "Approval given to resume."
"""The message of the state Resume of what was approved."""


def ask(name: str) -> bool:
    """Say whether the paused task run of this name may go on: `y` says so, any other answer leaves it paused."""
    if not is_somebody_there():
        return False
    try:
        answer = input(f"Task run {name} is paused. Let it go on? [y/N] ")
    except (EOFError, KeyboardInterrupt):  # what Ctrl-C means for the run, the flow runner decides
        return False
    return answer.strip().lower() in {"y", "yes"}


def is_somebody_there() -> bool:
    """Say whether standard input is a terminal."""
    # A process without one has None for it, a daemon a closed file.
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
