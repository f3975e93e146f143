"""What flows assert about inputs before an execution begins: none begins, one fails at once, or people are told."""

from __future__ import annotations

import logging

import pytest
from tests.integration.executions import declared, ended, latest, run

from runwright import app
from runwright.errors import CheckFailed
from runwright.executions.runner import ExecutionRunner
from runwright.open_records import open_record
from runwright.views import FlowRunFilter

TASKS = "  - {id: a, type: debug.Return, format: x}"
INPUTS = """
inputs:
  - {id: size, type: INT, defaults: 1}
checks:
  - condition: "{{ inputs.size < 5 }}"
    message: "{{ inputs.size }} is too large"
"""


def flow(behavior, style="INFO"):
    return f"{INPUTS}    behavior: {behavior}\n    style: {style}\n"


@pytest.mark.parametrize("behavior", ["BLOCK_EXECUTION", "FAIL_EXECUTION", "CREATE_EXECUTION"])
def test_a_check_that_holds_changes_nothing(behavior):
    execution = run(TASKS, flow(behavior))
    assert ("SUCCESS", []) == (execution.state, execution.logs)


@pytest.mark.parametrize("behavior", ["", "    behavior: BLOCK_EXECUTION\n"])
def test_without_anything_said_no_execution_begins(behavior, record):
    with pytest.raises(CheckFailed, match=r"^7 is too large$"):
        run(TASKS, INPUTS + behavior, inputs={"size": 7})
    assert [] == record.flow_runs(FlowRunFilter())


def test_an_execution_may_fail_before_it_runs_anything():
    execution = run(TASKS, flow("FAIL_EXECUTION", "ERROR"), inputs={"size": 7})
    assert ("FAILED", "7 is too large", [], ["7 is too large"]) == (
        execution.state,
        execution.row.message,
        execution.task_runs,
        execution.logs,
    )


@pytest.mark.parametrize(
    ("level", "style"), [("INFO", "SUCCESS"), ("INFO", "INFO"), ("WARNING", "WARNING"), ("ERROR", "ERROR")]
)
def test_people_may_only_be_told(level, style, record):
    execution = run(TASKS, flow("CREATE_EXECUTION", style), inputs={"size": 7})
    (line,) = record.logs(execution.row.id)
    assert ("SUCCESS", level, "7 is too large") == (execution.state, logging.getLevelName(line.level), line.message)


def test_all_checks_are_looked_at_and_the_strictest_counts():
    more = f"""{INPUTS}
  - {{condition: "{{{{ false }}}}", message: no, behavior: FAIL_EXECUTION}}
  - {{condition: "{{{{ inputs.size == 1 }}}}", message: not one}}
"""
    with pytest.raises(CheckFailed, match=r"^7 is too large\nnot one$"):
        run(TASKS, more, inputs={"size": 7})
    assert ("FAILED", "no") == ((execution := run(TASKS, more)).state, execution.row.message)


def test_one_that_cannot_be_decided_is_an_error():
    more = 'checks:\n  - {condition: "{{ inputs.nope }}", message: no, behavior: CREATE_EXECUTION}'
    with pytest.raises(CheckFailed, match=r"cannot be decided: .*nope"):
        run(TASKS, more)


def test_a_retry_as_a_new_execution_is_not_checked_again(record):
    tasks = "  - {id: bad, type: execution.Fail}"
    more = """
retry: {type: constant, interval: PT0S, maxAttempts: 2, behavior: CREATE_NEW_EXECUTION}
checks:
  - {condition: "{{ execution.originalId == execution.id }}", message: not again}
"""
    run(tasks, more)
    assert ["FAILED", "RETRIED"] == [each.kind.execution for each in record.flow_runs(FlowRunFilter())]


def test_a_child_that_must_not_begin_fails_its_task():
    from runwright.executions.registered_flows import registered

    registered(open_record(), declared(TASKS, INPUTS, "child"))
    run("  - {id: sub, type: flow.Subflow, namespace: tests, flowId: child, inputs: {size: 9}}")
    execution = latest()
    assert ("FAILED", "9 is too large") == (execution.state, execution.task_runs[0].message)


def test_what_waits_to_fail_survives_its_process():
    runner = ExecutionRunner(declared(TASKS, flow("FAIL_EXECUTION")))
    flow_run = runner.create({"size": 7})
    app.resume_flow_run(flow_run)
    assert "FAILED" == ended(app.find_flow_run(open_record(), flow_run)).state
