"""Reproduction: a task run as a test that calls its task with the inputs on record, for people to run and to change.

Small plain values are written into the test; others are read from the record when it runs. Writing it loads no pickle and runs
none of the user's code.
"""

from __future__ import annotations

import math
import re
from textwrap import indent
from typing import TYPE_CHECKING, Any

from runwright.backend import record
from runwright.errors import FlowError, NotOnRecord, RunwrightError
from runwright.stores.urls import without_password
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from runwright.runs import EdgeInfo, FlowRun, FlowVersion, TaskRun
    from runwright.store import Store

LONGEST = 2_000
MOST_BYTES = 64 * 1024
_TEST = '''\
"""{title}: called with the inputs that are on record.

The record: {record}
"""

from runwright.backend import TaskRunView
from runwright.context import context
from runwright.flow_files import load_flow

RECORD = {url!r}


def recorded(task_run_id):
    """Return what a task run of the record returned; a pickled value is loaded, which runs its code."""
    return TaskRunView.from_task_run_id(task_run_id, record=RECORD).get_result()


def test_{name}():
    flow = load_flow({target!r})
    task = next(task for task, slug in flow.slugs.items() if slug == {slug!r})
    inputs = {{
        **flow.constants.get(task, {{}}),
{inputs}    }}

    with context({around}):
        result = task.run(**inputs)

{verdict}
'''


def test_of(store: Store, row: TaskRun) -> str:
    """Return the source of a test; raises `FlowError` for a task whose code the record does not know."""
    flow_run = next(iter(store.flow_runs(FlowRunFilter(id=row.flow_run))), None)
    version = None if flow_run is None else _version(store, flow_run)
    if flow_run is None or version is None:
        raise NotOnRecord(f"The flow of task run {row.id} is not on this record.")
    _check(version, row)
    inputs = {edge.key: _input(store, row, edge) for edge in version.edges if edge.downstream == row.slug and edge.key}
    parameters = _literal(flow_run.parameters)
    around = {"flow_name": repr(version.name), "task_slug": repr(row.slug), "parameters": parameters or "{}"}
    around |= {"map_index": str(row.map_index)} if row.map_index >= 0 else {}
    return _TEST.format(
        title=_plain(f"{row.flow_run_name}/{row.full_name}"),
        record=_plain(f"{without_password(store.url)}, task run {row.id}"),
        url=without_password(store.url),
        name=re.sub(r"\W+", "_", row.full_name).strip("_") or "task",
        target=f"{version.source['file']}:{version.source.get('name') or version.name}",
        slug=row.slug,
        inputs="".join(f"        {name!r}: {source},\n" for name, source in inputs.items()),
        around=", ".join(f"{name}={source}" for name, source in around.items()),
        verdict=indent(_verdict(row), "    "),
    )


def _version(store: Store, flow_run: FlowRun) -> FlowVersion | None:
    versions = store.flows(flow_id=flow_run.flow_id)
    return next((each for each in versions if each.version == flow_run.flow_version), None)


def _check(version: FlowVersion, row: TaskRun) -> None:
    if "yaml" in version.source:
        raise FlowError(
            "It is of a YAML flow, which has no function to call: `runwright flow-run replay RUN --task-run "
            f"{row.id}` runs it again."
        )
    if not version.source.get("file"):
        raise FlowError(f"The record does not know where the code of {version.name} is: it was declared in no file.")


def _input(store: Store, row: TaskRun, edge: EdgeInfo) -> str:
    """Return the expression that stands for one input."""
    which = TaskRunFilter(flow_run=row.flow_run, parent=0, task=edge.upstream)
    upstream = next((each for each in store.task_runs(which) if each.slug == edge.upstream), None)
    if upstream is None:
        return f"None  # {_plain(edge.upstream)} has no run on this record"
    if edge.mapped and row.map_index >= 0:
        children = TaskRunFilter(flow_run=row.flow_run, parent=upstream.ordinal, map_index=(row.map_index,))
        child = None if edge.flattened else next(iter(store.task_runs(children)), None)
        if child is not None:
            return _value(child)
        whole = f"recorded({str(upstream.id)!r})"
        if edge.flattened:
            return f"[item for items in {whole} for item in items][{row.map_index}]"
        found = _read(upstream)
        literal = _literal(found[row.map_index]) if isinstance(found, list) and row.map_index < len(found) else None
        return literal or f"{whole}[{row.map_index}]"
    if edge.flattened:
        return f"[item for items in recorded({str(upstream.id)!r}) for item in items]"
    return _value(upstream)


def _value(row: TaskRun) -> str:
    if row.result is None and row.kind.name != "Mapped":
        why = "its value was not stored" if row.details.get("unstored") else f"it is {row.kind.name}"
        return f"None  # of {_plain(row.full_name)}: {why}"
    return _literal(_read(row)) or f"recorded({str(row.id)!r})"


def _read(row: TaskRun) -> Any:
    """Return the value of a task run where that is plain data and small; else what has no literal."""
    ref = row.result
    if ref is None or not record.is_plain_data(ref) or (ref.size or 0) > MOST_BYTES:
        return ...
    try:
        return record.read(ref)
    except (RunwrightError, OSError, TypeError, ValueError):  # the test will say why, when it reads it
        return ...


def _literal(value: Any) -> str | None:
    """Return a value as Python writes it, None for one that would not be the same when it is read."""
    text = repr(value) if _is_literal(value) else ""
    return text if text and len(text) <= LONGEST else None


def _is_literal(value: Any) -> bool:
    if value is None or type(value) in {bool, int, str, bytes}:
        return True
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is dict:
        return all(_is_literal(each) for pair in value.items() for each in pair)
    return type(value) in {list, tuple} and all(map(_is_literal, value))


def _verdict(row: TaskRun) -> str:
    kind, message = row.kind, _plain(row.message or "")
    if kind.name not in {"Success", "Cached"}:
        return f"# On record it is {kind.name}: {message}\nassert result is not None"
    expected = _literal(_read(row)) if row.result is not None else None
    return (
        f"assert {expected or f'recorded({str(row.id)!r})'} == result"
        if row.result is not None
        else "assert result is None"
    )


def _plain(text: str) -> str:
    """Return text for a comment or docstring: one line that ends neither."""
    return " ".join(text[:300].encode("ascii", "replace").decode().replace("\\", "/").replace('"', "'").split())
