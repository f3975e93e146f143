"""Lines: the tasks of a flow run, one line each, as they stand or as they stood at a moment; children are counted in it."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import msgspec

from runwright import ids
from runwright.events import EventKind
from runwright.runs import EdgeInfo
from runwright.states import KIND_BY_CODE, Phase
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runwright.events import Event
    from runwright.runs import FlowRun, FlowVersion, TaskRun
    from runwright.views import Expansion, Views

MOST_INSIDE = 200
_WORST = ("Crashed", "Failed", "TimedOut", "ValidationFailed", "Killed", "Cancelled", "TriggerFailed")


class Span(msgspec.Struct):
    """One attempt: when it ran (ns), and how it ended."""

    start: int
    end: int | None
    state: str


class TaskLine(msgspec.Struct):
    """A task in a flow run. Times are ns; `counts` are of its children; `spans` are attempts where there are several.

    `slug` is unique among the lines: it has the index of tasks that run in rounds. `depth` is how many tasks stand around it.
    `shown` is the state that tells most of it.
    """

    slug: str
    name: str
    id: str
    state: str
    created: int
    start: int | None = None
    end: int | None = None
    attempt: int = 0
    message: str | None = None
    counts: dict[str, int] = {}
    is_mapped: bool = False
    spans: list[Span] = []
    depth: int = 0

    @property
    def shown(self) -> str:
        """Return the state, or that of children that did not end well."""
        return next((state for state in _WORST if self.counts.get(state)), self.state)


def lines_now(views: Views, flow_run: FlowRun) -> list[TaskLine]:
    """Return the lines as they stand, in the flow's order; the tasks inside a task follow it, where they are not too many."""
    expanded = {each.parent: each for each in views.expansions(flow_run.id) if each.parent}
    return list(_below(views, flow_run, 0, 0, expanded))


def _below(
    views: Views, flow_run: FlowRun, parent: int, depth: int, expanded: dict[int, Expansion]
) -> Iterator[TaskLine]:
    for row in views.task_runs(TaskRunFilter(flow_run=flow_run.id, parent=parent, oldest_first=True)):
        expansion = expanded.get(row.ordinal)
        yield _line(views, row, expansion, depth)
        if expansion is not None and expansion.plan is not None and expansion.count <= MOST_INSIDE:
            yield from _below(views, flow_run, row.ordinal, depth + 1, expanded)


def _line(views: Views, row: TaskRun, expansion: Expansion | None, depth: int) -> TaskLine:
    counts: dict[str, int] = {}
    start = row.start_time
    if expansion is not None:
        counts = views.count_task_runs(TaskRunFilter(flow_run=row.flow_run, parent=row.ordinal), "state")
        unopened = expansion.count - sum(counts.values())
        if unopened > 0 and expansion.plan is None:
            counts = {**counts, "Pending": counts.get("Pending", 0) + unopened}
        start = start or expansion.at
    return TaskLine(
        row.slug if row.map_index < 0 else f"{row.slug}[{row.map_index}]",
        row.full_name,
        str(row.id),
        row.kind.name,
        row.created,
        start,
        row.end_time,
        row.attempt,
        row.message,
        counts,
        expansion is not None and expansion.plan is None,
        _spans(views, row) if row.attempt > 1 and expansion is None else [],
        depth,
    )


def _spans(views: Views, row: TaskRun) -> list[Span]:
    return [Span(each.start_time, each.end_time, each.kind.name) for each in views.attempts(row.flow_run, row.ordinal)]


def lines_at(views: Views, flow_run: FlowRun, version: FlowVersion | None, moment: int) -> list[TaskLine]:
    """Return the lines as they stood at a time (ns), from the events until then."""
    tasks = version.tasks if version is not None else ()
    expansions = [each for each in views.expansions(flow_run.id) if each.at <= moment]
    lines: dict[int, TaskLine] = {}
    for each in expansions:
        if not each.parent:
            body = (each.plan or {}).get("body") or range(each.count)
            for number, index in enumerate(body):
                slug = tasks[index].slug if index < len(tasks) else f"task {index}"
                identity = str(ids.task_run_id(flow_run.id, each.first + number))
                lines[each.first + number] = TaskLine(slug, slug, identity, "Pending", each.at)
    _expand(lines, expansions)
    _replay(views, flow_run, lines, expansions, moment)
    return list(lines.values())


