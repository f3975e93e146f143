"""Actions: how each action of an automation is done. Every one may be asked for again with the same id, and then changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from runwright import app, ids
from runwright.automations import outbound
from runwright.automations.automation import Automation, Automations
from runwright.automations.declared import (
    CallWebhook,
    CancelFlowRun,
    ChangeFlowRunState,
    DoNothing,
    PauseAutomation,
    PauseSchedules,
    ResumeAutomation,
    ResumeFlowRun,
    ResumeSchedules,
    RunDeployment,
    RunFlow,
    SendNotification,
    SuspendFlowRun,
)
from runwright.child_runs import ChildRuns, Order
from runwright.compat.event_search import FLOW_RUN, TASK_RUN
from runwright.control import Control
from runwright.errors import NotOnRecord, RunwrightError
from runwright.expression import compile_template
from runwright.states import KIND_BY_NAME
from runwright.triggering.flow_schedules import FlowSchedules
from runwright.triggering.trigger_service import TriggerService
from runwright.vocabularies import kind_from_event

if TYPE_CHECKING:
    from runwright.automations.declared import Action
    from runwright.automations.evaluation import Firing
    from runwright.runs import FlowRun
    from runwright.store import Store

Run = Callable[[UUID], None]

_INTENTS = {
    "CANCELLED": "cancel",
    "CANCELLING": "cancel",
    "PAUSED": "pause",
    "SCHEDULED": "resume",
    "RUNNING": "resume",
}


class Doing(NamedTuple):
    """One action under way: `id` is its own, whoever does it; `run` is told of flow runs that are to be run."""

    record: Store
    run: Run
    id: UUID
    automation: Automation
    firing: Firing

    @property
    def document(self) -> dict[str, Any]:
        """Return the event that it is about, an empty one where there is none."""
        return self.firing.document or {"event": "", "resource": {}, "related": [], "payload": {}, "id": ""}

    @property
    def variables(self) -> dict[str, Any]:
        """Return what templates see: `automation`, `event`, `labels`."""
        automation = {"id": str(self.automation.id), "name": self.automation.declared.name}
        return {"automation": automation, "event": self.document, "labels": self.firing.labels}

    def render(self, value: Any) -> Any:
        """Return plain data with its texts rendered; raises `ExpressionError`."""
        if isinstance(value, str):
            return compile_template(value).render_value(self.variables)
        if isinstance(value, Mapping):
            return {key: self.render(each) for key, each in value.items()}
        return [self.render(each) for each in value] if isinstance(value, list) else value

    def flow_run(self, given: UUID | None) -> FlowRun:
        """Return the flow run that is meant; raises `NotOnRecord` when the event is about none."""
        flow_run = given or _flow_run_of(self.document)
        if flow_run is None:
            raise NotOnRecord("The event is about no flow run: give flow_run_id.")
        return app.find_flow_run(self.record, flow_run)


def perform(doing: Doing, action: Action) -> dict[str, Any]:
    """Do an action and return what is told of that; raises `RunwrightError` for what cannot be done."""
    return _DOERS[type(action)](doing, action)


def _do_nothing(_: Doing, __: DoNothing) -> dict[str, Any]:
    return {}


def _run_flow(doing: Doing, action: RunFlow) -> dict[str, Any]:
    runs = ChildRuns(doing.record.url)
    return _start(doing, runs, runs.flow_named(action.flow), action.parameters)


def _run_deployment(doing: Doing, action: RunDeployment) -> dict[str, Any]:
    runs = ChildRuns(doing.record.url)
    if action.deployment_id is not None:
        flow = runs.flow_with_id(action.deployment_id)
    elif action.source == "inferred":
        flow = runs.flow_named(doing.flow_run(None).flow_name)
    else:
        raise NotOnRecord("There is no deployment_id: give the id of a flow.")
    return _start(doing, runs, flow, action.parameters)


def _start(doing: Doing, runs: ChildRuns, flow: Any, parameters: dict[str, Any] | None) -> dict[str, Any]:
    order = Order(f"automation/{doing.id}", doing.render(parameters or {}), {})
    flow_run = runs.create(flow, order)
    doing.run(flow_run)
    return {"flow_run_id": str(flow_run)}


def _switch_schedules(doing: Doing, action: PauseSchedules | ResumeSchedules) -> dict[str, Any]:
    name = action.flow or _flow_name(doing, action)
    service, is_disabled = TriggerService(doing.record), isinstance(action, PauseSchedules)
    places = [each.registered.place for each in service.all() if each.registered.flow.name == name]
    for place in places:
        service.switch(place, is_disabled=is_disabled)
    if not places:
        schedules = FlowSchedules(doing.record)
        (schedules.pause if is_disabled else schedules.resume)(name)
    return {"flow": name, "triggers": [place[2] for place in places]}


def _flow_name(doing: Doing, action: PauseSchedules | ResumeSchedules) -> str:
    if action.deployment_id is None:
        return doing.flow_run(None).flow_name
    found = doing.record.flows(flow_id=action.deployment_id)
    if not found:
        raise NotOnRecord(f"There is no flow with the id {action.deployment_id}.")
    return found[0].name


def _cancel(doing: Doing, action: CancelFlowRun) -> dict[str, Any]:
    return _ask(doing, action.flow_run_id, "cancel")


def _suspend(doing: Doing, action: SuspendFlowRun) -> dict[str, Any]:
    return _ask(doing, action.flow_run_id, "pause")


def _resume(doing: Doing, action: ResumeFlowRun) -> dict[str, Any]:
    return _ask(doing, action.flow_run_id, "resume")


def _change_state(doing: Doing, action: ChangeFlowRunState) -> dict[str, Any]:
    """Ask for what leads to a state; into a final one only an execution that has ended can be put."""
    intent = _INTENTS.get(action.state)
    if intent is not None:
        return _ask(doing, action.flow_run_id, intent)
    kind, _ = kind_from_event(action.state, action.name or "")
    return _ask(doing, action.flow_run_id, "mark", {"state": KIND_BY_NAME[kind.name].code})


def _ask(doing: Doing, given: UUID | None, intent: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
    row, control = doing.flow_run(given), Control(doing.record)
    by = f"automation {doing.automation.declared.name}"
    known = [each for each in doing.record.requests(row.id, open_only=False) if each.id == doing.id]
    asked = known[0] if known else control.ask(row.id, intent, data=data, by=by, request=doing.id)
    control.settle(asked, timeout=0)
    if intent == "resume":
        doing.run(row.id)
    return {"flow_run_id": str(row.id), "request_id": str(asked.id)}


def _call_webhook(doing: Doing, action: CallWebhook) -> dict[str, Any]:
    payload = doing.render(action.payload)
    content = payload.encode() if isinstance(payload, str) else msgspec.json.encode(payload)
    kind = {"Content-Type": "text/plain; charset=utf-8" if isinstance(payload, str) else "application/json"}
    headers = {name: str(doing.render(value)) for name, value in action.headers.items()}
    return _send(doing, action.method, str(doing.render(action.url)), {**kind, **headers}, content)


def _notify(doing: Doing, action: SendNotification) -> dict[str, Any]:
    subject, body = str(doing.render(action.subject)), str(doing.render(action.body))
    content = msgspec.json.encode({"subject": subject, "body": body, "text": f"{subject}\n{body}"})
    return _send(doing, "POST", str(doing.render(action.url)), {"Content-Type": "application/json"}, content)


def _send(doing: Doing, method: str, url: str, headers: dict[str, str], content: bytes) -> dict[str, Any]:
    allowed = {each.strip().lower() for each in app.settings.load().automation_hosts.split(",")} - {""}
    if any("\n" in text or "\r" in text for pair in headers.items() for text in pair):
        raise RunwrightError("A header with a line break is not sent.")
    key = {"Idempotency-Key": str(doing.id), "User-Agent": "runwright"}
    return {"status_code": outbound.send(method, url, {**headers, **key}, content, allowed=allowed)}


def _switch_automation(doing: Doing, action: PauseAutomation | ResumeAutomation) -> dict[str, Any]:
    identity = action.automation_id or doing.automation.id
    Automations(doing.record).switch(identity, is_enabled=isinstance(action, ResumeAutomation))
    return {"automation_id": str(identity)}


def _flow_run_of(document: dict[str, Any]) -> UUID | None:
    """Return the flow run that an event is about, or related to."""
    for resource in (document["resource"], *document["related"]):
        name = resource.get("prefect.resource.id", "")
        for prefix in (FLOW_RUN, TASK_RUN):
            if name.startswith(prefix):
                try:
                    return ids.flow_run_of(UUID(name.removeprefix(prefix)))
                except ValueError:
                    continue
    return None


_DOERS: dict[type[Any], Callable[[Doing, Any], dict[str, Any]]] = {
    DoNothing: _do_nothing,
    RunFlow: _run_flow,
    RunDeployment: _run_deployment,
    PauseSchedules: _switch_schedules,
    ResumeSchedules: _switch_schedules,
    CancelFlowRun: _cancel,
    SuspendFlowRun: _suspend,
    ResumeFlowRun: _resume,
    ChangeFlowRunState: _change_state,
    CallWebhook: _call_webhook,
    SendNotification: _notify,
    PauseAutomation: _switch_automation,
    ResumeAutomation: _switch_automation,
}
