"""Work: what the tasks of a bulk action do: find what is meant, cut it into shares, act on the runs of one share.

Each share is a mapped child. A child that is lost with its process runs again, and asks for nothing twice: what it asks for is
named after the bulk action and the run that it is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid5

import msgspec

from runwright import clock, ids
from runwright.context import context
from runwright.errors import NotOnRecord, RunwrightError
from runwright.metrics import record_metric
from runwright.open_records import open_record
from runwright.tasks.flow_runs import ORIGIN
from runwright.ui import rows, search
from runwright.ui.actions import run_actions
from runwright.ui.actions.acting import Acting
from runwright.ui.actions.action import Act, Action, Asked
from runwright.ui.actions.subject import FLOW_RUNS, TASK_RUNS, of_flow_run
from runwright.ui.flow_run_search import QUALIFIERS, filter_of
from runwright.ui.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from logging import Logger

    from runwright.store import Store
    from runwright.ui.actions.subject import Subject

FLOW = "runwright-bulk"
MOST = 100_000
"""How many task runs one bulk action takes on."""
SHARE = 50
_PAGE = 500

ACTIONS = {
    each.name: each
    for each in (
        run_actions.RESTART,
        run_actions.RUN_AGAIN,
        run_actions.RESUME,
        run_actions.PAUSE,
        run_actions.MARK,
        run_actions.CANCEL,
        run_actions.KILL,
        run_actions.TAG,
        run_actions.LABEL,
        run_actions.DELETE,
    )
}
"""What can be done to many at once; bulk actions themselves are left out of what a search finds."""
OF_TASK_RUNS = frozenset({run_actions.MARK.name, run_actions.TAG.name})
"""Those that are about the task runs themselves; the others are about their flow runs, each once."""
OF_FLOW_RUNS = tuple(each for each in ACTIONS.values() if each is not run_actions.TAG)
"""What can be done to many flow runs at once."""


def offered(actions: Iterable[Action]) -> list[Act]:
    """Return what a list offers to do with many; each action refuses by itself what it cannot be done to."""
    return [Act(each.name, each.title, key=each.key) for each in actions]


class Share(NamedTuple):
    """What one child did: how many runs, and those that refused."""

    done: int
    refused: int


def subjects(store: Store, action: str, query: str, chosen: Sequence[str], *, of: str = TASK_RUNS) -> Iterator[str]:
    """Yield the ids of what an action is about: of the runs that were chosen, or of all that a search `of` them finds."""
    search_of = _flow_runs_matching if of == FLOW_RUNS else _matching
    found = (UUID(each) for each in chosen) if chosen else (row.id for row in search_of(store, query))
    seen: set[UUID] = set()
    for number, each in enumerate(found):
        if number >= MOST:
            return
        about = each if action in OF_TASK_RUNS else ids.flow_run_of(each)
        if about not in seen:
            seen.add(about)
            yield str(about)


def _matching(store: Store, query: str) -> Iterator[Any]:
    selection = Selection(store, search.parse(query, clock.now()))
    after: str | None = ""
    while after is not None:
        page = selection.page(sort="newest", after=after, limit=_PAGE)
        yield from (row for row in page.rows if row.flow_name != FLOW)
        after = page.after


def _flow_runs_matching(store: Store, query: str) -> Iterator[Any]:
    which = filter_of(search.parse(query, clock.now(), QUALIFIERS), query)
    after: UUID | None = None
    while which is not None:
        page = store.flow_runs(msgspec.structs.replace(which, after=after, limit=_PAGE))
        yield from (row for row in page if row.flow_name != FLOW)
        if len(page) < _PAGE:
            return
        after = page[-1].id


def choose(action: str, query: str, chosen: list[str], of: str = TASK_RUNS) -> list[list[str]]:
    """Return what is meant, in shares; it is read once, so that what is done changes nothing of it."""
    found = list(subjects(_record(), action, query, chosen, of=of))
    record_metric("chosen", len(found))
    return [found[start : start + SHARE] for start in range(0, len(found), SHARE)]


def act(share: list[str], action: str, by: str, fields: dict[str, str]) -> dict[str, int]:
    """Do something to each run of a share, and say in the log which refused and why."""
    acting = Acting(_record(), _leave_to_workers, lambda _: None)
    acting.patience = 0.0
    own, logger = UUID(context.get("flow_run_id")), context.get("logger")
    told = [
        _act_on(acting, ACTIONS[action], each, Asked(by, uuid5(own, each), tuple(fields.items())), logger)
        for each in share
    ]
    done = Share(told.count(True), told.count(False))
    for name, count in done._asdict().items():
        record_metric(name, count)
    return done._asdict()


def _act_on(acting: Acting, action: Action, about: str, asked: Asked, logger: Logger) -> bool:
    try:
        subject = _subject(acting.record, UUID(about))
        if _is_asked(acting.record, subject, asked):
            return True  # by the attempt before, which was lost
        refusal = action.refusal(subject)
        if not refusal:
            action.carry_out(acting, subject, asked)
    except (RunwrightError, ValueError) as error:
        refusal = str(error)
    if refusal:
        logger.warning("%s: %s", about, refusal)
    return not refusal


def _is_asked(store: Store, subject: Subject, asked: Asked) -> bool:
    known = store.requests(subject.run.id, open_only=False)
    return any(each.id == asked.request and not (each.answer and each.answer.error) for each in known)


def _subject(store: Store, about: UUID) -> Subject:
    flow_run = rows.find_flow_run(store, about)
    if flow_run.flow_name == FLOW:
        raise NotOnRecord("It is a bulk action itself: those are asked one by one.")
    task_run = rows.find_task_run(store, about) if ids.ordinal_of(about) else None
    return of_flow_run(store, flow_run, task_run)


def _record() -> Store:
    origin = context.to_dict().get(ORIGIN) or (None, None)
    return open_record(origin[0])


def _leave_to_workers(_: UUID) -> None:
    """Let whoever looks for flow runs find what is to be run."""
