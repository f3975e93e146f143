"""`runwright run`: run the flow of a Python file, or a YAML flow, here and now, on the record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runwright.cli.options import with_output, with_record
from runwright.cli.session import Session, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from runwright.cli.progress import Progress
    from runwright.states import State

    Command = TypeVar("Command", bound=Callable[..., Any])

_PARAMETERS = click.option(
    "-p",
    "--param",
    "-i",
    "--input",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    help="JSON where it is valid, else text; for a file that a YAML flow takes, NAME=@PATH.",
)
_PARAMETER_FILE = click.option(
    "--param-file", metavar="FILE", help="Parameters as JSON or TOML; - is JSON on standard input."
)


def with_parameters(command: Command) -> Command:
    """Let a command take what `read_parameters` reads, as `parameters` and `param_file`."""
    return _PARAMETERS(_PARAMETER_FILE(command))


@click.command()
@click.argument("target", metavar="FILE.py[:FLOW]|FILE.yaml")
@with_parameters
@click.option("-e", "--executor", metavar="EXECUTOR", help="inline, threads[:N], processes[:N] or dask[:N].")
@click.option("--run-name", metavar="NAME", help="The name of this run.")
@click.option("-l", "--label", "labels", metavar="KEY:VALUE", multiple=True, help="A label, for a YAML flow.")
@click.option("--compat", type=click.Choice(["prefect"]), help="Let the file import this; it gets Runwright's objects.")
@with_output
@with_record
@click.pass_obj
def run(
    session: Session,
    target: str,
    parameters: tuple[str, ...],
    param_file: str | None,
    executor: str | None,
    run_name: str | None,
    compat: str | None,
    labels: tuple[str, ...],
) -> int:
    """Run the flow of a Python file, or a YAML flow, to its end.

    Prints the task runs and where the record is. The exit status is 0 when the flow run ends well, 1 when it fails, 6
    when it is cancelled. Interrupting cancels it.
    """
    from runwright import app  # noqa: PLC0415  help needs no engine
    from runwright.flow_files import load_flow  # noqa: PLC0415  help needs none of it

    given = read_parameters(parameters, param_file)
    if target.endswith((".yaml", ".yml")):
        from runwright.cli.executions import run_execution  # noqa: PLC0415  Python flows need none of it

        return run_execution(session, target, given, labels, executor, run_name)
    if labels:
        raise click.UsageError("A Python flow has no labels: --label is for YAML flows.")
    if compat is not None:
        from runwright.compat.prefect import install  # noqa: PLC0415  only those files need it

        install(is_shown=False)
    flow = load_flow(target)
    values = flow.resolve_parameters(given)

    def begin(progress: Progress) -> State:
        return app.run_flow(
            flow,
            parameters=values,
            executor=executor,
            run_name=run_name,
            record=session.record,
            progress=progress,
        )

    return run_in_foreground(session, flow.name, begin)


def run_in_foreground(
    session: Session,
    name: str,
    begin: Callable[[Progress], State],
    *,
    flow_run: UUID | None = None,
    is_always_drawn: bool = False,
) -> int:
    """Call `begin`, show how it goes and what came of it; returns the exit status."""
    from runwright.cli.progress import Progress  # noqa: PLC0415  help needs none of it
    from runwright.cli.summary import print_summary  # noqa: PLC0415  help needs none of it
    from runwright.cli.watching import exit_status  # noqa: PLC0415  help needs none of it

    progress = Progress(name, is_always=is_always_drawn)
    try:
        state = begin(progress)
    except KeyboardInterrupt:
        progress.finish()
        raise KeyboardInterrupt("the flow run is cancelled, and on record") from None
    progress.finish()
    print_summary(session, name, progress.flow_run or flow_run)
    if state.kind.name == "Paused":
        say(f"paused: runwright fr resume {progress.flow_run or flow_run} goes on with it")
    return exit_status(state.kind)


def read_parameters(given: tuple[str, ...], file: str | None) -> dict[str, Any]:
    """Return parameters by name, those of the command line before those of the file; raises `click.UsageError`."""
    values = _read_file(file) if file is not None else {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"-p {text!r} has no name and value: write -p name=value")
        values[name] = _read_value(value)
    return values


def _read_value(text: str) -> Any:
    import msgspec  # noqa: PLC0415  help needs none of it

    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text


def _read_file(name: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415  help needs none of it

    import msgspec  # noqa: PLC0415  help needs none of it

    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        values = tomllib.loads(content.decode()) if name.endswith(".toml") else msgspec.json.decode(content)
    except OSError as error:
        raise click.UsageError(f"The parameter file {name} cannot be read: {error.strerror}.") from None
    except (msgspec.DecodeError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        kind = "TOML" if name.endswith(".toml") else "JSON"
        raise click.UsageError(f"The parameter file {name} is no valid {kind}: {error}.") from None
    if not isinstance(values, dict):
        raise click.UsageError(f"The parameter file {name} must hold an object of names and values.")
    return values
