"""Workers: the processes that hold flow runs now, what they run, and what waits for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.states import TABLE
from runwright.ui import rows
from runwright.ui.copying import Copy, of_workers
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from runwright.runs import FlowRun
    from runwright.store import Lease
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

MOST = 500
_OPEN = tuple(kind.name for kind in TABLE if not kind.phase.is_final)


class HeldRun(msgspec.Struct, frozen=True):
    """A flow run that somebody holds: until when the lease runs, and its task runs by state."""

    run: dict[str, Any]
    until: str
    running: int
    parts: list[rows.Part]


class Process(msgspec.Struct):
    """A process, by host and number, and the flow runs that it holds."""

    name: str
    host: str
    runs: list[HeldRun]
    running: int = 0


class WaitingRun(msgspec.Struct, frozen=True):
    """An open flow run that nobody holds, and why that may be."""

    run: dict[str, Any]
    why: str


class Workers(msgspec.Struct):
    """The page. `is_cut` says that more flow runs are open than were looked at."""

    processes: list[Process]
    waiting: list[WaitingRun]
    is_cut: bool = False
    copies: list[Copy] = []


def read(surface: Surface, _: Ask) -> Workers:
    """Return the page."""
    found = surface.views.flow_runs(FlowRunFilter(states=_OPEN, limit=MOST + 1))
    now = surface.views.now()
    processes: dict[str, Process] = {}
    waiting: list[WaitingRun] = []
    for row in found[:MOST]:
        lease = surface.views.find_lease(row.id)
        if lease is None or lease.expires <= now:
            waiting.append(WaitingRun(rows.flow_run_row(row), _why(row, lease)))
            continue
        host, *rest = lease.owner.split(":")
        name = ":".join([host, *rest[:1]])
        process = processes.setdefault(name, Process(name, host, []))
        running = row.counts.get("Running", 0)
        process.running += running
        process.runs.append(
            HeldRun(rows.flow_run_row(row), rows.iso(lease.expires) or "", running, rows.bar(row.counts))
        )
    return Workers(
        sorted(processes.values(), key=lambda each: each.name), waiting, len(found) > MOST, of_workers(surface)
    )


def _why(row: FlowRun, lease: Lease | None) -> str:
    """Return what an open flow run that nobody holds waits for."""
    if row.details.get("is_remote"):
        return "a program elsewhere runs it"
    if row.kind.name == "Paused":
        return "it waits for somebody to resume it"
    if row.kind.name == "Scheduled":
        return "it waits for its time"
    if row.kind.name == "Queued":
        return "it waits for a slot"
    return (
        "its process is gone: a worker takes it up" if lease is not None or row.start_time else "it waits for a worker"
    )
