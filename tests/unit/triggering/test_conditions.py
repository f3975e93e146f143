"""Conditions about executions and flows: whether they hold for what an execution came to, alone and together."""

from __future__ import annotations

from uuid import UUID

import pytest

from runwright.errors import ExpressionUndefined, NotRunnable
from runwright.events import Event, EventKind
from runwright.executions.declared_flow import DeclaredFlow
from runwright.runs import FlowRun
from runwright.spec import parse_flow_spec
from runwright.states import KIND_BY_NAME
from runwright.triggering.conditions import Seen, all_hold
from runwright.triggering.trigger_scope import TriggerScope
from runwright.triggering.upstream import Upstream

RUN = UUID("018f0000-0000-7000-8000-000000000000")
FLOW = "id: listener\nnamespace: company.report\ntasks: [{{id: a, type: debug.Return}}]\ntriggers: [{{id: t, type: trigger.Flow{}}}]"
WAREHOUSE = {"namespace": "company.team", "flowId": "orders"}


def holds(record, more, *, state="Success", labels=None, outputs=None, is_by_time=False):
    """Say whether the conditions of a trigger hold for an execution of company.team/orders that came to a state."""
    text = FLOW.format(f", {more}")
    code = KIND_BY_NAME[state].code
    row = FlowRun(RUN, "calm-fox", "company.team/orders", RUN, 3, code, details={"labels": labels or {}})
    event = Event(0, RUN, 0, 9, 0, EventKind.STATE, code, {"outputs": outputs or {}})
    upstream = Upstream(record, row, event)
    scope = TriggerScope(
        record.url, DeclaredFlow.from_text(text), 1, upstream.variables(), **upstream.surroundings(text)
    )
    seen = Seen(scope, "company.report", "listener", None if is_by_time else upstream)
    return all_hold(parse_flow_spec(text).triggers[0], seen)


@pytest.fixture
def record(runwright_record):
    return runwright_record


def given(*conditions):
    return "conditions: [" + ", ".join(f"{{type: condition.{each}}}" for each in conditions) + "]"


@pytest.mark.parametrize(
    ("expected", "condition"),
    [
        (True, "ExecutionFlow, namespace: company.team, flowId: orders"),
        (False, "ExecutionFlow, namespace: company.team, flowId: clients"),
        (False, "ExecutionFlow, namespace: company, flowId: orders"),
        (True, "ExecutionFlowCondition, namespace: company.team, flowId: orders"),
        (True, "ExecutionNamespace, namespace: company.team"),
        (False, "ExecutionNamespace, namespace: company"),
        (True, "ExecutionNamespace, namespace: company, prefix: true"),
        (True, "ExecutionNamespace, namespace: company, comparison: PREFIX"),
        (True, "ExecutionNamespace, namespace: .team, comparison: SUFFIX"),
        (False, "ExecutionNamespace, namespace: company, prefix: true, comparison: EQUALS"),
        (True, "ExecutionStatus, in: [SUCCESS, WARNING]"),
        (False, "ExecutionStatus, in: [FAILED]"),
        (False, "ExecutionStatus, notIn: [SUCCESS]"),
        (True, "ExecutionStatus"),
        (True, "ExecutionLabels, labels: {stage: raw}"),
        (True, 'ExecutionLabels, labels: [{key: stage, value: "{{ trigger.outputs.stage }}"}]'),
        (False, "ExecutionLabels, labels: {stage: raw, other: x}"),
        (True, 'ExecutionOutputs, expression: "{{ trigger.outputs.count > 3 }}"'),
        (False, 'ExecutionOutputs, expression: "{{ trigger.outputs.count > 7 }}"'),
        (True, "Expression, expression: \"{{ trigger.state == 'SUCCESS' and labels.stage == 'raw' }}\""),
        (False, "Expression, expression: \"{{ trigger.flowId == 'clients' }}\""),
        (True, "FlowCondition, namespace: company.report, flowId: listener"),
        (False, "FlowCondition, namespace: company.team, flowId: orders"),
        (True, "FlowNamespaceCondition, namespace: company, comparison: PREFIX"),
        (
            True,
            "Not, conditions: [{type: condition.ExecutionStatus, in: [FAILED]}, {type: condition.Expression, expression: 'false'}]",
        ),
        (
            False,
            "Not, conditions: [{type: condition.ExecutionStatus, in: [FAILED]}, {type: condition.Expression, expression: 'true'}]",
        ),
        (
            True,
            "Or, conditions: [{type: condition.ExecutionStatus, in: [FAILED]}, {type: condition.Expression, expression: 'true'}]",
        ),
        (
            False,
            "Or, conditions: [{type: condition.ExecutionStatus, in: [FAILED]}, {type: condition.Expression, expression: ''}]",
        ),
    ],
)
def test_a_condition_holds_or_not(record, expected, condition):
    found = holds(record, given(condition), labels={"stage": "raw"}, outputs={"count": 7, "stage": "raw"})
    assert expected is found


def test_all_of_several_must_hold(record):
    yes, no = "Expression, expression: 'true'", "Expression, expression: 'false'"
    assert [True, False, False] == [holds(record, given(*each)) for each in ((yes, yes), (yes, no), (no, yes))]
    assert [True, False] == [holds(record, f"{given(yes)}, when: '{each}'") for each in ("true", "false")]
    assert holds(record, "description: none")


def test_without_outputs_there_is_nothing_to_hold_for(record):
    """Although the expression alone would."""
    assert not holds(record, given("ExecutionOutputs, expression: 'true'"))


def test_what_several_executions_meet_is_left_to_others(record):
    multiple = (
        "MultipleCondition, id: m, window: PT1H, conditions: {a: {type: condition.ExecutionStatus, in: [FAILED]}}"
    )
    assert holds(record, given(multiple))
    with pytest.raises(NotRunnable, match="put it beside other conditions"):
        holds(record, given(f"Not, conditions: [{{type: condition.{multiple}}}]"))


@pytest.mark.parametrize(
    "condition", ["ExecutionStatus, in: [SUCCESS]", "ExecutionFlow, namespace: a, flowId: b", "HasRetryAttempt"]
)
def test_a_condition_about_an_execution_needs_one(record, condition):
    with pytest.raises(NotRunnable, match="belongs to a trigger of the type Flow"):
        holds(record, given(condition), is_by_time=True)


def test_what_cannot_be_read_is_no_no(record):
    with pytest.raises(ExpressionUndefined):
        holds(record, given("Expression, expression: '{{ nothing }}'"))
