"""Summary: what came of a flow run: one row per task, what failed, and where to read on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from runwright.cli import rows
from runwright.cli.output import show_one
from runwright.cli.session import say
from runwright.cli.table import Column, print_table, symbol
from runwright.cli.text import clean_line, duration
from runwright.cli.watching import counts_in_words
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from runwright.cli.session import Session
    from runwright.runs import FlowRun, TaskRun
    from runwright.store import Store

MOST_TASKS = 40
COLUMNS = (
    Column("STATE", "state", "state"),
    Column("TASK", "slug"),
    Column("RUNS", "runs"),
    Column("ATT", "run_count", "number"),
    Column("DURATION", "duration", "seconds"),
    Column("MESSAGE", "state_message"),
)


def print_summary(session: Session, flow_name: str, flow_run: UUID | None) -> None:
    """Print the flow run, its tasks, and where the record is; without an id the newest run of the flow is meant."""
    store = session.open_record()
    which = FlowRunFilter(id=flow_run) if flow_run is not None else FlowRunFilter(flow=flow_name, limit=1)
    found = store.flow_runs(which)
    if not found:
        return
    row = found[0]
    show_one(session, rows.flow_run_row(row), lambda: _page(session, store, row), rows.FLOW_RUN_FIELDS)
    say(f"record {store.url} \u00b7 runwright fr get {row.id}")


def headline(row: FlowRun) -> str:
    """Return what a flow run is and how it stands, in a line."""
    data = rows.flow_run_row(row)
    took = f" after {duration(data['duration'])}" if data["duration"] is not None else ""
    message = f": {row.message}" if row.message else ""
    state = f"{symbol(row.kind.name)} {row.kind.name}"
    return clean_line(f"{row.flow_name}/{row.name} {state}{took}{message}")


def task_table(store: Store, row: FlowRun) -> list[dict[str, Any]]:
    """Return one row per task, in the flow's order; the children of a mapped task are counted in its row."""
    tasks = store.task_runs(TaskRunFilter(flow_run=row.id, parent=0, oldest_first=True))
    return [_task_row(store, task) for task in tasks]


def print_tasks(session: Session, store: Store, row: FlowRun) -> None:
    """Print the table of tasks; of a large flow only those that did not end well."""
    table = task_table(store, row)
    shown = table
    if len(table) > MOST_TASKS:
        shown = [task for task in table if task["is_bad"]][:MOST_TASKS]
    if shown:
        print_table(COLUMNS, shown, session)
    if len(shown) < len(table):
        say(f"{len(table) - len(shown)} more tasks: runwright tr ls --flow-run {row.id}")


def _page(session: Session, store: Store, row: FlowRun) -> Iterator[str]:
    yield headline(row)
    sys.stdout.flush()
    print_tasks(session, store, row)
    yield counts_in_words(row.counts)


def _task_row(store: Store, task: TaskRun) -> dict[str, Any]:
    data = rows.task_run_row(task)
    children: dict[str, int] = {}
    if task.kind.name == "Mapped" or not task.attempt:
        children = store.count_task_runs(TaskRunFilter(flow_run=task.flow_run, parent=task.ordinal), "state")
    worst = _worst(children)
    return {
        **data,
        "state": worst or data["state"],
        "state_message": data["state_message"] if worst is None else _first_message(store, task, worst),
        "is_bad": task.kind.phase.value == "bad" or worst is not None,
        "runs": ", ".join(f"{count} {state}" for state, count in children.items()) or None,
        "duration": data["duration"] if not children else rows.span(task.created, task.end_time),
    }


def _first_message(store: Store, task: TaskRun, state: str) -> str:
    """Return what the first child in a state says."""
    which = TaskRunFilter(flow_run=task.flow_run, parent=task.ordinal, states=(state,), oldest_first=True, limit=1)
    return "".join(f"[{child.map_index}] {child.message}" for child in store.task_runs(which))


def _worst(children: dict[str, int]) -> str | None:
    """Return the state of children that did not end well, which a table should not hide behind Mapped."""
    from runwright.states import KIND_BY_NAME, Phase  # noqa: PLC0415  help needs none of it

    return next((state for state in children if KIND_BY_NAME[state].phase is Phase.BAD), None)
