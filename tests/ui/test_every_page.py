"""Every page, light and dark, wide and narrow, over every kind of record: nothing in the console, nothing for axe to find."""

from __future__ import annotations

from urllib.parse import quote

import pytest

LISTS = [
    "/task-runs", "/flow-runs", "/flows", "/events", "/query", "/query/graphql", "/workers", "/bulk-actions", "/settings",
]  # fmt: skip
GROUPED = [f"/task-runs?group={group}" for group in ("flow", "task", "run", "worker", "error", "hour")]
COLUMNS = ["/task-runs?columns=task,index,worker,ended,message"]
WRONG = [
    "/flow-runs/RUN/actions/kill",
    "/task-runs?q=stat:failed",
    "/task-runs?q=state:success%20task:nothing",
    "/nowhere",
    "/query?where=x",
]
TASK_RUN = [
    f"/task-runs/TASK?tab={tab}" for tab in ("overview", "attempts", "logs", "inputs", "result", "events", "source")
]
FLOW_RUN = [
    f"/flow-runs/RUN?tab={tab}"
    for tab in ("gantt", "graph", "table", "matrix", "logs", "events", "compare", "lineage", "parameters", "gantt&at=1")
]
FLOW = [f"/flows/FLOW?tab={tab}" for tab in ("graph", "tasks", "runs", "triggers", "versions", "source")]
WIDE_LIGHT, NARROW_DARK = ("light", 1440), ("dark", 390)
BOTH = [WIDE_LIGHT, NARROW_DARK]
CONTROLS = "\u202e\u2066\u200f\x1b\x07\x85"


def address_of(site, page, run, task=1):
    """Return where a page is, with the ids of a run that is on the site's record."""
    return site.url + page.replace("TASK", str(run.task_run_id(task))).replace("RUN", str(run.id)).replace(
        "FLOW", quote(run.flow.name, safe="")
    )


def problems_of(visitor, address):
    """Return what is wrong with a page: in the console, for axe, or sticking out at its side."""
    visitor.problems.clear()
    answer = visitor.go(address)
    said_by_browser = 1 if answer.status in {400, 404} else 0
    found = visitor.problems[said_by_browser:]
    found += visitor.axe()
    wide = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, *([f"{wide} pixels too wide"] if wide > 0 else [])]


@pytest.mark.parametrize(("scheme", "width"), BOTH)
@pytest.mark.parametrize("page", LISTS + GROUPED + COLUMNS + WRONG + TASK_RUN + FLOW_RUN + FLOW)
def test_a_page_of_a_working_day(normal, visit, page, scheme, width):
    assert [] == problems_of(visit(scheme=scheme, width=width), address_of(normal, page, normal.runs["failed"]))


@pytest.mark.parametrize("run", ["running", "every"])
@pytest.mark.parametrize("page", [FLOW_RUN[0], FLOW_RUN[1], TASK_RUN[0]])
def test_a_page_of_what_is_still_open(normal, visit, page, run):
    assert [] == problems_of(visit(scheme="dark"), address_of(normal, page, normal.runs[run]))


@pytest.mark.parametrize(("scheme", "width"), BOTH)
@pytest.mark.parametrize("page", LISTS)
def test_a_page_of_an_empty_record(empty, visit, page, scheme, width):
    assert [] == problems_of(visit(scheme=scheme, width=width), empty.url + page)


@pytest.mark.parametrize("page", [*LISTS[:2], GROUPED[1], GROUPED[3], *TASK_RUN[:1], *FLOW_RUN])
def test_a_page_of_ten_thousand_rows(large, visit, page):
    assert [] == problems_of(visit(), address_of(large, page, large.runs["wide"], task=2))


@pytest.mark.parametrize("page", LISTS + GROUPED + TASK_RUN + FLOW_RUN + FLOW)
def test_nothing_that_a_task_writes_runs_or_hides_in_a_page(hostile, visit, page):
    visitor = visit(width=390)

    found = problems_of(visitor, address_of(hostile, page, hostile.runs["hostile"]))

    text = visitor.page.evaluate("document.body.textContent")
    assert ([], []) == (found, [sign for sign in CONTROLS if sign in text])
    assert visitor.page.evaluate("window.broken") is None


@pytest.mark.parametrize("task", range(1, 12))
def test_every_hostile_name_has_its_page(hostile, visit, task):
    visitor = visit()

    assert [] == problems_of(visitor, address_of(hostile, TASK_RUN[0], hostile.runs["hostile"], task))
    assert visitor.page.evaluate("window.broken") is None
