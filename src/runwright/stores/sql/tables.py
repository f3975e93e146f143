"""Tables: how each column of `runwright.entities` is had from the tables of a record, in SQL.

`@` stands for the alias of a row of the entity, `#` for that of a row of a related one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runwright.entities import LEVELS, TENANT_ID
from runwright.events import EventKind
from runwright.states import KIND_BY_NAME, TABLE
from runwright.stores.sql.documents import Document
from runwright.stores.sql.expressions import Coded, Expression, Identity, Part, Plain
from runwright.stores.sql.tags import Tags

if TYPE_CHECKING:
    from runwright.stores.sql.dialect import Dialect

_CREATED, _STATE = int(EventKind.CREATED), int(EventKind.STATE)
_EVENT_KEY = ("@.flow_run", "@.ordinal", "@.version")
_SUCCESS = KIND_BY_NAME["Success"].code


def _states(left_out: int | None = None) -> dict[str, Expression]:
    words = {
        "state": {kind.code: kind.name for kind in TABLE},
        "state_type": {kind.code: kind.event_type for kind in TABLE},
        "phase": {kind.code: kind.phase.value for kind in TABLE},
    }
    return {name: Coded("@.state", by_code, left_out) for name, by_code in words.items()}


# The last 48 bits of ids that are made of another's first 80: see runwright.ids.
_ORDINAL = Part("@.ordinal", 20, 28)
_TASK = Part("@.idx", 20, 28, 1)
_EDGE = Part("@.idx", 20, 28, 1 << 27)


class Table(NamedTuple):
    """Where an entity's rows are: `source` with the condition `where`, in the order of `key`; `columns` by name.

    `links` has for each relation the pairs of SQL that are equal: of the related row, and of this one.
    """

    source: str
    where: str
    key: tuple[str, ...]
    columns: dict[str, Expression]
    links: dict[str, tuple[tuple[str, str], ...]]

    @property
    def flow_run(self) -> str:
        """Return the SQL of the key of the flow run that a row is, or belongs to; empty where it belongs to none."""
        if self.source == "flow_run @":
            return "@.key"
        return "@.flow_run" if "flow_run_id" in self.columns else ""


def tables(dialect: Dialect) -> dict[str, Table]:
    """Return the tables of all entities in a dialect."""
    return _Tables(dialect).all()


class _Tables:
    def __init__(self, dialect: Dialect) -> None:
        self._d = dialect

    def all(self) -> dict[str, Table]:
        return {**self._of_flows(), **self._of_runs()}

    def _of_flows(self) -> dict[str, Table]:
        text = self._d.key_text
        runs_of_flow = "(SELECT flow FROM flow_run WHERE key = #.flow_run)"
        flow = (("#.key", "@.flow"),)
        # fmt: off
        return {
            "flow": Table("flow @", "", ("@.key",), self._flow(), {
                "tasks":            (("#.flow", "@.key"),),
                "edges":            (("#.flow", "@.key"),),
                "flow_runs":        (("#.flow", "@.key"),),
                "project":          (("#.name", text("@.document", "project")),),
                "flow_group":       (("#.name", "@.name"),),
            }),
            "task": Table("task @", "", ("@.flow", "@.idx"), self._task(), {
                "flow":             flow,
                "task_runs":        ((runs_of_flow, "@.flow"), ("#.task", "@.idx")),
                "upstream_edges":   (("#.flow", "@.flow"), (text("#.value", "downstream"), "@.slug")),
                "downstream_edges": (("#.flow", "@.flow"), (text("#.value", "upstream"), "@.slug")),
            }),
            "edge": Table(self._d.edges(), "", ("@.flow", "@.idx"), self._edge(), {
                "flow":             flow,
                "upstream_task":    (("#.flow", "@.flow"), ("#.slug", text("@.value", "upstream"))),
                "downstream_task":  (("#.flow", "@.flow"), ("#.slug", text("@.value", "downstream"))),
            }),
            "project": Table("project @", "", ("@.key",), self._project(), {
                "flows":            ((text("#.document", "project"), "@.name"),),
                "tenant":           (("1", "1"),),
            }),
            "flow_group": Table("flow @", "@.version = 1", ("@.key",), self._flow_group(), {
                "flows":            (("#.name", "@.name"),),
            }),
            "tenant": Table("(SELECT 1 AS key) @", "", ("@.key",), self._tenant(), {
                "projects":         (("1", "1"),),
            }),
        }
        # fmt: on

    def _of_runs(self) -> dict[str, Table]:
        flow_run, of_flow_run = (("#.key", "@.flow_run"),), (("#.flow_run", "@.key"),)
        of_run = (("#.flow_run", "@.flow_run"), ("#.ordinal", "@.ordinal"))
        flow = "(SELECT flow FROM flow_run WHERE key = @.flow_run)"
        task_run_id = Identity("flow_run", "@.flow_run", (_ORDINAL,))
        state, task_run_state = self._state(), self._state() | {"task_run_id": task_run_id}
        is_of_flow_run, is_of_task_run = (
            f"@.ordinal = 0 AND @.kind IN ({_CREATED},{_STATE})",
            f"@.ordinal > 0 AND @.kind = {_STATE}",
        )
        # fmt: off
        return {
            "flow_run": Table("flow_run @", "", ("@.key",), self._flow_run(), {
                "flow":      (("#.key", "@.flow"),),
                "states":    of_flow_run,
                "task_runs": of_flow_run,
                "logs":      of_flow_run,
            }),
            "flow_run_state": Table("event @", is_of_flow_run, _EVENT_KEY, state, {
                "flow_run":  flow_run,
            }),
            "task_run": Table("task_run @", "", ("@.flow_run", "@.ordinal"), self._task_run(), {
                "flow_run":  flow_run,
                "task":      (("#.flow", flow), ("#.idx", "@.task")),
                "parent":    (("#.flow_run", "@.flow_run"), ("#.ordinal", "@.parent")),
                "children":  (("#.flow_run", "@.flow_run"), ("#.parent", "@.ordinal")),
                "states":    of_run,
                "logs":      of_run,
            }),
            "task_run_state": Table("event @", is_of_task_run, _EVENT_KEY, task_run_state, {
                "task_run":  of_run,
                "flow_run":  flow_run,
            }),
            "log": Table("log_line @", "", ("@.key",), self._log(), {
                "flow_run":  flow_run,
                "task_run":  of_run,
            }),
        }
        # fmt: on

    # ---- columns

    def _flow(self) -> dict[str, Expression]:
        group = "(SELECT id FROM flow first WHERE first.name = @.name AND first.version = 1)"
        json = {
            name: Plain("json", self._d.key_json("@.document", name))
            for name in ("environment", "run_config", "storage", "schedule", "serialized_flow")
        }
        return {
            "id": Identity("flow", "@.key", own="@.id"),
            "created": Plain("time", "@.created"),
            "name": Plain("text", "@.name"),
            "version": Plain("integer", "@.version"),
            "fingerprint": Plain("text", "@.fingerprint"),
            "archived": Plain(
                "boolean", self._d.exists("flow later", "later.name = @.name AND later.version > @.version")
            ),
            "is_schedule_active": Plain(
                "boolean",
                self._d.exists(
                    "trigger_state own",
                    "own.namespace = '' AND own.flow = @.name AND own.trigger_id = 'schedule' AND own.is_disabled = 0 "
                    f"AND {self._d.key_text('own.data', 'flow_id')} = {self._d.uuid_text('@.id')}",
                ),
            ),
            "project_id": Identity(
                "project", self._project_key(), own=self._project_id(), given=f"{self._project_key()} IS NOT NULL"
            ),
            "flow_group_id": Identity(
                "flow", "(SELECT key FROM flow first WHERE first.name = @.name AND first.version = 1)", own=group
            ),
            "version_group_id": Plain("text", self._d.uuid_text(group)),
            "tenant_id": self._tenant_id(),
            "description": Plain("text", self._d.key_text("@.document", "description")),
            "core_version": Plain("text", self._d.key_text("@.document", "core_version")),
            **json,
            "parameters": Plain("json", self._or_else(self._d.key_json("@.document", "parameters"), "[]")),
            "settings": Plain("json", self._or_else(self._d.key_json("@.document", "settings"), "{}")),
            "source": Plain("json", "@.source"),
            "namespace": Plain("text", self._d.key_text("@.source", "namespace")),
            "yaml_id": Plain("text", self._d.key_text("@.source", "id")),
        }

    def _flow_run(self) -> dict[str, Expression]:
        d = self._d
        last = (
            f"(SELECT at FROM event WHERE flow_run = @.key AND ordinal = 0 AND kind IN ({_CREATED},{_STATE})"
            " ORDER BY version DESC LIMIT 1)"
        )
        document = Document(
            d, "@.state", "@.message", d.key_json("@.details", "result"), d.key_integer("@.details", "due"), "@.details"
        )
        return {
            "id": Identity("flow_run", "@.key", own="@.id"),
            **self._run(document),
            "state_timestamp": Plain("time", last),
            "flow_id": Identity("flow", "@.flow"),
            "name": Plain("text", "@.name"),
            "scheduled_start_time": Plain("time", "@.scheduled_start_time"),
            "auto_scheduled": Plain("boolean", self._truth("@.extra", "auto_scheduled")),
            "parameters": Plain("json", self._or_else("@.parameters", "{}")),
            "context": Plain("json", d.key_json("@.extra", "context")),
            "labels": Plain("json", self._or_else(d.key_json("@.extra", "labels"), "[]")),
            "run_config": Plain("json", d.key_json("@.extra", "run_config")),
            "idempotency_key": Plain("text", d.key_text("@.extra", "idempotency_key")),
            "times_resurrected": Plain("integer", "(0+0)"),
            "agent_id": Plain("uuid", self._d.no_uuid),
            "source": Plain("json", self._or_else("@.source", "{}")),
            "started_by": Plain("text", d.key_text("@.extra", "trigger", "variables", "executionId")),
            "deleted": Plain("boolean", self._truth("@.extra", "deleted")),
            "worker": Plain("text", d.key_text("@.extra", "worker")),
        }

    def _task_run(self) -> dict[str, Expression]:
        document = Document(self._d, "@.state", "@.message", "@.result", "@.due", "@.details")
        return {
            "id": Identity("flow_run", "@.flow_run", (_ORDINAL,)),
            **self._run(document),
            **_states(_SUCCESS),
            "state_timestamp": Plain("time", "@.updated"),
            "flow_run_id": Identity("flow_run", "@.flow_run"),
            "task_id": Identity(
                "flow", "(SELECT flow FROM flow_run WHERE key = @.flow_run)", (Part("@.task", 20, 28, 1),)
            ),
            "map_index": Plain("integer", "@.map_index"),
            "name": Plain("text", "@.name"),
            "full_name": Plain("text", self._full_name()),
            "parent_id": Identity("flow_run", "@.flow_run", (Part("@.parent", 20, 28),), given="@.parent > 0"),
            "attempt": Plain("integer", "@.attempt"),
            "cache_key": Plain("text", self._d.key_text("@.details", "cache_key")),
            "value": Plain("text", "@.value"),
            "tags": Tags(self._d),
            "waited_seconds": Plain(
                "number", self._d.quotient("(coalesce(@.start_time,@.end_time)-@.created)", 1_000_000_000)
            ),
        }

    def _full_name(self) -> str:
        slug = (
            "(SELECT slug FROM task WHERE task.idx = @.task"
            " AND task.flow = (SELECT flow FROM flow_run WHERE key = @.flow_run))"
        )
        index = f"(CASE WHEN @.map_index < 0 THEN '' ELSE '['||{self._d.text('@.map_index')}||']' END)"
        return f"coalesce(nullif(@.name,''),{slug}||{index})"

    def _run(self, document: Document) -> dict[str, Expression]:
        """Return what runs of flows and of tasks have in common."""
        return {
            "created": Plain("time", "@.created"),
            "updated": Plain("time", "@.updated"),
            "start_time": Plain("time", "@.start_time"),
            "end_time": Plain("time", "@.end_time"),
            "duration": Plain("duration", "(@.end_time-@.start_time)"),
            "duration_seconds": Plain("number", self._d.quotient("(@.end_time-@.start_time)", 1_000_000_000)),
            "version": Plain("integer", "@.version"),
            **_states(),
            "state_message": Plain("text", document.message),
            "state_result": Plain("json", document.result()),
            "state_start_time": Plain("time", document.due),
            "serialized_state": Plain("json", document.text()),
            "heartbeat": Plain("time", "@.updated"),
            "tenant_id": self._tenant_id(),
        }

    def _state(self) -> dict[str, Expression]:
        d = self._d
        document = Document(
            d,
            "@.state",
            d.key_text("@.data", "message"),
            d.key_json("@.data", "result"),
            d.key_integer("@.data", "due"),
            "@.data",
        )
        return {
            "id": Identity("flow_run", "@.flow_run", (_ORDINAL, Part("@.version", 0, 20))),
            "flow_run_id": Identity("flow_run", "@.flow_run"),
            "timestamp": Plain("time", "@.at"),
            "created": Plain("time", "@.at"),
            "version": Plain("integer", "@.version"),
            **_states(),
            "message": Plain("text", document.message),
            "result": Plain("json", document.result()),
            "start_time": Plain("time", document.due),
            "serialized_state": Plain("json", document.text()),
        }

    def _task(self) -> dict[str, Expression]:
        d = self._d
        delay = d.key_number("@.policies", "retry_delay")
        return {
            "id": Identity("flow", "@.flow", (_TASK,)),
            "created": Plain("time", "(SELECT created FROM flow WHERE key = @.flow)"),
            "flow_id": Identity("flow", "@.flow"),
            "name": Plain("text", "@.name"),
            "slug": Plain("text", "@.slug"),
            "description": Plain("text", d.key_text("@.policies", "description")),
            "type": Plain("text", d.key_text("@.policies", "type")),
            "tags": Plain("json", "@.tags"),
            "mapped": Plain("boolean", "@.is_mapped"),
            "auto_generated": Plain("boolean", self._truth("@.policies", "auto_generated")),
            "max_retries": Plain("integer", d.key_integer("@.policies", "max_retries")),
            "retry_delay": Plain(
                "number",
                f"coalesce({d.key_number('@.policies', 'retry_delay', 0)},{delay})",
            ),
            "timeout": Plain("number", d.key_number("@.policies", "timeout")),
            "cache_key": Plain("text", d.key_text("@.policies", "cache_key")),
            "trigger": Plain("json", d.key_json("@.policies", "trigger")),
            "policies": Plain("json", "@.policies"),
            "tenant_id": self._tenant_id(),
        }

    def _edge(self) -> dict[str, Expression]:
        d = self._d
        return {
            "id": Identity("flow", "@.flow", (_EDGE,)),
            "flow_id": Identity("flow", "@.flow"),
            **{
                f"{end}_task_id": Identity("flow", "@.flow", (Part(self._idx(end), 20, 28, 1),))
                for end in ("upstream", "downstream")
            },
            "key": Plain("text", d.key_text("@.value", "key")),
            "mapped": Plain("boolean", self._truth("@.value", "mapped")),
            "flattened": Plain("boolean", self._truth("@.value", "flattened")),
            "tenant_id": self._tenant_id(),
        }

    def _log(self) -> dict[str, Expression]:
        levels = " ".join(f"WHEN {number} THEN '{name}'" for number, name in LEVELS.items())
        return {
            "id": Identity("flow_run", "@.flow_run", (Part("@.key", 0, 48),)),
            "flow_run_id": Identity("flow_run", "@.flow_run"),
            "task_run_id": Identity("flow_run", "@.flow_run", (_ORDINAL,), given="@.ordinal > 0"),
            "timestamp": Plain("time", "@.at"),
            "created": Plain("time", "@.at"),
            "level": Plain("text", f"(CASE @.level {levels} ELSE {self._d.text('@.level')} END)"),
            "name": Plain("text", "@.logger"),
            "message": Plain("text", "@.message"),
            "attempt": Plain("integer", "@.attempt"),
            "tenant_id": self._tenant_id(),
        }

    def _project(self) -> dict[str, Expression]:
        return {
            "id": Identity("project", "@.key", own="@.id"),
            "name": Plain("text", "@.name"),
            "description": Plain("text", "@.description"),
            "created": Plain("time", "@.created"),
            "tenant_id": self._tenant_id(),
        }

    def _flow_group(self) -> dict[str, Expression]:
        return {
            "id": Identity("flow", "@.key", own="@.id"),
            "name": Plain("text", "@.name"),
            "created": Plain("time", "@.created"),
            "labels": Plain("json", "'[]'"),
            "settings": Plain("json", self._or_else(self._d.key_json("@.document", "settings"), "{}")),
            "tenant_id": self._tenant_id(),
        }

    def _tenant(self) -> dict[str, Expression]:
        return {
            "id": self._tenant_id(),
            "name": Plain("text", "('default'||'')"),
            "slug": Plain("text", "('default'||'')"),
        }

    # ---- parts of columns

    def _or_else(self, json: str, otherwise: str) -> str:
        return f"coalesce({json},'{otherwise}')"

    def _truth(self, json: str, key: str) -> str:
        return f"coalesce({self._d.key_truth(json, key)},{self._d.stored_false})"

    def _project_key(self) -> str:
        return f"(SELECT key FROM project WHERE name = {self._d.key_text('@.document', 'project')})"

    def _project_id(self) -> str:
        return f"(SELECT id FROM project WHERE name = {self._d.key_text('@.document', 'project')})"

    def _idx(self, end: str) -> str:
        slug = self._d.key_text("@.value", end)
        return f"(SELECT idx FROM task WHERE task.flow = @.flow AND task.slug = {slug})"

    def _tenant_id(self) -> Expression:
        return Plain("uuid", self._d.literal_uuid(TENANT_ID))
