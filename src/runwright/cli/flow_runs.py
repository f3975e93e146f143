"""`runwright flow-run`: look at flow runs and watch them; what is asked of them is in `control`."""

from __future__ import annotations

from typing import Any

import click

from runwright.cli import control, executions, purge, rows
from runwright.cli.filters import Moment, Seconds, StateNames, limited
from runwright.cli.groups import Group
from runwright.cli.options import common, with_output, with_record
from runwright.cli.output import check_fields, show, show_one
from runwright.cli.references import complete_flow_runs, find_flow_run
from runwright.cli.session import Session, say
from runwright.views import FlowRunFilter

_REFERENCE = click.argument("reference", metavar="RUN", shell_complete=complete_flow_runs)


@click.group("flow-run", cls=Group)
@common
def flow_run() -> None:
    """Look at flow runs, end them, and go on with those that stopped.

    A RUN is named by its id, at least six digits that begin it, its name, or FLOW/NAME.
    """


@flow_run.command("ls")
@with_output
@limited
@click.option("--flow", metavar="NAME", help="Of this flow.")
@click.option("--name", metavar="NAME", help="With this name.")
@click.option("--state", type=StateNames(), multiple=True, help="In one of these states.")
@click.option("--since", type=Moment(), help="Changed since: 24h, 10m, or RFC 3339.")
@click.option("--until", type=Moment(), help="Not changed after.")
@with_record
@click.pass_obj
def ls(session: Session, limit: int, state: tuple[tuple[str, ...], ...], **conditions: Any) -> None:
    """List flow runs, newest first."""
    check_fields(session, rows.FLOW_RUN_FIELDS)
    states = tuple(dict.fromkeys(name for names in state for name in names))
    which = FlowRunFilter(states=states, limit=limit + 1 if limit else None, without_deleted=True, **conditions)
    found = session.open_record().flow_runs(which)
    shown = found[:limit] if limit else found
    show(
        session,
        [rows.flow_run_row(row) for row in shown],
        rows.FLOW_RUN_COLUMNS,
        name=lambda row: row["path"],
        fields=rows.FLOW_RUN_FIELDS,
    )
    if len(found) > len(shown):
        say(f"{len(shown)} flow run{'s' if len(shown) > 1 else ''}, and there are more: --limit 0 lists all")


@flow_run.command("get")
@_REFERENCE
@with_output
@with_record
@click.pass_obj
def get(session: Session, reference: str) -> None:
    """Show one flow run: its state, its tasks, and what to ask next."""
    from runwright.cli import flow_run_page  # noqa: PLC0415  the other commands need no page

    store = session.open_record()
    row = find_flow_run(store, reference)
    data = rows.flow_run_row(row)
    show_one(session, data, lambda: flow_run_page.lines(session, store, row), rows.FLOW_RUN_FIELDS)


@flow_run.command("logs")
@_REFERENCE
@click.option("-f", "--follow", is_flag=True, help="Go on until the flow run is final.")
@with_output
@with_record
@click.pass_obj
def logs(session: Session, reference: str, *, follow: bool) -> None:
    """Print what the task runs of a flow run logged."""
    from runwright.cli import log_lines  # noqa: PLC0415  the other commands need none of it

    store = session.open_record()
    log_lines.print_logs(session, log_lines.of_flow_run(store, find_flow_run(store, reference)), is_followed=follow)


@flow_run.command("watch")
@_REFERENCE
@click.option("--timeout", type=Seconds(), help="Give up after this long (exit status 7).")
@with_record
@click.pass_obj
def watch(session: Session, reference: str, timeout: float | None) -> int:
    """Wait for a flow run to end, telling each state; the exit status tells how it ended."""
    from runwright.cli import watching  # noqa: PLC0415  the other commands need none of it

    store = session.open_record()
    return watching.watch_flow_run(session, store, find_flow_run(store, reference), timeout)


flow_run.add_command(control.resume)
flow_run.add_command(executions.restart)
flow_run.add_command(executions.replay)
flow_run.add_command(purge.purge)
for _verb in control.VERBS:
    flow_run.add_command(control.command_of(_verb))
