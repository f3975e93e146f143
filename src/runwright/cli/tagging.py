"""`runwright task-run tag`: what a task run is called afterwards, beside the tags of its task."""

from __future__ import annotations

import click

from runwright.cli.options import with_output, with_record
from runwright.cli.references import find_task_run, path_of
from runwright.cli.session import Session, say
from runwright.cli.text import clean_line


@click.command("tag")
@click.argument("reference", metavar="TASK_RUN")
@click.argument("tags", metavar="TAG...", nargs=-1, required=True)
@click.option("--remove", "is_taken", is_flag=True, help="Take tags back that it was given.")
@with_output
@with_record
@click.pass_obj
def tag(session: Session, reference: str, tags: tuple[str, ...], *, is_taken: bool) -> int:
    """Give a task run tags, whether it runs or has ended: `tr ls --tag` and the pages find it by them, as by its task's own.

    Nothing of its run changes, and limits of tags do not count it.
    """
    from runwright.control import asker  # noqa: PLC0415  help needs no engine

    record = session.open_record(read_only=False)
    row = find_task_run(record, reference)
    add, remove = ((), tags) if is_taken else (tags, ())
    record.change_tags([row.id], add, remove, by=asker())
    found = sorted(find_task_run(record, str(row.id)).tags)
    say(clean_line(f"{path_of(row)} has {'the tags ' + ', '.join(found) if found else 'no tags'}"))
    return 0
