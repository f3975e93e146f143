"""Declared automations: the triggers and actions of an automation, in the shape that clients of Prefect 3 write and read.

What is unknown is refused with its place. Nothing here looks at events: see `runwright.automations.evaluation`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

LONGEST_NAME = 200
DEEPEST = 4
MOST_TRIGGERS = 20
SHORTEST_ABSENCE = 10.0

_Labels = dict[str, str | list[str]]
_Names = Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=1_024)]], msgspec.Meta(max_length=100)]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=366 * 86_400.0)]


class EventTrigger(msgspec.Struct, tag="event", tag_field="type"):
    """Fires for events that come, or with the posture Proactive for events that do not.

    `match` and `match_related` say by labels whose events count. Counting begins with an event of `after`, where there is one;
    events of `expect` are counted, all where it is empty, for each value of the labels `for_each` by itself. `within` (seconds)
    is how long a count lasts, 0 for ever.
    """

    match: _Labels = {}
    match_related: _Labels | list[_Labels] = {}
    after: _Names = []
    expect: _Names = []
    for_each: _Names = []
    posture: Literal["Reactive", "Proactive"] = "Reactive"
    threshold: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    within: _Seconds = 0.0
    id: UUID | None = None

    def __post_init__(self) -> None:
        """Refuse to wait less than ten seconds for what does not come."""
        if self.posture == "Proactive" and self.within < SHORTEST_ABSENCE:
            raise ValueError("The minimum within for Proactive triggers is 10 seconds")

    @property
    def is_proactive(self) -> bool:
        """Say whether it fires because something did not happen."""
        return self.posture == "Proactive"

    @property
    def related(self) -> list[_Labels]:
        """Return the conditions on related resources, which must all hold."""
        wanted = [self.match_related] if isinstance(self.match_related, dict) else self.match_related
        return [each for each in wanted if each]


class CompoundTrigger(msgspec.Struct, tag="compound", tag_field="type"):
    """Fires when as many of its triggers have as it requires, `within` so many seconds of each other (None: whenever)."""

    triggers: Annotated[list[Trigger], msgspec.Meta(min_length=1, max_length=MOST_TRIGGERS)]
    require: Literal["any", "all"] | Annotated[int, msgspec.Meta(ge=1)] = "all"
    within: _Seconds | None = None
    id: UUID | None = None

    def __post_init__(self) -> None:
        """Refuse to require more than there are."""
        if isinstance(self.require, int) and self.require > len(self.triggers):
            raise ValueError("require must be less than or equal to the number of triggers")

    @property
    def needed(self) -> int:
        """Return how many of its triggers have to fire."""
        return {"any": 1, "all": len(self.triggers)}.get(str(self.require)) or int(self.require)


class SequenceTrigger(msgspec.Struct, tag="sequence", tag_field="type"):
    """Fires when its triggers have, one after the other, `within` so many seconds of each other (None: whenever)."""

    triggers: Annotated[list[Trigger], msgspec.Meta(min_length=1, max_length=MOST_TRIGGERS)]
    within: _Seconds | None = None
    id: UUID | None = None

    @property
    def needed(self) -> int:
        """Return how many of its triggers have to fire."""
        return len(self.triggers)


Trigger = EventTrigger | CompoundTrigger | SequenceTrigger


class DoNothing(msgspec.Struct, tag="do-nothing", tag_field="type"):
    """Only tell that the automation was triggered."""


class RunFlow(msgspec.Struct, tag="run-flow", tag_field="type"):
    """Run a flow on record by its name (`namespace/id` of a YAML flow); texts of the parameters are templates."""

    flow: Annotated[str, msgspec.Meta(min_length=1)]
    parameters: dict[str, Any] | None = None


class RunDeployment(msgspec.Struct, tag="run-deployment", tag_field="type"):
    """Run the flow with an id, as `RunFlow`; without one, that of the flow run that the event is about."""

    source: Literal["selected", "inferred"] = "selected"
    deployment_id: UUID | None = None
    parameters: dict[str, Any] | None = None
    job_variables: dict[str, Any] | None = None


class PauseSchedules(msgspec.Struct, tag="pause-deployment", tag_field="type"):
    """Turn off the schedules of a flow: the one with an id, or with a name, or that the event is about."""

    source: Literal["selected", "inferred"] = "selected"
    deployment_id: UUID | None = None
    flow: str | None = None


class ResumeSchedules(msgspec.Struct, tag="resume-deployment", tag_field="type"):
    """Turn them on again."""

    source: Literal["selected", "inferred"] = "selected"
    deployment_id: UUID | None = None
    flow: str | None = None


class CancelFlowRun(msgspec.Struct, tag="cancel-flow-run", tag_field="type"):
    """Cancel the flow run with an id, or the one that the event is about."""

    flow_run_id: UUID | None = None


class SuspendFlowRun(msgspec.Struct, tag="suspend-flow-run", tag_field="type"):
    """Let nothing new begin in it."""

    flow_run_id: UUID | None = None


class ResumeFlowRun(msgspec.Struct, tag="resume-flow-run", tag_field="type"):
    """Let it go on."""

    flow_run_id: UUID | None = None


class ChangeFlowRunState(msgspec.Struct, tag="change-flow-run-state", tag_field="type"):
    """Put it into a state, as far as somebody may ask for that: see `runwright.automations.acting`."""

    state: str
    name: str | None = None
    message: str | None = None
    flow_run_id: UUID | None = None


class CallWebhook(msgspec.Struct, tag="call-webhook", tag_field="type"):
    """Send a request to a web server; the address, the headers and the payload are templates."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=8_192)]
    payload: str | dict[str, Any] = ""
    method: Literal["POST", "PUT", "PATCH", "GET", "DELETE"] = "POST"
    headers: dict[str, str] = {}


