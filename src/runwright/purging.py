"""Purging: deleting flow runs that have ended, or parts of them: the flow runs whole, log lines, numbers, files of executions.

A flow run is deleted before its files are, so that none that goes on after all has lost them. What is to be deleted is chosen by
whoever asks.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from runwright.errors import FilesError
from runwright.hosting.locations import execution_prefix

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from uuid import UUID

    from runwright.drive import Drive
    from runwright.runs import FlowRun
    from runwright.store import Store

EXECUTIONS, LOGS, METRICS, FILES = PARTS = ("executions", "logs", "metrics", "files")
"""What can be deleted. With the executions go their log lines and numbers."""

_AT_ONCE = 50


def purge(record: Store, rows: Iterable[FlowRun], drive: Drive, parts: Collection[str] = PARTS) -> dict[str, int]:
    """Delete parts of those flow runs that have ended, and return how much of each it was.

    What is still held, or asked something, is left.
    """
    # Their names are all that is held: there may be many, and what comes after a deleted one in a list is not found by it.
    chosen = iter([(row.id, row.flow_name) for row in rows if row.kind.phase.is_final])
    counts: dict[str, int] = dict.fromkeys(PARTS, 0)
    while batch := dict(islice(chosen, _AT_ONCE)):
        gone = list(_deleted(record, batch, parts, counts))
        if FILES in parts:
            counts[FILES] += sum(_delete_files(drive, flow_run, batch[flow_run]) for flow_run in gone)
    return counts


def _deleted(record: Store, batch: dict[UUID, str], parts: Collection[str], counts: dict[str, int]) -> Iterator[UUID]:
    """Delete what is on the record, and yield the flow runs whose files go with it."""
    if EXECUTIONS in parts:
        purged = record.purge(list(batch))
        counts[EXECUTIONS] += len(purged.flow_runs)
        counts[LOGS] += purged.log_lines
        counts[METRICS] += purged.metrics
        yield from purged.flow_runs
        return
    for flow_run in batch:
        counts[LOGS] += record.purge_log_lines(flow_run) if LOGS in parts else 0
        counts[METRICS] += record.purge_metrics(flow_run) if METRICS in parts else 0
        yield flow_run


def _delete_files(drive: Drive, flow_run: UUID, flow: str) -> int:
    namespace, is_yaml, flow_id = flow.partition("/")
    if not is_yaml:
        return 0  # results of Python flows are where their authors put them
    try:
        prefix = execution_prefix(namespace, flow_id, str(flow_run))
    except FilesError:  # its namespace has no place for files
        return 0
    return sum(drive.delete(each.uri) for each in list(drive.list(prefix)))
