"""Metrics: numbers that a task measures, kept with its task run."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from runwright import clock
from runwright.context import context
from runwright.events import Metric

JOURNAL = "_journal"
"""Where the context keeps what the current attempt has to say; see `runwright.runtime.journal`."""

NO_FLOW_RUN = UUID(int=0)
"""Stands for the flow run until the flow runner, which knows it, takes the attempt's report."""


def record_metric(name: str, value: float, kind: str = "counter", **tags: str) -> None:
    """Keep a number with the current task run; outside of one it goes nowhere.

    `kind` is `counter`, `gauge` or `timer` (seconds).
    """
    journal: Any = context.get(JOURNAL)
    if journal is not None:
        journal.metrics.append(
            Metric(clock.now(), NO_FLOW_RUN, journal.ordinal, journal.attempt, name, float(value), kind, tags)
        )
