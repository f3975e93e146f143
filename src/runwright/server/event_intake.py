"""Event intake: events that programs send, kept by the record. What became of the record's own runs, only it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright import clock
from runwright.compat.sent_event import told_by_record
from runwright.server.problems import Problem

if TYPE_CHECKING:
    from runwright.compat.sent_event import SentEvent
    from runwright.server.context import ServerContext


def keep(context: ServerContext, sent: list[SentEvent]) -> None:
    """Keep events, those known by their id left alone; raises `Problem` 409 for one about a run of this record."""
    own = told_by_record(context.record, sent)
    if own is not None:
        raise Problem(409, f"Event {own.id} is about a run of this record, which tells itself what becomes of it.")
    now = clock.now()
    context.record.keep_events([each.received(now) for each in sent])
