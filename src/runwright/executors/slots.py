"""Slots: how many attempts a machine makes at once where nobody says so."""

from __future__ import annotations

import os


def processors() -> int:
    """Return the number of processors that this process may use, at least one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1
