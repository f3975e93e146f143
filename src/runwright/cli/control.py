"""The verbs of `runwright flow-run` that ask something of a run, whoever runs it: end it, hold it, let it go on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from runwright.cli.filters import Seconds
from runwright.cli.options import with_output, with_record
from runwright.cli.output import show_one
from runwright.cli.references import complete_flow_runs, find_flow_run, find_task_run
from runwright.cli.session import Session, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.cli.progress import Progress
    from runwright.control import Control
    from runwright.request import Request
    from runwright.states import State

    Command = TypeVar("Command", bound=Callable[..., Any])

TIMED_OUT = 7
_PATIENCE = 30.0


class Verb(NamedTuple):
    """What can be asked of a flow run without any more words: the intent, and what its help says."""

    intent: str
    help: str


VERBS = (
    Verb("cancel", "Cancel a flow run: what runs is stopped, what has not begun never does."),
    Verb("kill", "Kill a flow run: as cancel does, and it ends Killed."),
    Verb("pause", "Let nothing new of a flow run begin; what runs ends as it would."),
)


def with_waiting(command: Command) -> Command:
    """Add how long an answer is waited for."""
    for option in (
        click.option(
            "--timeout", type=Seconds(), default=_PATIENCE, help="Wait so long at most (exit status 7); default 30s."
        ),
        click.option(
            "--wait/--no-wait", "is_waiting", default=True, help="Wait until it has taken effect; the default."
        ),
        click.argument("reference", metavar="RUN", shell_complete=complete_flow_runs),
    ):
        command = option(command)
    return command


def with_executor(command: Command) -> Command:
    """Add where tasks run, when they run here."""
    text = "inline, threads[:N], processes[:N] or dask[:N]."
    return click.option("-e", "--executor", metavar="EXECUTOR", help=text)(command)


def command_of(verb: Verb) -> click.Command:
    """Return the command that asks for one thing."""

    @click.command(
        verb.intent,
        help=f"{verb.help}\n\nWhoever runs it does so within a second; where nobody does, this command does.",
    )
    @with_waiting
    @with_output
    @with_record
    @click.pass_obj
    def command(session: Session, reference: str, timeout: float, *, is_waiting: bool) -> int:
        from runwright.control import Control  # noqa: PLC0415  help needs no engine

        row = find_flow_run(session.open_record(), reference)
        control = Control(session.record)
        return finish(session, control, control.ask(row.id, verb.intent), timeout if is_waiting else 0.0)

    return command


@click.command("resume")
@with_waiting
@click.option("--task-run", metavar="TASK_RUN", help="Only this one of those that are paused.")
@click.option("-i", "--input", "inputs", metavar="NAME=VALUE", multiple=True, help="What the paused task run asks for.")
@with_executor
@with_output
@with_record
@click.pass_obj
def resume(
    session: Session,
    reference: str,
    task_run: str | None,
    inputs: tuple[str, ...],
    executor: str | None,
    timeout: float,
    *,
    is_waiting: bool,
) -> int:
    """Go on with a flow run whose process is gone, or that is paused; what succeeded is not run again.

    A run that a process still holds goes on there. Otherwise it goes on here, with the code of the file that the record
    names. Exit status 4: another process runs it, and nothing of it is paused.
    """
    from runwright import app  # noqa: PLC0415  help needs no engine
    from runwright.cli.run import read_parameters, run_in_foreground  # noqa: PLC0415  the other commands need none of it
    from runwright.control import Control  # noqa: PLC0415  as above

    store = session.open_record()
    row = find_flow_run(store, reference)
    task_run_id = find_task_run(store, task_run).id if task_run is not None else None
    control = Control(session.record)
    if control.is_elsewhere or not control.has_aftermath(row):
        request = control.ask(row.id, "resume", task_run_id, read_parameters(inputs, None))
        if not is_waiting or control.is_elsewhere or control.is_held(row.id):
            return finish(session, control, request, timeout if is_waiting else 0.0)

    def begin(progress: Progress) -> State:
        return app.resume_flow_run(row.id, record=session.record, executor=executor, progress=progress, releases=False)

    return run_in_foreground(session, row.flow_name, begin, flow_run=row.id)


def finish(session: Session, control: Control, request: Request, timeout: float) -> int:
    """Wait until a request has taken effect and show the flow run; returns the exit status."""
    from runwright.cli import rows  # noqa: PLC0415  help needs none of it

    row = control.settle(request, timeout)
    is_open = control.latest(request).is_open
    data = {**rows.flow_run_row(row), "request_id": str(request.id), "is_answered": not is_open}
    what = f"{request.intent}: {'asked' if is_open else 'done'}; {data['path']} is {row.kind.name}"
    show_one(session, data, lambda: [what], (*rows.FLOW_RUN_FIELDS, "request_id", "is_answered"))
    sys.stdout.flush()
    if not timeout or not (is_open or control.is_under_way(request, row)):
        return 0
    say(f"error: {request.intent} has not taken effect yet. It stays asked; watch the run: runwright fr watch {row.id}")
    return TIMED_OUT
