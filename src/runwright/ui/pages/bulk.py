"""Bulk actions: the form before one, the list of them, and how far one has come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec

from runwright import clock
from runwright.child_runs import ChildRuns, Order
from runwright.errors import InputError, NotOnRecord, RunwrightError
from runwright.flow_files import load_flow
from runwright.ui import bulk, rows, search
from runwright.ui.actions.action import NOT_ALLOWED, READ_ONLY
from runwright.ui.actions.field import Field
from runwright.ui.actions.run_actions import TAG, tags_from
from runwright.ui.actions.subject import FLOW_RUNS, TASK_RUNS
from runwright.ui.bulk import work
from runwright.ui.pages.action import request_in
from runwright.ui.selection import Selection
from runwright.ui.words import number
from runwright.views import FlowRunFilter, TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.runs import FlowRun, TaskRun
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

LIMIT = 50
MOST_LINES = 200
FILE = Path(bulk.__file__).parent / "flow_file" / "runwright_bulk.py"


class BulkForm(msgspec.Struct):
    """What stands before a bulk action: what it is about, how many, what follows, and what it asks for."""

    title: str
    action: str
    button: str
    says: str
    count: int
    about: str
    search: str
    chosen: list[str]
    request: str
    of: str = TASK_RUNS
    is_harmful: bool = False
    fields: list[Field] = []
    why: str = ""
    problem: str = ""
    status: int = 200


class BulkLine(msgspec.Struct):
    """One bulk action: what was asked by whom, and how far it has come; `chosen` is None until that is known."""

    run: dict[str, Any]
    action: str
    by: str
    search: str
    of: str = TASK_RUNS
    chosen: int | None = None
    done: int = 0
    refused: int = 0
    parts: list[rows.Part] = []


class BulkPage(msgspec.Struct):
    """The page of one. `refusals` are the first that refused, each with its reason; `is_open` while it goes on."""

    title: str
    line: BulkLine
    refusals: list[tuple[str, str]]
    is_open: bool
    is_lost: bool = False


class BulkList(msgspec.Struct):
    """The page of all of them, newest first."""

    lines: list[BulkLine]
    is_cut: bool = False


def read_list(surface: Surface, _: Ask) -> BulkList:
    """Return the page of all bulk actions."""
    found = surface.views.flow_runs(FlowRunFilter(flow=work.FLOW, limit=LIMIT + 1))
    return BulkList([_line(surface, row) for row in found[:LIMIT]], len(found) > LIMIT)


def read(surface: Surface, ask: Ask) -> BulkPage:
    """Return the page of one bulk action; raises `NotOnRecord`."""
    row = rows.find_flow_run(surface.views, ask.identity("id"))
    if row.flow_name != work.FLOW:
        raise NotOnRecord(f"{row.id} is a flow run of {row.flow_name}, no bulk action.")
    line = _line(surface, row)
    lines = surface.views.logs(row.id) if line.refused else []
    refusals = [each.message.partition(": ") for each in lines if each.level >= 30 and each.ordinal][:MOST_LINES]  # noqa: PLR2004  a warning
    lease = surface.views.find_lease(row.id)
    is_held = lease is not None and lease.expires > surface.views.now()
    is_open = not row.kind.phase.is_final
    told = [(about, why) for about, _, why in refusals]
    return BulkPage(f"{line.action} many", line, told, is_open, is_open and row.start_time is not None and not is_held)


def _line(surface: Surface, row: FlowRun) -> BulkLine:
    given = row.parameters
    action = work.ACTIONS.get(str(given.get("action")))
    line = BulkLine(
        rows.flow_run_row(row),
        action.title if action else "?",
        str(given.get("by", "")),
        str(given.get("query", "")),
        str(given.get("of", TASK_RUNS)),
    )
    latest = {each.ordinal: each.attempt for each in _task_runs(surface, row)}
    for each in surface.views.metrics(row.id):
        if latest.get(each.ordinal) != each.attempt:
            continue  # of an attempt that was lost: the next one counts again
        if each.name == "chosen":
            line.chosen = int(each.value)
        elif each.name in {"done", "refused"}:
            setattr(line, each.name, getattr(line, each.name) + int(each.value))
    left = max(0, (line.chosen or 0) - line.done - line.refused)
    line.parts = rows.bar({"Success": line.done, "Failed": line.refused, "Pending": left})
    return line


def _task_runs(surface: Surface, row: FlowRun) -> list[TaskRun]:
    return surface.views.task_runs(TaskRunFilter(flow_run=row.id))


# ---- the form


def prepare(surface: Surface, ask: Ask, form: Sequence[tuple[str, Any]]) -> str | BulkForm:
    """Return the form for what was chosen, or begin the bulk action that it was sent for and return its address."""
    texts = {name: value for name, value in form if isinstance(value, str)}
    chosen = [value for name, value in form if name == "id" and isinstance(value, str)]
    is_all = texts.get("all") == "yes"
    page = _form(texts, [] if is_all else chosen)
    if ask.actor is None or not ask.actor.may_act or surface.acting is None:
        page.why = READ_ONLY if ask.actor is None else NOT_ALLOWED.format(name=ask.actor.name)
        page.status = 403
        return page
    if page.action not in work.ACTIONS:
        page.why, page.status = "Choose what to do first.", 422
    elif page.action == TAG.name and page.of == FLOW_RUNS:
        page.why, page.status = "Only task runs are given tags.", 422
    elif not is_all and not chosen:
        page.why, page.status = "Nothing is chosen: choose some rows, or all that match.", 422
    else:
        page.why = _refusal(surface, page, is_all=is_all)
        page.status = 422 if page.why else 200
    if page.why or texts.get("sure") != "yes":
        return page
    try:
        return _begin(surface, ask, page, texts)
    except InputError as error:
        page.problem, page.status = str(error), 422
    except (RunwrightError, ValueError) as error:
        page.problem, page.status = str(error), 409
    return page


def _form(texts: dict[str, str], chosen: list[str]) -> BulkForm:
    name = texts.get("action", "")
    action = work.ACTIONS.get(name)
    title = action.title if action else "Act on many"
    says = "" if action is None else _SAYS[name]
    of = FLOW_RUNS if texts.get("of") == FLOW_RUNS else TASK_RUNS
    about = "" if of == FLOW_RUNS or name in work.OF_TASK_RUNS else "It is done to their flow runs, each once."
    return BulkForm(
        f"{title}: many", name, title, says, len(chosen), about, texts.get("q", "").strip(),
        chosen, str(request_in(texts)), of, bool(action and action.is_harmful),
        [] if action is None or name not in _ASKING else _ASKING[name](texts),
    )  # fmt: skip


_SAYS = {
    "restart": "What failed or was killed in them runs again, in a new flow run where the flow is written in Python; the rest does not.",
    "run-again": "A new flow run begins for each, with the same values.",
    "mark": "These task runs end in the state that you choose, without running, and their executions go on from there.",
    "resume": "What is paused in these flow runs goes on; those that ask for inputs refuse it.",
    "pause": "Nothing new begins in these flow runs; what runs ends as it would.",
    "cancel": "What runs in these flow runs is stopped, what has not begun never does, and they end Cancelled.",
    "kill": "All that is open in these flow runs ends Killed.",
    "tag": "These task runs are found by the tags from now on. Nothing of their runs changes.",
    "label": "These executions get a label; those that have not ended refuse it.",
    "delete": "Lists show these executions no more, and runs of flows in Python leave the record for good; what has not ended refuses it.",
}
_ASKING = {
    "tag": lambda texts: work.ACTIONS["tag"].fields(None, texts),  # type: ignore[arg-type]  as below
    "mark": lambda texts: work.ACTIONS["mark"].fields(None, texts),  # type: ignore[arg-type]  it asks the same of all
    "label": lambda texts: work.ACTIONS["label"].fields(None, texts),  # type: ignore[arg-type]  as above
}


def _refusal(surface: Surface, page: BulkForm, *, is_all: bool) -> str:
    """Count what is meant; returns why that cannot be acted on, empty when it can."""
    try:
        if is_all:
            page.count = _number_of(surface, page)
        else:
            page.chosen = [_known_as(each) for each in page.chosen]
    except ValueError as error:
        return str(error)
    if page.count > work.MOST:
        most, count = number(work.MOST), number(page.count)
        return f"These are {count} runs: one bulk action takes on {most}. Narrow the search."
    return "" if page.count else "Nothing matches any more."


def _number_of(surface: Surface, page: BulkForm) -> int:
    if page.of == FLOW_RUNS:
        return sum(1 for _ in work.subjects(surface.views, page.action, page.search, [], of=page.of))
    return sum(Selection(surface.views, search.parse(page.search, clock.now())).counts().values())


def _known_as(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError(f"{text[:80]!r} is no id of a run.") from None


def _begin(surface: Surface, ask: Ask, page: BulkForm, texts: dict[str, str]) -> str:
    assert surface.acting is not None  # noqa: S101  `prepare` has looked
    fields = {field.name: texts.get(field.name, "") for field in page.fields}
    _check(page.action, fields)
    values = {
        "action": page.action,
        "by": ask.actor.name if ask.actor else "",
        "query": page.search if not page.chosen else "",
        "chosen": page.chosen,
        "of": page.of,
        "fields": fields,
    }
    order = Order(page.request, values, {}, name=f"{page.action}-{uuid4().hex[:8]}")
    made = ChildRuns(surface.views.url).create(load_flow(str(FILE)), order)
    surface.acting.run(made)
    return f"bulk-actions/{made}"


def _check(action: str, fields: dict[str, str]) -> None:
    """Raise `InputError` for what every run would refuse."""
    if action == "mark" and not fields.get("state"):
        raise InputError({"state": "Choose a state."})
    if action == TAG.name:
        tags_from(fields.get("give", ""), fields.get("take", ""))
    if action == "label" and ":" not in fields.get("label", ""):
        raise InputError({"label": "A label is written as key:value."})
