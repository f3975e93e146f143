"""`runwright config`: the settings that hold now, and where each comes from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from runwright import settings
from runwright.cli.groups import Group
from runwright.cli.options import common, with_output
from runwright.cli.output import show
from runwright.cli.table import Column

if TYPE_CHECKING:
    from runwright.cli.session import Session

FIELDS = ("name", "value", "source", "variable", "default", "allowed", "meaning")
COLUMNS = (
    Column("SETTING", "name"),
    Column("VALUE", "value"),
    Column("SOURCE", "source"),
    Column("MAY BE", "allowed", wide=True),
    Column("MEANING", "meaning", wide=True),
)


@click.group(cls=Group)
@common
def config() -> None:
    """Look at the settings.

    Each is set by an environment variable RUNWRIGHT_<NAME> or a line in config.toml in Runwright's home.
    """


@config.command("view")
@with_output
@common
@click.pass_obj
def view(session: Session) -> None:
    """List every setting with its value and where that comes from; -o wide explains them."""
    rows = [_row(found) for found in settings.sources()]
    show(session, rows, COLUMNS, name=lambda row: row["name"], fields=FIELDS)


@config.command("path")
@common
def path() -> None:
    """Print where the settings file is, whether it exists or not."""
    sys.stdout.write(f"{settings.config_path()}\n")


def _row(found: settings.Sourced) -> dict[str, Any]:
    setting = settings.BY_NAME[found.name]
    return {
        "name": found.name,
        "value": found.value,
        "source": found.source,
        "variable": setting.variable,
        "default": setting.default,
        "allowed": setting.allowed,
        "meaning": setting.meaning,
    }
