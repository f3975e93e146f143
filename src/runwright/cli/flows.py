"""`runwright flow`: the flows that are on record, with their versions; what starts them by itself is in `flow_schedules`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from runwright.cli import flow_schedules, flow_start, rows
from runwright.cli.filters import Count
from runwright.cli.groups import Group
from runwright.cli.options import common, with_output, with_record
from runwright.cli.output import check_fields, show, show_one
from runwright.cli.table import Column, print_table
from runwright.cli.text import clean_line
from runwright.errors import NotOnRecord, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.cli.session import Session
    from runwright.runs import FlowVersion
    from runwright.store import Store

TASK_COLUMNS = (
    Column("TASK", "slug"),
    Column("MAPPED", "mapped"),
    Column("TAGS", "tags"),
    Column("UPSTREAM", "upstream"),
    Column("RETRIES", "max_retries", "number"),
)


@click.group(cls=Group)
@common
def flow() -> None:
    """Look at the flows that are on record, register them, pause their schedules."""


@flow.command("ls")
@click.option("--versions", is_flag=True, help="Every version, not the newest only.")
@with_output
@with_record
@click.pass_obj
def ls(session: Session, *, versions: bool) -> None:
    """List flows, the newest version of each."""
    check_fields(session, rows.FLOW_FIELDS)
    found = session.open_record().flows()
    if not versions:
        newest: dict[str, FlowVersion] = {}
        for each in found:
            if each.name not in newest or newest[each.name].version < each.version:
                newest[each.name] = each
        found = list(newest.values())
    table = [rows.flow_row(each) for each in found]
    show(session, table, rows.FLOW_COLUMNS, name=lambda row: row["name"], fields=rows.FLOW_FIELDS)


@flow.command("get")
@click.argument("name")
@click.option("--version", type=Count(min=1), help="This version, not the newest.")
@with_output
@with_record
@click.pass_obj
def get(session: Session, name: str, version: int | None) -> None:
    """Show a flow: its versions, its tasks and what each waits for."""
    store = session.open_record()
    found = _find(store, name, version)
    data = rows.flow_row(found)
    show_one(session, data, lambda: _page(session, found, data), rows.FLOW_FIELDS)


for _command in (
    flow_schedules.register,
    flow_start.start,
    flow_schedules.schedules,
    flow_schedules.pause,
    flow_schedules.resume,
):
    flow.add_command(_command)


def _find(store: Store, name: str, version: int | None) -> FlowVersion:
    found = store.flows(name=name)
    if not found:
        known = {each.name for each in store.flows()}
        raise NotOnRecord(f"No flow {name!r} is on the record {store.url}.{did_you_mean(name, known)}")
    chosen = [each for each in found if version in {None, each.version}]
    if not chosen:
        raise NotOnRecord(f"Flow {name!r} has no version {version}: it has {len(found)}.")
    return max(chosen, key=lambda each: each.version)


def _page(session: Session, found: FlowVersion, data: dict[str, Any]) -> Iterator[str]:
    yield clean_line(f"Flow {found.name} \u00b7 version {found.version} \u00b7 created {data['created']}")
    yield clean_line(f"Id {found.id} \u00b7 source {found.source.get('file', 'not a file')}")
    upstream: dict[str, list[str]] = {}
    for edge in found.edges:
        upstream.setdefault(edge.downstream, []).append(edge.upstream)
    table = [{**task, "upstream": sorted(set(upstream.get(task["slug"], ())))} for task in data["tasks"]]
    sys.stdout.write("\n")
    sys.stdout.flush()
    print_table(TASK_COLUMNS, table, session)
