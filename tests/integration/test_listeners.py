"""The older way to run tasks after the end of an execution: those whose conditions hold."""

from __future__ import annotations

import pytest
from tests.integration.executions import run

LISTENERS = """
listeners:
  - conditions:
      - {type: condition.ExecutionStatus, in: [FAILED]}
    tasks:
      - {id: on_failure, type: debug.Return, format: "{{ execution.state }}"}
  - conditions:
      - {type: condition.ExecutionStatus, notIn: [FAILED]}
      - {type: condition.Expression, expression: "{{ outputs.first.value == 'x' }}"}
    tasks:
      - {id: on_success, type: debug.Return, format: "{{ execution.state }}"}
      - {id: then, type: debug.Return, format: "{{ outputs.on_success.value }}"}
  - tasks:
      - {id: always, type: debug.Return, format: "{{ execution.state }}"}
afterExecution:
  - {id: last, type: debug.Return, format: last}
"""
GOOD = "  - {id: first, type: debug.Return, format: x}"
BAD = "  - {id: first, type: execution.Fail}"


@pytest.mark.parametrize(
    ("expected", "tasks"),
    [
        ({"on_success": "SUCCESS", "then": "SUCCESS", "always": "SUCCESS", "last": "last"}, GOOD),
        ({"on_failure": "FAILED", "always": "FAILED", "last": "last"}, BAD),
    ],
)
def test_those_run_whose_conditions_hold(expected, tasks):
    execution = run(tasks, LISTENERS)
    assert expected == {name: each["value"] for name, each in execution.outputs.items() if name != "first"}
    assert all(each.start_time >= execution.row.end_time for each in execution.task_runs if each.slug != "first")


def test_none_holds_and_nothing_runs():
    execution = run(GOOD, LISTENERS.partition("  - conditions:\n      - {type: condition.ExecutionStatus, notIn")[0])
    assert ["first SUCCESS"] == execution.states


def test_conditions_that_cannot_be_decided_are_told_and_the_others_run():
    execution = run(GOOD, LISTENERS.replace("outputs.first.value == 'x'", "outputs.nope.value"))
    assert ["first SUCCESS", "always SUCCESS", "last SUCCESS"] == execution.states
    assert any("The conditions of listener 2 cannot be decided" in each for each in execution.logs)


@pytest.mark.parametrize(
    "condition",
    [
        "{type: condition.ExecutionFlow, namespace: tests, flowId: main}",
        "{type: condition.ExecutionNamespace, namespace: test, prefix: true}",
        "{type: condition.ExecutionLabels, labels: {size: large}}",
        "{type: condition.ExecutionOutputs, expression: \"{{ execution.state == 'SUCCESS' }}\"}",
        "{type: condition.HasRetryAttempt, in: [FAILED]}",
        "{type: condition.Not, conditions: [{type: condition.ExecutionStatus, in: [KILLED]}]}",
    ],
)
def test_every_condition_about_an_execution_is_known(condition):
    tasks = """
  - id: first
    type: execution.Fail
    condition: "{{ taskrun.attemptsCount < 1 }}"
    retry: {type: constant, interval: PT0S, maxAttempts: 2}
"""
    more = f"""
labels: {{size: large}}
outputs: [{{id: o, type: STRING, value: x}}]
listeners:
  - conditions: [{condition}]
    tasks:
      - {{id: heard, type: debug.Return, format: x}}
"""
    assert "heard SUCCESS" in run(tasks, more).states
