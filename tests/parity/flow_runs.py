"""What tests of flow runs have in common: small tasks, states of every kind, and what stands on the record."""

from __future__ import annotations

from datetime import datetime, timedelta

from runwright import task
from runwright.open_records import open_record
from runwright.states import (
    Cached,
    Cancelled,
    Cancelling,
    Failed,
    Mapped,
    Pending,
    Resume,
    Retrying,
    Running,
    Scheduled,
    Skipped,
    Success,
    TimedOut,
    TriggerFailed,
)
from runwright.views import FlowRunFilter, TaskRunFilter

LATER = timedelta(days=1)

PENDING = [Pending(), Scheduled(), Resume(), Retrying(), Scheduled(start_time=datetime(2020, 1, 1))]
RUNNING = [Running(), Cancelling()]
FINISHED = [Success(), Cached(), Mapped(), Skipped(), Failed(), TimedOut(), TriggerFailed(), Cancelled()]


@task
def one():
    return 1


@task
def inc(x):
    return x + 1


@task
def fails():
    raise ValueError("no")


def named(state):
    return type(state).__name__


def latest():
    """Return the newest flow run on the record."""
    return open_record().flow_runs(FlowRunFilter(limit=1))[0]


def kinds():
    """Return the states of the newest flow run's task runs, as recorded, by slug and map index."""
    rows = open_record().task_runs(TaskRunFilter(flow_run=latest().id, oldest_first=True))
    return {row.slug if row.map_index < 0 else f"{row.slug}[{row.map_index}]": row.kind.name for row in rows}
