"""`runwright schema`: JSON Schemas for editors."""

from __future__ import annotations

import click

from runwright.cli.groups import Group
from runwright.cli.options import common


@click.group(cls=Group)
@common
def schema() -> None:
    """Print JSON Schemas (draft 2020-12), with which editors complete and check files."""


@schema.command("flow")
@common
def flow() -> None:
    """Print the schema of YAML flows.

    An editor with the YAML language server reads it where a file begins with: # yaml-language-server: $schema=flow.json
    """
    from runwright.cli.output import write_json  # noqa: PLC0415  help needs none of it
    from runwright.spec.json_schema import flow_schema  # noqa: PLC0415  help needs none of it

    write_json(flow_schema())
