"""Flow: one flow at one of its versions: its graph, tasks, runs, triggers, text, and what versions changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright.errors import NotOnRecord
from runwright.spec import parse_flow_spec
from runwright.ui import dag, rows
from runwright.ui.actions.action import Act
from runwright.ui.actions.subject import FLOWS, of_flow
from runwright.ui.actions.table import offers
from runwright.ui.copying import Copy, of_flows
from runwright.ui.dag import Dag
from runwright.ui.pages.flow_runs import FlowRunLine
from runwright.ui.pages.task_run import Tab
from runwright.ui.topology import order_in
from runwright.ui.trigger_lines import TriggerLine, trigger_lines
from runwright.views import FlowRunFilter

if TYPE_CHECKING:
    from runwright.runs import EdgeInfo, FlowVersion
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

TABS = ("graph", "tasks", "runs", "triggers", "versions", "source")
RUNS = 50


class Version(msgspec.Struct, frozen=True):
    """A version, and which tasks came and went with it."""

    number: int
    created: str | None
    fingerprint: str
    tasks: int
    added: list[str]
    removed: list[str]
    link: str
    is_chosen: bool


class FlowPage(msgspec.Struct):
    """The page. Parts that are not asked for stay empty; `links` are for the boxes of the graph."""

    title: str
    flow: dict[str, Any]
    is_newest: bool
    tabs: list[Tab]
    tab: str
    acts: list[Act]
    select: str = ""
    links: dict[str, str] = {}
    graph: Dag | None = None
    tasks: list[dict[str, Any]] = []
    runs: list[FlowRunLine] = []
    versions: list[Version] = []
    triggers: list[TriggerLine] = []
    text: str = ""
    is_deleted: bool = False
    copies: list[Copy] = []


def read(surface: Surface, ask: Ask) -> FlowPage:
    """Return the page of a flow; raises `NotOnRecord`."""
    name = ask.path["name"]
    versions = sorted(surface.views.flows(name=name), key=lambda each: each.version)
    if not versions:
        raise NotOnRecord(f"No flow {name[:200]!r} is on this record.")
    wanted = ask.get("version")
    chosen = next((each for each in versions if str(each.version) == wanted), versions[-1])
    tab = ask.one_of("tab", *TABS)
    flow = rows.flow_row(chosen)
    flow["source"] = dict(flow["source"])
    tasks = flow.pop("tasks")
    flow.pop("edges")
    page = FlowPage(
        name,
        flow,
        chosen is versions[-1],
        [Tab(each, ask.link(tab=each if each != TABS[0] else None), each == tab) for each in TABS],
        tab,
        offers(FLOWS, of_flow(surface.views, name), ask.actor),
        ask.get("select")[:300],
        text=flow["source"].pop("yaml", ""),
        is_deleted="deleted" in versions[-1].source,
        copies=of_flows(surface, name),
    )
    if tab == "graph":
        page.graph = dag.draw(chosen.tasks, chosen.edges or _order(chosen), {})
        page.links = {task.slug: ask.link(tab="tasks", select=task.slug) for task in chosen.tasks}
    elif tab == "tasks":
        page.tasks = [_task(task, chosen) for task in tasks]
    elif tab == "runs":
        found = surface.views.flow_runs(FlowRunFilter(flow=name, limit=RUNS, without_deleted=True))
        page.runs = [FlowRunLine(rows.flow_run_row(row), rows.bar(row.counts)) for row in found]
    elif tab == "triggers":
        page.triggers = trigger_lines(surface, ask, versions[-1])
    elif tab == "versions":
        page.versions = _versions(versions, chosen, ask)
    return page


def _order(version: FlowVersion) -> tuple[EdgeInfo, ...]:
    text = version.source.get("yaml")
    return () if text is None else order_in(parse_flow_spec(text))


def _task(task: dict[str, Any], flow: FlowVersion) -> dict[str, Any]:
    known = {"slug", "name", "tags", "mapped"}
    policies = {key: value for key, value in task.items() if key not in known}
    before = [edge.upstream for edge in flow.edges if edge.downstream == task["slug"]]
    return {**{key: task[key] for key in known}, "policies": policies, "upstream": before}


def _versions(versions: list[FlowVersion], chosen: FlowVersion, ask: Ask) -> list[Version]:
    found: list[Version] = []
    before: set[str] = set()
    for number, each in enumerate(versions):
        slugs = {task.slug for task in each.tasks}
        added, removed = (sorted(slugs - before), sorted(before - slugs)) if number else ([], [])
        link = ask.link(version=each.version)
        found.append(
            Version(
                each.version, rows.iso(each.created), each.fingerprint, len(slugs), added, removed, link, each is chosen
            )
        )
        before = slugs
    return found[::-1]
