"""Retention: deleting flow runs, log lines and numbers from a record in a database. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.retention import Purged
from runwright.stores.sql import leases, log, queries, value_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from runwright.stores.sql import Connection

_BY_KEY = ("event", "expansion", "task_run", "attempt", "tally", "log_line", "metric", "request")
_LAST = "given_tag"
"""Anybody gives these: who does so now has locked the row of the flow run, which is deleted first."""
_BY_ID = ("slot", "tag_slot", "lease")
_EVER = (1 << 63) - 1


def purge(db: Connection, flow_runs: Sequence[UUID]) -> Purged:
    """Delete those flow runs that may be deleted, with all that is kept of them."""
    sql, now = _sql(db), leases.now(db)
    gone: list[UUID] = []
    lines = metrics = 0
    db.execute(sql["keep_last_cursor"])
    for flow_run in dict.fromkeys(flow_runs):
        key = value_of(db, sql["find"], {"id": flow_run.bytes, "now": now})
        if key is None:
            continue
        gone.append(flow_run)
        lines += value_of(db, sql["count_log_lines"], (key,))
        metrics += value_of(db, sql["count_metrics"], (key,))
        for table in _BY_KEY:
            db.execute(sql["delete_all"].format(table=table), (key,))
        for table in _BY_ID:
            db.execute(sql["delete_all"].format(table=table), (flow_run.bytes,))
        db.execute(sql["delete_flow_run"], (key,))
        db.execute(sql["delete_all"].format(table=_LAST), (key,))
    return Purged(tuple(gone), lines, metrics)


def purge_log_lines(
    db: Connection, flow_run: UUID, levels: Collection[int] | None, since: int | None, until: int | None
) -> int:
    """Delete log lines of a flow run, and return how many."""
    sql, key = _sql(db), log.find_key(db, flow_run)
    wanted = "1 = 1" if levels is None else f"level IN ({', '.join(str(int(level)) for level in levels) or 'NULL'})"
    values: dict[str, Any] = {
        "key": key,
        "since": -_EVER if since is None else since,
        "until": _EVER if until is None else until,
    }
    count = value_of(db, sql["count_some_log_lines"].format(levels=wanted), values)
    db.execute(sql["delete_some_log_lines"].format(levels=wanted), values)
    return count


def purge_metrics(db: Connection, flow_run: UUID) -> int:
    """Delete the numbers of a flow run, and return how many there were."""
    sql, key = _sql(db), log.find_key(db, flow_run)
    count = value_of(db, sql["count_metrics"], (key,))
    db.execute(sql["delete_all"].format(table="metric"), (key,))
    return count


def _sql(db: Connection) -> dict[str, str]:
    return queries(db.dialect, "retention")
