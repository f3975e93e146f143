"""Flows: the versions of flows that a record knows. The caller holds the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from runwright import decoding
from runwright.runs import EdgeInfo, FlowVersion, Project, TaskInfo
from runwright.stores.registration import project_id_of
from runwright.stores.sql import queries, rows_of, value_of
from runwright.stores.texts import from_json, to_json, to_text

if TYPE_CHECKING:
    from runwright.stores.sql import Connection


def find_known(db: Connection, flow: FlowVersion) -> FlowVersion | None:
    """Return the flow as it is on record, None when it is new."""
    named = to_text(flow.name), to_text(flow.fingerprint)
    key = value_of(db, queries(db.dialect, "flows")["find_by_fingerprint"], named)
    return None if key is None else find(db, key=key, like=flow)[0]


def register(db: Connection, flow: FlowVersion, flow_id: UUID, at: int) -> FlowVersion:
    """Return the flow as it is on record, put there inside the caller's transaction when it is new."""
    sql = queries(db.dialect, "flows")
    name, fingerprint = to_text(flow.name), to_text(flow.fingerprint)
    key = value_of(db, sql["find_by_fingerprint"], (name, fingerprint))
    if key is None:
        texts = to_json(flow.source), to_json(flow.edges), to_json(flow.document)
        key = value_of(db, sql["add_flow"], (flow_id.bytes, name, name, fingerprint, at, *texts))
        tasks = [
            (to_text(task.slug), to_text(task.name), int(task.is_mapped), to_json(task.tags), to_json(task.policies))
            for task in flow.tasks
        ]
        db.execute(sql["add_tasks"], (key, to_json(tasks)))
    return find(db, key=key, like=flow)[0]


def find(
    db: Connection,
    *,
    name: str | None = None,
    flow_id: UUID | None = None,
    key: int | None = None,
    like: FlowVersion | None = None,
) -> list[FlowVersion]:
    """Return versions of flows, newest first; tasks and edges are not read where they are `like` those of one at hand."""
    values = {"name": name, "id": None if flow_id is None else flow_id.bytes, "key": key}
    rows = rows_of(db, queries(db.dialect, "flows")["flows"], values)
    return [
        FlowVersion(
            title,
            fingerprint,
            _tasks(db, number) if like is None else like.tasks,
            _edges(edges) if like is None else like.edges,
            from_json(source),
            UUID(bytes=identity),
            version,
            created,
            from_json(document),
        )
        for number, identity, title, version, fingerprint, created, source, edges, document in rows
    ]


def add_project(db: Connection, name: str, description: str | None, at: int) -> Project:
    """Return the project of a name, put there inside the caller's transaction when it is new."""
    sql = queries(db.dialect, "flows")
    said = None if description is None else to_text(description)
    db.execute(sql["add_project"], (project_id_of(name).bytes, to_text(name), said, at))
    identity, *rest = rows_of(db, sql["find_project"], (to_text(name),))[0]
    return Project(UUID(bytes=identity), *rest)


def _tasks(db: Connection, flow: int) -> tuple[TaskInfo, ...]:
    return tuple(
        TaskInfo(slug, name, tuple(from_json(tags)), bool(is_mapped), from_json(policies))
        for slug, name, is_mapped, tags, policies in rows_of(db, queries(db.dialect, "flows")["tasks"], (flow,))
    )


def _edges(text: str) -> tuple[EdgeInfo, ...]:
    return decoding.from_json(text, tuple[EdgeInfo, ...])
