"""`runwright flow register`, `schedules`, `pause` and `resume`: flows in Python that a server or a worker starts by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runwright.cli.options import with_output, with_record
from runwright.cli.output import check_fields, show
from runwright.cli.rows import iso
from runwright.cli.session import Session, say
from runwright.cli.table import Column
from runwright.cli.text import clean_line

if TYPE_CHECKING:
    from runwright.runs import FlowVersion
    from runwright.store import Store
    from runwright.triggering.flow_schedules import FlowSchedules, Scheduled

CATCH_UPS = ("all", "last", "none")
FIELDS = ("flow", "flow_id", "paused", "next", "last", "catch_up", "parameters", "schedule", "problem")
COLUMNS = (
    Column("FLOW", "flow"),
    Column("PAUSED", "paused"),
    Column("NEXT", "next"),
    Column("LAST", "last"),
    Column("CATCH-UP", "catch_up"),
    Column("PROBLEM", "problem"),
)


@click.command("register")
@click.argument("target", metavar="FILE.py[:FLOW]|FILE.yaml")
@click.option(
    "-p",
    "--param",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    help="A parameter of every run that the schedule starts.",
)
@click.option(
    "--catch-up",
    type=click.Choice(CATCH_UPS),
    default="last",
    show_default=True,
    help="Which of the times that nobody looked for get a run.",
)
@click.option(
    "--paused/--active",
    "is_paused",
    default=None,
    help="Whether the schedule starts runs: as before, and at first it does.",
)
@with_record
@click.pass_obj
def register(
    session: Session, target: str, parameters: tuple[str, ...], catch_up: str, *, is_paused: bool | None
) -> None:
    """Put a flow on the record, so that servers and workers find it, and start it at the times of its schedule.

    A flow in Python stays in its file: workers read it there. Its schedule counts as it is now; register again what has changed.
    """
    from runwright.cli.run import read_parameters  # noqa: PLC0415  help needs no engine
    from runwright.open_records import open_record  # noqa: PLC0415  as above

    given = read_parameters(parameters, None)
    store = open_record(session.record)
    if target.endswith((".yaml", ".yml")):
        _register_yaml(store, target)
        return
    from runwright.flow_files import load_flow  # noqa: PLC0415  as above
    from runwright.registering import register_flow  # noqa: PLC0415  as above

    flow = load_flow(target)
    version, found, is_unscheduled = register_flow(
        flow, store, parameters=given, catch_up=catch_up, is_paused=is_paused
    )
    _tell(version)
    if is_unscheduled:
        say("it has no schedule any more")
    if found is None:
        return
    if found.is_paused:
        say(f"its schedule is paused: runwright flow resume {clean_line(flow.name)!r}")
    else:
        say(f"its next run is due at {iso(found.schedule.next) or 'no time: the schedule has ended'}")


def _register_yaml(store: Store, target: str) -> None:
    from runwright.executions.declared_flow import DeclaredFlow  # noqa: PLC0415  flows in Python need none of it
    from runwright.executions.registered_flows import RegisteredFlows  # noqa: PLC0415  as above

    flow = DeclaredFlow.from_file(target)
    revision = RegisteredFlows(store).keep(flow.text, flow.spec).revision
    _tell(next(each for each in store.flows(flow.name) if each.version == revision))


def _tell(version: FlowVersion) -> None:
    click.echo(str(version.id))
    say(clean_line(f"{version.name} is registered, version {version.version}"))


@click.command("schedules")
@with_output
@with_record
@click.pass_obj
def schedules(session: Session) -> None:
    """List the schedules of flows in Python, and when they start a run next."""
    from runwright.triggering.flow_schedules import FlowSchedules  # noqa: PLC0415  help needs no engine

    check_fields(session, FIELDS)
    table = [_row(each) for each in FlowSchedules(session.open_record()).all()]
    show(session, table, COLUMNS, name=lambda row: row["flow"], fields=FIELDS)


@click.command("pause")
@click.argument("name")
@with_record
@click.pass_obj
def pause(session: Session, name: str) -> None:
    """Let the schedule of a flow start no run until `resume`."""
    _schedules(session).pause(name)
    say(clean_line(f"{name} is paused: its schedule starts nothing"))


@click.command("resume")
@click.argument("name")
@with_record
@click.pass_obj
def resume(session: Session, name: str) -> None:
    """Let the schedule of a flow start runs again, from its next time on."""
    found = _schedules(session).resume(name)
    say(clean_line(f"{name} goes on: its next run is due at {iso(found.schedule.next)}"))


def _schedules(session: Session) -> FlowSchedules:
    from runwright.triggering.flow_schedules import FlowSchedules  # noqa: PLC0415  help needs no engine

    return FlowSchedules(session.open_record(read_only=False))


def _row(found: Scheduled) -> dict[str, Any]:
    schedule = found.schedule
    return {
        "flow": found.flow,
        "flow_id": schedule.flow_id,
        "paused": found.is_paused,
        "next": iso(schedule.next),
        "last": iso(schedule.fired),
        "catch_up": str(schedule.catch_up),
        "parameters": schedule.parameters,
        "schedule": schedule.schedule,
        "problem": schedule.problem,
    }
