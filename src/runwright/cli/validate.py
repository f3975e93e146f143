"""`runwright validate`: check YAML flows, and tell every problem with its place."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runwright.cli.options import with_output
from runwright.cli.output import show
from runwright.cli.session import Session, say
from runwright.cli.table import Column
from runwright.cli.text import clean_line
from runwright.errors import FlowFileError, FlowSpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.errors import Problem

STANDARD_INPUT = "-"
ENDINGS = (".yaml", ".yml")
FIELDS = ("file", "line", "column", "path", "code", "severity", "message")
COLUMNS = tuple(Column(field.upper(), field) for field in FIELDS)


@click.command()
@click.argument("more", metavar="[FILE|DIR|-]...", nargs=-1)
@click.option(
    "-f",
    "--file",
    "files",
    metavar="FILE|DIR|-",
    multiple=True,
    help="A YAML flow, all in a directory, or standard input.",
)
@with_output
@click.pass_obj
def validate(session: Session, files: tuple[str, ...], more: tuple[str, ...]) -> int:
    """Check YAML flows without running anything.

    Prints each problem as file:line:column: message; --json adds its path in the document and a code for programs. The
    exit status is 0 when all flows are valid, warnings or not, and 8 when one is not.
    """
    from runwright.spec.reading import examine  # noqa: PLC0415  help needs none of it

    named = (*files, *more)
    if not named:
        raise click.UsageError("Name a YAML flow, a directory with some, or - for standard input.")
    outcomes = [examine(content, name) for name, content in _contents(named)]
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    _print(session, problems)
    invalid = sum(outcome.spec is None for outcome in outcomes)
    count = f"{len(outcomes)} flow{'' if len(outcomes) == 1 else 's'}"
    say(f"{count} checked: {f'{invalid} invalid' if invalid else 'all valid'}")
    return FlowSpecError.exit_code if invalid else 0


def _contents(names: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    from runwright.spec.reading import read_file, read_stream  # noqa: PLC0415  help needs none of it

    for name in names:
        if name == STANDARD_INPUT:
            yield "<stdin>", read_stream(sys.stdin.buffer)
        elif Path(name).is_dir():
            yield from ((str(path), read_file(path)) for path in _flows_in(name))
        else:
            yield name, read_file(name)


def _flows_in(directory: str) -> list[Path]:
    found = sorted(path for path in Path(directory).rglob("*") if path.suffix in ENDINGS and path.is_file())
    if not found:
        raise FlowFileError(f"{directory} has no YAML flow: none of its files ends in {' or '.join(ENDINGS)}.")
    return found


def _print(session: Session, problems: list[Problem]) -> None:
    if session.format is None and not session.fields:
        for problem in problems:
            sys.stdout.write(f"{clean_line(str(problem))}\n")
    else:
        show(session, [_row(problem) for problem in problems], COLUMNS, name=lambda row: row["file"], fields=FIELDS)


def _row(problem: Problem) -> dict[str, Any]:
    row = {field: getattr(problem, field, None) for field in FIELDS}
    return {**row, "severity": "warning" if problem.is_warning else "error"}
