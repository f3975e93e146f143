"""Flow-run page: how a flow run stands, task by task, and what to ask next."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runwright.cli import rows
from runwright.cli.summary import headline, print_tasks
from runwright.cli.text import clean_line
from runwright.cli.watching import counts_in_words
from runwright.states import KIND_BY_NAME, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.cli.session import Session
    from runwright.runs import FlowRun
    from runwright.store import Store


def lines(session: Session, store: Store, row: FlowRun) -> Iterator[str]:
    """Yield the page; the table of tasks is printed on the way."""
    yield headline(row)
    yield f"Flow run {row.id} \u00b7 version {row.flow_version} of the flow \u00b7 created {rows.iso(row.created)}"
    if row.details.get("deleted"):
        yield "Deleted     as an execution: no list shows it, and `runwright flow-run purge` takes it off the record"
    if row.parameters:
        given = ", ".join(f"{name}={value!r}" for name, value in row.parameters.items())
        yield f"Parameters  {clean_line(given)}"
    if row.source.get("file"):
        yield f"Source      {clean_line(row.source['file'])}"
    yield counts_in_words(row.counts)
    sys.stdout.write("\n")
    print_tasks(session, store, row)
    sys.stdout.write("\n")
    yield "Next        " + "\n            ".join(_next(row))


def _next(row: FlowRun) -> Iterator[str]:
    if not row.kind.phase.is_final:
        yield f"runwright fr watch {row.id}"
        yield f"runwright fr resume {row.id}      (if its process is gone, or it is paused)"
    if any(KIND_BY_NAME[state].phase is Phase.BAD for state, count in row.counts.items() if count):
        yield f"runwright tr ls --flow-run {row.id} --state failed"
    yield f"runwright tr ls --flow-run {row.id}"
    yield f"runwright fr logs {row.id}"
