"""Main: the `runwright` command: its tree, and what becomes of errors.

Exit status: 0 well, 1 a run failed or something unforeseen, 2 called wrongly, 3 not found, 4 conflict, 5 the record
cannot be used, 6 cancelled, 7 timed out, 8 a flow is declared wrongly, 130 interrupted, 141 nobody reads the output.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from runwright.cli.lazy import Entry, LazyGroup
from runwright.cli.options import common
from runwright.cli.session import Session, say
from runwright.cli.text import clean, clean_line
from runwright.errors import (
    FlowFileError,
    LeaseHeld,
    NotOnRecord,
    ParameterError,
    RecordFull,
    RecordUnreadable,
    RunwrightError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "runwright"
COMPLETION = "_RUNWRIGHT_COMPLETE"
INTERRUPTED = 130
NOBODY_READS = 141

ENTRIES = {
    "demo": Entry("runwright.cli.demo:demo", "Run a sample flow: mapped, retried, cached, one failure by design."),
    "run": Entry("runwright.cli.run:run", "Run the flow of a Python file, or a YAML flow."),
    "validate": Entry("runwright.cli.validate:validate", "Check YAML flows: every problem, with line and column."),
    "schema": Entry("runwright.cli.schema:schema", "Print JSON Schemas for editors: flow."),
    "task-run": Entry("runwright.cli.task_runs:task_run", "Look at task runs: ls get watch logs result events ..."),
    "flow-run": Entry(
        "runwright.cli.flow_runs:flow_run", "Look at flow runs, and steer them: ls get watch logs cancel resume ..."
    ),
    "flow": Entry("runwright.cli.flows:flow", "Flows: ls get, register, start, schedules pause resume."),
    "events": Entry("runwright.cli.events:events", "Read the event log as documented JSON: ls tail."),
    "automation": Entry(
        "runwright.cli.automations:automation", "What is done when events come, or do not: ls get create pause ..."
    ),
    "limit": Entry("runwright.cli.limits:limit", "How many task runs with a tag run at once: ls get set delete."),
    "kv": Entry("runwright.cli.kv:kv", "Values that flows keep under keys of a namespace: ls get set rm."),
    "query": Entry("runwright.cli.query:query", "Ask the record a GraphQL query, and print JSON."),
    "ui": Entry("runwright.cli.ui:ui", "Look at a record in a browser, read-only."),
    "store": Entry("runwright.cli.store:store", "The record itself: path check rebuild."),
    "server": Entry("runwright.cli.server:server", "Serve runs to programs and people: start keys audit."),
    "worker": Entry("runwright.cli.worker:worker", "Run what is to be run on a record: start."),
    "config": Entry("runwright.cli.config:config", "Settings, and where each comes from: view path."),
    "completion": Entry("runwright.cli.completion:completion", "Print the completion script of a shell."),
    "version": Entry("runwright.cli.version:version", "Print the version."),
}
ALIASES = {"tr": "task-run", "fr": "flow-run", "task-runs": "task-run", "flow-runs": "flow-run", "flows": "flow"}

_RUNS = "`runwright fr ls` and `runwright tr ls` show what is on record"
_PREFECT = (
    "`runwright run --compat prefect FILE.py` runs a file that imports prefect; before any other command write "
    "`python -m runwright.compat.prefect -m runwright`"
)
_LISTS = {
    "flow": "`runwright flow ls` shows the flows that are on record",
    "automation": "`runwright automation ls` shows what is on record",
    "server": "`runwright server keys ls` shows the keys that the record knows",
}
"""What shows what is there, by command; where nothing is said, `_RUNS` does."""

_HINTS: tuple[tuple[type[RunwrightError], str], ...] = (
    (LeaseHeld, "wait until the lease ends, then try again; `runwright fr watch` shows whether the run goes on"),
    (ParameterError, "-p NAME=VALUE gives a parameter, --param-file several"),
    (RecordFull, "with room again, `runwright fr resume RUN` goes on; `runwright fr ls --state running` names the run"),
    (RecordUnreadable, "`runwright config view` shows which record is read and who says so; --record names another"),
)


def _print_version(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001  click calls it
    if value:
        from runwright.cli.version import in_words  # noqa: PLC0415  few ask for it

        sys.stdout.write(f"{in_words()}\n")
        context.exit()


@click.group(
    cls=LazyGroup,
    entries=ENTRIES,
    aliases=ALIASES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`runwright COMMAND --help` tells more. Data goes to standard output, all else to standard error.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
@common
def root() -> None:
    """Run flows, and always know what happened to a task."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; `arguments` None means those of the process."""
    session, command = Session(), ""
    _accept_any_text()
    if COMPLETION in os.environ:
        root.main(prog_name=PROGRAM, complete_var=COMPLETION)
    try:
        with root.make_context(PROGRAM, list(sys.argv[1:] if arguments is None else arguments), obj=session) as context:
            try:
                status = root.invoke(context)
            finally:
                command = ALIASES.get(str(context.invoked_subcommand), str(context.invoked_subcommand))
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001  each is told in a line, and shows no traceback unasked
        return _fail(error, session, command)
    return int(status or 0)


def _fail(error: BaseException, session: Session, command: str) -> int:
    """Say what went wrong in a line and what to do about it in another; returns the exit status."""
    if isinstance(error, BrokenPipeError):
        _stop_writing()
        return NOBODY_READS
    if session.debug and not isinstance(error, click.ClickException):
        import traceback  # noqa: PLC0415  nobody else wants one

        traceback.print_exception(error)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        say(clean_line(f"interrupted{': ' if str(error) else ''}{error}"))
        return INTERRUPTED
    if isinstance(error, click.ClickException):
        return _fail_usage(error)
    what = str(error) if isinstance(error, RunwrightError) else f"{type(error).__name__}: {error}"
    say(f"error: {clean_line(what)}")
    hint = _hint(error, command)
    if hint and not session.debug:
        say(f"hint: {hint}")
    return error.exit_code if isinstance(error, RunwrightError) else 1


def _fail_usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    say(f"error: {clean(error.format_message())}")
    context = getattr(error, "ctx", None)
    if isinstance(error, click.UsageError) and context is not None:
        say(f"hint: {context.command_path} --help")
    return error.exit_code


def _hint(error: BaseException, command: str) -> str | None:
    if isinstance(error, NotOnRecord):
        return None if "`" in str(error) else _LISTS.get(command, _RUNS)
    for kind, hint in _HINTS:
        if isinstance(error, kind):
            return hint
    if _lacks(error, "prefect"):
        return _PREFECT
    is_unforeseen = not isinstance(error, RunwrightError)
    caused = isinstance(error, FlowFileError) and error.__cause__ is not None
    return "--debug shows the traceback" if is_unforeseen or caused else None


def _lacks(error: BaseException, module: str) -> bool:
    """Say whether a flow file did not load because it imports a module that is not installed."""
    cause = error.__cause__
    return isinstance(cause, ModuleNotFoundError) and str(cause.name).partition(".")[0] == module


def _accept_any_text() -> None:
    """Let output that the terminal's encoding lacks be replaced, not end the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _stop_writing() -> None:
    """Point standard output at nothing, so that the interpreter's own flush at the end is quiet too."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
