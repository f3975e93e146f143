"""Triggers: what starts executions of a flow by itself; one class for each type.

A type of another system's plugin is a `ForeignTrigger`: it is declared, and a warning says that it starts nothing.
"""

from typing import Annotated, Any, ClassVar

import msgspec

from runwright.spec.conditions import CONDITION, Condition
from runwright.spec.elements import Element, Of, OneOf, Unique, Variant, read_element, table_of
from runwright.spec.execution_states import States
from runwright.spec.findings import Findings, Path
from runwright.spec.key_types import (
    AnyList,
    AnyMap,
    AnyMapOrText,
    Anything,
    Boolean,
    Cron,
    Duration,
    Expression,
    InputId,
    Level,
    Text,
    TypeName,
)
from runwright.spec.kinds import WRONG, Choice, ListOf, Text as TextKind
from runwright.spec.labels import Labels, RenderedLabels
from runwright.spec.moments import DATETIME, TIME, ZONE
from runwright.spec.nodes import Mapping
from runwright.spec.tasks.task import WorkerGroup, is_foreign, read_properties

_CORE = "io.kestra.plugin.core."
_OLD = "io.kestra.core.models.triggers.types."
_CONDITIONS = ListOf(CONDITION)
RECOVERIES = Choice("ALL", "LAST", "NONE")


class Trigger(Variant, frozen=True, kw_only=True):
    """What all triggers say."""

    id: Annotated[InputId, "The name, which no other trigger of the flow has."]
    type: Annotated[TypeName, "The type of the trigger."]
    description: Annotated[Text | None, "What the trigger is for."] = None
    disabled: Annotated[Boolean, "The trigger starts nothing."] = False
    conditions: Annotated[tuple[Condition, ...], _CONDITIONS, "All of these must hold."] = ()
    when: Annotated[Expression | None, "The trigger starts nothing when this yields false."] = None
    labels: Annotated[Labels, "Labels for the executions."] = ()
    inputs: Annotated[AnyMap, "Inputs for the executions; expressions are rendered."] = {}
    stop_after: Annotated[States, "An execution that ends in one of these states disables the trigger."] = ()
    log_level: Annotated[Level | None, "The least important log lines to keep."] = None
    worker_group: Annotated[
        WorkerGroup | None, Of(WorkerGroup, "a mapping with key and fallback"), "Which workers look for it."
    ] = None


class Schedule(Trigger, frozen=True, kw_only=True):
    """Starts executions by a cron expression."""

    names: ClassVar = (f"{_CORE}trigger.Schedule", "trigger.Schedule", f"{_OLD}Schedule")

    cron: Annotated[Cron, "When: five fields, six with `withSeconds`, or such as `@daily`."]
    with_seconds: Annotated[Boolean, "The first of six fields are seconds."] = False
    timezone: Annotated[str, ZONE, "The time zone of the fields."] = "Etc/UTC"
    late_maximum_delay: Annotated[Duration | None, "A start that is later than this is left out."] = None
    recover_missed_schedules: Annotated[str | None, RECOVERIES, "Which starts that were missed are made up for."] = None
    schedule_conditions: Annotated[tuple[Condition, ...], _CONDITIONS, "Older than `conditions`."] = ()
    backfill: Annotated[AnyMap | None, "Older: start backfills from the command line."] = None

    @classmethod
    def check(cls, values: dict[str, Any], node: Mapping, path: Path, findings: Findings) -> None:
        """Say that seconds are asked for by `withSeconds` only."""
        fields = len(values.get("cron", "").split())
        if fields == _WITH_SECONDS and not values.get("with_seconds"):
            message = "'cron' has six fields: write withSeconds: true for seconds, or leave the first one out."
            findings.add(node.entries["cron"], (*path, "cron"), "invalid_cron", message)


class ScheduleOnDates(Trigger, frozen=True, kw_only=True):
    """Starts executions at certain moments."""

    names: ClassVar = (f"{_CORE}trigger.ScheduleOnDates", "trigger.ScheduleOnDates")

    dates: Annotated[tuple[str, ...], ListOf(DATETIME, least=1), "The moments."]
    timezone: Annotated[str, ZONE, "The time zone of moments without an offset."] = "Etc/UTC"
    recover_missed_schedules: Annotated[str | None, RECOVERIES, "Which starts that were missed are made up for."] = None


class Webhook(Trigger, frozen=True, kw_only=True):
    """Starts an execution for each HTTP request with the right key."""

    names: ClassVar = (f"{_CORE}trigger.Webhook", "trigger.Webhook", f"{_OLD}Webhook")

    key: Annotated[
        str, TextKind("a key", longest=256), "The last part of the address; who knows it may start executions."
    ]
    wait: Annotated[Boolean, "The answer waits for the end of the execution."] = False
    return_outputs: Annotated[Boolean, "The answer has the outputs of the flow."] = False
    response_content_type: Annotated[Text | None, "What the answer is."] = None


class UpstreamFlow(Element, frozen=True, kw_only=True):
    """A flow whose executions a trigger waits for."""

    namespace: Annotated[Text, "Its namespace."]
    flow_id: Annotated[Text | None, "Its id; all flows of the namespace where none is given."] = None
    states: Annotated[States, "The states that its executions must end in."] = ("SUCCESS", "WARNING")
    labels: Annotated[RenderedLabels, "The labels that its executions must have."] = ()


