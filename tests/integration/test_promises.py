"""What flows promise about their executions: looked at when they begin and go on, and by the clock while something runs."""

from __future__ import annotations

import pytest

from runwright import app
from runwright.control import Control
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.runner import ExecutionRunner
from runwright.runtime.promises import is_to_be_looked_at
from runwright.views import FlowRunFilter, TaskRunFilter
from runwright.worker import Worker

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
    text = ENDLESS.format(behavior=behavior, duration="PT1H").replace("PT0.01S", "PT0.4S")  # its task has begun by then

    row, task_runs = run(record, text)

    assert [expected, {"wait": "KILLED"}] == [row.kind.execution, task_runs]
    assert "true" == row.details["labels"]["slow"]
    assert any("takes longer than 0:00:00.4" in each.message for each in record.logs(row.id))


def test_an_execution_that_takes_too_long_is_labelled_where_that_is_all(record):
    row, task_runs = run(record, ENDLESS.format(behavior="NONE", duration="PT0.02S"))

    assert ["SUCCESS", {"wait": "SUCCESS"}] == [row.kind.execution, task_runs]
    assert "true" == row.details["labels"]["slow"]


PAUSED = """
id: paused
namespace: company.team
sla:
  - id: quick
    type: MAX_DURATION
    duration: PT1H
    behavior: {behavior}
    labels: {{slow: "true"}}
tasks:
  - id: ask
    type: flow.Pause
  - id: rest
    type: flow.Sleep
    duration: {duration}
"""


def newest(record):
    return record.flow_runs(FlowRunFilter(limit=1))[0]


@pytest.mark.parametrize(("expected", "behavior"), [("FAILED", "FAIL"), ("CANCELLED", "CANCEL"), ("PAUSED", "NONE")])
def test_a_worker_watches_an_execution_that_nobody_runs(expected, behavior, record, now):
    row, _ = run(record, PAUSED.format(behavior=behavior, duration="PT1S"))
    assert ["PAUSED", False] == [row.kind.execution, "slow" in row.details["labels"]]
    now.advance(3600)
    worker = Worker(record).start()
    while "broken" not in newest(record).details or record.find_lease(row.id) is not None:
        record.await_events(1 << 62, 0.1)
    worker.stop()

    assert [expected, "true"] == [newest(record).kind.execution, newest(record).details["labels"]["slow"]]
    assert ["The promise quick is broken: the execution takes longer than 1:00:00."] == [
        each.message for each in record.logs(row.id)
    ]
    assert not is_to_be_looked_at(newest(record))


@pytest.mark.parametrize(("expected", "behavior"), [("FAILED", "FAIL"), ("CANCELLED", "CANCEL"), ("SUCCESS", "NONE")])
def test_what_was_broken_meanwhile_counts_when_the_execution_is_taken_again(expected, behavior, record, now):
    row, _ = run(record, PAUSED.format(behavior=behavior, duration="PT1S"))
    now.advance(3600)

    assert expected == Control(record).resume(row.id).kind.execution
    assert "true" == newest(record).details["labels"]["slow"]
    assert 1 == len([each for each in record.logs(row.id) if "promise" in each.message])


def test_a_promise_is_broken_when_the_time_is_over_and_not_when_the_execution_goes_on(record):
    row, _ = run(record, ENDLESS.format(behavior="NONE", duration="PT1S"))

    (broken,) = [each for each in record.logs(row.id) if "promise" in each.message]
    (waiting,) = record.task_runs(TaskRunFilter(flow_run=row.id))
    assert broken.at < waiting.end_time


def test_an_execution_that_repeats_another_has_the_whole_time(record, now):
    row, _ = run(record, ENDLESS.format(behavior="FAIL", duration="PT0S").replace("PT0.01S", "PT1H"))
    now.advance(3600)
    (task_run,) = record.task_runs(TaskRunFilter(flow_run=row.id))
    runner = ExecutionRunner(DeclaredFlow.from_version(record.flows()[0]), executor="threads:1")
    runner.go_on(app.find_flow_run(record, runner.replay(row, task_run.id)))

    assert ["SUCCESS", "SUCCESS"] == [each.kind.execution for each in record.flow_runs(FlowRunFilter())]


def test_what_runs_after_the_end_breaks_no_promise(record):
    text = ENDLESS.format(behavior="FAIL", duration="PT0S").replace("PT0.01S", "PT1S")
    row, task_runs = run(record, f"{text}afterExecution:\n  - {{id: after, type: flow.Sleep, duration: PT1.2S}}\n")

    assert ["SUCCESS", {"wait": "SUCCESS", "after": "SUCCESS"}] == [row.kind.execution, task_runs]
    assert "slow" not in newest(record).details["labels"]
