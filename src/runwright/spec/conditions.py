"""Conditions: what must hold for a trigger to start an execution; one class for each type."""

from typing import Annotated, ClassVar

from runwright.spec.elements import OneOf, Variant
from runwright.spec.execution_states import States
from runwright.spec.key_types import Boolean, Duration, Expression, Text, TypeName
from runwright.spec.kinds import Choice, ListOf, MapOf
from runwright.spec.labels import RenderedLabels

_CORE = "io.kestra.plugin.core.condition."
_OLD = "io.kestra.core.models.conditions.types."
TRIGGER_DATE = "{{ trigger.date }}"
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def _names(name: str) -> tuple[str, ...]:
    """Return the full name, the short form and the older names of a type."""
    stem = name.removesuffix("Condition")
    others = [each for each in (stem, f"{stem}Condition") if each != name]
    return tuple(f"{package}{each}" for each in (name, *others) for package in (_CORE, "condition.", _OLD))


CONDITIONS: dict[str, type[Variant]] = {}
CONDITION = OneOf("a condition", "Condition", CONDITIONS)


class Condition(Variant, frozen=True, kw_only=True):
    """What all conditions say."""

    type: Annotated[TypeName, "The type of the condition."]


class DatedCondition(Condition, frozen=True, kw_only=True):
    """What conditions about a moment say."""

    date: Annotated[Expression, "The moment to look at."] = TRIGGER_DATE


class ExpressionHolds(Condition, frozen=True, kw_only=True):
    """An expression yields true."""

    names: ClassVar = _names("Expression")

    expression: Annotated[Expression, "The expression."]


class ExecutionFlow(Condition, frozen=True, kw_only=True):
    """The execution is one of a certain flow."""

    names: ClassVar = _names("ExecutionFlow")

    namespace: Annotated[Text, "The namespace of the flow."]
    flow_id: Annotated[Text, "The id of the flow."]


class ExecutionNamespace(Condition, frozen=True, kw_only=True):
    """The execution is one of a certain namespace."""

    names: ClassVar = _names("ExecutionNamespace")

    namespace: Annotated[Text, "The namespace."]
    comparison: Annotated[str | None, Choice("EQUALS", "PREFIX", "SUFFIX"), "How the namespace is compared."] = None
    prefix: Annotated[Boolean, "Older than `comparison`: namespaces inside count too."] = False


class ExecutionStatus(Condition, frozen=True, kw_only=True):
    """The execution is in one of some states."""

    names: ClassVar = _names("ExecutionStatus")

    in_: Annotated[States, "The states."] = ()
    not_in: Annotated[States, "The states that it must not be in."] = ()


class ExecutionLabels(Condition, frozen=True, kw_only=True):
    """The execution has certain labels."""

    names: ClassVar = _names("ExecutionLabels")

    labels: Annotated[RenderedLabels, "The labels."]


class ExecutionOutputs(Condition, frozen=True, kw_only=True):
    """An expression about the outputs of the execution yields true."""

    names: ClassVar = _names("ExecutionOutputs")

    expression: Annotated[Expression, "The expression, such as `{{ trigger.outputs.count > 3 }}`."]


class HasRetryAttempt(Condition, frozen=True, kw_only=True):
    """A task run of the execution was tried again."""

    names: ClassVar = _names("HasRetryAttempt")

    in_: Annotated[States, "The states of its attempts."] = ()
    not_in: Annotated[States, "The states that its attempts must not be in."] = ()


class DateTimeBetween(DatedCondition, frozen=True, kw_only=True):
    """The moment is after one and before another."""

    names: ClassVar = _names("DateTimeBetween")

    after: Annotated[Expression | None, "The moment before."] = None
    before: Annotated[Expression | None, "The moment after."] = None


class TimeBetween(DatedCondition, frozen=True, kw_only=True):
    """The time of day is after one and before another."""

    names: ClassVar = _names("TimeBetween")

    after: Annotated[Expression | None, "The time before, with its offset."] = None
    before: Annotated[Expression | None, "The time after, with its offset."] = None


class DayWeek(DatedCondition, frozen=True, kw_only=True):
    """The moment is on a certain weekday."""

    names: ClassVar = _names("DayWeek")

    day_of_week: Annotated[str, Choice(*DAYS), "The weekday."]


class DayWeekInMonth(DatedCondition, frozen=True, kw_only=True):
    """The moment is on the first, second, ... or last such weekday of its month."""

    names: ClassVar = _names("DayWeekInMonth")

    day_of_week: Annotated[str, Choice(*DAYS), "The weekday."]
    day_in_month: Annotated[str, Choice("FIRST", "SECOND", "THIRD", "FOURTH", "LAST"), "Which of them."]


class PublicHoliday(DatedCondition, frozen=True, kw_only=True):
    """The moment is on a public holiday."""

    names: ClassVar = _names("PublicHoliday")

    country: Annotated[Expression | None, "The country's code of two letters."] = None
    sub_division: Annotated[Expression | None, "The part of the country."] = None


class Weekend(DatedCondition, frozen=True, kw_only=True):
    """The moment is on a Saturday or Sunday."""

    names: ClassVar = _names("Weekend")


class FlowIs(Condition, frozen=True, kw_only=True):
    """The flow is a certain one."""

    names: ClassVar = _names("FlowCondition")

    namespace: Annotated[Text, "Its namespace."]
    flow_id: Annotated[Text, "Its id."]


class FlowNamespace(Condition, frozen=True, kw_only=True):
    """The flow is one of a certain namespace."""

    names: ClassVar = _names("FlowNamespaceCondition")

    namespace: Annotated[Text, "The namespace."]
    comparison: Annotated[str | None, Choice("EQUALS", "PREFIX", "SUFFIX"), "How it is compared."] = None


class Not(Condition, frozen=True, kw_only=True):
    """None of some conditions holds."""

    names: ClassVar = _names("Not")

    conditions: Annotated[tuple[Condition, ...], ListOf(CONDITION, least=1), "The conditions."]


class Or(Condition, frozen=True, kw_only=True):
    """One of some conditions holds."""

    names: ClassVar = _names("Or")

    conditions: Annotated[tuple[Condition, ...], ListOf(CONDITION, least=1), "The conditions."]


class Multiple(Condition, frozen=True, kw_only=True):
    """Each of some conditions was met by an execution, all within a time."""

    names: ClassVar = _names("MultipleCondition")

    id: Annotated[Text, "The name under which what was met is kept."]
    description: Annotated[Text | None, "What the condition is for."] = None
    window: Annotated[Duration | None, "How long the time is."] = None
    window_advance: Annotated[Duration | None, "How much later than midnight it begins."] = None
    conditions: Annotated[dict[str, Condition], MapOf(CONDITION, least=1), "The conditions by name."]


CONDITIONS.update(
    (name, each)
    for each in (
        ExpressionHolds, ExecutionFlow, ExecutionNamespace, ExecutionStatus, ExecutionLabels, ExecutionOutputs, HasRetryAttempt,
        DateTimeBetween, TimeBetween, DayWeek, DayWeekInMonth, PublicHoliday, Weekend, FlowIs, FlowNamespace, Not, Or, Multiple,
    )
    for name in each.names
)  # fmt: skip
