"""Table: every action by what it is about, and how pages offer them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runwright.errors import NotOnRecord
from runwright.ui.actions import flow_actions, run_actions
from runwright.ui.actions.action import NOT_ALLOWED, READ_ONLY, Act, Action
from runwright.ui.actions.subject import FLOW_RUNS, FLOWS, TASK_RUNS

if TYPE_CHECKING:
    from runwright.ui.actions.subject import Subject
    from runwright.ui.ask import Actor

ACTIONS: dict[str, tuple[Action, ...]] = {
    FLOW_RUNS: run_actions.OF_FLOW_RUNS,
    TASK_RUNS: run_actions.OF_TASK_RUNS,
    FLOWS: flow_actions.OF_FLOWS,
}
DONE: dict[str, str] = {each.name: each.done for several in ACTIONS.values() for each in several}
"""What to say after an action, by its name."""


def action_named(kind: str, name: str) -> Action:
    """Return an action; raises `NotOnRecord` for one that there is not."""
    several = ACTIONS.get(kind, ())
    found = next((each for each in several if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in several) or "none"
        raise NotOnRecord(f"There is no action {name[:40]!r} here: there are {known}.")
    return found


def refusal_of(action: Action, subject: Subject, actor: Actor | None) -> str:
    """Return why somebody cannot do something, empty when they can: what is wrong with the subject comes first."""
    refusal = action.refusal(subject)
    if refusal or (actor is not None and actor.may_act):
        return refusal
    return READ_ONLY if actor is None else NOT_ALLOWED.format(name=actor.name)


def offers(kind: str, subject: Subject, actor: Actor | None) -> list[Act]:
    """Return what a page offers to do with its subject."""
    return [_offer(each, subject, actor) for each in ACTIONS[kind]]


def _offer(action: Action, subject: Subject, actor: Actor | None) -> Act:
    why = refusal_of(action, subject, actor)
    link = "" if why else f"{subject.address}/actions/{action.name}"
    return Act(action.name, action.title, why, link, action.key, action.is_rare)
