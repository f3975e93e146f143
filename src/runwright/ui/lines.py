"""Lines: the tasks of a flow run, one line each, as they stand or as they stood at a moment; children are counted in it."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import msgspec

from runwright import ids
from runwright.events import EventKind
from runwright.states import KIND_BY_CODE, KIND_BY_NAME, Phase
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from runwright.events import Event
    from runwright.runs import FlowRun, FlowVersion, TaskRun
    from runwright.views import Expansion, Views

_WORST = ("Crashed", "Failed", "TimedOut", "ValidationFailed", "Killed", "Cancelled", "TriggerFailed")


class Span(msgspec.Struct):
    """One attempt: when it ran (ns), and how it ended."""

    start: int
    end: int | None
    state: str


class TaskLine(msgspec.Struct):
    """A task in a flow run. Times are ns; `counts` are of its mapped children; `spans` are attempts where there are several.

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

    @property
    def shown(self) -> str:
        """Return the state, or that of children that did not end well."""
        return next((state for state in _WORST if self.counts.get(state)), self.state)


def lines_now(views: Views, flow_run: FlowRun) -> list[TaskLine]:
    """Return the lines as they stand, in the flow's order."""
    found = views.task_runs(TaskRunFilter(flow_run=flow_run.id, parent=0, oldest_first=True))
    expanded = {each.parent: each for each in views.expansions(flow_run.id) if each.parent}
    return [_line(views, row, expanded.get(row.ordinal)) for row in found]


def _line(views: Views, row: TaskRun, expansion: Expansion | None) -> TaskLine:
    counts: dict[str, int] = {}
    start = row.start_time
    if expansion is not None:
        counts = views.count_task_runs(TaskRunFilter(flow_run=row.flow_run, parent=row.ordinal), "state")
        unopened = expansion.count - sum(counts.values())
        if unopened > 0:
            counts = {**counts, "Pending": counts.get("Pending", 0) + unopened}
        start = start or expansion.at
    return TaskLine(
        row.slug,
        row.full_name,
        str(row.id),
        row.kind.name,
        row.created,
        start,
        row.end_time,
        row.attempt,
        row.message,
        counts,
        expansion is not None,
        _spans(views, row) if row.attempt > 1 and expansion is None else [],
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
            for number in range(each.count):
                info = tasks[number] if number < len(tasks) else None
                slug = info.slug if info is not None else f"task {number}"
                identity = str(ids.task_run_id(flow_run.id, each.first + number))
                lines[each.first + number] = TaskLine(slug, slug, identity, "Pending", each.at)
    _expand(lines, expansions)
    _replay(views, flow_run, lines, expansions, moment)
    return list(lines.values())


def _expand(lines: dict[int, TaskLine], expansions: list[Expansion]) -> None:
    for each in expansions:
        line = lines.get(each.parent)
        if line is not None:
            line.is_mapped, line.start, line.counts = True, each.at, {"Pending": each.count}


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
            counts[states.get(event.ordinal, "Pending")] -= 1
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


def is_over(line: TaskLine) -> bool:
    """Say whether nothing follows."""
    return KIND_BY_NAME[line.state].phase.is_final
