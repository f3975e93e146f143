"""Entities: the tables that a record can be asked about, with typed columns and the relations between them.

One literal for every surface: the schema of GraphQL, the statements of the stores and the console of the pages are built
from it. How a column is kept is the stores' business. Names are the documented ones.
"""

from __future__ import annotations

from typing import Literal, NamedTuple
from uuid import UUID

from runwright.errors import QueryError, did_you_mean

TENANT_ID = UUID("00000000-0000-8000-8000-000000000001")
"""The id of the one tenant of every record."""

LEVELS = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}
"""The names of the levels of log lines; other levels are shown as numbers."""

Type = Literal["uuid", "text", "integer", "number", "boolean", "time", "duration", "json"]


class Column(NamedTuple):
    """A value of a row. `time` is ISO text in answers, `duration` is `HH:MM:SS.ffffff`; one that `is_required` is never null."""

    name: str
    type: Type
    is_required: bool
    says: str


class Relation(NamedTuple):
    """The way from a row to one row of another entity, or to a list of them."""

    name: str
    entity: str
    is_list: bool
    says: str


class Entity(NamedTuple):
    """A table: `columns` and `relations` by name. Every entity has the column `id`, unique in it."""

    name: str
    says: str
    columns: dict[str, Column]
    relations: dict[str, Relation]

    def column(self, name: str) -> Column:
        """Return a column; raises `QueryError` for an unknown one."""
        found = self.columns.get(name)
        if found is None:
            hint = did_you_mean(name, self.columns)
            raise QueryError(f"{self.name} has no column {name!r}.{hint} It has {', '.join(self.columns)}.")
        return found

    def relation(self, name: str) -> Relation:
        """Return a relation; raises `QueryError` for an unknown one."""
        found = self.relations.get(name)
        if found is None:
            hint = did_you_mean(name, self.relations)
            raise QueryError(f"{self.name} has no relation {name!r}.{hint} It has {', '.join(self.relations)}.")
        return found


def entity_named(name: str) -> Entity:
    """Return an entity; raises `QueryError` for an unknown one."""
    found = ENTITIES.get(name)
    if found is None:
        raise QueryError(f"There is no {name!r} on a record.{did_you_mean(name, ENTITIES)}")
    return found


def _always(name: str, type_: Type, says: str) -> Column:
    return Column(name, type_, is_required=True, says=says)


def _maybe(name: str, type_: Type, says: str) -> Column:
    return Column(name, type_, is_required=False, says=says)


def _one(name: str, entity: str, says: str) -> Relation:
    return Relation(name, entity, is_list=False, says=says)


def _many(name: str, entity: str, says: str) -> Relation:
    return Relation(name, entity, is_list=True, says=says)


