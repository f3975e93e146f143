"""Policies: what a node says about retries, time, caching and upstream states, as data.

They are identical for leaf and compound nodes and for both ways of authoring. This module only holds them; the runtime
applies them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec


class RetryPolicy(msgspec.Struct, frozen=True):
    """How often and when a failed attempt is made again.

    `delays` are seconds before attempt 2, 3, ...; the last one repeats. `jitter` is the share of a delay added at random
    (0.5: up to half as much again). `retry_on` are exception classes (empty: all). `condition` is asked
    `condition(task, state) -> bool` last.
    """

    limit: int = 0
    delays: tuple[float, ...] = ()
    jitter: float = 0.0
    retry_on: tuple[type[BaseException], ...] = ()
    condition: Callable[[Any, Any], bool] | None = None

    def delay(self, attempts: int, chance: float | None = None) -> float:
        """Return the seconds to wait after `attempts` attempts; `chance` in 0..1 replaces the random number."""
        if not self.delays:
            return 0.0
        seconds = self.delays[min(attempts, len(self.delays)) - 1]
        share = random.random() if chance is None else chance  # noqa: S311  spreads load, guards nothing
        return seconds * (1 + self.jitter * share)
