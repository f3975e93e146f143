"""Paint: how long a browser takes from asking for the page of task runs to its first paint and its first rows, over a large record."""

from __future__ import annotations

import os
import shutil
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

_VISITS = 15
_SETTLED_MS = 1_500
"""A window that has just been opened loads pages of the browser's own, which took more processor time than ours."""
GOAL_MS = 300
_TIMES = """(() => {
  const [page] = performance.getEntriesByType("navigation");
  const painted = performance.getEntriesByName("first-contentful-paint")[0];
  return {
    answered: page.responseStart, received: page.responseEnd, scripted: page.domContentLoadedEventEnd,
    first_paint: painted?.startTime ?? NaN, first_rows: window.firstRows ?? NaN, bytes: page.encodedBodySize,
  };
})()"""
_WATCH = """new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (document.querySelector("#rows tr")) window.firstRows ??= each.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});"""


def measured(name: str, task_runs: int) -> dict[str, Any]:
    """Return the milliseconds of first visits, which fetch styles and scripts too, and of later ones; or say that no browser is here."""
    from playwright.sync_api import sync_playwright

    from runwright.open_records import open_record
    from runwright.views import TaskRunFilter

    program = os.environ.get("RUNWRIGHT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        return {"bench": name, "skipped": "no Chromium: install it, or set RUNWRIGHT_CHROMIUM"}
    assert open_record(read_only=True).count_task_runs(TaskRunFilter())["count"] >= task_runs
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with _served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        _visits(browser, address, 2)
        first, later = _visits(browser, address, _VISITS)
        bare = _visits(browser, address.replace("task-runs", "static/mark.svg"), 5)[1]
        browser.close()
    return {
        "bench": name,
        "task_runs": task_runs,
        "first_visit_ms": first,
        "later_visit_ms": later,
        "limit": {"bare_picture_ms": bare.get("first_paint", bare)},
        "goal_ms": GOAL_MS,
        "meets_goal": first["first_rows"]["p50"] <= GOAL_MS,
    }


def _visits(browser: Browser, address: str, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Visit with a browser that knows nothing, and then with the same once more, so many times."""
    first: list[dict[str, float]] = []
    later: list[dict[str, float]] = []
    for _ in range(number):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_init_script(_WATCH)
        page = context.new_page()
        page.wait_for_timeout(_SETTLED_MS)
        for found in (first, later):
            page.goto(address, wait_until="load")
            page.wait_for_timeout(300)
            found.append(page.evaluate(_TIMES))
            page.goto("about:blank")
        context.close()
    return _middle(first), _middle(later)


def _middle(found: list[dict[str, float]]) -> dict[str, Any]:
    """Return the median and the 95th percentile of each time."""
    answer: dict[str, Any] = {}
    for name in found[0]:
        values = sorted(each[name] for each in found)
        answer[name] = {"p50": round(values[len(values) // 2], 1), "p95": round(values[int(len(values) * 0.95)], 1)}
    return answer


@contextmanager
def _served() -> Iterator[str]:
    """Serve the pages of the configured record as `runwright ui` does, from a thread, and give the address of the list."""
    import uvicorn

    from runwright.open_records import open_record
    from runwright.ui.application import pages
    from runwright.ui.serving import listening

    with listening() as listener:
        settings = uvicorn.Config(
            pages(open_record(read_only=True), "bench"), log_level="error", lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/task-runs"
        finally:
            server.should_exit = True
            thread.join(10)