# fmt: off
_RUN = (
    _always("id",               "uuid",     "The run's id."),
    _always("created",          "time",     "When the run was created."),
    _always("updated",          "time",     "When the run was last changed."),
    _maybe("start_time",        "time",     "When the run first began."),
    _maybe("end_time",          "time",     "When the run ended; null while it is open."),
    _maybe("duration",          "duration", "From start to end; null while it is open."),
    _maybe("duration_seconds",  "number",   "The duration in seconds."),
    _always("version",          "integer",  "How many events the run has had."),
    _always("state",            "text",     "The name of the state, such as Success."),
    _always("state_type",       "text",     "The state in the vocabulary of events, such as COMPLETED."),
    _always("phase",            "text",     "waiting, active, ok or bad."),
    _always("state_timestamp",  "time",     "When the run entered its state."),
    _maybe("state_message",     "text",     "The message of the state."),
    _maybe("state_result",      "json",     "Where the result is."),
    _maybe("state_start_time",  "time",     "When a run that waits goes on."),
    _always("serialized_state", "json",     "The document of the state."),
    _maybe("heartbeat",         "time",     "When the run last gave a sign of life."),
    _always("tenant_id",        "uuid",     "The tenant's id."),
)
_STATE = (
    _always("id",               "uuid",     "The id of the event that brought the state."),
    _always("flow_run_id",      "uuid",     "The flow run's id."),
    _always("timestamp",        "time",     "When the state was entered."),
    _always("created",          "time",     "The same as `timestamp`."),
    _always("version",          "integer",  "The run's version in this state."),
    _always("state",            "text",     "The name of the state, such as Success."),
    _always("state_type",       "text",     "The state in the vocabulary of events, such as COMPLETED."),
    _always("phase",            "text",     "waiting, active, ok or bad."),
    _maybe("message",           "text",     "The message of the state."),
    _maybe("result",            "json",     "Where the result is."),
    _maybe("start_time",        "time",     "When a run in a waiting state goes on."),
    _always("serialized_state", "json",     "The document of the state."),
)
_TABLE = (
    ("flow", "A flow at one version.", (
        _always("id",                  "uuid",    "The id of this version of the flow."),
        _always("created",             "time",    "When this version was registered."),
        _always("name",                "text",    "The flow's name."),
        _always("version",             "integer", "1, 2, ... for a name."),
        _always("fingerprint",         "text",    "A hash of its tasks and edges."),
        _always("archived",            "boolean", "Whether a newer version took its place."),
        _always("is_schedule_active",  "boolean", "Whether its schedule starts runs."),
        _maybe("project_id",           "uuid",    "The id of the project that it was registered in."),
        _always("flow_group_id",       "uuid",    "The id of what all versions of the name share."),
        _always("version_group_id",    "text",    "The same as text."),
        _always("tenant_id",           "uuid",    "The tenant's id."),
        _maybe("description",          "text",    "What it is for."),
        _maybe("core_version",         "text",    "The version of the library that registered it."),
        _maybe("environment",          "json",    "As registered."),
        _maybe("run_config",           "json",    "How its runs are started."),
        _maybe("storage",              "json",    "Where its code is kept."),
        _maybe("schedule",             "json",    "When it runs by itself."),
        _always("parameters",          "json",    "The parameters that it takes."),
        _always("settings",            "json",    "Switches such as `heartbeat_enabled`."),
        _maybe("serialized_flow",      "json",    "The document of the flow as registered."),
        _always("source",              "json",    "Where its code came from: `file`, `name`."),
        _maybe("namespace",            "text",    "The namespace of a YAML flow."),
        _maybe("yaml_id",              "text",    "The id of a YAML flow in its namespace."),
    ), (
        _many("tasks", "task", "Its tasks, in the order of the graph."),
        _many("edges", "edge", "Its edges."),
        _many("flow_runs", "flow_run", "Its runs."),
        _one("project", "project", "The project that it was registered in."),
        _one("flow_group", "flow_group", "What all versions of the name share."),
    )),
    ("flow_run", "One running of a flow.", (
        *_RUN,
        _always("flow_id",             "uuid",    "The flow's id."),
        _always("name",                "text",    "The flow run's name."),
        _maybe("scheduled_start_time", "time",    "When it should start."),
        _always("auto_scheduled",      "boolean", "Whether a schedule made it."),
        _always("parameters",          "json",    "The values of its parameters."),
        _maybe("context",              "json",    "The context that it was created with."),
        _always("labels",              "json",    "Who may run it: a list of words."),
        _maybe("run_config",           "json",    "How it is started."),
        _maybe("idempotency_key",      "text",    "The key that it was created under, once."),
        _always("times_resurrected",   "integer", "How often it was restarted because it was lost."),
        _maybe("agent_id",             "uuid",    "The agent that took it."),
        _always("source",              "json",    "Where its code came from."),
        _maybe("started_by",           "text",    "The id of the execution that started it, for one of a YAML flow."),
        _always("deleted",             "boolean", "Whether it was deleted as an execution: it is kept, and shown no more."),
        _maybe("worker",               "text",    "The process that ran it last: its host and number."),
    ), (
        _one("flow", "flow", "The flow, at the version that runs."),
        _many("states", "flow_run_state", "The states that it has been in, oldest first."),
        _many("task_runs", "task_run", "Its task runs, in the order they were created."),
        _many("logs", "log", "What it logged, oldest first."),
    )),
    ("flow_run_state", "A state that a flow run has been in.", _STATE, (
        _one("flow_run", "flow_run", "The flow run."),
    )),
    ("task", "A task of a flow at one version.", (
        _always("id",                  "uuid",    "The task's id."),
        _always("created",             "time",    "When the flow was registered."),
        _always("flow_id",             "uuid",    "The flow's id."),
        _always("name",                "text",    "The task's name."),
        _always("slug",                "text",    "Its name among the tasks of the flow."),
        _maybe("description",          "text",    "What it is for."),
        _maybe("type",                 "text",    "The class of the task."),
        _always("tags",                "json",    "Its tags: a list of words."),
        _always("mapped",              "boolean", "Whether it is mapped."),
        _always("auto_generated",      "boolean", "Whether the library made it, for a constant or collection."),
        _maybe("max_retries",          "integer", "How often it is tried again."),
        _maybe("retry_delay",          "number",  "Seconds before it is tried again."),
        _maybe("timeout",              "number",  "Seconds that an attempt may take."),
        _maybe("cache_key",            "text",    "The key that its values are cached under."),
        _maybe("trigger",              "json",    "Which states of upstream tasks let it run."),
        _always("policies",            "json",    "All that it was told about retries, caching and so on."),
        _always("tenant_id",           "uuid",    "The tenant's id."),
    ), (
        _one("flow", "flow", "The flow."),
        _many("task_runs", "task_run", "Its runs."),
        _many("upstream_edges", "edge", "The edges that lead to it."),
        _many("downstream_edges", "edge", "The edges that lead from it."),
    )),
    ("task_run", "One running of a task, or of one mapped child.", (
        *_RUN,
        _always("flow_run_id",         "uuid",    "The flow run's id."),
        _always("task_id",             "uuid",    "The task's id."),
        _always("map_index",           "integer", "The place among mapped children, -1 for what is none."),
        _maybe("name",                 "text",    "The run's own name."),
        _always("full_name",           "text",    "The name that people see: its own, or its task's slug and `map_index`."),
        _maybe("parent_id",            "uuid",    "The task run that it was expanded from."),
        _always("attempt",             "integer", "The number of the latest attempt, 0 before the first."),
        _maybe("cache_key",            "text",    "The key that its value was cached under."),
        _maybe("value",                "text",    "What its round of a loop stands for."),
        _always("tags",                "json",    "The tags of its task, and those that it was given: a list of words."),
        _maybe("waited_seconds",       "number",  "Seconds from its creation to its first start, or to its end if it never began."),
    ), (
        _one("flow_run", "flow_run", "The flow run."),
        _one("task", "task", "The task."),
        _one("parent", "task_run", "The task run that it was expanded from."),
        _many("children", "task_run", "Its mapped children."),
        _many("states", "task_run_state", "The states that it has been in after Pending, oldest first."),
        _many("logs", "log", "What it logged, oldest first."),
    )),
    ("task_run_state", "A state that a task run has been in.", (
        *_STATE,
        _always("task_run_id",         "uuid",    "The task run's id."),
    ), (
        _one("task_run", "task_run", "The task run."),
        _one("flow_run", "flow_run", "The flow run."),
    )),
    ("edge", "An edge of a flow at one version.", (
        _always("id",                  "uuid",    "The edge's id."),
        _always("flow_id",             "uuid",    "The flow's id."),
        _always("upstream_task_id",    "uuid",    "The task that comes first."),
        _always("downstream_task_id",  "uuid",    "The task that waits for it."),
        _maybe("key",                  "text",    "The input that it feeds."),
        _always("mapped",              "boolean", "Whether it is mapped over."),
        _always("flattened",           "boolean", "Whether it is flattened first."),
        _always("tenant_id",           "uuid",    "The tenant's id."),
    ), (
        _one("flow", "flow", "The flow."),
        _one("upstream_task", "task", "The task that comes first."),
        _one("downstream_task", "task", "The task that waits for it."),
    )),
    ("log", "A line that a run logged.", (
        _always("id",                  "uuid",    "The line's id."),
        _always("flow_run_id",         "uuid",    "The flow run's id."),
        _maybe("task_run_id",          "uuid",    "The task run's id; null for what the flow run logged itself."),
        _always("timestamp",           "time",    "When it was logged."),
        _always("created",             "time",    "The same as `timestamp`."),
        _always("level",               "text",    "DEBUG, INFO, WARNING, ERROR or CRITICAL."),
        _always("name",                "text",    "The logger's name."),
        _always("message",             "text",    "The line."),
        _always("attempt",             "integer", "The attempt that logged it, 0 for none."),
        _always("tenant_id",           "uuid",    "The tenant's id."),
    ), (
        _one("flow_run", "flow_run", "The flow run."),
        _one("task_run", "task_run", "The task run."),
    )),
    ("project", "A group of flows.", (
        _always("id",                  "uuid",    "The project's id."),
        _always("name",                "text",    "The project's name."),
        _maybe("description",          "text",    "What it is for."),
        _always("created",             "time",    "When it was created."),
        _always("tenant_id",           "uuid",    "The tenant's id."),
    ), (
        _many("flows", "flow", "The flows that were registered in it."),
        _one("tenant", "tenant", "The tenant."),
    )),
    ("flow_group", "What all versions of a flow share.", (
        _always("id",                  "uuid",    "The id of the flow's first version."),
        _always("name",                "text",    "The flow's name."),
        _always("created",             "time",    "When the first version was registered."),
        _always("labels",              "json",    "Who may run it: a list of words."),
        _always("settings",            "json",    "Switches such as `heartbeat_enabled`."),
        _always("tenant_id",           "uuid",    "The tenant's id."),
    ), (
        _many("flows", "flow", "The versions of the flow."),
    )),
    ("tenant", "The owner of everything on a record: there is one.", (
        _always("id",                  "uuid",    "The tenant's id."),
        _always("name",                "text",    "The tenant's name."),
        _always("slug",                "text",    "The tenant's name in addresses."),
    ), (
        _many("projects", "project", "Its projects."),
    )),
)
# fmt: on

ENTITIES: dict[str, Entity] = {
    name: Entity(name, says, {each.name: each for each in columns}, {each.name: each for each in relations})
    for name, says, columns, relations in _TABLE
}
"""All entities by name."""
