"""Limits: how many task runs with a tag run at once, set and read from Python. What a limit does is not decided here.

Where no `record` is given, it is the configured one; the address of a server will do.
"""

from __future__ import annotations

from runwright.open_records import open_record


def limit_tag(tag: str, slots: int, record: str | None = None) -> None:
    """Let at most `slots` task runs with a tag run at once, over all flow runs; 0 lets none begin.

    What runs already runs on. Raises `LimitRefused` for a tag or number that is none.
    """
    open_record(record).keep_tag_limit(tag, slots)


def lift_limit(tag: str, record: str | None = None) -> bool:
    """Lift the limit of a tag, so that what waits for it goes on; False where it had none."""
    return open_record(record).delete_tag_limit(tag)


def tag_limits(record: str | None = None) -> dict[str, int]:
    """Return the limits by tag."""
    return {limit.tag: limit.slots for limit in open_record(record, read_only=True).tag_limits()}
