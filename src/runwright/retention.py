"""Retention: deleting what a record need not keep: flow runs that have ended, whole; their log lines and numbers alone. The contract.

Nothing else of the log is ever deleted. What is deleted leaves no trace: the rows are the fold of the log that is left, and no
cursor is given a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Purged(msgspec.Struct, frozen=True):
    """What was deleted: the flow runs, and how many log lines and numbers with them."""

    flow_runs: tuple[UUID, ...] = ()
    log_lines: int = 0
    metrics: int = 0


class Retention(Protocol):
    """What can be deleted of a record, each call in one commit."""

    def purge(self, flow_runs: Sequence[UUID]) -> Purged:
        """Delete flow runs with all that is kept of them, and return which those were.

        One is left that has not ended, that a process holds, or of which something is asked and not answered; so is one that is not
        there.
        """
        ...

    def purge_log_lines(
        self,
        flow_run: UUID,
        *,
        levels: Collection[int] | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> int:
        """Delete log lines of a flow run with `since <= at < until` (ns), of these levels where given; returns how many."""
        ...

    def purge_metrics(self, flow_run: UUID) -> int:
        """Delete the numbers of a flow run, and return how many there were."""
        ...
