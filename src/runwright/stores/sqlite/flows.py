"""Flows: the versions of flows that a SQLite record knows."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from runwright.runs import EdgeInfo, FlowVersion, TaskInfo
from runwright.stores.sql import queries
from runwright.stores.sqlite.connection import rows_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    import apsw

_SQL = queries("sqlite", "flows")


def register(db: apsw.Connection, flow: FlowVersion, flow_id: UUID, at: int) -> FlowVersion:
    """Return the flow as it is on record, put there inside the caller's transaction when it is new."""
    name, fingerprint = to_text(flow.name), to_text(flow.fingerprint)
    key = db.execute(_SQL["find_by_fingerprint"], (name, fingerprint)).get
    if key is None:
        source, edges = to_json(flow.source), to_json(flow.edges)
        key = db.execute(_SQL["add_flow"], (flow_id.bytes, name, name, fingerprint, at, source, edges)).get
        db.executemany(
            _SQL["add_task"],
            [
                (
                    key,
                    index,
                    to_text(task.slug),
                    to_text(task.name),
                    task.is_mapped,
                    to_json(task.tags),
                    to_json(task.policies),
                )
                for index, task in enumerate(flow.tasks)
            ],
        )
    return find(db, key=key)[0]


def find(
    db: apsw.Connection, *, name: str | None = None, flow_id: UUID | None = None, key: int | None = None
) -> list[FlowVersion]:
    """Return versions of flows, newest first."""
    values = {"name": name, "id": None if flow_id is None else flow_id.bytes, "key": key}
    rows = rows_of(db, _SQL["flows"], values)
    return [
        FlowVersion(
            title,
            fingerprint,
            _tasks(db, number),
            _edges(edges),
            from_json(source),
            UUID(bytes=identity),
            version,
            created,
        )
        for number, identity, title, version, fingerprint, created, source, edges in rows
    ]


def _tasks(db: apsw.Connection, flow: int) -> tuple[TaskInfo, ...]:
    return tuple(
        TaskInfo(slug, name, tuple(from_json(tags)), bool(is_mapped), from_json(policies))
        for slug, name, is_mapped, tags, policies in rows_of(db, _SQL["tasks"], (flow,))
    )


def _edges(text: str) -> tuple[EdgeInfo, ...]:
    return msgspec.json.decode(text, type=tuple[EdgeInfo, ...])
