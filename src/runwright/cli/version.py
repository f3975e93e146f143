"""`runwright version`."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

import click

from runwright.cli.options import common, with_output
from runwright.cli.output import show_one

if TYPE_CHECKING:
    from runwright.cli.session import Session

FIELDS = ("version", "python", "platform")


@click.command()
@with_output
@common
@click.pass_obj
def version(session: Session) -> None:
    """Print the version of Runwright and of Python."""
    from importlib.metadata import PackageNotFoundError, version as installed  # noqa: PLC0415  only this command needs it

    try:
        number = installed("runwright")
    except PackageNotFoundError:
        number = "(not installed)"
    row = {"version": number, "python": platform.python_version(), "platform": sys.platform}
    show_one(session, row, lambda: [f"runwright {number} \u00b7 Python {row['python']} \u00b7 {sys.platform}"], FIELDS)
