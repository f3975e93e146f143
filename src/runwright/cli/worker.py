"""`runwright worker`: a process that runs what is to be run on a record, beside a server or without one."""

from __future__ import annotations

import logging
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runwright.cli.filters import Seconds
from runwright.cli.groups import Group
from runwright.cli.options import common, with_record
from runwright.cli.session import Session, say
from runwright.cli.text import clean_line

if TYPE_CHECKING:
    from types import FrameType


@click.group(cls=Group)
@common
def worker() -> None:
    """Run what is to be run on a record."""


@worker.command("start")
@click.option("--most", type=click.IntRange(min=1), help="How many flow runs are run at once  [default: 200].")
@click.option("--home", type=click.Path(file_okay=False), help="The home to use instead of the configured one.")
@click.option(
    "--grace",
    type=Seconds(),
    default="30s",
    show_default=True,
    help="How long what runs may go on when the worker is stopped.",
)
@with_record
@click.pass_obj
def start(session: Session, most: int | None, home: str | None, grace: float) -> None:
    """Run new flow runs, those whose time has come, and those of processes that are gone, until interrupted.

    Any number of workers may share a record, on any machine that reaches its database. Each also starts what schedules and triggers ask
    for, and looks after automations. A second signal ends it at once; another worker goes on with what is left.
    """
    if home:
        os.environ["RUNWRIGHT_HOME"] = str(Path(home).expanduser().resolve())
    from runwright.automations.watch import AutomationWatch  # noqa: PLC0415  help needs no engine
    from runwright.open_records import open_to_run  # noqa: PLC0415  as above
    from runwright.triggering.trigger_watch import TriggerWatch  # noqa: PLC0415  as above
    from runwright.worker import MOST, Worker  # noqa: PLC0415  as above

    logging.basicConfig(format="%(asctime)s %(name)s %(message)s", level=logging.WARNING)
    stopped = threading.Event()

    def stop(number: int, _: FrameType | None) -> None:
        if stopped.is_set():
            os._exit(128 + number)
        stopped.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    record = open_to_run(session.record, is_patient=True)
    found = Worker(record, most=most or MOST).start()
    watches = TriggerWatch(record, found.take).start(), AutomationWatch(record, found.take).start()
    say(clean_line(f"working on {record.url}"))
    stopped.wait()
    for watch in watches:
        watch.stop()
    left = found.drain(grace)
    if left:
        say(f"{left} flow runs are left: another worker goes on with them when their leases end")
        os._exit(0)  # what still runs here must not hold the process up, nor write into a record that closes
