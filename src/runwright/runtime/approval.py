"""Approval: the person at the terminal or notebook says whether a paused task run may go on. Without one nobody is asked."""

from __future__ import annotations

import builtins
import sys
from types import BuiltinFunctionType

APPROVED = "Approval given to resume."
"""The message of the state Resume of what was approved."""


def ask(name: str) -> bool:
    """Say whether the paused task run of this name may go on: `y` says so, any other answer leaves it paused."""
    if not is_somebody_there():
        return False
    try:
        answer = input(f"Task run {name} is paused. Let it go on? [y/N] ")
    # What Ctrl-C means for the run, the flow runner decides; a notebook that nobody looks at has no input.
    except (EOFError, KeyboardInterrupt, NotImplementedError):
        return False
    return answer.strip().lower() in {"y", "yes"}


def is_somebody_there() -> bool:
    """Say whether standard input is a terminal, or `input` asks in a way of its own, as it does in notebooks."""
    if not isinstance(builtins.input, BuiltinFunctionType):
        return True
    # A process without one has None for it, a daemon a closed file.
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
