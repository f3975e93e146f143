"""Task run: everything the record knows of one: its states, attempts, logs, result, inputs, neighbours and events."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import msgspec

from runwright import clock, ids
from runwright.clock import NANOSECONDS
from runwright.compat.events import TaskRunEvents
from runwright.ui import history, log_page, rows
from runwright.ui.actions.action import Act
from runwright.ui.actions.subject import TASK_RUNS, Subject
from runwright.ui.actions.table import offers
from runwright.ui.artifacts import Artifact, artifacts_of
from runwright.ui.copying import Copy, of_task_run
from runwright.ui.history import Spell, Step
from runwright.ui.inputs import Input, inputs_of
from runwright.ui.log_page import LogPage
from runwright.ui.preview import Preview, preview_of
from runwright.ui.words import printable
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.events import LogLine
    from runwright.runs import Attempt, EdgeInfo, FlowVersion, TaskInfo, TaskRun
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

TABS = ("overview", "attempts", "logs", "inputs", "result", "events", "source")
MOST_EVENTS = 200
MOST_COMPARED = 1_000
MOST_OF_A_LINE = 4_000
MOST_NEIGHBOURS = 50


class Tab(msgspec.Struct, frozen=True):
    """One part of the page, and how much there is in it."""

    name: str
    link: str
    is_chosen: bool
    count: int | None = None


class Neighbour(msgspec.Struct, frozen=True):
    """A task that comes before or behind, its run, and the input that joins them. `state` is empty before there is a run."""

    slug: str
    name: str
    state: str
    id: str
    key: str
    is_mapped: bool
    result: str = ""


class Difference(msgspec.Struct, frozen=True):
    """One fact about attempts, a value for each, and whether they differ."""

    name: str
    values: list[str]
    differs: bool
    form: str = "text"


class AlignedLine(msgspec.Struct, frozen=True):
    """What two attempts logged at one place; empty where one of them has nothing there."""

    left: str
    right: str
    is_same: bool


class Comparison(msgspec.Struct):
    """Attempts beside each other, and the lines of two of them, aligned."""

    attempts: list[dict[str, Any]]
    differences: list[Difference]
    left: int = 0
    right: int = 0
    lines: list[AlignedLine] = []
    is_cut: bool = False


class Siblings(msgspec.Struct):
    """The ids of whom a mapped child belongs to and of the children beside it; empty where there is none."""

    parent: str = ""
    before: str = ""
    next: str = ""


class Origins(msgspec.Struct):
    """The versions of the events that facts come from; 0 where there is none."""

    started: int = 0
    ended: int = 0
    attempt: int = 0


class TaskRunPage(msgspec.Struct):
    """The page. Parts that are not asked for stay empty."""

    title: str
    run: dict[str, Any]
    tabs: list[Tab]
    tab: str
    attempt: int
    attempts: list[Tab]
    max_attempts: int | None
    acts: list[Act]
    copies: list[Copy]
    steps: list[Step] = []
    spells: list[Spell] = []
    origins: Origins = msgspec.field(default_factory=Origins)
    error: str = ""
    upstream: list[Neighbour] = []
    downstream: list[Neighbour] = []
    children: list[rows.Part] = []
    children_link: str = ""
    siblings: Siblings = msgspec.field(default_factory=Siblings)
    comparison: Comparison | None = None
    logs: LogPage | None = None
    result: Preview | None = None
    inputs: list[Input] = []
    metrics: list[dict[str, Any]] = []
    artifacts: list[Artifact] = []
    events: list[dict[str, Any]] = []
    policies: dict[str, Any] = {}
    source: dict[str, str] = {}
    parameters: dict[str, Any] = {}
    flow_version: int = 0


def read(surface: Surface, ask: Ask) -> TaskRunPage:
    """Return the page of a task run; raises `NotOnRecord`."""
    views = surface.views
    row = rows.find_task_run(views, ask.identity("id"))
    flow_run = rows.find_flow_run(views, row.flow_run)
    version = rows.version_of(views, flow_run)
    task = rows.task_of(version, row)
    attempts = views.attempts(row.flow_run, row.ordinal)
    lines = views.logs(row.flow_run, row.ordinal)
    chosen = _chosen_attempt(ask, attempts)
    tab = ask.one_of("tab", *TABS)
    page = TaskRunPage(
        f"{row.full_name}",
        rows.task_run_row(row),
        _tabs(ask, tab, attempts, lines),
        tab,
        chosen,
        _attempt_tabs(ask, row, attempts, chosen),
        1 + int(task.policies.get("max_retries", 0)) if task is not None else None,
        [] if version is None else offers(TASK_RUNS, Subject(version, flow_run, row), ask.actor),
        of_task_run(surface, row),
        source=flow_run.source,
        flow_version=flow_run.flow_version,
    )
    _fill(page, surface, ask, row, version, task, attempts, lines)
    if tab in {"inputs", "source"}:
        page.parameters = flow_run.parameters
    return page


def _fill(
    page: TaskRunPage,
    surface: Surface,
    ask: Ask,
    row: TaskRun,
    version: FlowVersion | None,
    task: TaskInfo | None,
    attempts: list[Attempt],
    lines: list[LogLine],
) -> None:
    """Read what the chosen part shows."""
    views = surface.views
    of_attempt = [line for line in lines if not page.attempt or line.attempt == page.attempt]
    page.policies = dict(task.policies) if task is not None else {}
    _add_family(page, surface, row)
    if page.tab == "overview":
        events = list(history.events_of(views, row))
        page.steps = history.steps_of(row, events, clock.now())
        page.origins = _origins(row, page.steps)
        page.artifacts = artifacts_of(events)
        page.error = next((step.error for step in reversed(page.steps) if step.error), "")
        until = _add_neighbours(page, surface, row, version)
        waited = max(0.0, (until - row.created) / NANOSECONDS) if until is not None and row.created else None
        page.spells = history.spells_of(page.steps, waited)
        page.result = preview_of(row.result, str(row.id))
        page.metrics = _metrics(surface, row)
        page.logs = log_page.last_of(of_attempt, ask)
    elif page.tab == "attempts":
        page.comparison = _compare(ask, attempts, lines)
    elif page.tab == "logs":
        page.logs = log_page.page_of(of_attempt, ask)
    elif page.tab == "inputs":
        page.inputs = inputs_of(views, row, version)
    elif page.tab == "result":
        page.result = preview_of(row.result, str(row.id))
    elif page.tab == "events":
        page.events = list(TaskRunEvents(views).build(history.events_of(views, row, MOST_EVENTS)))[:MOST_EVENTS]


def _origins(row: TaskRun, steps: Sequence[Step]) -> Origins:
    """Return which events say when it began and ended, and which attempt is its latest."""
    begun = [step.version for step in steps if step.state == "Running" and step.event]
    of_latest = [
        step.version for step in steps if step.state == "Running" and step.attempt == row.attempt and step.event
    ]
    ended = steps[-1].version if steps and row.end_time is not None else 0
    return Origins(begun[0] if begun else 0, ended, of_latest[0] if of_latest else 0)


def _chosen_attempt(ask: Ask, attempts: list[Attempt]) -> int:
    text = ask.path.get("attempt", "")
    return int(text) if text.isdecimal() and int(text) in {each.attempt for each in attempts} else 0


def _tabs(ask: Ask, tab: str, attempts: list[Attempt], lines: list[LogLine]) -> list[Tab]:
    counts = {"attempts": len(attempts), "logs": len(lines)}
    return [
        Tab(name, ask.link(tab=name if name != TABS[0] else None, find=None, level=None), name == tab, counts.get(name))
        for name in TABS
    ]


def _attempt_tabs(ask: Ask, row: TaskRun, attempts: list[Attempt], chosen: int) -> list[Tab]:
    rest = ask.link()
    found = [Tab("All", f"task-runs/{row.id}{rest}", not chosen)]
    found += [
        Tab(str(each.attempt), f"task-runs/{row.id}/attempts/{each.attempt}{rest}", each.attempt == chosen)
        for each in attempts
    ]
    return found if len(attempts) > 1 else []


def _add_family(page: TaskRunPage, surface: Surface, row: TaskRun) -> None:
    """Say what the children are like, and who stands beside a child."""
    which = TaskRunFilter(flow_run=row.flow_run, parent=row.ordinal)
    if row.kind.name == "Mapped" or (row.map_index < 0 and not row.attempt):
        page.children = rows.bar(surface.views.count_task_runs(which, "state"))
        page.children_link = f"flow-runs/{row.flow_run}?tab=matrix&task={row.slug}"
    if row.map_index >= 0:
        page.siblings.parent = str(ids.task_run_id(row.flow_run, row.parent))
        for name, ordinal in (("before", row.ordinal - 1), ("next", row.ordinal + 1)):
            near = surface.views.task_runs(TaskRunFilter(flow_run=row.flow_run, ordinals=(ordinal,)))
            if near and near[0].parent == row.parent:
                setattr(page.siblings, name, str(near[0].id))


def _add_neighbours(page: TaskRunPage, surface: Surface, row: TaskRun, version: FlowVersion | None) -> int | None:
    """Add what comes before and behind, and return when the last of those before was done."""
    edges = version.edges if version is not None else ()
    before = [edge for edge in edges if edge.downstream == row.slug][:MOST_NEIGHBOURS]
    behind = [edge for edge in edges if edge.upstream == row.slug][:MOST_NEIGHBOURS]
    found = surface.views.task_runs(TaskRunFilter(flow_run=row.flow_run, parent=0))
    runs = {each.slug: each for each in found}
    ends: list[int] = []
    for edge in before:
        run = _upstream_run(surface, row, edge, runs.get(edge.upstream))
        page.upstream.append(_neighbour(edge.upstream, edge, run))
        if run is not None and run.end_time:
            ends.append(run.end_time)
    page.downstream = [_neighbour(edge.downstream, edge, runs.get(edge.downstream)) for edge in behind]
    if row.map_index >= 0:
        return row.created
    return max(ends) if before and len(ends) == len(before) else None if before else row.created


def _upstream_run(surface: Surface, row: TaskRun, edge: EdgeInfo, run: TaskRun | None) -> TaskRun | None:
    """Return the run that an edge leads from: of a mapped input the child with the same index, where there is one."""
    if row.map_index < 0 or not edge.mapped or run is None:
        return run
    which = TaskRunFilter(flow_run=row.flow_run, parent=run.ordinal, map_index=(row.map_index,))
    return next(iter(surface.views.task_runs(which)), run)


def _neighbour(slug: str, edge: EdgeInfo, run: TaskRun | None) -> Neighbour:
    if run is None:
        return Neighbour(slug, slug, "", "", edge.key or "", edge.mapped)
    held = "" if run.result is None else f"{run.result.serializer}, {run.result.size} bytes"
    return Neighbour(slug, run.full_name, run.kind.name, str(run.id), edge.key or "", edge.mapped, held)


def _metrics(surface: Surface, row: TaskRun) -> list[dict[str, Any]]:
    return [
        {"name": each.name, "value": each.value, "kind": each.kind, "tags": each.tags, "timestamp": rows.iso(each.at)}
        for each in surface.views.metrics(row.flow_run, row.ordinal)
    ]


def _compare(ask: Ask, attempts: list[Attempt], lines: list[LogLine]) -> Comparison:
    data = [rows.attempt_row(each) for each in attempts]
    counts = [sum(line.attempt == each.attempt for line in lines) for each in attempts]
    before = [None, *(each.end_time for each in attempts[:-1])]
    waits = [rows.span(end, each.start_time) for end, each in zip(before, attempts, strict=True)] if attempts else []
    facts: list[tuple[str, list[Any], str]] = [
        ("State", [row["state"] for row in data], "state"),
        ("Started", [row["start_time"] for row in data], "time"),
        ("Waited before", waits, "length"),
        ("Took", [row["duration"] for row in data], "length"),
        ("States", [" \u2192 ".join(step["state"] for step in row["history"]) for row in data], "text"),
        ("Log lines", counts, "text"),
        ("Message", [row["state_message"] or "" for row in data], "text"),
    ]
    found = Comparison(data, [_difference(*fact) for fact in facts])
    if len(attempts) > 1:
        numbers = [each.attempt for each in attempts]
        found.right = ask.number("right", numbers[-1], most=numbers[-1])
        found.left = ask.number("left", max(found.right - 1, 1), most=numbers[-1])
        _align(found, lines)
    return found


def _difference(name: str, values: Sequence[Any], form: str) -> Difference:
    texts = ["" if value is None else str(value) for value in values]
    return Difference(name, texts, form not in {"time", "length"} and len(set(texts)) > 1, form)


def _align(found: Comparison, lines: list[LogLine]) -> None:
    left, right = (
        [printable(line.message[:MOST_OF_A_LINE]) for line in lines if line.attempt == number]
        for number in (found.left, found.right)
    )
    found.is_cut = max(len(left), len(right)) > MOST_COMPARED
    left, right = left[:MOST_COMPARED], right[:MOST_COMPARED]
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for number in range(max(b - a, d - c)):
            one = left[a + number] if a + number < b else ""
            other = right[c + number] if c + number < d else ""
            found.lines.append(AlignedLine(one, other, kind == "equal"))
