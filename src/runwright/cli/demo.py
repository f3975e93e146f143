"""`runwright demo`: the sample flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runwright.cli.options import with_record

if TYPE_CHECKING:
    from runwright.cli.session import Session


@click.command()
@with_record
@click.pass_obj
def demo(session: Session) -> int:
    """Run a sample flow over Python's own library, on the embedded record.

    It maps over files, tries a task twice, caches one, skips a branch, and one task run fails by design.
    """
    from runwright.demo import main  # noqa: PLC0415  help needs no flow

    return main(session)
