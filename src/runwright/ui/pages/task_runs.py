"""Task runs: all of them, of every flow run: found by a search, counted, timed, grouped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from runwright import clock
from runwright.states import Phase
from runwright.ui import rows, search
from runwright.ui.actions.action import Act
from runwright.ui.bulk import work
from runwright.ui.columns import Column, add_workers, column_choice, shown_columns
from runwright.ui.copying import Copy, of_task_runs
from runwright.ui.grouping import GROUPS, Group, Grouping
from runwright.ui.rows import Part
from runwright.ui.saved_views import SavedView, saved_views
from runwright.ui.search import SearchError
from runwright.ui.selection import SORTS, Durations, Selection
from runwright.ui.window import Window, among_of, window_of
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from runwright.ui.ask import Ask
    from runwright.ui.search import Term
    from runwright.ui.surface import Surface

LIMIT = 100
MOST_ROWS = 500
TIMED_AT_ONCE = 50_000  # events on the record: of a larger one durations are measured when the page is there already


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


class Mistake(msgspec.Struct, frozen=True):
    """What cannot be read in the search, split around its place."""

    message: str
    before: str
    wrong: str
    behind: str
    suggestion: str
    link: str


class TaskRuns(msgspec.Struct):
    """The page. `total` and `counts` are of all that match; `durations` is None until somebody asks for a large number.

    With a `window` only the task runs in it were looked at: then all numbers are of those.
    """

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
    measured_at: str = ""
    groups: list[Group] = []
    groups_left_out: int = 0
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
    columns: list[Column] = []
    shown: tuple[str, ...] = ()
    kept: dict[str, str] = {}
    window: Window | None = None
    bulk: list[Act] = []
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
    selection.among = among_of(surface.views, selection, ask)
    if selection.among is not None:
        page.window = window_of(surface.views, selection.among, ask)
    _count(page, selection, ask)
    _time(page, surface, selection, ask)
    page.group_by = ask.one_of("group", *GROUPS)
    if page.group_by == "none" and page.total:
        _list(page, selection, ask)
    elif page.total:
        grouping = Grouping(surface.views, terms, ask, now, selection.among)
        page.groups, page.groups_left_out = grouping.groups(page.group_by), grouping.left_out
    if not page.total:
        _explain(page, selection, terms, ask)
    page.copies = of_task_runs(surface, text, selection)
    if page.may_act:
        page.bulk = work.offered(work.ACTIONS.values())
    return page


def read_durations(surface: Surface, ask: Ask) -> Durations:
    """Return how long all that match took, however many they are."""
    text = ask.get("q").strip()
    selection = Selection(surface.views, search.parse(text, clock.now()))
    selection.among = among_of(surface.views, selection, ask)
    name = repr((text, selection.among))
    return surface.measuring.durations(name, surface.log_end.cursor(), selection.durations)


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
    worst_first = sorted(counts.items(), key=lambda each: rows.phase_of(each[0]) != Phase.BAD.value)
    page.counts = [
        StateCount(state, count, ask.link(q=" ".join([*others, f"state:{state}"]))) for state, count in worst_first
    ]


def _time(page: TaskRuns, surface: Surface, selection: Selection, ask: Ask) -> None:
    """Measure at once on a moderate record; on a large one when the page is there, so that nobody waits for it."""
    if page.total and (ask.get("time") == "all" or surface.log_end.cursor() <= TIMED_AT_ONCE):
        page.durations = selection.durations()
    elif page.total:
        page.timing = ask.link(time="all", **_looked(ask))
        page.measured_at = f"parts/durations{ask.link(**_looked(ask))}"


def _looked(ask: Ask) -> dict[str, str]:
    """Return what of the address says which task runs are looked at: pages of one list keep it."""
    return {name: ask.get(name) for name in ("skip", "look") if ask.get(name)}


def _list(page: TaskRuns, selection: Selection, ask: Ask) -> None:
    after = ask.get("after")
    found = selection.page(
        sort=ask.one_of("sort", *SORTS), after=after, limit=ask.number("limit", LIMIT, most=MOST_ROWS)
    )
    page.rows = [rows.task_run_row(row) for row in found.rows]
    page.shown = shown_columns(ask)
    page.columns = column_choice(page.shown)
    page.kept = {name: ask.get(name) for name in ("q", "sort") if ask.get(name)}
    if "worker" in page.shown:
        add_workers(selection.views, page.rows)
    page.longest = max((row["duration"] or 0.0 for row in page.rows), default=0.0)
    page.is_first = not after
    page.older = ask.link(after=found.after, **_looked(ask)) if found.after else ""


def _explain(page: TaskRuns, selection: Selection, terms: tuple[Term, ...], ask: Ask) -> None:
    """Say why nothing is there: nothing recorded yet, or which term alone stands in the way."""
    page.is_record_empty = not selection.views.count_task_runs(TaskRunFilter())["count"]
    for term in terms:
        others = tuple(each for each in terms if each is not term)
        count = sum(Selection(selection.views, others, selection.among).counts().values())
        if count:
            page.without.append(Choice(f"{count} without {term.text}", ask.link(q=search.without(terms, term))))
