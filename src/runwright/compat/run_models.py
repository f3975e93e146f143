"""Run models: the document of a task run that has ended, made from that of another one of its task that ended alike.

Such documents differ in ids, times, inputs, messages and results only, which the rows say. What else stands in them is decided by
`run_documents` alone, which makes the first of each kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from runwright import ids
from runwright.compat.task_run_body import FINAL_TYPES, Place, stored_at, with_z
from runwright.states import TABLE

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.compat.flow_facts import TaskFacts
    from runwright.compat.task_run_body import FlowRunFacts
    from runwright.runs import TaskRun

_ENDED = frozenset(kind.code for kind in TABLE if kind.event_type in FINAL_TYPES)
_OWN_DETAILS = frozenset({"flow_run_id", "task_run_id"})
_SHOWN = frozenset({"cache_key", "due", "expires", "message", "result"})
"""What of the details of an ended task run has a place in its document; of an error, nothing but that it was one."""


class Likeness(NamedTuple):
    """What task runs have in common whose documents are made from one another."""

    flow: UUID | None
    flow_version: int
    task_index: int
    slug: str
    state: int
    is_of_error: bool


def likeness_of(row: TaskRun) -> Likeness | None:
    """Return what a task run has in common with others; None for one that ends alone, or whose row does not say enough."""
    if row.state not in _ENDED or row.attempt != 1 or row.end_time is None or row.start_time is None:
        return None
    details = row.details
    if row.name is not None or row.due is not None or row.given_tags or (details and not _SHOWN.isdisjoint(details)):
        return None
    return Likeness(row.flow_id, row.flow_version, row.task_index, row.slug, row.state, "error" in details)


class Model:
    """The document of a task run, from which those of others like it are made; what they share of its depths is JSON already."""

    def __init__(self, likeness: Likeness, document: dict[str, Any], task: TaskFacts) -> None:
        """Hold the document of a task run of this task."""
        self.likeness = likeness
        self._task = task
        self._document = {
            **document,
            "empirical_policy": _raw(document["empirical_policy"]),
            "labels": _raw(document["labels"]),
        }
        self._state = document["state"]
        others = {key: value for key, value in self._state["state_details"].items() if key not in _OWN_DETAILS}
        self._details = msgspec.json.encode(others).decode()[1:]

    def like(self, row: TaskRun, facts: FlowRunFacts) -> dict[str, Any]:
        """Return the document of a task run that has the likeness, in the flow run that `facts` are about."""
        place = Place(row.ordinal, row.map_index, row.parent, self._task, row.created)
        identity = ids.task_run_text(facts.text, row.ordinal)
        state = ids.event_text(facts.text, row.ordinal, row.version)
        created, end, seconds = z_of(row.created), z_of(row.end_time), seconds_between(row.start_time, row.end_time)
        details = f'{{"flow_run_id":"{facts.text}","task_run_id":"{identity}",{self._details}'
        return {
            **self._document,
            "id": identity,
            "created": created,
            "updated": end if row.updated == row.end_time else z_of(row.updated),
            "name": place.name,
            "dynamic_key": identity,
            "flow_run_id": facts.text,
            "task_inputs": facts.inputs_of(place),
            "expected_start_time": created,
            "start_time": z_of(row.start_time),
            "end_time": end,
            "total_run_time": seconds,
            "estimated_run_time": seconds,
            "estimated_start_time_delta": delay_of(row.created, row.start_time),
            "state_id": state,
            "state": {
                **self._state,
                "id": state,
                "timestamp": end,
                "message": row.message or "",
                "data": None if row.result is None else stored_at(row.result),
                "state_details": msgspec.Raw(details),
            },
        }


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def seconds_between(start: int | None, end: int | None) -> float:
    """Return the seconds between two times (ns), to the microsecond; 0 where one is missing."""
    return 0.0 if start is None or end is None else (end // 1_000 - start // 1_000) / 1_000_000


def delay_of(expected: int, start: int | None) -> float:
    """Return by how many seconds something began later than expected (ns)."""
    return 0.0 if start is None else max(0.0, (start - expected) // 1_000 / 1_000_000)


def z_of(at: int | None) -> Any:
    """Return RFC 3339 text that ends in Z for a time (ns), None for None."""
    return None if at is None else with_z(at // 1_000)