def _expand(lines: dict[int, TaskLine], expansions: list[Expansion]) -> None:
    for each in expansions:
        line = lines.get(each.parent)
        if line is not None:
            line.is_mapped, line.start = each.plan is None, each.at
            line.counts = {"Pending": each.count} if each.plan is None else {}


def _replay(
    views: Views, flow_run: FlowRun, lines: dict[int, TaskLine], expansions: list[Expansion], moment: int
) -> None:
    children = sorted((each.first, each.first + each.count, each.parent) for each in expansions if each.parent)
    firsts = [first for first, _, _ in children]
    states: dict[int, str] = {}
    for event in views.iterate_events(flow_run.id):
        if event.at > moment:
            break
        if event.kind != EventKind.STATE or not event.ordinal:
            continue
        line = lines.get(event.ordinal)
        if line is not None:
            _enter(line, event)
            continue
        place = bisect_right(firsts, event.ordinal) - 1
        if place >= 0 and event.ordinal < children[place][1] and children[place][2] in lines:
            counts = lines[children[place][2]].counts
            before = states.get(event.ordinal, "Pending")
            counts[before] = max(0, counts.get(before, 0) - 1)
            name = states[event.ordinal] = KIND_BY_CODE[event.state].name
            counts[name] = counts.get(name, 0) + 1


def _enter(line: TaskLine, event: Event) -> None:
    kind = KIND_BY_CODE[event.state]
    line.state, line.attempt = kind.name, event.attempt
    line.message = (event.data or {}).get("message")
    if kind.phase is Phase.ACTIVE:
        if line.start is None:
            line.start = event.at
        if kind.name == "Running" and (not line.spans or line.spans[-1].end is not None):
            line.spans = [*line.spans, Span(event.at, None, kind.name)]
    elif line.spans and line.spans[-1].end is None:
        failed = (event.data or {}).get("failed")
        line.spans[-1].end = event.at
        line.spans[-1].state = KIND_BY_CODE[failed["state"]].name if failed else kind.name
    line.end = event.at if kind.phase.is_final else None


def by_task(lines: Iterable[TaskLine]) -> dict[str, TaskLine]:
    """Return one line for each task: of one that runs in rounds its first, with all of them counted."""
    found: dict[str, TaskLine] = {}
    for line in lines:
        slug = line.slug.partition("[")[0] if line.depth else line.slug
        if slug == line.slug:
            found[slug] = line
            continue
        whole = found.setdefault(slug, msgspec.structs.replace(line, counts={}))
        whole.counts[line.shown] = whole.counts.get(line.shown, 0) + 1
    return found


def order_of(version: FlowVersion, expansions: Iterable[Expansion]) -> tuple[EdgeInfo, ...]:
    """Return arrows for a flow without edges: from each task to the next, and from a task to those inside it."""
    slugs = [task.slug for task in version.tasks]
    inside: dict[str, EdgeInfo] = {}
    owners: dict[int, str] = {}
    for each in expansions:
        body = [slugs[index] for index in (each.plan or {}).get("body", ()) if index < len(slugs)]
        owner = owners.get(each.parent, "")
        for number in range(each.count if body else 0):
            owners[each.first + number] = body[number % len(body)]
        is_together = (each.plan or {}).get("order") == "together"
        for before, slug in zip(["" if is_together else owner, *body], body, strict=False):
            origin = owner if is_together else before
            if origin and origin != slug:
                inside.setdefault(f"{origin}\0{slug}", EdgeInfo(origin, slug))
    return tuple(inside.values())
