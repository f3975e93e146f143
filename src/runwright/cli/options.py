"""Options: what every command takes alike: the record, the shape of the output, and how to fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from runwright.cli.output import FORMATS
from runwright.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = TypeVar("Command", bound=Callable[..., Any])

COLORS = ("auto", "always", "never")


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return a callback that keeps what was said in the session; the last place that says something wins."""

    def keep(context: click.Context, _: click.Parameter, value: Any) -> Any:
        session = context.find_object(Session)
        if session is not None and value not in (None, False, ()):
            setattr(session, name, value)
        return value

    return keep


def _keep_color(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    return _keep("color")(context, parameter, None if value == "auto" else value)


def _keep_json(context: click.Context, parameter: click.Parameter, value: bool) -> bool:  # noqa: FBT001  click calls it
    _keep("format")(context, parameter, "json" if value else None)
    return value


def _keep_fields(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    names = tuple(name.strip() for name in (value or "").split(",") if name.strip())
    _keep("fields")(context, parameter, names)
    return value


def common(command: Command) -> Command:
    """Add what every command takes: `--debug` and `--color`."""
    for option in (
        click.option(
            "--color", type=click.Choice(COLORS), callback=_keep_color, expose_value=False, help="When to use colours."
        ),
        click.option(
            "--debug", is_flag=True, callback=_keep("debug"), expose_value=False, help="Show the traceback of errors."
        ),
    ):
        command = option(command)
    return command


def with_record(command: Command) -> Command:
    """Add `--record`, for commands that read or write one."""
    return click.option(
        "--record",
        metavar="PATH|URL",
        callback=_keep("record"),
        expose_value=False,
        help="The record to use instead of the configured one.",
    )(common(command))


def with_output(command: Command) -> Command:
    """Add `-o`, `--json` and `--fields`, for commands that print rows."""
    for option in (
        click.option(
            "--fields",
            metavar="A,B.C",
            callback=_keep_fields,
            expose_value=False,
            help="Only these fields; dots lead inside.",
        ),
        click.option("--json", is_flag=True, callback=_keep_json, expose_value=False, help="The same as -o json."),
        click.option(
            "-o",
            "--output",
            type=click.Choice(FORMATS),
            callback=_keep("format"),
            expose_value=False,
            help="The shape of the output: a table on a terminal, tab-separated lines elsewhere.",
        ),
    ):
        command = option(command)
    return command
