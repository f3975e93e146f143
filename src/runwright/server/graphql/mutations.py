"""Mutations: what existing clients send to change something, handed to `runwright.remote_runs` and told back in their words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from graphql import get_named_type, is_list_type, is_object_type

from runwright.clock import recordable
from runwright.compat.foreign_schedules import schedule_from
from runwright.errors import QueryError
from runwright.query import Aggregate, Compare, Query, Summary, Value, columns
from runwright.remote_flows import RemoteFlows, unpacked
from runwright.remote_runs import is_remote, run_of
from runwright.server.auth import Role
from runwright.triggering.flow_schedules import CatchUp, FlowSchedules

if TYPE_CHECKING:
    from runwright.remote_runs import RemoteRuns
    from runwright.server.graphql.selection import Selected, Selection
    from runwright.store import Store

    Given = dict[str, Any]

_OF_AUTHORS = frozenset(
    {
        "create_project",
        "create_flow",
        "create_flow_from_compressed_string",
        "register_tasks",
        "register_edges",
        "set_schedule_active",
        "set_schedule_inactive",
    }
)
_DONE = {"success": True, "error": None}


class Mutations:
    """Applies mutations by their names."""

    def __init__(self, record: Store, runs: RemoteRuns) -> None:
        """Hold where changes go."""
        self._record = record
        self._runs = runs
        self._flows = RemoteFlows(record)
        self._schedules = FlowSchedules(record)

    def apply(self, name: str, given: Given) -> Given:
        """Return what a mutation answers; raises the errors of `runwright.errors`."""
        return getattr(self, f"_{name}")(given)

    def look_up(self, name: str, given: Given) -> Given:
        """Return what a root field answers that is no entity."""
        if name == "get_task_run_info":
            return self._task_run(_uuid(given["task_run_id"]))
        return self._mapped_children(given["task_run_id"])

    # ---- flows

    def _create_project(self, given: Given) -> Given:
        return {"id": str(self._record.add_project(given["name"], given.get("description")).id)}

    def _create_flow(self, given: Given) -> Given:
        return {"id": str(self._flows.create(_project(given), given["serialized_flow"], **_kept(given)))}

    def _create_flow_from_compressed_string(self, given: Given) -> Given:
        document = unpacked(given["serialized_flow"])
        return {"id": str(self._flows.create(_project(given), document, **_kept(given)))}

    def _register_tasks(self, given: Given) -> Given:
        self._flows.add_tasks(_uuid(given["flow_id"]), given["serialized_tasks"])
        return _DONE

    def _register_edges(self, given: Given) -> Given:
        self._flows.add_edges(_uuid(given["flow_id"]), given["serialized_edges"])
        return _DONE

    def _set_schedule_active(self, given: Given) -> Given:
        flow_id = _uuid(given["flow_id"])
        self._flows.check_known(flow_id)
        found = self._schedules.find_by_id(flow_id)
        if found is not None:
            self._schedules.resume(found.flow)
            return _DONE
        flow = next(iter(self._record.flows(flow_id=flow_id)), None)
        schedule = None if flow is None else flow.document.get("schedule")
        if flow is not None and schedule is not None:
            times = schedule_from(schedule).to_dict() if is_remote(flow) else schedule
            self._schedules.register(flow, times, catch_up=CatchUp.NONE, is_paused=False)
        return _DONE

    def _set_schedule_inactive(self, given: Given) -> Given:
        flow_id = _uuid(given["flow_id"])
        self._flows.check_known(flow_id)
        found = self._schedules.find_by_id(flow_id)
        if found is not None:
            self._schedules.pause(found.flow)
        return _DONE

    # ---- flow runs

    def _create_flow_run(self, given: Given) -> Given:
        flow_run = self._runs.create(
            flow_id=_uuid_or_none(given.get("flow_id")),
            version_group_id=given.get("version_group_id"),
            idempotency_key=given.get("idempotency_key"),
            parameters=given.get("parameters") or {},
            labels=given.get("labels"),
            context=given.get("context"),
            run_config=given.get("run_config"),
            start_time=_time(given.get("scheduled_start_time")),
            name=given.get("flow_run_name"),
        )
        return {"id": str(flow_run)}

    def _set_flow_run_states(self, given: Given) -> Given:
        return {"states": [self._set_state(_uuid(each["flow_run_id"]), each) for each in given["states"]]}

    def _set_task_run_states(self, given: Given) -> Given:
        return {"states": [self._set_state(_uuid(each["task_run_id"]), each) for each in given["states"]]}

    def _set_state(self, run: UUID, given: Given) -> Given:
        self._runs.set_state(run, given["state"], version=given.get("version"))
        return {"id": str(run), "status": "SUCCESS", "message": None}

    def _get_or_create_task_run(self, given: Given) -> Given:
        index = given.get("map_index")
        return {
            "id": str(
                self._runs.task_run(
                    _uuid(given["flow_run_id"]), _uuid(given["task_id"]), -1 if index is None else index
                )
            )
        }

    def _get_or_create_task_run_info(self, given: Given) -> Given:
        return self._task_run(_uuid(self._get_or_create_task_run(given)["id"]))

    def _set_flow_run_name(self, given: Given) -> Given:
        self._runs.rename(_uuid(given["flow_run_id"]), given["name"])
        return _DONE

    def _set_task_run_name(self, given: Given) -> Given:
        self._runs.rename(_uuid(given["task_run_id"]), given["name"])
        return _DONE

    def _cancel_flow_run(self, given: Given) -> Given:
        return {"state": self._runs.cancel(_uuid(given["flow_run_id"]))}

    def _update_flow_run_heartbeat(self, given: Given) -> Given:
        self._runs.check_known(_uuid(given["flow_run_id"]))
        return _DONE

    def _update_task_run_heartbeat(self, given: Given) -> Given:
        self._runs.check_known(_uuid(given["task_run_id"]))
        return _DONE

    def _write_run_logs(self, given: Given) -> Given:
        self._runs.write_logs([{**each, "timestamp": _time(each.get("timestamp"))} for each in given["logs"]])
        return _DONE

    def _create_task_run_artifact(self, given: Given) -> Given:
        artifact = {"kind": given["kind"], "data": given["data"]}
        return {"id": str(self._runs.annotate(_uuid(given["task_run_id"]), artifact))}

    def _update_task_run_artifact(self, given: Given) -> Given:
        artifact = _uuid(given["task_run_artifact_id"])
        self._runs.annotate(run_of(artifact), {"id": str(artifact), "data": given["data"]})
        return _DONE

    def _delete_task_run_artifact(self, given: Given) -> Given:
        artifact = _uuid(given["task_run_artifact_id"])
        self._runs.annotate(run_of(artifact), {"id": str(artifact), "is_deleted": True})
        return _DONE

    # ---- agents

    def _register_agent(self, given: Given) -> Given:
        return {"id": str(self._runs.add_agent(given["type"], given.get("name"), tuple(given.get("labels") or ())))}

    def _get_runs_in_queue(self, given: Given) -> Given:
        found = self._runs.queue(before=_time(given.get("before")), labels=frozenset(given.get("labels") or ()))
        return {"flow_run_ids": [str(each) for each in found]}

    # ---- look-ups

    def _task_run(self, task_run: UUID) -> Given:
        fields = columns("id", "version", "state", "serialized_state")
        query = Query("task_run", fields, Compare("id", "eq", task_run), limit=1, is_single=True)
        found = msgspec.json.decode(self._record.query(query))
        if found is None:
            raise QueryError(f"There is no task run {task_run} on the record.")
        return found

    def _mapped_children(self, task_run: Any) -> Given:
        where = Compare("parent_id", "eq", task_run)
        times = (Aggregate("min_start_time", "min", ("start_time",)), Aggregate("max_end_time", "max", ("end_time",)))
        found = msgspec.json.decode(self._record.query(Summary("task_run", times, where)))
        counts = Summary("task_run", (Value("state"), Aggregate("count", "count")), where, group_by=("state",))
        states = msgspec.json.decode(self._record.query(counts))
        return {**found, "state_counts": {each["state"]: each["count"] for each in states}}


def role_of(name: str) -> Role:
    """Return the least role that may use a mutation: registering flows takes more than running them."""
    return Role.AUTHOR if name in _OF_AUTHORS else Role.OPERATOR


def shape(value: Any, field: Selected, selection: Selection) -> Any:
    """Return what is selected of a value that a mutation answers."""
    type_ = field.type.fields[field.name].type
    if value is None or not is_object_type(get_named_type(type_)):
        return value
    if is_list_type(type_):
        return [_shaped(each, field, selection) for each in value]
    return _shaped(value, field, selection)


def _shaped(value: Given, field: Selected, selection: Selection) -> Given:
    return {
        each.key: each.type.name if each.name == "__typename" else shape(value.get(each.name), each, selection)
        for each in selection.inner(field)
    }


def _project(given: Given) -> UUID:
    return _uuid(given["project_id"])


def _kept(given: Given) -> Given:
    return {"idempotency_key": given.get("idempotency_key"), "description": given.get("description")}


def _uuid(value: Any) -> UUID:
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise QueryError(f"{value!r} is no UUID.") from None


def _uuid_or_none(value: Any) -> UUID | None:
    return None if value is None else _uuid(value)


def _time(value: Any) -> int | None:
    """Return nanoseconds since 1970 for ISO text."""
    if value is None:
        return None
    try:
        return recordable(datetime.fromisoformat(value))
    except (ValueError, TypeError):
        raise QueryError(f"{value!r} is no time: one like 2026-05-12T18:00:00Z is needed.") from None
