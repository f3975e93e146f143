"""Records for pages to show: nothing, a few runs of every kind, ten thousand rows, and names by somebody who means harm."""

from __future__ import annotations

from tests.unit.backend.recorded import EDGES, START, TASKS, RecordedRun, etl

from runwright.clock import NANOSECONDS
from runwright.events import Metric
from runwright.runs import EdgeInfo, TaskInfo
from runwright.states import KIND_BY_NAME, TABLE

HOUR = 3_600 * NANOSECONDS

SCRIPT = "<script>window.broken = 1</script>"
HANDLER = "\"><img src=x onerror='window.broken = 2'>"
BIDI = "safe\u202egnp.exe\u2066\u200f"
CONTROLS = "a\x1b[31mred\x00\x07\x85b"
LONG = "x" * 1_000_000
JAVASCRIPT = "javascript:window.broken=3"
SLASHES = "../../../%2e%2e/?q=1#f & \\ ' \""
HOSTILE = (SCRIPT, HANDLER, BIDI, CONTROLS, LONG, JAVASCRIPT, SLASHES, "{{ 7 * 7 }}", "\ud800", "é" * 200, " ")


def fill_normal(store):
    """Record what a working day leaves: runs that went well, failed, run, wait; every state there is; and return one of each."""
    for number in range(3):
        etl(store, f"early-bird-{number}", start=START + number * HOUR)
    every = _every_state(store)
    running = RecordedRun(store, "busy-bee", start=START + 5 * HOUR).start()
    running.succeed(1).put(2, "Running").expand(2, 5, 4).succeed(5).put(6, "Running").put(7, "Running").commit()
    last = etl(store, "brisk-otter", start=START + 6 * HOUR, parameters={"day": "2026-11-21", "count": 3})
    return {"failed": last, "running": running, "every": every}


def _every_state(store):
    """Record one task run in each state that a task run can be left in."""
    names = [kind.name for kind in TABLE if kind.name not in {"Pending", "Looped", "ClientFailed"}]
    tasks = tuple(TaskInfo(f"ends-{name.lower()}", name, tags=(name,)) for name in names)
    run = RecordedRun(store, "every-state", flow="states", tasks=tasks, edges=(), start=START + 4 * HOUR).start()
    for ordinal, name in enumerate(names, start=1):
        kind = KIND_BY_NAME[name]
        if name not in {
            "Scheduled",
            "Skipped",
            "TriggerFailed",
            "Cancelled",
            "Running",
            "Queued",
            "Submitted",
            "Paused",
        }:
            run.put(ordinal, "Running")
        if name == "Retrying":
            run.put(ordinal, name, due=run.at + HOUR, run_count=1, failed={"state": 16, "message": "no answer"})
        elif name == "Resume":
            run.put(ordinal, "Paused").put(ordinal, name)
        else:
            run.put(ordinal, name, message=f"{name} is {kind.phase.value}")
    return run.commit()


def fill_large(store, children=10_000):
    """Record a mapped task of ten thousand children, a few of which failed, and return its run."""
    tasks = (TaskInfo("list-1", "list"), TaskInfo("fetch-1", "fetch", is_mapped=True), TaskInfo("join-1", "join"))
    edges = (EdgeInfo("list-1", "fetch-1", key="item", mapped=True), EdgeInfo("fetch-1", "join-1", key="items"))
    run = RecordedRun(store, "wide-load", flow="wide", tasks=tasks, edges=edges).start()
    run.succeed(1).put(2, "Running").expand(2, 4, children)
    for ordinal in range(4, 4 + children):
        at = START + ordinal * 1_000_000
        run.put(ordinal, "Running", at=at)
        if ordinal % 100:
            run.put(ordinal, "Success", at=at + 300_000)
        else:
            run.put(ordinal, "Failed", at=at + 300_000, message=f"item {ordinal} of 'batch' timed out")
    run.at = START + (children + 10) * 1_000_000
    run.put(2, "Mapped", children=children).succeed(3)
    return run.put(0, "Success", message="All reference tasks succeeded.").release()


def fill_hostile(store):
    """Record names, messages, tags, lines and parameters that try to run, to hide and to crowd out; return the run."""
    tasks = tuple(
        TaskInfo(
            f"{text[:1000]}-{n}".encode("utf-8", "replace").decode(),
            text.encode("utf-8", "replace").decode(),
            tags=(SCRIPT, BIDI),
        )
        for n, text in enumerate(HOSTILE)
    )
    edges = tuple(EdgeInfo(tasks[n].slug, tasks[n + 1].slug, key=HANDLER) for n in range(len(tasks) - 1))
    run = RecordedRun(
        store, f"{HANDLER}{BIDI}", flow=f"{SCRIPT}/{SLASHES}", tasks=tasks, edges=edges,
        parameters={SCRIPT: HANDLER}, source={"file": JAVASCRIPT, "name": SCRIPT},
    ).start()  # fmt: skip
    for ordinal, text in enumerate(HOSTILE, start=1):
        plain = text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
        run.put(ordinal, "Running", name=plain)
        run.log(ordinal, plain, level=40).log(ordinal, f"{SCRIPT}\r\n{BIDI}")
        run.put(ordinal, "Failed", message=plain, error={"type": SCRIPT, "text": HANDLER})
        run._pending.metrics.append(Metric(run.at, run.id, ordinal, 1, SCRIPT, 1.0, "gauge", {SCRIPT: HANDLER}))
    return run.put(0, "Failed", message=HANDLER).release()


__all__ = ["EDGES", "TASKS", "fill_hostile", "fill_large", "fill_normal"]
