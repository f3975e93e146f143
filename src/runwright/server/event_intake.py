"""Event intake: events that programs send, kept by the record. What became of the record's own runs, only it tells."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from runwright import clock
from runwright.compat.sent_event import told_by_record
from runwright.errors import EventTaken
from runwright.server.problems import Problem

if TYPE_CHECKING:
    from runwright.compat.sent_event import SentEvent
    from runwright.received_events import ReceivedEvent
    from runwright.server.context import ServerContext


_log = logging.getLogger("runwright.server")


def keep(context: ServerContext, sent: list[SentEvent]) -> None:
    """Keep events, all of them or none; those that are kept already are left alone.

    Raises `Problem` 409 for one about a run of this record, and `EventTaken` for one under the id of another.
    """
    context.record.keep_events(_received(context, sent), same_only=True)


def keep_each(context: ServerContext, sent: list[SentEvent]) -> None:
    """Keep events of a client that gets no answers: what was kept first under an id stays, and the log of the server says so.

    Such a client sends all that it has again when it is cut off: to cut it off for one event would keep the others from coming.
    Raises `Problem` 409 as `keep` does.
    """
    received = _received(context, sent)
    try:
        context.record.keep_events(received, same_only=True)
    except EventTaken as error:
        _log.warning("An event that came by websocket was not kept: %s", error)
        context.record.keep_events(received)


def _received(context: ServerContext, sent: list[SentEvent]) -> list[ReceivedEvent]:
    own = told_by_record(context.record, sent)
    if own is not None:
        raise Problem(409, f"Event {own.id} is about a run of this record, which tells itself what becomes of it.")
    now = clock.now()
    return [each.received(now) for each in sent]
