"""`runwright flow start`: a run of a flow that is on the record, for a server or a worker to run. Nothing runs here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import click

from runwright.cli.options import with_record
from runwright.cli.run import read_parameters, with_parameters
from runwright.cli.session import Session, say
from runwright.cli.text import clean_line

if TYPE_CHECKING:
    from runwright.control import Control


@click.command("start")
@click.argument("name")
@with_parameters
@click.option("--run-name", metavar="NAME", help="The name of this run.")
@click.option("-l", "--label", "labels", metavar="KEY:VALUE", multiple=True, help="A label.")
@with_record
@click.pass_obj
def start(
    session: Session,
    name: str,
    parameters: tuple[str, ...],
    param_file: str | None,
    run_name: str | None,
    labels: tuple[str, ...],
) -> None:
    """Have a flow that is on the record run by a server or a worker, and print the id of its flow run.

    A YAML flow is named NAMESPACE/ID. `runwright fr watch` waits for the end of the run.
    """
    from runwright.control import Control  # noqa: PLC0415  help needs no engine

    given = read_parameters(parameters, param_file)
    flow_run = _started(session, Control(session.record), name, given, run_name, labels)
    click.echo(str(flow_run))
    say(clean_line(f"{name} waits for a server or a worker: runwright fr watch {flow_run}"))


def _started(
    session: Session,
    control: Control,
    name: str,
    given: dict[str, Any],
    run_name: str | None,
    labels: tuple[str, ...],
) -> UUID:
    from runwright.child_runs import ChildRuns, Order  # noqa: PLC0415  help needs no engine
    from runwright.cli.executions import checked_inputs  # noqa: PLC0415  as above
    from runwright.executions.declared_flow import DeclaredFlow  # noqa: PLC0415  as above

    key = str(uuid4())
    if control.is_elsewhere:
        there: Any = control.store
        return there.start(flow=name, key=key, parameters=given, labels=list(labels), run_name=run_name)
    runs = ChildRuns(session.record)
    flow = runs.flow_named(name)
    values = checked_inputs(flow, given) if isinstance(flow, DeclaredFlow) else given
    return runs.create(flow, Order(key, values, {}, labels=labels, name=run_name))