class Filter(Element, frozen=True, kw_only=True):
    """A comparison with an execution."""

    field: Annotated[str, Choice("FLOW_ID", "NAMESPACE", "STATE", "EXPRESSION"), "What is compared."]
    type: Annotated[
        str,
        Choice(
            "EQUAL_TO", "NOT_EQUAL_TO", "IN", "NOT_IN", "IS_TRUE", "IS_FALSE", "IS_NULL", "IS_NOT_NULL", "STARTS_WITH",
            "ENDS_WITH", "REGEX", "CONTAINS",
        ),
        "How it is compared.",
    ]  # fmt: skip
    value: Annotated[Anything, "What it is compared with."] = None
    values: Annotated[AnyList, "What it is compared with, for IN and NOT_IN."] = ()


class Where(Element, frozen=True, kw_only=True):
    """Comparisons with one execution."""

    id: Annotated[Text, "The name."]
    operand: Annotated[str, Choice("AND", "OR"), "Whether all comparisons must hold, or one."] = "AND"
    filters: Annotated[tuple[Filter, ...], ListOf(Of(Filter, "a filter"), least=1), "The comparisons."]


class TimeWindow(Element, frozen=True, kw_only=True):
    """The time within which all preconditions must be met."""

    type: Annotated[
        str,
        Choice("DURATION_WINDOW", "SLIDING_WINDOW", "DAILY_TIME_DEADLINE", "DAILY_TIME_WINDOW"),
        "How it is measured.",
    ] = "DURATION_WINDOW"
    deadline: Annotated[str | None, TIME, "The time of day until which they are met."] = None
    start_time: Annotated[str | None, TIME, "The time of day from which they are met."] = None
    end_time: Annotated[str | None, TIME, "The time of day until which they are met."] = None
    window: Annotated[Duration | None, "How long it is."] = None
    window_advance: Annotated[Duration | None, "How much later than midnight it begins."] = None


class Preconditions(Element, frozen=True, kw_only=True):
    """Executions of other flows that must all have ended."""

    id: Annotated[Text, "The name under which what was met is kept."]
    description: Annotated[Text | None, "What they are for."] = None
    flows: Annotated[tuple[UpstreamFlow, ...], ListOf(Of(UpstreamFlow, "a flow")), "The flows."] = ()
    where: Annotated[tuple[Where, ...], ListOf(Of(Where, "comparisons")), "Comparisons with their executions."] = ()
    time_window: Annotated[TimeWindow, Of(TimeWindow, "a time window"), "The time within which."] = TimeWindow()
    reset_on_success: Annotated[Boolean, "What was met counts once."] = True


class FlowTrigger(Trigger, frozen=True, kw_only=True):
    """Starts an execution when executions of other flows have ended."""

    names: ClassVar = (f"{_CORE}trigger.Flow", "trigger.Flow", f"{_OLD}Flow")

    states: Annotated[States, "The states that start one; all terminal ones where none is given."] = ()
    preconditions: Annotated[
        Preconditions | None, Of(Preconditions, "a mapping with id, flows and where"), "What must all have ended."
    ] = None


class HttpTrigger(Trigger, frozen=True, kw_only=True):
    """Starts an execution when an HTTP answer is as expected."""

    names: ClassVar = (f"{_CORE}http.Trigger", "http.Trigger", "io.kestra.plugin.fs.http.Trigger")

    uri: Annotated[Expression, "Where to ask."]
    method: Annotated[Expression, "The method."] = "GET"
    body: Annotated[Expression | None, "The body."] = None
    content_type: Annotated[Expression | None, "What the body is."] = None
    headers: Annotated[AnyMapOrText, "Headers by name."] = {}
    params: Annotated[AnyMapOrText, "Parameters of the query by name."] = {}
    form_data: Annotated[AnyMapOrText, "Fields of a form by name, instead of a body."] = {}
    options: Annotated[AnyMap, "Time limits, authentication, certificates and the like."] = {}
    response_condition: Annotated[Expression, "Starts an execution when it yields true."] = (
        "{{ response.statusCode < 400 }}"
    )
    interval: Annotated[Duration | None, "The time between two questions."] = None
    encrypt_body: Annotated[Boolean, "Keep the answer's body encrypted."] = False


class ForeignTrigger(Trigger, frozen=True, kw_only=True):
    """A trigger of a type that Runwright does not have; `properties` are its own keys, as plain data."""

    properties: dict[str, Any] = {}


TRIGGER_TYPES: tuple[type[Trigger], ...] = (Schedule, ScheduleOnDates, Webhook, FlowTrigger, HttpTrigger)
TRIGGERS: dict[str, type[Variant]] = {name: each for each in TRIGGER_TYPES for name in each.names}


class _Trigger(OneOf):
    """The kind of one trigger."""

    def read_type(self, type_: str, node: Mapping, path: Path, findings: Findings) -> Any:
        """Return a trigger of the class that a type names."""
        if type_ in self.variants or not is_foreign(type_):
            return super().read_type(type_, node, path, findings)
        message = f"Runwright has no trigger type {type_!r}: the flow is valid, and this trigger starts nothing."
        findings.warn(node.entries["type"], (*path, "type"), "foreign_type", message)
        own = frozenset(node.entries) - set(table_of(Trigger).by_name)
        trigger = read_element(Trigger, node, path, findings, ignored=own)
        if trigger is WRONG:
            return WRONG
        properties = read_properties(node, own, path, findings)
        return ForeignTrigger(**msgspec.structs.asdict(trigger), properties=properties)


TRIGGER = _Trigger("a trigger", "Trigger", TRIGGERS)
Triggers = Annotated[tuple[Trigger, ...], Unique(TRIGGER, "trigger")]

_WITH_SECONDS = 6
