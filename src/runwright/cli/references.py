"""References: finding the one run that a word of the command line means.

A flow run is named by its id, at least six digits that begin it, its name, or `flow/name`. A task run is named by its
id, by digits that begin it, or by a path: `run/slug`, `run/slug[3]` for a mapped child, where `run` is anything that
names a flow run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from runwright import ids
from runwright.cli.text import clean_line
from runwright.errors import NotOnRecord
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runwright.runs import FlowRun, TaskRun
    from runwright.store import Store

SHORTEST_PREFIX = 6
CONFLICT = 4

_HEX = re.compile(r"[0-9a-f-]+", re.IGNORECASE)
_CHILD = re.compile(r"(.+)\[(\d+)\]$")
_SHOWN = 10
_MOST_INDEX_DIGITS = 18
_DIGITS = 32
_DIGITS_OF_FLOW_RUN = 20


class AmbiguousReference(click.ClickException):
    """Several runs may be meant: the message lists them."""

    exit_code = CONFLICT

    def __init__(self, text: str, what: str, candidates: Iterable[str]) -> None:
        """List the candidates, the first ten."""
        listed = list(candidates)
        count = f"more than {_SHOWN}" if len(listed) > _SHOWN else len(listed)
        lines = [f"{clean_line(text)!r} may mean {count} {what}: name one of them", *listed[:_SHOWN]]
        super().__init__("\n".join(lines))


def find_flow_run(store: Store, text: str) -> FlowRun:
    """Return the flow run that is meant; raises `NotOnRecord` and `AmbiguousReference`."""
    wanted = _uuid(text)
    if wanted is not None:
        return _flow_run_with_id(store, wanted)
    flow, slash, name = text.rpartition("/")
    rows = {row.id: row for row in store.flow_runs(FlowRunFilter(name=name, flow=flow if slash else None, limit=100))}
    digits = text.replace("-", "").lower()
    if _HEX.fullmatch(text) and len(digits) >= SHORTEST_PREFIX:
        rows |= {row.id: row for row in store.flow_runs(FlowRunFilter(id_prefix=digits, limit=100))}
    if not rows:
        raise NotOnRecord(f"No flow run {text!r} is on the record {store.url}.")
    if len(rows) > 1:
        raise AmbiguousReference(text, "flow runs", map(_describe, rows.values()))
    return next(iter(rows.values()))


def find_task_run(store: Store, text: str) -> TaskRun:
    """Return the task run that is meant; raises `NotOnRecord`, `AmbiguousReference` and `click.UsageError`."""
    wanted = _uuid(text)
    if wanted is not None:
        return _task_run_with_id(store, wanted)
    run, slash, last = text.rpartition("/")
    if not slash:
        return _task_run_with_prefix(store, text)
    flow_run = find_flow_run(store, run)
    child = _CHILD.match(last)
    slug, index = (child.group(1), int(child.group(2)[:_MOST_INDEX_DIGITS])) if child is not None else (last, -1)
    rows = store.task_runs(TaskRunFilter(flow_run=flow_run.id, task=slug, map_index=(index,)))
    exact = [row for row in rows if row.slug == slug] or rows
    if not exact:
        raise NotOnRecord(_missing(store, flow_run, slug, index))
    if len(exact) > 1:
        raise AmbiguousReference(text, "task runs", (f"  {row.id}  {_path(row)}  {row.kind.name}" for row in exact))
    return exact[0]


def complete_flow_runs(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return names of the newest flow runs that begin like this, for the shell."""
    from runwright.cli.session import Session  # noqa: PLC0415  only the shell's own question needs it

    session = context.find_object(Session) or Session()
    try:
        rows = session.open_record().flow_runs(FlowRunFilter(limit=50, without_deleted=True))
    except Exception:  # noqa: BLE001  a shell that waits for words cannot show an error
        return []
    return [row.name for row in rows if row.name.startswith(incomplete)]


def path_of(row: TaskRun) -> str:
    """Return the shortest text that names a task run for people: `run/slug[3]`."""
    return _path(row)


def _flow_run_with_id(store: Store, wanted: UUID) -> FlowRun:
    if wanted != ids.flow_run_of(wanted):
        raise NotOnRecord(f"{wanted} is the id of a task run: its flow run is {ids.flow_run_of(wanted)}.")
    rows = store.flow_runs(FlowRunFilter(id=wanted))
    if not rows:
        raise NotOnRecord(f"No flow run {wanted} is on the record {store.url}.")
    return rows[0]


def _task_run_with_id(store: Store, wanted: UUID) -> TaskRun:
    flow_run, ordinal = ids.flow_run_of(wanted), ids.ordinal_of(wanted)
    rows = store.task_runs(TaskRunFilter(flow_run=flow_run, ordinals=(ordinal,))) if ordinal else []
    if rows:
        return rows[0]
    if store.flow_runs(FlowRunFilter(id=flow_run)):
        what = "is the id of a flow run" if not ordinal else "has no task run of its own in its flow run"
        raise NotOnRecord(f"{wanted} {what}: `runwright tr ls --flow-run {flow_run}` lists the task runs.")
    raise NotOnRecord(f"No task run {wanted} is on the record {store.url}.")


def _task_run_with_prefix(store: Store, text: str) -> TaskRun:
    digits = text.replace("-", "").lower()
    if not _HEX.fullmatch(text) or not SHORTEST_PREFIX <= len(digits) < _DIGITS:
        raise click.UsageError(
            f"{text!r} names no task run: write its id, or RUN/SLUG, or RUN/SLUG[3] for a child of a mapped task."
        )
    low, high = (UUID(digits.ljust(_DIGITS, fill)) for fill in "0f")
    found: list[TaskRun] = []
    for flow_run in store.flow_runs(FlowRunFilter(id_prefix=digits[:_DIGITS_OF_FLOW_RUN], limit=_SHOWN + 1)):
        after = flow_run.id, max(ids.ordinal_of(low) - 1, 0)
        rows = store.task_runs(TaskRunFilter(flow_run=flow_run.id, oldest_first=True, after=after, limit=_SHOWN + 1))
        found += [row for row in rows if low <= row.id <= high]
    if not found:
        raise NotOnRecord(f"No task run with an id that begins with {text!r} is on the record {store.url}.")
    if len(found) > 1:
        raise AmbiguousReference(text, "task runs", (f"  {row.id}  {_path(row)}  {row.kind.name}" for row in found))
    return found[0]


def _missing(store: Store, flow_run: FlowRun, slug: str, index: int) -> str:
    run = f"{flow_run.flow_name}/{flow_run.name}"
    parents = store.task_runs(TaskRunFilter(flow_run=flow_run.id, task=slug, map_index=(-1,)))
    if parents and index >= 0:
        return (
            f"Task {slug!r} of flow run {run} has no child {index} that has begun; itself it is {parents[0].kind.name}."
        )
    known = [row.slug for row in store.task_runs(TaskRunFilter(flow_run=flow_run.id, parent=0, limit=_SHOWN))]
    return f"Flow run {run} has no task {slug!r}. Some that it has: {', '.join(sorted(known)) or 'none yet'}."


def _describe(row: FlowRun) -> str:
    from runwright.cli.rows import iso  # noqa: PLC0415  only what goes wrong needs it

    return f"  {row.id}  {clean_line(f'{row.flow_name}/{row.name}')}  {row.kind.name}  {iso(row.created)}"


def _path(row: TaskRun) -> str:
    slug = row.slug if row.map_index < 0 else f"{row.slug}[{row.map_index}]"
    return clean_line(f"{row.flow_run_name}/{slug}")


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
