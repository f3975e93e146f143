"""Trigger lines: what starts a flow by itself, as its page lists it: the triggers of a text, or the schedule of a Python flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from runwright.spec import parse_flow_spec
from runwright.triggering.flow_schedules import NAME, schedule_of
from runwright.triggering.progress import progress_of
from runwright.ui import rows
from runwright.ui.actions.subject import Subject
from runwright.ui.words import duration

if TYPE_CHECKING:
    from runwright.runs import FlowVersion
    from runwright.spec.triggers import Trigger
    from runwright.trigger_states import TriggerState
    from runwright.ui.ask import Ask
    from runwright.ui.surface import Surface

_MICROSECONDS = 1_000_000


class TriggerLine(msgspec.Struct, frozen=True):
    """A trigger as it is declared, what is known of it, and the link to the form that turns it on or off."""

    id: str
    type: str
    says: str
    is_disabled: bool
    next: str | None
    fired: str | None
    execution: str
    problem: str
    link: str


def trigger_lines(surface: Surface, ask: Ask, version: FlowVersion) -> list[TriggerLine]:
    """Return what starts a flow by itself."""
    may_act = ask.actor is not None and ask.actor.may_act
    address = f"{Subject(version).address}/actions/switch" if may_act else ""
    text = version.source.get("yaml")
    if text is None:
        state = surface.views.find_trigger("", version.name, NAME)
        return [] if state is None else _schedule(state, address)
    spec = parse_flow_spec(text)
    states = {each.trigger: each for each in surface.views.list_triggers(spec.namespace, spec.id)}
    return [_trigger(each, states.get(each.id), address) for each in spec.triggers]


def _trigger(declared: Trigger, state: TriggerState | None, address: str) -> TriggerLine:
    progress = progress_of(state)
    is_off = state is not None and state.is_disabled
    return TriggerLine(
        declared.id,
        declared.type.rpartition(".")[2],
        str(getattr(declared, "cron", "") or declared.description or ""),
        is_off or declared.disabled,
        None if is_off or declared.disabled else rows.iso(progress.next or None),
        rows.iso(progress.fired),
        progress.execution or "",
        "The text of the flow turns it off." if declared.disabled else progress.problem or "",
        "" if declared.disabled else _link(address, declared.id, is_off=is_off),
    )


def _schedule(state: TriggerState, address: str) -> list[TriggerLine]:
    found = schedule_of(state)
    if found is None:
        return []
    is_off = state.is_disabled
    says = ", ".join(_clock_in_words(each) for each in found.schedule.get("clocks", ()))
    due = None if is_off else rows.iso(found.next)
    link = _link(address, NAME, is_off=is_off)
    return [TriggerLine(NAME, "Schedule", says, is_off, due, rows.iso(found.fired), "", found.problem or "", link)]


def _clock_in_words(clock: dict[str, Any]) -> str:
    if clock.get("cron"):
        return str(clock["cron"])
    if clock.get("interval"):
        return f"every {duration(clock['interval'] / _MICROSECONDS)}"
    return str(clock.get("type", "")).removesuffix("Clock").lower()


def _link(address: str, trigger: str, *, is_off: bool) -> str:
    return f"{address}?trigger={quote(trigger)}&to={'on' if is_off else 'off'}" if address else ""
