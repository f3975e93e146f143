"""`runwright flow-run purge`: deletes flow runs that have ended, or their log lines, numbers and files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runwright.cli.filters import Moment, StateNames
from runwright.cli.options import with_output, with_record
from runwright.cli.output import show_one
from runwright.cli.references import complete_flow_runs, find_flow_run
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.cli.session import Session
    from runwright.runs import FlowRun
    from runwright.store import Store

FIELDS = ("flow_runs", "log_lines", "metrics", "files", "is_dry_run")
_PAGE = 500
_PARTS = {"flow-runs": "executions", "logs": "logs", "metrics": "metrics", "files": "files"}


@click.command("purge")
@click.argument("references", metavar="[RUN]...", nargs=-1, shell_complete=complete_flow_runs)
@click.option("--flow", metavar="NAME", help="Of this flow.")
@click.option("--namespace", metavar="NAME", help="Executions of this namespace.")
@click.option("--state", type=StateNames(), multiple=True, help="In one of these states.")
@click.option("--before", type=Moment(), help="That ended before: 30d, 24h, or RFC 3339.")
@click.option(
    "--only",
    type=click.Choice(list(_PARTS)),
    multiple=True,
    help="Only these parts; without it all of them. With the flow runs go their log lines and numbers.",
)
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Only count the flow runs.")
@with_output
@with_record
@click.pass_obj
def purge(
    session: Session,
    references: tuple[str, ...],
    flow: str | None,
    namespace: str | None,
    state: tuple[tuple[str, ...], ...],
    before: int | None,
    only: tuple[str, ...],
    *,
    is_dry_run: bool,
) -> None:
    """Delete flow runs that have ended, with their log lines, numbers, and the files of executions; this cannot be undone.

    Which ones is said by names, or by conditions that must all hold. One that somebody holds or has asked something of
    stays. Results of Python flows stay where they are.
    """
    from runwright import app, purging  # noqa: PLC0415  help needs no engine

    if not (references or flow or namespace or state or before):
        raise click.UsageError("Say which flow runs: by name, or with --flow, --namespace, --state or --before.")
    store = session.open_record(read_only=is_dry_run)
    which = FlowRunFilter(flow=flow, states=tuple(name for names in state for name in names), limit=_PAGE)
    rows = [find_flow_run(store, each) for each in references] if references else _pages(store, which)
    chosen = [row for row in rows if _is_meant(row, which, namespace, before)]
    parts = [_PARTS[each] for each in only] or purging.PARTS
    counts = {"executions": len(chosen)}
    if not is_dry_run:
        counts = purging.purge(store, chosen, app.execution_host(session.record).drive, parts)
    data = {name: counts.get(part, 0) for name, part in zip(FIELDS, purging.PARTS, strict=False)}
    what = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in data.items())
    told = f"{len(chosen)} flow runs would be purged" if is_dry_run else f"{what} deleted"
    show_one(session, {**data, "is_dry_run": is_dry_run}, lambda: [told], FIELDS)


def _pages(store: Store, which: FlowRunFilter) -> Iterator[FlowRun]:
    from msgspec.structs import replace  # noqa: PLC0415  help needs none of it

    rows = store.flow_runs(which)
    while rows:
        yield from rows
        rows = store.flow_runs(replace(which, after=rows[-1].id))


def _is_meant(row: FlowRun, which: FlowRunFilter, namespace: str | None, before: int | None) -> bool:
    """Say whether a flow run has ended and fits what the record was not asked for."""
    return (
        row.kind.phase.is_final
        and which.flow in {None, row.flow_name}
        and (not which.states or row.kind.name in which.states)
        and (namespace is None or row.flow_name.partition("/")[:2] == (namespace, "/"))
        and (before is None or (row.end_time or before) < before)
    )
