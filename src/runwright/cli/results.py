"""Results: what a task run returned, as JSON. A pickle is loaded only when that is asked for: loading runs its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runwright.backend import TaskRunView
from runwright.backend.record import is_plain_data
from runwright.cli.output import write_value
from runwright.cli.text import clean_line
from runwright.codec import to_plain
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from runwright.cli.session import Session
    from runwright.runs import TaskRun
    from runwright.store import Store


class NoResult(click.ClickException):
    """There is no result to print."""

    exit_code = 1


class PickledResult(click.ClickException):
    """The result is pickled, and nobody said that its code may run."""

    exit_code = 2


def print_result(session: Session, store: Store, row: TaskRun, *, is_unpickled: bool) -> None:
    """Print the result of a task run; raises `PickledResult`, `NoResult` and the errors of results."""
    if not is_unpickled:
        _refuse_pickles(store, row)
    flow_run = store.flow_runs(FlowRunFilter(id=row.flow_run))[0]
    view = TaskRunView.from_row(row, flow_run.flow_id, record=store)
    try:
        value = view.get_result()
    except (ValueError, TypeError) as error:
        raise NoResult(clean_line(str(error))) from error
    write_value(session, to_plain(value))


def _refuse_pickles(store: Store, row: TaskRun) -> None:
    children = TaskRunFilter(flow_run=row.flow_run, parent=row.ordinal)
    for each in [row, *(store.task_runs(children) if row.kind.name == "Mapped" else [])]:
        if each.result is not None and not is_plain_data(each.result):
            size = each.result.size
            raise PickledResult(
                f"The result of {clean_line(each.full_name)} is pickled ({each.result.serializer}, {size} bytes): "
                "loading a pickle runs code that it contains. If you trust who wrote it, add --unpickle."
            )
