"""Executions: running a YAML flow from the command line, and what is asked of its executions alone: restart, replay, mark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from runwright.cli.control import with_waiting
from runwright.cli.filters import Count
from runwright.cli.options import with_output, with_record
from runwright.cli.references import find_flow_run, find_task_run
from runwright.cli.session import Session, say

if TYPE_CHECKING:
    from uuid import UUID

    from runwright.cli.progress import Progress
    from runwright.control import Control
    from runwright.executions.declared_flow import DeclaredFlow
    from runwright.runs import FlowRun
    from runwright.states import State

ENDINGS = (".yaml", ".yml")


def run_execution(
    session: Session,
    path: str,
    given: dict[str, Any],
    labels: tuple[str, ...],
    executor: str | None,
    run_name: str | None,
) -> int:
    """Run a YAML flow to its end; returns the exit status."""
    from runwright.cli.run import run_in_foreground  # noqa: PLC0415  it imports this module
    from runwright.executions.declared_flow import DeclaredFlow  # noqa: PLC0415  help needs none of it
    from runwright.executions.origin import Origin  # noqa: PLC0415  as above
    from runwright.executions.runner import ExecutionRunner  # noqa: PLC0415  as above

    flow = DeclaredFlow.from_file(path)
    if children_of(flow):
        register_neighbours(session, Path(path), flow)
    origin = Origin(labels=dict(_label(text) for text in labels))
    inputs = checked_inputs(flow, given)

    def begin(progress: Progress) -> State:
        runner = ExecutionRunner(flow, record=session.record, executor=executor, progress=progress)
        return runner.start(inputs, origin, name=run_name)

    return run_in_foreground(session, flow.name, begin)


def checked_inputs(flow: DeclaredFlow, given: dict[str, Any]) -> dict[str, Any]:
    """Return inputs with the files that they name; raises `ParameterError` for one that the flow has not."""
    from runwright.errors import ParameterError, did_you_mean  # noqa: PLC0415  help needs none of it

    known = [each.id for each in flow.spec.inputs]
    for name in given:
        if name not in known:
            listed = f"It takes {', '.join(known)}." if known else "It has no inputs."
            raise ParameterError(f"Flow {flow.name!r} has no input {name!r}.{did_you_mean(name, known)} {listed}")
    return {name: _upload(value) for name, value in given.items()}


def children_of(flow: DeclaredFlow) -> set[str]:
    """Return the ids of the flows that a flow runs, as they are written."""
    from runwright.spec.tasks.flow_control import ChildFlow  # noqa: PLC0415  help needs none of it

    return {task.flow_id for _, task in flow.spec.all_tasks() if isinstance(task, ChildFlow)}


def register_neighbours(session: Session, path: Path, flow: DeclaredFlow) -> None:
    """Put the other flows of a file's directory on record, so that it finds those that it runs; invalid ones are left out.

    That is told of those that may be meant by the flow or one of the others; what else is in the directory is nobody's business here.
    """
    from runwright.errors import FlowError  # noqa: PLC0415  help needs no engine
    from runwright.executions.declared_flow import DeclaredFlow  # noqa: PLC0415  as above
    from runwright.executions.registered_flows import registered  # noqa: PLC0415  as above
    from runwright.open_records import open_to_run  # noqa: PLC0415  as above

    store, asked, invalid = open_to_run(session.record), children_of(flow), dict[Path, str]()
    for each in sorted(path.parent.glob("*.y*ml")):
        if each.suffix in ENDINGS and each != path:
            try:
                asked |= children_of(registered(store, DeclaredFlow.from_file(each)))
            except FlowError as error:
                invalid[each] = str(error)
    for each, error in invalid.items():
        if any(_may_be(each, name) for name in asked):
            first, *more = error.splitlines()
            say(f"{each} is left out: {first}" + (f" {len(more)} more: runwright validate {each}" if more else ""))


def _may_be(path: Path, flow_id: str) -> bool:
    """Say whether a file that is no valid flow may have been meant to be one of this id; an expression may mean each."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return False
    ids = [line.partition(":")[2].strip(" \"'") for line in lines if line.startswith("id:")]
    return flow_id in ids or ("{{" in flow_id and bool(ids))


