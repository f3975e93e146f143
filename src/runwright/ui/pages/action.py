"""Action: the form that stands before something is done: what follows, what it asks for, and what was wrong with what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec

from runwright.errors import InputError, NotOnRecord, RunwrightError
from runwright.ui import rows
from runwright.ui.actions.action import Asked
from runwright.ui.actions.field import PREFIX, Field
from runwright.ui.actions.run_actions import RUN_AGAIN
from runwright.ui.actions.subject import FLOWS, Subject, subject_of
from runwright.ui.actions.table import action_named, refusal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.ui.actions.action import Action
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface


class ActionPage(msgspec.Struct):
    """The page. `request` makes sending the form twice ask once; `why` says why it cannot be done, `problem` what went wrong.

    `other` leads to the form that begins with the values of this run, to change them.
    """

    title: str
    action: str
    button: str
    kind: str
    subject: str
    says: str
    back: str
    address: str
    request: str
    is_harmful: bool = False
    fields: list[Field] = []
    why: str = ""
    problem: str = ""
    other: str = ""
    status: int = 200


def read(surface: Surface, ask: Ask) -> ActionPage:
    """Return the form for an action; raises `NotOnRecord`."""
    action, subject = _meant(surface, ask)
    return _page(action, subject, ask, _given_before(surface, subject, ask))


def carry_out(surface: Surface, ask: Ask, form: Sequence[tuple[str, Any]]) -> str | ActionPage:
    """Do what was sent; returns the address to go to, below the base, or the form again with what is wrong."""
    action, subject = _meant(surface, ask)
    sent = {name.removeprefix(PREFIX): value for name, value in form if isinstance(value, str)}
    page = _page(action, subject, ask, sent)
    if page.why or surface.acting is None or ask.actor is None:
        page.status = 409 if ask.actor is not None and ask.actor.may_act else 403
        return page
    try:
        address = action.carry_out(surface.acting, subject, Asked(ask.actor.name, request_in(sent), form))
    except InputError as error:
        page.fields = [_refused(field, error.problems) for field in page.fields]
        page.problem, page.status = str(error), 422
    except (RunwrightError, ValueError) as error:
        page.problem, page.status = str(error), 409
    else:
        return f"{address}{'&' if '?' in address else '?'}did={action.name}"
    return page


def _meant(surface: Surface, ask: Ask) -> tuple[Action, Subject]:
    kind = kind_of(ask)
    return action_named(kind, ask.path["action"]), subject_of(surface.views, kind, ask)


def kind_of(ask: Ask) -> str:
    """Return what kind of thing an address is about: the addresses of flows do not say so."""
    return ask.path.get("kind", FLOWS)


def _page(action: Action, subject: Subject, ask: Ask, given: dict[str, Any]) -> ActionPage:
    why = refusal_of(action, subject, ask.actor)
    fields = [] if why else action.fields(subject, given)
    return ActionPage(
        f"{action.title}: {subject.name}", action.name, action.title, kind_of(ask), subject.name, action.says(subject),
        subject.address, f"{subject.address}/actions/{action.name}", given.get("request") or str(uuid4()),
        action.is_harmful, fields, why, other=_with_other_values(action, subject),
    )  # fmt: skip


def _with_other_values(action: Action, subject: Subject) -> str:
    if action is not RUN_AGAIN or subject.task_run is not None:
        return ""
    return f"{Subject(subject.version).address}/actions/run?from={subject.run.id}"


def _given_before(surface: Surface, subject: Subject, ask: Ask) -> dict[str, Any]:
    """Return what the form begins with: what the address says, or the values of the flow run that it names with `from`."""
    given: dict[str, Any] = {name: value for name, value in ask.query.items() if name not in {"from", "request"}}
    if kind_of(ask) == FLOWS and ask.get("from"):
        run = rows.find_flow_run(surface.views, ask._replace(path={"id": ask.get("from")}).identity("id"))
        if run.flow_name != subject.version.name:
            raise NotOnRecord(f"Flow run {run.name} is not of the flow {subject.version.name}.")
        given = {**run.parameters, **given}
    return given


def request_in(sent: dict[str, Any]) -> UUID:
    """Return the id that makes sending a form twice ask once, a new one where it brings none."""
    try:
        return UUID(sent.get("request", ""))
    except ValueError:
        return uuid4()


def _refused(field: Field, problems: dict[str, str]) -> Field:
    problem = problems.get(field.name.removeprefix(PREFIX), "")
    return msgspec.structs.replace(field, problem=problem)
