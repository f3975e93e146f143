"""Copying: what a page shows as text for other places: the command line, Python, GraphQL, an address, SQL."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, assert_never
from urllib.parse import quote
from uuid import UUID

import msgspec

from runwright.backend.reproduction import test_of
from runwright.clock import to_iso
from runwright.errors import RunwrightError
from runwright.query import And, Compare, Exists, Not, Or, Order, Query, Related, all_of, columns
from runwright.states import TABLE
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from runwright.query import Condition, Summary
    from runwright.runs import FlowRun, TaskRun
    from runwright.ui.selection import Selection
    from runwright.ui.surface import Surface
    from runwright.views import TaskRunFilter


class Copy(msgspec.Struct, frozen=True):
    """One text to copy, and where it is for; `text` is empty where the place cannot say it, and `why` says why."""

    place: str
    text: str
    why: str = ""


_FIELDS = (
    "id name map_index state state_message start_time end_time attempt task { slug } flow_run { id name flow { name } }"
)
_FLOW_RUN_FIELDS = "id name state state_message start_time end_time parameters flow { name version }"
_FLOW_FIELDS = "id name version created fingerprint"
_OPTIONS = (
    ("flow", "--flow"),
    ("flow_run", "--flow-run"),
    ("flow_run_name", "--flow-run"),
    ("task", "--task"),
    ("states", "--state"),
    ("map_index", "--map-index"),
    ("tags", "--tag"),
    ("since", "--since"),
    ("until", "--until"),
)


def of_task_runs(surface: Surface, text: str, selection: Selection) -> list[Copy]:
    """Return a search of task runs for each place."""
    which = selection.which if selection.is_plain else None
    beyond = "The named reads cannot say all of this search: copy it as an address, or leave terms out."
    address = f"task-runs.json?q={quote(text)}" if text else "task-runs.json"
    return [
        Copy("Command line", _command("tr ls", which) if which else "", "" if which else beyond),
        Copy("Python", _python("task_runs", which, surface) if which else "", "" if which else beyond),
        Copy("GraphQL", _graphql("task_run", where_of(selection.condition), _FIELDS, 100)),
        Copy("REST", address),
        _sql(surface, "task_run", selection.condition, 100),
    ]


def of_task_run(surface: Surface, row: TaskRun) -> list[Copy]:
    """Return the way to one task run for each place."""
    python = (
        "from runwright.backend import TaskRunView\n\n"
        f"run = TaskRunView.from_task_run_id({str(row.id)!r}, record={surface.views.url!r})\nprint(run.state)"
    )
    return [
        Copy(
            "Command line",
            "\n".join(f"runwright tr {verb} {row.id}" for verb in ("get", "logs", "result", "reproduce")),
        ),
        Copy("Python", python),
        Copy("GraphQL", _graphql("task_run", {"id": {"_eq": str(row.id)}}, _FIELDS, 1)),
        Copy("REST", f"task-runs/{row.id}.json"),
        _sql(surface, "task_run", Compare("id", "eq", str(row.id)), 1),
        _pytest(surface, row),
    ]


def of_flow_run(surface: Surface, row: FlowRun) -> list[Copy]:
    """Return the way to one flow run for each place."""
    python = (
        "from runwright.backend import FlowRunView\n\n"
        f"run = FlowRunView.from_flow_run_id({str(row.id)!r}, record={surface.views.url!r})\nprint(run.state)"
    )
    commands = ("fr get", "tr ls --flow-run", "fr logs")
    return [
        Copy("Command line", "\n".join(f"runwright {command} {row.id}" for command in commands)),
        Copy("Python", python),
        Copy("GraphQL", _graphql("flow_run", {"id": {"_eq": str(row.id)}}, _FLOW_RUN_FIELDS, 1)),
        Copy("REST", f"flow-runs/{row.id}.json"),
        _sql(surface, "flow_run", Compare("id", "eq", str(row.id)), 1),
    ]


def of_flow_runs(surface: Surface, text: str, which: FlowRunFilter | None) -> list[Copy]:
    """Return a search of flow runs for each place."""
    if which is None:
        return []
    parts: list[Condition] = []
    words = ["runwright", "fr", "ls"]
    if which.flow is not None:
        parts.append(Exists("flow", Compare("name", "eq", which.flow)))
        words += ["--flow", which.flow]
    if which.name is not None:
        parts.append(Compare("name", "eq", which.name))
    if which.states:
        parts.append(Compare("state", "in", which.states))
        words += ["--state", ",".join(which.states)]
    where = all_of(*parts)
    return [
        Copy("Command line", shlex.join(words)),
        Copy("Python", _python("flow_runs", which, surface)),
        Copy("GraphQL", _graphql("flow_run", where_of(where), _FLOW_RUN_FIELDS, 50)),
        Copy("REST", f"flow-runs.json?q={quote(text)}" if text else "flow-runs.json"),
        _sql(surface, "flow_run", where, 50),
    ]


def of_flows(surface: Surface, name: str = "") -> list[Copy]:
    """Return the flows of a record, or one of them, for each place."""
    where = Compare("name", "eq", name) if name else None
    given = f"name={name!r}" if name else ""
    return [
        Copy("Command line", shlex.join(["runwright", "flow", *(["get", name] if name else ["ls"])])),
        Copy("Python", _python_of(surface, f"flows({given})")),
        Copy("GraphQL", _graphql("flow", where_of(where), _FLOW_FIELDS, 50)),
        Copy("REST", f"flows/{quote(name, safe='')}.json" if name else "flows.json"),
        _sql(surface, "flow", where, 50),
    ]


def of_events(surface: Surface, start: int, end: int) -> list[Copy]:
    """Return the events behind the cursor `start`, up to `end`, for each place."""
    asked = f"EventFilter(after={start}, before={end + 1})"
    beyond = "Rows are asked for so, and events are what rows are made of."
    return [
        Copy("Command line", f"runwright events ls --raw --after {start} --limit {end - start}"),
        Copy("Python", _python_of(surface, f"events({asked})", "from runwright.views import EventFilter")),
        Copy("GraphQL", "", beyond),
        Copy("REST", f"events.json?before={end + 1}"),
        Copy("SQL", "", beyond),
    ]


def of_workers(surface: Surface) -> list[Copy]:
    """Return the flow runs that are open, and who ran them last, for each place."""
    states = tuple(kind.name for kind in TABLE if not kind.phase.is_final)
    where = Compare("state", "in", states)
    return [
        Copy("Command line", f"runwright fr ls --state {','.join(states)}"),
        Copy("Python", _python("flow_runs", FlowRunFilter(states=states), surface)),
        Copy("GraphQL", _graphql("flow_run", where_of(where), "id name state worker flow { name }", 200)),
        Copy("REST", "workers.json"),
        _sql(surface, "flow_run", where, 200),
    ]


_NO_SQL = "This record is no database, or takes functions of Runwright's own to answer this."
_COLUMNS = {
    "task_run": columns("id", "name", "map_index", "state", "state_message", "start_time", "end_time", "attempt"),
    "flow": columns("id", "name", "version", "created", "fingerprint"),
    "flow_run": columns("id", "name", "state", "state_message", "start_time", "end_time", "parameters"),
}


def _sql(surface: Surface, entity: str, where: Condition | None, limit: int) -> Copy:
    """Return the statement that the record itself is asked, which any program for its database can run."""
    order = (Order("id", is_descending=True),)
    query = Query(entity, _COLUMNS[entity], where, order, limit, without_deleted=True)
    text = surface.views.sql_of(query)
    return Copy("SQL", text or "", "" if text else _NO_SQL)


def _pytest(surface: Surface, row: TaskRun) -> Copy:
    try:
        return Copy("pytest", test_of(surface.views, row))
    except RunwrightError as error:
        return Copy("pytest", "", str(error))


def _command(verb: str, which: TaskRunFilter) -> str:
    words = ["runwright", *verb.split()]
    for field, option in _OPTIONS:
        value = getattr(which, field)
        for each in value if isinstance(value, tuple) and field != "states" else (value,):
            if each not in {None, ()}:
                words += [option, _as_word(field, each)]
    return shlex.join(words)


def _as_word(field: str, value: Any) -> str:
    if field == "states":
        return ",".join(value)
    return to_iso(value) if field in {"since", "until"} else str(value)


def _python(verb: str, which: TaskRunFilter | FlowRunFilter, surface: Surface) -> str:
    kind = type(which).__name__
    imports = (
        ["from uuid import UUID", ""] if any(isinstance(each, UUID) for each in msgspec.structs.astuple(which)) else []
    )
    given = {name: value for name, value in msgspec.structs.asdict(which).items() if value not in {None, (), False}}
    filled = ", ".join(f"{name}={value!r}" for name, value in given.items())
    called = _python_of(surface, f"{verb}({kind}({filled}))", f"from runwright.views import {kind}")
    return "\n".join([*imports, called])


def _python_of(surface: Surface, call: str, *imports: str) -> str:
    opened = f"record = open_record({surface.views.url!r}, read_only=True)"
    return "\n".join(["from runwright.open_records import open_record", *imports, "", opened, f"rows = record.{call}"])


def where_of(condition: Condition | None) -> dict[str, Any]:
    """Return a condition as the `where` of GraphQL."""
    match condition:
        case None:
            return {}
        case Compare(column, operator, value):
            return {column: {f"_{operator}": list(value) if isinstance(value, tuple) else value}}
        case And(parts):
            return {"_and": [where_of(part) for part in parts]}
        case Or(parts):
            return {"_or": [where_of(part) for part in parts]}
        case Not(part):
            return {"_not": where_of(part)}
        case Exists(relation, where):
            return {relation: where_of(where)}
    assert_never(condition)


def graphql_of(query: Query) -> str:
    """Return a query of rows as GraphQL."""
    given = [f"where: {_graphql_value(where_of(query.where))}"] if query.where is not None else []
    if query.order:
        pairs = [f"{order.column}: {'desc' if order.is_descending else 'asc'}" for order in query.order]
        given.append(f"order_by: [{', '.join(f'{{{pair}}}' for pair in pairs)}]")
    if query.limit is not None:
        given.append(f"limit: {query.limit}")
    arguments = f"({', '.join(given)})" if given else ""
    return f"query {{\n  {query.entity}{arguments} {{\n    {_graphql_fields(query)}\n  }}\n}}"


def _graphql_fields(query: Query | Summary) -> str:
    texts = []
    for field in query.fields:
        inner = f" {{ {_graphql_fields(field.query)} }}" if isinstance(field, Related) else ""
        texts.append(f"{field.key}{inner}")
    return " ".join(texts)


def _graphql(entity: str, where: dict[str, Any], fields: str, limit: int) -> str:
    given = [f"where: {_graphql_value(where)}"] if where else []
    return f"query {{\n  {entity}({', '.join([*given, f'limit: {limit}'])}) {{\n    {fields}\n  }}\n}}"


def _graphql_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_graphql_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_graphql_value, value)) + "]"
    return msgspec.json.encode(value).decode()
