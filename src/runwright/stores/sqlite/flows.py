"""Flows: the versions of flows that a SQLite record knows."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from runwright.runs import EdgeInfo, FlowVersion, Project, TaskInfo
from runwright.stores.registration import project_id_of
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
        texts = to_json(flow.source), to_json(flow.edges), to_json(flow.document)
        key = db.execute(_SQL["add_flow"], (flow_id.bytes, name, name, fingerprint, at, *texts)).get
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
    return find(db, key=key, like=flow)[0]


def find(
    db: apsw.Connection,
    *,
    name: str | None = None,
    flow_id: UUID | None = None,
    key: int | None = None,
    like: FlowVersion | None = None,
) -> list[FlowVersion]:
    """Return versions of flows, newest first; tasks and edges are not read where they are `like` those of one at hand."""
    values = {"name": name, "id": None if flow_id is None else flow_id.bytes, "key": key}
    rows = rows_of(db, _SQL["flows"], values)
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


def add_project(db: apsw.Connection, name: str, description: str | None, at: int) -> Project:
    """Return the project of a name, put there inside the caller's transaction when it is new."""
    said = None if description is None else to_text(description)
    db.execute(_SQL["add_project"], (project_id_of(name).bytes, to_text(name), said, at))
    identity, *rest = rows_of(db, _SQL["find_project"], (to_text(name),))[0]
    return Project(UUID(bytes=identity), *rest)


def _tasks(db: apsw.Connection, flow: int) -> tuple[TaskInfo, ...]:
    return tuple(
        TaskInfo(slug, name, tuple(from_json(tags)), bool(is_mapped), from_json(policies))
        for slug, name, is_mapped, tags, policies in rows_of(db, _SQL["tasks"], (flow,))
    )


def _edges(text: str) -> tuple[EdgeInfo, ...]:
    return msgspec.json.decode(text, type=tuple[EdgeInfo, ...])
