"""`runwright task-run reproduce`: a task run as a test, written or run."""

from __future__ import annotations

import pdb  # noqa: T100  the option --pdb is for it
import sys
from pathlib import Path

import click

from runwright.cli.options import with_record
from runwright.cli.references import find_task_run
from runwright.cli.session import Session, say


@click.command("reproduce")
@click.argument("reference", metavar="TASK_RUN")
@click.option("-o", "--output", "path", type=click.Path(dir_okay=False), help="Write the test to a file.")
@click.option("--run", "is_run", is_flag=True, help="Call the task here, with the inputs on record.")
@click.option("--pdb", "is_debugged", is_flag=True, help="As --run, and stop in the debugger where it fails.")
@with_record
@click.pass_obj
def reproduce(session: Session, reference: str, path: str | None, *, is_run: bool, is_debugged: bool) -> int:
    """Print a test that calls the task of a task run with the inputs on record, for a task of a Python flow.

    Nothing is recorded. Exit status 1: the task failed again, or returned something else.
    """
    from runwright.backend.reproduction import test_of  # noqa: PLC0415  help needs none of it

    store = session.open_record()
    source = test_of(store, find_task_run(store, reference))
    if path is not None:
        Path(path).write_text(source, encoding="utf-8")
        say(f"written: pytest {path}")
    elif not (is_run or is_debugged):
        click.echo(source, nl=False)
    return _run(source, is_debugged=is_debugged) if is_run or is_debugged else 0


def _run(source: str, *, is_debugged: bool) -> int:
    """Run the test of a source; returns the exit status."""
    names: dict[str, object] = {"__name__": "reproduction"}
    exec(compile(source, "<reproduction>", "exec"), names)  # noqa: S102  what was made here, and the user asks to run
    test = next(value for name, value in names.items() if name.startswith("test_") and callable(value))
    try:
        test()
    except AssertionError:
        say("it returned something else than is on record" if not is_debugged else "it is not as on record")
        return _stop(is_debugged=is_debugged)
    except Exception as error:  # noqa: BLE001  whatever the task raises
        say(f"it failed: {type(error).__name__}: {error}")
        return _stop(is_debugged=is_debugged)
    say("it returned what is on record")
    return 0


def _stop(*, is_debugged: bool) -> int:
    if is_debugged:
        pdb.post_mortem(sys.exc_info()[2])
    return 1