def _label(text: str) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not colon or not key:
        raise click.UsageError(f"--label {text!r} has no key and value: write --label key:value")
    return key, value


def _upload(value: Any) -> Any:
    """Return the file that `@PATH` names, or the value itself; `@@` begins a text with an at sign."""
    from runwright.executions.uploads import Upload  # noqa: PLC0415  help needs none of it

    if not isinstance(value, str) or not value.startswith("@"):
        return value
    if value.startswith("@@"):
        return value[1:]
    path = Path(value[1:])
    try:
        return Upload(path.name, path.read_bytes())
    except OSError as error:
        raise click.UsageError(f"{value[1:]} cannot be read: {error.strerror}") from error


@click.command("restart")
@with_waiting
@click.option("--revision", type=Count(min=1), metavar="N", help="In this revision of the flow, as a new execution.")
@click.option("-e", "--executor", metavar="EXECUTOR", help="inline, threads[:N] or processes[:N].")
@with_output
@with_record
@click.pass_obj
def restart(
    session: Session, reference: str, revision: int | None, executor: str | None, timeout: float, *, is_waiting: bool
) -> int:
    """Run again what failed or was killed, here: in the same run, of a Python flow in a new one that keeps what went well."""
    from runwright import app  # noqa: PLC0415  help needs no engine
    from runwright.cli.run import run_in_foreground  # noqa: PLC0415  the other commands need none of it
    from runwright.control import Control  # noqa: PLC0415  as above

    store, control = session.open_record(), Control(session.record)
    row = find_flow_run(store, reference)
    if revision is not None:
        again = _in_revision(control, row, revision)
    elif any("yaml" in each.source for each in store.flows(flow_id=row.flow_id)):
        control.restart(row.id, timeout=timeout)
        again = row.id
    else:
        again = _repetition_of(session, control, row)
    if control.is_elsewhere:
        say(f"it goes on there as {again}: runwright fr watch {again}")
    if not is_waiting or control.is_elsewhere:
        return 0

    def begin(progress: Progress) -> State:
        return app.resume_flow_run(again, record=session.record, executor=executor, progress=progress, releases=False)

    return run_in_foreground(session, row.flow_name, begin, flow_run=again)


def _in_revision(control: Control, row: FlowRun, revision: int) -> UUID:
    """Return an execution that goes on, in another revision of its flow, with one that has ended."""
    from runwright.executions.service import ExecutionService  # noqa: PLC0415  help needs no engine

    if control.is_elsewhere:
        there: Any = control.store
        return there.restart_in(row.id, revision)
    new = ExecutionService(control.store, lambda _: None).restart(row, revision)
    say(f"{new.name} ({new.id}) goes on with it in revision {new.flow_version}")
    return new.id


def _repetition_of(session: Session, control: Control, row: FlowRun) -> UUID:
    """Return a new run of a Python flow that keeps what went well in one that has ended."""
    from runwright.child_runs import ChildRuns, Order  # noqa: PLC0415  help needs no engine
    from runwright.errors import IllegalTransition  # noqa: PLC0415  as above

    if control.is_elsewhere:
        there: Any = control.store
        return there.repeat(row.id, str(uuid4()))
    if not row.kind.phase.is_final:
        raise IllegalTransition(f"Flow run {row.name} ({row.id}) is {row.kind.name}: restart it when it has ended.")
    children = ChildRuns(session.record)
    order = Order(str(uuid4()), dict(row.parameters), {}, parent=row.id, keeps_successes=True)
    return children.create(children.flow_named(row.flow_name), order)


