"""Flow actions: what can be done to a flow: starting a run of it, and turning what starts it by itself on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runwright.clock import from_datetime
from runwright.errors import InputError
from runwright.spec.moments import parse_moment
from runwright.triggering.flow_schedules import NAME as SCHEDULE, FlowSchedules
from runwright.ui.actions.action import Action
from runwright.ui.actions.field import (
    Field,
    fields_of_inputs,
    fields_of_parameters,
    inputs_from,
    parameters_from,
)

if TYPE_CHECKING:
    from runwright.ui.actions.acting import Acting
    from runwright.ui.actions.action import Asked
    from runwright.ui.actions.subject import Subject

ON, OFF = "on", "off"


def _cannot_start(subject: Subject) -> str:
    source = subject.version.source
    if "deleted" in source:
        return "The flow is deleted: register it again to run it."
    if subject.is_execution:
        return "The flow is disabled in its text: it starts nothing." if subject.declared.spec.disabled else ""
    if not subject.is_elsewhere and not source.get("file"):
        return "The record does not know where its code is: it was declared in no file."
    return ""


def _fields_of_start(subject: Subject, given: dict[str, Any]) -> list[Field]:
    due = Field("due", "Start at", "text", given.get("due", ""), says="now, or a time such as 2026-11-29T07:30:00Z")
    if not subject.is_execution:
        return [*fields_of_parameters(subject.version, given), due]
    labels = Field("labels", "Labels", "long", given.get("labels", ""), says="key:value, one in a line")
    return [*fields_of_inputs(subject.declared.spec.inputs, given), labels, due]


def _start(acting: Acting, subject: Subject, asked: Asked) -> str:
    fields, due = _fields_of_start(subject, {}), _moment(asked.get("due"))
    if not subject.is_execution:
        made = acting.start(subject, parameters_from(asked.form, fields), asked, due=due)
        return f"flow-runs/{made}"
    own = [field for field in fields if field.name not in {"labels", "due"}]
    labels = tuple(f"{key}:{value}" for key, value in _labels(asked.get("labels")).items())
    made = acting.start(subject, inputs_from(asked.form, own), asked, labels=labels, due=due)
    return f"flow-runs/{made}"


def _moment(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return from_datetime(parse_moment(text.strip()))
    except ValueError as error:
        raise InputError({"due": f"This is no time: {error}"}) from None


def _labels(text: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        key, colon, value = line.partition(":")
        if not colon or not key.strip() or key.startswith("system."):
            raise InputError({"labels": f"{line[:80]!r} is no label: write key:value; keys do not begin with system."})
        labels[key.strip()] = value.strip()
    return labels


def _cannot_switch(subject: Subject) -> str:
    if not subject.is_execution:
        return "" if subject.is_scheduled else "It has no schedule on the record: register it with one."
    return "" if subject.declared.spec.triggers else "The flow declares no trigger."


def _fields_of_switch(subject: Subject, given: dict[str, Any]) -> list[Field]:
    ids = tuple(each.id for each in subject.declared.spec.triggers) if subject.is_execution else (SCHEDULE,)
    return [
        Field("trigger", "Trigger", "one", given.get("trigger", ""), ids, is_required=True),
        Field("to", "Turn it", "one", given.get("to", OFF), (ON, OFF), is_required=True),
    ]


def _switch(acting: Acting, subject: Subject, asked: Asked) -> str:
    if subject.is_execution:
        spec = subject.declared.spec
        acting.triggers.switch((spec.namespace, spec.id, asked.get("trigger")), is_disabled=asked.get("to") != ON)
    elif asked.get("to") == ON:
        FlowSchedules(acting.record).resume(subject.version.name)
    else:
        FlowSchedules(acting.record).pause(subject.version.name)
    return f"{subject.address}?tab=triggers"


START = Action(
    "run", "Run", lambda subject: f"A run of {subject.version.name} begins, of version {subject.version.version}.",
    "This is the new flow run.", _cannot_start, _start, _fields_of_start, key="r",
)  # fmt: skip
SWITCH = Action(
    "switch", "Turn on or off",
    lambda _: "A trigger that is off starts nothing, until it is turned on again. What the flow itself declares stays as it is.",
    "The trigger is turned.", _cannot_switch, _switch, _fields_of_switch, is_rare=True,
)  # fmt: skip

OF_FLOWS = (START, SWITCH)
