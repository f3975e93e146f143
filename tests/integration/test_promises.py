"""What flows promise about their executions: looked at when they begin and go on, and by the clock while something runs."""

from __future__ import annotations

import pytest

from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.runner import ExecutionRunner
from runwright.views import FlowRunFilter, TaskRunFilter

FLOW = """
id: promises
namespace: company.team
inputs:
  - id: size
    type: INT
    defaults: 1
sla:
  - id: small
    type: EXECUTION_ASSERTION
    assert: "{condition}"
    behavior: {behavior}
    labels: {{size: large}}
tasks:
  - id: count
    type: debug.Return
    format: "{{{{ inputs.size }}}}"
  - id: rest
    type: debug.Return
    format: "{{{{ labels.size ?? 'small' }}}}"
"""

ENDLESS = """
id: endless
namespace: company.team
sla:
  - id: quick
    type: MAX_DURATION
    duration: PT0.01S
    behavior: {behavior}
    labels: {{slow: "true"}}
tasks:
  - id: wait
    type: flow.Sleep
    duration: {duration}
"""

AT_ONCE = "{{ inputs.size < 5 }}"
LATER = "{{ outputs.count.value | number < 5 }}"


def run(record, text, **inputs):
    ExecutionRunner(DeclaredFlow.from_text(text), executor="threads:1").start(inputs)
    (row,) = record.flow_runs(FlowRunFilter())
    task_runs = record.task_runs(TaskRunFilter(flow_run=row.id, oldest_first=True))
    return row, {each.slug: each.kind.execution for each in task_runs}


@pytest.mark.parametrize("condition", [AT_ONCE, LATER])
def test_a_promise_that_is_kept_changes_nothing(condition, record):
    row, task_runs = run(record, FLOW.format(condition=condition, behavior="FAIL"))

    assert ["SUCCESS", {"count": "SUCCESS", "rest": "SUCCESS"}] == [row.kind.execution, task_runs]
    assert "size" not in row.details["labels"]
    assert [] == record.logs(row.id)


@pytest.mark.parametrize(
    ("expected", "condition", "behavior", "task_runs"),
    [
        ("CANCELLED", AT_ONCE, "CANCEL", {}),
        ("FAILED", AT_ONCE, "FAIL", {}),
        ("SUCCESS", AT_ONCE, "NONE", {"count": "SUCCESS", "rest": "SUCCESS"}),
        ("CANCELLED", LATER, "CANCEL", {"count": "SUCCESS", "rest": "CANCELLED"}),
        ("FAILED", LATER, "FAIL", {"count": "SUCCESS", "rest": "CANCELLED"}),
        ("SUCCESS", LATER, "NONE", {"count": "SUCCESS", "rest": "SUCCESS"}),
    ],
)
def test_a_broken_assertion_ends_the_execution_as_it_says(expected, condition, behavior, task_runs, record):
    row, found = run(record, FLOW.format(condition=condition, behavior=behavior), size=7)

    assert [expected, task_runs] == [row.kind.execution, found]
    assert "large" == row.details["labels"]["size"]
    assert [f"The promise small is broken: {condition} does not hold."] == [
        each.message for each in record.logs(row.id)
    ]


@pytest.mark.parametrize(("expected", "behavior"), [("FAILED", "FAIL"), ("CANCELLED", "CANCEL")])
def test_an_execution_that_takes_too_long_is_ended_while_its_tasks_run(expected, behavior, record):
    row, task_runs = run(record, ENDLESS.format(behavior=behavior, duration="PT1H"))

    assert [expected, {"wait": "KILLED"}] == [row.kind.execution, task_runs]
    assert "true" == row.details["labels"]["slow"]
    assert any("takes longer than 0:00:00.01" in each.message for each in record.logs(row.id))


def test_an_execution_that_takes_too_long_is_labelled_where_that_is_all(record):
    row, task_runs = run(record, ENDLESS.format(behavior="NONE", duration="PT0.02S"))

    assert ["SUCCESS", {"wait": "SUCCESS"}] == [row.kind.execution, task_runs]
    assert "true" == row.details["labels"]["slow"]
