"""Flow run: one running of a flow, as gantt, graph, table, matrix, logs and events, now or at any moment of its past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from runwright import clock, codec, ids
from runwright.events import EventKind
from runwright.states import KIND_BY_CODE
from runwright.ui import dag, gantt, log_page, rows
from runwright.ui.actions.action import Act
from runwright.ui.actions.subject import FLOW_RUNS, Subject
from runwright.ui.actions.table import offers
from runwright.ui.ask import Ask
from runwright.ui.comparing import Comparison, compare
from runwright.ui.copying import Copy, of_flow_run
from runwright.ui.dag import Dag
from runwright.ui.gantt import Gantt
from runwright.ui.lineage import Lineage, lineage_of
from runwright.ui.lines import TaskLine, by_task, lines_at, lines_now, order_of
from runwright.ui.log_page import LogPage
from runwright.ui.pages.task_run import Tab
from runwright.views import EventFilter, FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runwright.events import Event
    from runwright.runs import FlowRun, FlowVersion
    from runwright.ui.surface import Surface

TABS = ("gantt", "graph", "table", "matrix", "logs", "events", "compare", "lineage", "parameters")
TABLE_LIMIT = 200
EVENT_LIMIT = 200
_MILLISECOND = 1_000_000


class Scrubber(msgspec.Struct):
    """The time of the run in milliseconds after its beginning; `at` is None for now."""

    at: int | None
    most: int
    moment: str | None
    now_link: str


class Matrix(msgspec.Struct):
    """The mapped tasks of the run, and the children of the one that is looked at."""

    tasks: list[Tab]
    slug: str = ""
    first: str = ""
    count: int = 0
    parts: list[rows.Part] = []


class RawEvent(msgspec.Struct, frozen=True):
    """An event of the log as it stands, and whom it is about."""

    cursor: int
    id: str
    timestamp: str
    kind: str
    state: str
    version: int
    name: str
    link: str
    flow_run_id: str
    data: Any


class FlowRunPage(msgspec.Struct):
    """The page. Parts that are not asked for stay empty; `counts` are of the moment that is shown."""

    title: str
    run: dict[str, Any]
    parts: list[rows.Part]
    tabs: list[Tab]
    tab: str
    acts: list[Act]
    copies: list[Copy]
    scrubber: Scrubber
    select: str = ""
    selected: TaskLine | None = None
    links: dict[str, str] = {}
    gantt: Gantt | None = None
    graph: Dag | None = None
    rows: list[dict[str, Any]] = []
    longest: float = 0.0
    more: str = ""
    matrix: Matrix | None = None
    comparison: Comparison | None = None
    lineage: Lineage | None = None
    requests: list[OpenRequest] = []
    is_deleted: bool = False
    logs: LogPage | None = None
    events: list[RawEvent] = []
    further: str = ""
    parameters: dict[str, Any] = {}
    source: dict[str, str] = {}


class OpenRequest(msgspec.Struct, frozen=True):
    """Something that was asked of the run, and is not answered yet."""

    intent: str
    by: str
    at: str


class Look(NamedTuple):
    """What the parts of the page are made of: the run, its flow, its lines at the moment that is shown, and the time until then."""

    surface: Surface
    ask: Ask
    flow_run: FlowRun
    version: FlowVersion | None
    lines: list[TaskLine]
    span: tuple[int, int]


class MatrixData(msgspec.Struct):
    """The children of a mapped task by index: codes of states, attempts, seconds; -1 where a child has not begun."""

    states: list[int]
    attempts: list[int]
    seconds: list[float]
    ids: list[str]
    names: dict[int, str]


def read(surface: Surface, ask: Ask) -> FlowRunPage:
    """Return the page of a flow run; raises `NotOnRecord`."""
    views = surface.views
    flow_run = rows.find_flow_run(views, ask.identity("id"))
    version = rows.version_of(views, flow_run)
    tab = ask.one_of("tab", *TABS)
    end = flow_run.end_time or clock.now()
    begin = flow_run.start_time or flow_run.created
    scrubber = _scrubber(ask, begin, end)
    page = FlowRunPage(
        flow_run.name,
        rows.flow_run_row(flow_run),
        rows.bar(flow_run.counts),
        [
            Tab(name, ask.link(tab=name if name != TABS[0] else None, find=None, level=None, task=None), name == tab)
            for name in TABS
        ],
        tab,
        [] if version is None else offers(FLOW_RUNS, Subject(version, flow_run), ask.actor),
        of_flow_run(surface, flow_run),
        scrubber,
        ask.get("select")[:300],
    )
    needs_lines = tab in {"gantt", "graph", "matrix"}
    lines: list[TaskLine] = []
    if needs_lines or page.select or scrubber.at is not None:
        moment = None if scrubber.at is None else begin + scrubber.at * _MILLISECOND
        lines = lines_now(views, flow_run) if moment is None else lines_at(views, flow_run, version, moment)
        end = end if moment is None else moment
        if moment is not None:
            page.parts = rows.bar(_counts(lines))
    page.selected = next((line for line in lines if line.slug == page.select), None)
    _PARTS[tab](page, Look(surface, ask, flow_run, version, lines, (begin, end)))
    page.links = {line.slug: ask.link(select=None if line.slug == page.select else line.slug) for line in lines}
    for line in lines:
        page.links.setdefault(line.slug.partition("[")[0], page.links[line.slug])
    page.parameters, page.source = flow_run.parameters, flow_run.source
    page.is_deleted = bool(flow_run.details.get("deleted"))
    page.requests = [OpenRequest(each.intent, each.by, rows.iso(each.at) or "") for each in views.requests(flow_run.id)]
    return page


def read_matrix(surface: Surface, ask: Ask) -> MatrixData:
    """Return the children of a mapped task, for the canvas that draws them."""
    flow_run = rows.find_flow_run(surface.views, ask.identity("id"))
    parent = next(
        (line for line in lines_now(surface.views, flow_run) if line.slug == ask.get("task") and line.is_mapped), None
    )
    if parent is None:
        return MatrixData([], [], [], [], {})
    count = sum(parent.counts.values())
    found = MatrixData([-1] * count, [0] * count, [-1.0] * count, [""] * count, {})
    which = TaskRunFilter(flow_run=flow_run.id, parent=ids.ordinal_of(UUID(parent.id)))
    for row in surface.views.task_runs(which):
        if 0 <= row.map_index < count:
            found.states[row.map_index] = row.state
            found.attempts[row.map_index] = row.attempt
            found.seconds[row.map_index] = rows.span(row.start_time, row.end_time) or 0.0
            found.ids[row.map_index] = str(row.id)
    found.names = {code: kind.name for code, kind in KIND_BY_CODE.items() if code in set(found.states)}
    return found


def _counts(lines: Sequence[TaskLine]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.state] = counts.get(line.state, 0) + 1
        for state, count in line.counts.items():
            counts[state] = counts.get(state, 0) + count
    return counts


def _scrubber(ask: Ask, begin: int, end: int) -> Scrubber:
    most = max(1, -(-(end - begin) // _MILLISECOND))
    text = ask.get("at")
    at = min(int(text), most) if text.isdecimal() and len(text) < 16 else None  # noqa: PLR2004  digits of milliseconds
    moment = None if at is None else rows.iso(begin + at * _MILLISECOND)
    return Scrubber(at, most, moment, ask.link(at=None))


def _add_gantt(page: FlowRunPage, look: Look) -> None:
    page.gantt = gantt.draw(look.lines, look.version.edges if look.version is not None else (), *look.span)


def _add_graph(page: FlowRunPage, look: Look) -> None:
    version = look.version
    if version is None:
        return
    critical = gantt.critical_path(look.lines, version.edges) if version.edges else []
    edges = version.edges or order_of(version, look.surface.views.expansions(look.flow_run.id))
    page.graph = dag.draw(version.tasks, edges, by_task(look.lines), critical)


def _add_table(page: FlowRunPage, look: Look) -> None:
    views = look.surface.views
    which = TaskRunFilter(flow_run=look.flow_run.id, oldest_first=True, limit=TABLE_LIMIT)
    if page.selected is None:
        found = views.task_runs(which)
    else:
        ordinal = ids.ordinal_of(UUID(page.selected.id))
        found = views.task_runs(msgspec.structs.replace(which, ordinals=(ordinal,)))
        found += views.task_runs(msgspec.structs.replace(which, parent=ordinal))
    page.rows = [rows.task_run_row(row) for row in found]
    page.longest = max((row["duration"] or 0.0 for row in page.rows), default=0.0)
    page.more = f"task-runs?q=run:{look.flow_run.id}"


def _add_matrix(page: FlowRunPage, look: Look) -> None:
    mapped = [line for line in look.lines if line.is_mapped]
    wanted = look.ask.get("task") or page.select
    chosen = next((line for line in mapped if line.slug == wanted), mapped[0] if mapped else None)
    page.matrix = Matrix(
        [Tab(line.slug, look.ask.link(task=line.slug), line is chosen, sum(line.counts.values())) for line in mapped]
    )
    if chosen is not None:
        page.matrix.slug, page.matrix.parts = chosen.slug, rows.bar(chosen.counts)
        page.matrix.count = sum(chosen.counts.values())
        page.matrix.first = chosen.id


def _add_logs(page: FlowRunPage, look: Look) -> None:
    until = None if page.scrubber.at is None else look.span[1]
    found = look.surface.views.logs(look.flow_run.id, until=until)
    who = _who(look.surface, look.flow_run)
    if page.selected is not None:
        ordinal = ids.ordinal_of(UUID(page.selected.id))
        children = look.surface.views.task_runs(TaskRunFilter(flow_run=look.flow_run.id, parent=ordinal))
        family = {ordinal, *(row.ordinal for row in children)}
        found = [line for line in found if line.ordinal in family]
    page.logs = log_page.page_of(found, look.ask, who)


def _add_events(page: FlowRunPage, look: Look) -> None:
    after = look.ask.get("cursor")
    cursor = int(after) if after.isdecimal() and len(after) < 19 else 0  # noqa: PLR2004  digits of a cursor
    found = look.surface.views.events(EventFilter(cursor, look.flow_run.id, limit=EVENT_LIMIT + 1))
    if page.scrubber.at is not None:
        found = [event for event in found if event.at <= look.span[1]]
    page.events = raw_events(look.surface, found[:EVENT_LIMIT])
    page.further = look.ask.link(cursor=found[EVENT_LIMIT - 1].cursor) if len(found) > EVENT_LIMIT else ""


def _add_comparison(page: FlowRunPage, look: Look) -> None:
    """Compare with the run that `with` names, else with the one before of the same flow."""
    views, wanted = look.surface.views, look.ask.get("with")
    if wanted:
        found = [rows.find_flow_run(views, Ask({"id": wanted}).identity("id"))]
    else:
        before = FlowRunFilter(flow=look.flow_run.flow_name, after=look.flow_run.id, limit=1, without_deleted=True)
        found = views.flow_runs(before)
    if found:
        other = found[0]
        after = lines_now(views, look.flow_run)
        page.comparison = compare(other, look.flow_run, lines_now(views, other), after, rows.flow_run_row(other))


def _add_lineage(page: FlowRunPage, look: Look) -> None:
    page.lineage = lineage_of(look.surface.views, look.flow_run)


def _add_nothing(page: FlowRunPage, look: Look) -> None:
    """Parameters and source are on every page."""


_PARTS: dict[str, Callable[..., None]] = {
    "gantt": _add_gantt,
    "graph": _add_graph,
    "table": _add_table,
    "matrix": _add_matrix,
    "logs": _add_logs,
    "events": _add_events,
    "compare": _add_comparison,
    "lineage": _add_lineage,
    "parameters": _add_nothing,
}


def _who(surface: Surface, flow_run: FlowRun) -> Callable[[set[int]], dict[int, log_page.Who]]:
    def who(ordinals: set[int]) -> dict[int, log_page.Who]:
        rows_found = surface.views.task_runs(TaskRunFilter(flow_run=flow_run.id, ordinals=tuple(ordinals)))
        known = {row.ordinal: (row.full_name, f"task-runs/{row.id}") for row in rows_found}
        return {0: ("flow run", f"flow-runs/{flow_run.id}"), **known}

    return who


def raw_events(surface: Surface, events: Sequence[Event]) -> list[RawEvent]:
    """Return events of the log with the names of whom they are about."""
    names: dict[Any, str] = {}
    wanted: dict[Any, set[int]] = {}
    for event in events:
        wanted.setdefault(event.flow_run, set()).add(event.ordinal)
    for flow_run, ordinals in wanted.items():
        for row in surface.views.task_runs(TaskRunFilter(flow_run=flow_run, ordinals=tuple(ordinals))):
            names[flow_run, row.ordinal] = row.full_name
    return [_raw(event, names.get((event.flow_run, event.ordinal), "")) for event in events]


def _raw(event: Event, name: str) -> RawEvent:
    identity = ids.task_run_id(event.flow_run, event.ordinal)
    return RawEvent(
        event.cursor,
        str(ids.event_id(event.flow_run, event.ordinal, event.version)),
        rows.iso(event.at) or "",
        EventKind(event.kind).name.lower(),
        KIND_BY_CODE[event.state].name if event.state else "",
        event.version,
        name or ("flow run" if not event.ordinal else "task run that has not begun"),
        f"task-runs/{identity}" if event.ordinal else f"flow-runs/{event.flow_run}",
        str(event.flow_run),
        codec.to_plain(event.data),
    )