@click.command("replay")
@click.argument("reference", metavar="RUN")
@click.option("--task-run", metavar="TASK_RUN", help="Begin with this one; what came before it is taken over.")
@click.option(
    "-i", "--input", "inputs", metavar="NAME=VALUE", multiple=True, help="Another value; NAME=@PATH for a file."
)
@click.option("--revision", type=Count(min=1), metavar="N", help="In this revision of the flow.")
@click.option("-e", "--executor", metavar="EXECUTOR", help="inline, threads[:N] or processes[:N].")
@with_output
@with_record
@click.pass_obj
def replay(
    session: Session,
    reference: str,
    task_run: str | None,
    inputs: tuple[str, ...],
    revision: int | None,
    executor: str | None,
) -> int:
    """Repeat an execution of a YAML flow as a new one, from the start or from one of its task runs on, here."""
    from runwright import app  # noqa: PLC0415  help needs no engine
    from runwright.cli.run import read_parameters, run_in_foreground  # noqa: PLC0415  the other commands need none of it
    from runwright.control import Control  # noqa: PLC0415  as above
    from runwright.executions.catalogue import Executions  # noqa: PLC0415  as above
    from runwright.executions.runner import ExecutionRunner  # noqa: PLC0415  as above

    store = session.open_record()
    row = find_flow_run(store, reference)
    if not any("yaml" in each.source for each in store.flows(flow_id=row.flow_id)):
        raise click.UsageError(
            f"{row.name} is a run of the Python flow {row.flow_name}: `runwright fr restart` runs again what failed in it, "
            "`runwright run` or `runwright flow start` all of it."
        )
    chosen = None if task_run is None else find_task_run(store, task_run).id
    given = {name: _upload(value) for name, value in read_parameters(inputs, None).items()}
    if Control(session.record).is_elsewhere:
        return _replay_there(store, row, chosen, revision, given)
    executions = Executions(session.record)
    ran = flow = executions.flow_of(row)
    if revision is not None:
        flow = executions.flow_named(ran.spec.namespace, ran.spec.id, revision)

    def begin(progress: Progress) -> State:
        runner = ExecutionRunner(flow, record=session.record, executor=executor, progress=progress)
        values = {**runner.host.opened(row.parameters), **given} if given else None
        new = runner.replay(row, chosen, inputs=values, before=ran.compile(), revision=revision)
        return runner.go_on(app.find_flow_run(store, new))

    return run_in_foreground(session, row.flow_name, begin)


def _replay_there(store: Any, row: FlowRun, task_run: UUID | None, revision: int | None, inputs: dict[str, Any]) -> int:
    """Have a server repeat an execution."""
    from runwright.executions.uploads import Upload  # noqa: PLC0415  help needs none of it

    if any(isinstance(value, Upload) for value in inputs.values()):
        raise click.UsageError("Files are given where the record is: the server's REST takes them too.")
    new = store.replay(row.id, str(uuid4()), task_run, revision, inputs)
    say(f"it is repeated there as {new}: runwright fr watch {new}")
    return 0


@click.command("mark")
@click.argument("reference", metavar="TASK_RUN")
@click.argument("state", metavar="STATE")
@with_output
@with_record
@click.pass_obj
def mark(session: Session, reference: str, state: str) -> int:
    """Put a task run of an execution into a final state, such as Success; the execution then goes on with resume."""
    from runwright.cli.filters import states_named  # noqa: PLC0415  help needs none of it
    from runwright.control import Control  # noqa: PLC0415  as above

    row = find_task_run(session.open_record(), reference)
    names = states_named(state)
    if not names:
        raise click.UsageError(f"There is no state {state!r}: use one such as Success, Warning or Failed.")
    name = names[0]
    control = Control(session.record)
    control.mark(row.flow_run, row.id, name)
    say(f"{row.full_name} is {name}: runwright fr resume {row.flow_run} goes on with the execution")
    return 0