class SendNotification(msgspec.Struct, tag="send-notification", tag_field="type"):
    """Post subject and body, both templates, as JSON with the key `text` too, which chat programs read."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=8_192)]
    subject: str = "Runwright: {{ automation.name }}"
    body: str = "{{ event.event }}"


class PauseAutomation(msgspec.Struct, tag="pause-automation", tag_field="type"):
    """Turn an automation off: the one with an id, or this one."""

    source: Literal["selected", "inferred"] = "selected"
    automation_id: UUID | None = None


class ResumeAutomation(msgspec.Struct, tag="resume-automation", tag_field="type"):
    """Turn it on again."""

    source: Literal["selected", "inferred"] = "selected"
    automation_id: UUID | None = None


Action = (
    DoNothing
    | RunFlow
    | RunDeployment
    | PauseSchedules
    | ResumeSchedules
    | CancelFlowRun
    | SuspendFlowRun
    | ResumeFlowRun
    | ChangeFlowRunState
    | CallWebhook
    | SendNotification
    | PauseAutomation
    | ResumeAutomation
)


class Declared(msgspec.Struct):
    """An automation as somebody writes it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
    trigger: Trigger
    actions: Annotated[list[Action], msgspec.Meta(max_length=20)]
    description: str = ""
    enabled: bool = True
    tags: list[str] = []
    actions_on_trigger: list[Action] = []
    actions_on_resolve: list[Action] = []
    owner_resource: str | None = None

    def __post_init__(self) -> None:
        """Refuse triggers in triggers in triggers, and actions for an end that triggers here do not have."""
        if _depth(self.trigger) > DEEPEST:
            raise ValueError(f"triggers are nested deeper than {DEEPEST} levels")
        if self.actions_on_resolve:
            raise ValueError("actions_on_resolve are those of metric triggers, which are not known here")


def _depth(trigger: Trigger) -> int:
    return 1 if isinstance(trigger, EventTrigger) else 1 + max(map(_depth, trigger.triggers))
