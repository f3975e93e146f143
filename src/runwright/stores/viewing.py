"""Viewing: rows as the nouns that views return, the same from every store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright import decoding
from runwright.given_tags import joined
from runwright.result import ResultRef
from runwright.runs import TaskRun
from runwright.stores.matching import message_of
from runwright.stores.texts import from_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from runwright.given_tags import GivenTag
    from runwright.stores.rows import TaskRunRow

RESULT_CLASSES = {
    "local": ("LocalResult", "dir"),
    "s3": ("S3Result", "bucket"),
    "gcs": ("GCSResult", "bucket"),
    "azure": ("AzureResult", "container"),
    "inline": ("PrefectResult", ""),
}
"""What the documents of states call the class of a result and the field with its place, by the result's kind."""


def task_run_from_row(
    row: TaskRunRow,
    flow_run: UUID,
    flow_run_name: str,
    flow: tuple[str, UUID | None, int],
    slug: str,
    task_name: str,
    tags: tuple[str, ...],
    given: Sequence[GivenTag] = (),
) -> TaskRun:
    """Return a task run with what its flow run, flow and task are called; a flow has an id and a version besides."""
    flow_name, flow_id, flow_version = flow
    return TaskRun(
        flow_run,
        row.ordinal,
        flow_run_name,
        flow_name,
        row.task,
        slug,
        task_name,
        row.map_index,
        row.parent,
        row.state,
        row.version,
        row.name,
        row.attempt,
        message_of(row.state, row.message),
        row.created,
        row.start_time,
        row.end_time,
        row.updated,
        row.due,
        None if row.result is None else decoding.from_json(row.result, ResultRef),
        {} if row.details is None else from_json(row.details),
        joined(tags, given) if given else tags,
        tuple(given),
        row.value,
        flow_id,
        flow_version,
    )
