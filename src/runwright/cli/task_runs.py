"""`runwright task-run`: look at task runs, one by one or many at once."""

from __future__ import annotations

from typing import Any

import click

from runwright.cli import executions, reproduce, rows, tagging
from runwright.cli.filters import Count, Seconds, filter_from, limited, task_run_filters
from runwright.cli.groups import Group
from runwright.cli.options import common, with_output, with_record
from runwright.cli.output import check_fields, show, show_one, write_value
from runwright.cli.references import find_task_run
from runwright.cli.session import Session, say
from runwright.cli.table import Column

GROUPS = ("state", "task", "flow", "flow_run")

_REFERENCE = click.argument("reference", metavar="TASK_RUN")


@click.group("task-run", cls=Group)
@common
def task_run() -> None:
    """Look at task runs.

    A TASK_RUN is named by its id, by digits that begin no other task run's id, or by a path: RUN/SLUG, or RUN/SLUG[3]
    for a child of a mapped task, where RUN is the name or id of the flow run.
    """


@task_run.command("ls")
@with_output
@limited
@task_run_filters
@with_record
@click.pass_obj
def ls(session: Session, limit: int, **conditions: Any) -> None:
    """List task runs, newest first."""
    check_fields(session, rows.TASK_RUN_FIELDS)
    store = session.open_record()
    which = filter_from(store, limit=limit + 1 if limit else None, **conditions)
    found = store.task_runs(which)
    shown = found[:limit] if limit else found
    show(
        session,
        [rows.task_run_row(row) for row in shown],
        rows.TASK_RUN_COLUMNS,
        name=lambda row: row["path"],
        fields=rows.TASK_RUN_FIELDS,
    )
    if len(found) > len(shown) or session.is_interactive:
        total = store.count_task_runs(filter_from(store, **conditions))["count"]
        more = ": --limit 0 lists all" if len(found) > len(shown) else ""
        say(f"{len(shown)} of {total} task runs{more}")


@task_run.command("count")
@click.option("--by", type=click.Choice(GROUPS), help="Count in groups.")
@with_output
@task_run_filters
@with_record
@click.pass_obj
def count(session: Session, by: Any, **conditions: Any) -> None:
    """Count task runs.

    JSON is one object: {"count": 3}, or the groups.
    """
    store = session.open_record()
    counts = store.count_task_runs(filter_from(store, **conditions), by)
    if session.shape in {"json", "jsonl", "yaml"}:
        write_value(session, counts)
        return
    title = (by or "count").upper()
    columns = [Column(title, "group", "state" if by == "state" else "text"), Column("COUNT", "count", "number")]
    table = [{"group": group, "count": number} for group, number in counts.items()]
    if by is None:
        columns = columns[1:]
    show(session, table, columns, name=lambda row: str(row["group"]), fields=("group", "count"))


@task_run.command("get")
@_REFERENCE
@with_output
@with_record
@click.pass_obj
def get(session: Session, reference: str) -> None:
    """Show one task run: its history with every wait, its attempts, its result, and what to ask next."""
    from runwright.cli import task_run_page  # noqa: PLC0415  the other commands need no page

    store = session.open_record()
    row = find_task_run(store, reference)
    story = task_run_page.tell(store, row)
    show_one(session, story, lambda: task_run_page.lines(session, store, row, story), task_run_page.FIELDS)


@task_run.command("attempts")
@_REFERENCE
@with_output
@with_record
@click.pass_obj
def attempts(session: Session, reference: str) -> None:
    """List the attempts of a task run, each with the states it was in."""
    store = session.open_record()
    row = find_task_run(store, reference)
    show(
        session,
        [rows.attempt_row(attempt) for attempt in store.attempts(row.flow_run, row.ordinal)],
        rows.ATTEMPT_COLUMNS,
        name=lambda attempt: f"{attempt['task_run_id']}#{attempt['attempt']}",
        fields=rows.ATTEMPT_FIELDS,
    )


@task_run.command("logs")
@_REFERENCE
@click.option("-f", "--follow", is_flag=True, help="Go on until the task run is final.")
@click.option("--attempt", type=Count(min=1), help="Of this attempt only.")
@with_output
@with_record
@click.pass_obj
def logs(session: Session, reference: str, *, follow: bool, attempt: int | None) -> None:
    """Print what a task run logged; of a mapped task, what its children logged."""
    from runwright.cli import log_lines  # noqa: PLC0415  the other commands need none of it

    store = session.open_record()
    row = find_task_run(store, reference)
    log_lines.print_logs(session, log_lines.of_task_run(store, row, attempt), is_followed=follow)


@task_run.command("events")
@_REFERENCE
@with_output
@with_record
@click.pass_obj
def events(session: Session, reference: str) -> None:
    """Print the events of a task run as event clients see them."""
    from runwright.cli import event_rows  # noqa: PLC0415  the other commands need none of it

    store = session.open_record()
    row = find_task_run(store, reference)
    event_rows.show_events(session, event_rows.of_task_run(store, row.flow_run, row.ordinal))


@task_run.command("result")
@_REFERENCE
@click.option("--unpickle", is_flag=True, help="Load a pickled result; that runs code which the result contains.")
@click.option(
    "-o",
    "--output",
    "shape",
    type=click.Choice(("json", "jsonl", "yaml")),
    default="json",
    help="The shape of the value.",
)
@click.option("--json", "is_json", is_flag=True, help="The same as -o json, which is the default.")
@with_record
@click.pass_obj
def result(session: Session, reference: str, shape: str, *, unpickle: bool, is_json: bool) -> None:
    """Print what a task run returned, as JSON; of a mapped task the list of what its children returned.

    Parts that JSON has no form for are printed as Python shows them.
    """
    from runwright.cli import results  # noqa: PLC0415  the other commands need none of it

    session.format = "json" if is_json else shape
    store = session.open_record()
    row = find_task_run(store, reference)
    results.print_result(session, store, row, is_unpickled=unpickle)


@task_run.command("eval")
@_REFERENCE
@click.argument("expression")
@with_record
@click.pass_obj
def evaluate(session: Session, reference: str, expression: str) -> None:
    """Print what an EXPRESSION yields for a task run of a YAML flow, such as '{{ outputs.fetch.uri }}'.

    It sees what the task run saw, and the outputs that there are by now. Nothing runs.
    """
    from runwright.executions import looking_back  # noqa: PLC0415  the other commands need no engine

    row = find_task_run(session.open_record(), reference)
    click.echo(looking_back.evaluate(row.id, expression, record=session.record))


@task_run.command("watch")
@_REFERENCE
@click.option("--timeout", type=Seconds(), help="Give up after this long (exit status 7).")
@with_record
@click.pass_obj
def watch(session: Session, reference: str, timeout: float | None) -> int:
    """Wait for a task run to end, telling each state; the exit status tells how it ended."""
    from runwright.cli import watching  # noqa: PLC0415  the other commands need none of it

    store = session.open_record()
    row = find_task_run(store, reference)
    return watching.watch_task_run(session, store, row, timeout)


task_run.add_command(executions.mark)
task_run.add_command(tagging.tag)
task_run.add_command(reproduce.reproduce)
