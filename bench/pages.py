"""Pages: what the server spends on the pages that people look at all day, over a record of many task runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.ui.surface import Surface

_CALLS = 40
_UNSERVED = {
    "map_index": "map_index:>9990",
    "duration": "duration:>30s",
    "error": "error:timed",
    "name": "name:nothing",
}
"""Searches that no index serves: a page looks at some of the rows only, and says so."""


def measured(name: str, task_runs: int) -> dict[str, Any]:
    """Return the milliseconds of the pages over the configured record, as HTML, beside a bare read of the same rows."""
    from runwright.open_records import open_record
    from runwright.ui.ask import Ask
    from runwright.ui.grouping import GROUPS
    from runwright.ui.log_end import LogEnd
    from runwright.ui.pages import flow_run, task_runs as list_page
    from runwright.ui.surface import Surface
    from runwright.views import FlowRunFilter, TaskRunFilter

    store = open_record(read_only=True)
    surface = Surface(store, name, LogEnd(store))
    newest = store.flow_runs(FlowRunFilter(limit=1))[0]
    assert store.count_task_runs(TaskRunFilter())["count"] >= task_runs

    def listed(text: str, **further: str) -> Callable[[], str]:
        return lambda: _rendered(surface, "task_runs.html", list_page.read(surface, Ask(query={"q": text, **further})))

    def shown(tab: str) -> Callable[[], str]:
        ask = Ask({"id": str(newest.id)}, {"tab": tab})
        return lambda: _rendered(surface, "flow_run.html", flow_run.read(surface, ask))

    pages = {
        "task_runs": listed(""),
        "task_runs_failed": listed("state:failed"),
        **{f"task_runs_by_{key}": listed(text) for key, text in _UNSERVED.items()},
        **{f"task_runs_grouped_by_{group}": listed("", group=group) for group in GROUPS[1:]},
        "task_runs_of_flow_run": listed(f"run:{newest.id}"),
        "flow_run_gantt": shown("gantt"),
        "flow_run_matrix": shown("matrix"),
    }
    bare = _milliseconds(lambda: store.task_runs(TaskRunFilter(limit=100)))
    return {
        "bench": name,
        "task_runs": task_runs,
        "ms": {page: _milliseconds(make) for page, make in pages.items()},
        "durations_of_all_ms": _milliseconds(lambda: list_page.read_durations(surface, Ask()), calls=3),
        "limit": {"bare_read_ms": bare},
    }


def _rendered(surface: Surface, template: str, page: Any) -> str:
    from runwright.ui.ask import Preferences
    from runwright.ui.templating import render

    frame = {
        "base": "/", "assets": "/static", "here": "", "query": "", "title": "bench", "menu": "task-runs", "record": surface.name,
        "is_live": True, "cursor": surface.log_end.cursor(), "version": "", "is_acting": False, "told": "", "gone": "",
    }  # fmt: skip
    return render(template, page, frame, Preferences())


def _milliseconds(make: Callable[[], Any], calls: int = _CALLS) -> dict[str, float]:
    """Return the median of processor time, and the median and 95th percentile of wall time, which neighbours disturb.

    The first call, which fills caches, does not count.
    """
    make()
    walls: list[float] = []
    processor: list[float] = []
    for _ in range(calls):
        start, spent = time.perf_counter(), time.process_time()
        make()
        walls.append((time.perf_counter() - start) * 1e3)
        processor.append((time.process_time() - spent) * 1e3)
    walls.sort()
    return {
        "cpu": round(sorted(processor)[calls // 2], 1),
        "p50": round(walls[calls // 2], 1),
        "p95": round(walls[int(calls * 0.95) - 1], 1),
    }
