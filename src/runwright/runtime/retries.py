"""Retries: when a task of a YAML flow that failed is tried again, from what its retry says. Pure: it is told the time."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from runwright.spec.retries import ConstantRetry, ExponentialRetry, RandomRetry

if TYPE_CHECKING:
    from datetime import timedelta

    from runwright.spec.retries import Retry

_MICROSECOND = 1_000


def next_try(
    retry: Retry, attempts: int, began: int, now: int, *, is_linear: bool = False, chance: float | None = None
) -> int | None:
    """Return when (ns) the next attempt begins, None to give up.

    `attempts` have been made, the first of which `began`. The wait of an exponential retry is the interval times the factor to
    the power of the retries before; `is_linear` keeps to what Kestra 0.21 does: the first retry at once, then a wait that
    grows by one interval times the factor each time. `chance` in 0..1 replaces the random number.
    """
    if retry.max_attempts is not None and attempts >= retry.max_attempts:
        return None
    due = now + _wait(retry, attempts, is_linear=is_linear, chance=chance)
    if retry.max_duration is not None and due > began + _nanoseconds(retry.max_duration):
        return None
    return due


def _wait(retry: Retry, attempts: int, *, is_linear: bool, chance: float | None) -> int:
    if isinstance(retry, ConstantRetry):
        return _nanoseconds(retry.interval)
    if isinstance(retry, RandomRetry):
        low, high = _nanoseconds(retry.min_interval), _nanoseconds(retry.max_interval)
        share = random.random() if chance is None else chance  # noqa: S311  spreads load, guards nothing
        return low + int((high - low) * share)
    if not isinstance(retry, ExponentialRetry):
        raise TypeError(f"{type(retry).__name__} is no known kind of retry.")
    interval = _nanoseconds(retry.interval)
    most = None if retry.max_interval is None else _nanoseconds(retry.max_interval)
    linear = interval * int(retry.delay_factor) * (attempts - 1)
    wait = linear if is_linear else _grown(interval, retry.delay_factor, attempts - 1, most)
    return wait if most is None else min(wait, most)


def _grown(interval: int, factor: float, times: int, most: int | None) -> int:
    wait = float(interval)
    limit = float(most) if most is not None else _LONGEST
    for _ in range(times):
        wait *= factor
        if wait >= limit:
            return int(limit)
    return int(wait)


def _nanoseconds(duration: timedelta) -> int:
    return ((duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds) * _MICROSECOND


_LONGEST = float(100 * 365 * 86_400 * 10**9)
