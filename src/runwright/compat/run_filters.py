"""Run filters: which flows, flow runs and task runs clients of Prefect 3 ask for, as they write it, and what that matches.

Unknown keys are refused. The conditions of one filter are joined by its `operator`; an absent or empty one does not restrict.
A filter looks at the documents that clients are shown, so it means what they see.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from runwright.states import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Operator = Literal["and_", "or_"]


class Among(msgspec.Struct, forbid_unknown_fields=True):
    """A text: one of these, none of those, with this part in any case, or missing."""

    any_: list[str] | None = None
    not_any_: list[str] | None = None
    like_: str | None = None
    is_null_: bool | None = None
    operator: Operator = "and_"

    def conditions(self, value: str | None) -> Iterator[bool]:
        """Yield what holds of a value."""
        if self.any_ is not None:
            yield value is not None and value.lower() in {each.lower() for each in self.any_}
        if self.not_any_ is not None:
            yield value is None or value not in self.not_any_
        if self.like_ is not None:
            yield value is not None and self.like_.lower() in value.lower()
        if self.is_null_ is not None:
            yield (value is None) == self.is_null_

    def matches(self, value: str | None) -> bool:
        """Say whether a value is asked for."""
        return joined(self.operator, self.conditions(value))

    @property
    def is_list(self) -> bool:
        """Say whether only values that are listed can be asked for."""
        return self.not_any_ is None and self.like_ is None and self.is_null_ is None


class TagFilter(msgspec.Struct, forbid_unknown_fields=True):
    """Tags: all of these, one of those, or none at all."""

    operator: Operator = "and_"
    all_: list[str] | None = None
    any_: list[str] | None = None
    is_null_: bool | None = None

    def matches(self, tags: list[str]) -> bool:
        """Say whether tags are asked for."""
        found = []
        if self.all_ is not None:
            found.append(set(self.all_) <= set(tags))
        if self.any_:
            found.append(not set(self.any_).isdisjoint(tags))
        if self.is_null_ is not None:
            found.append((not tags) == self.is_null_)
        return joined(self.operator, found)


class Span(msgspec.Struct, forbid_unknown_fields=True):
    """A time: both ends belong to it."""

    before_: datetime | None = None
    after_: datetime | None = None
    is_null_: bool | None = None

    def matches(self, text: str | None) -> bool:
        """Say whether a time is asked for."""
        if self.is_null_ is not None and (text is None) != self.is_null_:
            return False
        if self.before_ is None and self.after_ is None:
            return True
        if text is None:
            return False
        at = datetime.fromisoformat(text)
        return (self.before_ is None or at <= _aware(self.before_)) and (
            self.after_ is None or at >= _aware(self.after_)
        )


class StateFilter(msgspec.Struct, forbid_unknown_fields=True, dict=True):
    """A state by type and name."""

    operator: Operator = "and_"
    type: Among | None = None
    name: Among | None = None

    def matches(self, type_: str, name: str) -> bool:
        """Say whether a state is asked for."""
        found = [each.matches(value) for each, value in ((self.type, type_), (self.name, name)) if each is not None]
        return joined(self.operator, found)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Return the names of the states of the table that may be asked for."""
        return tuple(
            kind.name
            for kind in TABLE
            if any(self.matches(kind.event_type, name) for name in (kind.event_name, *_DERIVED.get(kind.name, ())))
        )


class Exists(msgspec.Struct, forbid_unknown_fields=True):
    """Whether there is one."""

    exists_: bool | None = None


class FlowFilter(msgspec.Struct, forbid_unknown_fields=True):
    """Which flows."""

    operator: Operator = "and_"
    id: Among | None = None
    name: Among | None = None
    tags: TagFilter | None = None
    deployment: Any = None

    def matches(self, flow_id: str, name: str) -> bool:
        """Say whether a flow is asked for."""
        found = [each.matches(value) for each, value in ((self.id, flow_id), (self.name, name)) if each is not None]
        if self.tags is not None:
            found.append(self.tags.matches([]))
        return joined(self.operator, found)


class FlowRunFilter(msgspec.Struct, forbid_unknown_fields=True):
    """Which flow runs. What the record knows nothing of (deployments, work pools) is null."""

    operator: Operator = "and_"
    id: Among | None = None
    name: Among | None = None
    tags: TagFilter | None = None
    deployment_id: Among | None = None
    work_queue_name: Among | None = None
    state: StateFilter | None = None
    flow_version: Among | None = None
    start_time: Span | None = None
    end_time: Span | None = None
    expected_start_time: Span | None = None
    next_scheduled_start_time: Span | None = None
    parent_flow_run_id: Among | None = None
    parent_task_run_id: Among | None = None
    idempotency_key: Among | None = None
    created_by: Any = None

    def matches(self, document: dict[str, Any]) -> bool:
        """Say whether a flow run is asked for."""
        return joined(self.operator, _of_document(self, document, _FLOW_RUN_FIELDS))


class TaskRunFilter(msgspec.Struct, forbid_unknown_fields=True):
    """Which task runs."""

    operator: Operator = "and_"
    id: Among | None = None
    name: Among | None = None
    tags: TagFilter | None = None
    state: StateFilter | None = None
    start_time: Span | None = None
    end_time: Span | None = None
    expected_start_time: Span | None = None
    flow_run_id: Among | None = None
    subflow_runs: Exists | None = None

    def matches(self, document: dict[str, Any]) -> bool:
        """Say whether a task run is asked for."""
        found = _of_document(self, document, _TASK_RUN_FIELDS)
        if self.subflow_runs is not None and self.subflow_runs.exists_ is not None:
            found.append(not self.subflow_runs.exists_)
        return joined(self.operator, found)

    @property
    def is_about_states_only(self) -> bool:
        """Say whether nothing but the state and the flow run decides."""
        others = (self.id, self.name, self.tags, self.start_time, self.end_time, self.expected_start_time)
        has_others = self.subflow_runs is not None or any(each is not None for each in others)
        return not has_others and self.operator == "and_" and (self.flow_run_id is None or self.flow_run_id.is_list)


_FLOW_RUN_FIELDS = (
    "id",
    "name",
    "deployment_id",
    "work_queue_name",
    "flow_version",
    "parent_flow_run_id",
    "parent_task_run_id",
    "idempotency_key",
    "start_time",
    "end_time",
    "expected_start_time",
    "next_scheduled_start_time",
)
_TASK_RUN_FIELDS = ("id", "name", "flow_run_id", "start_time", "end_time", "expected_start_time")
_DERIVED = {"Running": ("Retrying",), "Scheduled": ("Late",), "Paused": ("Suspended",)}


def joined(operator: Operator, conditions: Iterable[bool]) -> bool:
    """Return what conditions come to; none at all restrict nothing."""
    found = list(conditions)
    return not found or (any(found) if operator == "or_" else all(found))


def _of_document(which: Any, document: dict[str, Any], fields: tuple[str, ...]) -> list[bool]:
    found = [
        condition.matches(document.get(field)) for field in fields if (condition := getattr(which, field)) is not None
    ]
    if which.tags is not None:
        found.append(which.tags.matches(document["tags"]))
    if which.state is not None:
        found.append(which.state.matches(document["state_type"], document["state_name"]))
    return found


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
