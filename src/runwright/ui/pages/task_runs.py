"""Task runs: all of them, of every flow run: found by a search, counted, timed, grouped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright import clock
from runwright.clock import NANOSECONDS
from runwright.states import KIND_BY_NAME, Phase
from runwright.ui import rows, search
from runwright.ui.bulk import work
from runwright.ui.copying import Copy, of_task_runs
from runwright.ui.rows import Part
from runwright.ui.saved_views import SavedView, saved_views
from runwright.ui.search import SearchError
from runwright.ui.selection import SORTS, Durations, Selection
from runwright.ui.words import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.ui.ask import Ask
    from runwright.ui.search import Term
    from runwright.ui.surface import Surface

LIMIT = 100
MOST_ROWS = 500
MOST_GROUPS = 60
GROUPS = ("none", "flow", "task", "run", "error", "hour")
TIMED_AT_ONCE = 50_000  # events on the record: of a larger one durations are measured when the page is there already
_HOUR = 3_600 * NANOSECONDS
_HOURS = 48


class Choice(msgspec.Struct, frozen=True):
    """A link that narrows what is shown, widens it or shows it in another way."""

    text: str
    link: str
    is_chosen: bool = False


class StateCount(msgspec.Struct, frozen=True):
    """How many are in a state, and the link that shows just them."""

    state: str
    count: int
    link: str


class Group(msgspec.Struct, frozen=True):
    """Task runs that have something in common."""

    name: str
    count: int
    link: str
    parts: list[Part]


class Mistake(msgspec.Struct, frozen=True):
    """What cannot be read in the search, split around its place."""

    message: str
    before: str
    wrong: str
    behind: str
    suggestion: str
    link: str


class TaskRuns(msgspec.Struct):
    """The page. `total` and `counts` are of all that match; `durations` is None until somebody asks for a large number."""

    search: str
    chips: list[Choice]
    views: list[Choice]
    sorts: list[Choice]
    groupings: list[Choice]
    mistake: Mistake | None = None
    total: int = 0
    counts: list[StateCount] = []
    parts: list[Part] = []
    durations: Durations | None = None
    timing: str = ""
    groups: list[Group] = []
    group_by: str = "none"
    rows: list[dict[str, Any]] = []
    longest: float = 0.0
    is_first: bool = True
    older: str = ""
    first: str = ""
    is_record_empty: bool = False
    without: list[Choice] = []
    copies: list[Copy] = []
    saved: list[SavedView] = []
    may_act: bool = False
    bulk: list[Choice] = []
    status: int = 200


VIEWS = (
    ("All", ""),
    ("Failed", "phase:bad"),
    ("Running", "phase:active"),
    ("Waiting", "phase:waiting"),
    ("Retried", "attempt:>1"),
    ("Slow", "duration:>1m"),
    ("Last hour", "after:1h"),
)


def read(surface: Surface, ask: Ask) -> TaskRuns:
    """Return the page for a search."""
    text = ask.get("q").strip()
    now = clock.now()
    page = TaskRuns(
        text,
        [],
        [Choice(name, ask.link(q=query), text == query) for name, query in VIEWS],
        [
            Choice(name, ask.link(sort=name if name != SORTS[0] else None), ask.one_of("sort", *SORTS) == name)
            for name in SORTS
        ],
        [
            Choice(name, ask.link(group=name if name != "none" else None), ask.one_of("group", *GROUPS) == name)
            for name in GROUPS
        ],
        first=ask.link(),
    )
    page.saved = saved_views(surface.views, "task-runs")
    page.may_act = ask.actor is not None and ask.actor.may_act
    try:
        terms = search.parse(text, now)
    except SearchError as error:
        page.mistake, page.status = mistake_of(error, text, ask), 400
        return page
    page.chips = [Choice(term.text, ask.link(q=search.without(terms, term))) for term in terms]
    selection = Selection(surface.views, terms)
    _count(page, selection, ask)
    _time(page, surface, selection, ask)
    page.group_by = ask.one_of("group", *GROUPS)
    if page.group_by == "none":
        _list(page, selection, ask)
    else:
        page.groups = _group(surface, page.group_by, terms, selection, ask, now)
    if not page.total:
        _explain(page, surface, terms, ask)
    page.copies = of_task_runs(surface, text, selection)
    if page.may_act:
        page.bulk = [Choice(each.title, each.name) for each in work.ACTIONS.values()]
    return page


def read_durations(surface: Surface, ask: Ask) -> Durations:
    """Return how long all that match took, however many they are."""
    text = ask.get("q").strip()
    selection = Selection(surface.views, search.parse(text, clock.now()))
    return surface.measuring.durations(text, surface.log_end.cursor(), selection.durations)


def mistake_of(error: SearchError, text: str, ask: Ask) -> Mistake:
    """Return what is wrong with a search, for the page to show."""
    suggestion = error.suggestion
    link = ask.link(q=suggestion) if suggestion else ""
    return Mistake(
        str(error),
        text[: error.start][-200:],
        text[error.start : error.end][:200],
        text[error.end :][:200],
        suggestion,
        link,
    )


def _count(page: TaskRuns, selection: Selection, ask: Ask) -> None:
    counts = selection.counts()
    page.total = sum(counts.values())
    page.parts = rows.bar(counts)
    others = [word for word in page.search.split() if not word.startswith(("state:", "phase:"))]
    page.counts = [
        StateCount(state, count, ask.link(q=" ".join([*others, f"state:{state}"]))) for state, count in counts.items()
    ]


def _time(page: TaskRuns, surface: Surface, selection: Selection, ask: Ask) -> None:
    """Measure at once on a moderate record; on a large one when the page is there, so that nobody waits for it."""
    if page.total and (ask.get("time") == "all" or surface.log_end.cursor() <= TIMED_AT_ONCE):
        page.durations = selection.durations()
    elif page.total:
        page.timing = ask.link(time="all")


def _list(page: TaskRuns, selection: Selection, ask: Ask) -> None:
    after = ask.get("after")
    found = selection.page(
        sort=ask.one_of("sort", *SORTS), after=after, limit=ask.number("limit", LIMIT, most=MOST_ROWS)
    )
    page.rows = [rows.task_run_row(row) for row in found.rows]
    page.longest = max((row["duration"] or 0.0 for row in page.rows), default=0.0)
    page.is_first = not after
    page.older = ask.link(after=found.after) if found.after else ""


def _group(surface: Surface, by: str, terms: tuple[Term, ...], selection: Selection, ask: Ask, now: int) -> list[Group]:
    if by == "hour":
        return _by_hour(surface, terms, ask, now)
    names = _names(surface, by)
    column = {"flow": "flow_run_id", "run": "flow_run_id", "task": "task_id", "error": "state_message"}[by]
    if by == "error":
        selection = Selection(surface.views, (*terms, search.parse("phase:bad", now)[0]))
    found = selection.groups(column, names)
    largest = sorted(found.items(), key=lambda group: -sum(group[1].values()))[:MOST_GROUPS]
    return [_as_group(name, states, _narrowed(ask, by, name)) for name, states in largest]


def _names(surface: Surface, by: str) -> Callable[[Any], str]:
    """Return what makes the name of a group of the value of its column."""
    if by == "error":
        return lambda message: fingerprint(message) or "without a message"
    if by == "task":
        tasks = {str(each): name for each, name in surface_tasks(surface)}
        return lambda identity: tasks.get(str(identity), "unknown")
    runs = surface_runs(surface, by)
    return lambda identity: runs.get(str(identity), "unknown")


def surface_tasks(surface: Surface) -> list[tuple[str, str]]:
    """Return the ids of all tasks with their slugs."""
    from runwright.query import Query, columns  # noqa: PLC0415  only grouping asks for it

    answer = msgspec.json.decode(surface.views.query(Query("task", columns("id", "slug"))))
    return [(row["id"], row["slug"]) for row in answer]


def surface_runs(surface: Surface, by: str) -> dict[str, str]:
    """Return the names of all flow runs, or of their flows, by id."""
    from runwright.query import Query, Related, columns  # noqa: PLC0415  only grouping asks for it

    fields = (*columns("id", "name"), Related("flow", Query("flow", columns("name"), is_single=True)))
    answer = msgspec.json.decode(surface.views.query(Query("flow_run", fields)))
    return {row["id"]: row["flow"]["name"] if by == "flow" else row["name"] for row in answer}


def _by_hour(surface: Surface, terms: tuple[Term, ...], ask: Ask, now: int) -> list[Group]:
    """Return the hours of the last two days in which something changed, newest first."""
    groups = []
    for hour in range(now // _HOUR, now // _HOUR - _HOURS, -1):
        start, end = (rows.iso(each * _HOUR) or "" for each in (hour, hour + 1))
        bounds = search.parse(f"after:{start} before:{end}", now)
        counts = Selection(surface.views, (*terms, *bounds)).counts()
        if counts:
            link = ask.link(q=f"{page_text(terms)} after:{start} before:{end}".strip(), group=None)
            groups.append(_as_group(start, counts, link))
    return groups


def page_text(terms: tuple[Term, ...]) -> str:
    """Return the search that terms were read from."""
    return " ".join(term.text for term in terms)


def _narrowed(ask: Ask, by: str, name: str) -> str:
    key = {"flow": "flow", "task": "task", "run": "run", "error": "error"}[by]
    word = max(name.split("\u2026"), key=len).strip() if by == "error" else name
    return ask.link(q=f"{ask.get('q')} {search.written(key, word)}".strip(), group=None)


def _as_group(name: str, counts: dict[str, int], link: str) -> Group:
    return Group(name, sum(counts.values()), link, rows.bar(counts))


def _explain(page: TaskRuns, surface: Surface, terms: tuple[Term, ...], ask: Ask) -> None:
    """Say why nothing is there: nothing recorded yet, or which term alone stands in the way."""
    page.is_record_empty = not surface.views.count_task_runs(Selection(surface.views, ()).which or _never())["count"]
    for term in terms:
        others = tuple(each for each in terms if each is not term)
        count = sum(Selection(surface.views, others).counts().values())
        if count:
            page.without.append(Choice(f"{count} without {term.text}", ask.link(q=search.without(terms, term))))


def _never() -> Any:
    raise AssertionError("a search without terms finds something to count")


def is_bad(state: str) -> bool:
    """Say whether a state is one that somebody should look at."""
    return KIND_BY_NAME[state].phase is Phase.BAD
