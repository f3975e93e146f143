"""`runwright version`."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

import click

from runwright import release
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
    row = _row()
    show_one(session, row, lambda: [in_words()], FIELDS)


def in_words() -> str:
    """Return the version in a line."""
    row = _row()
    return f"runwright {row['version']} \u00b7 Python {row['python']} \u00b7 {row['platform']}"


def _row() -> dict[str, str]:
    return {
        "version": release.version() or "(not installed)",
        "python": platform.python_version(),
        "platform": sys.platform,
    }
