"""ExecutionService: what a surface may do with an execution, what it may not, and who is told to run it."""

from __future__ import annotations

import pytest
from tests.integration.executions import latest, register, run

from runwright import app
from runwright.errors import IllegalTransition, NotOnRecord
from runwright.executions.origin import Origin
from runwright.executions.service import ExecutionService
from runwright.views import FlowRunFilter

OK = "- {id: a, type: debug.Return, format: '{{ inputs.n }}'}"
INPUT = "inputs: [{id: n, type: INT, defaults: 1}]"
PAUSE = "- {id: p, type: flow.Pause, onResume: [{id: x, type: INT}]}"


@pytest.fixture
def asked():
    """Return the executions that somebody was told to run."""
    return []


@pytest.fixture
def service(runwright_record, asked):
    return ExecutionService(runwright_record, asked.append)


def test_what_is_created_is_for_others_to_run(service, asked):
    register(OK, INPUT)
    row = service.create("tests", "child", {"n": 5}, Origin())
    assert ("Pending", [row.id]) == (row.kind.name, asked)
    app.resume_flow_run(row.id)
    (task_run,) = service.task_runs(service.find(str(row.id)))
    assert "7" == service.evaluate(row, "{{ outputs.a.value | number + 2 }}", str(task_run.id))


def test_a_disabled_flow_starts_nothing(service, asked):
    register(OK, f"{INPUT}\ndisabled: true")
    with pytest.raises(IllegalTransition, match="disabled"):
        service.create("tests", "child", {}, Origin())
    assert [] == asked


def test_inputs_are_looked_at_without_an_execution(service, asked):
    register(OK, f"{INPUT}\nchecks: [{{condition: '{{{{ inputs.n > 0 }}}}', message: too little}}]")
    assert [(["Invalid input for `n`, Expected `INT` but received `x`, but received `x`"], "x")] == [
        ([each["message"] for each in found["errors"]], found["value"])
        for found in service.examine("tests", "child", {"n": "x"})
    ]
    assert ["too little"] == [each["message"] for each in service.failed_checks("tests", "child", {"n": "0"})]
    assert [] == asked


DEPENDENT = """inputs:
- {id: asks, type: BOOL}
- {id: name, type: STRING, dependsOn: {inputs: [asks], condition: "{{ inputs.asks }}"}}
- {id: greeting, type: STRING, defaults: "{{ inputs.asks ? 'hello' : 'bye' }}", dependsOn: {inputs: [asks]}}
- {id: key, type: SECRET, defaults: hush-hush}
checks: [{condition: "{{ inputs.asks }}", message: nobody asks}]
"""


@pytest.mark.parametrize(("asks", "greeting", "count"), [("no", "bye", 0), ("yes", "hello", 1)])
def test_inputs_that_depend_on_others_are_looked_at_as_they_would_be_taken(service, asks, greeting, count):
    """What is not asked for is not missing, defaults are rendered, and no secret is told."""
    register(OK, DEPENDENT)
    found = {each["input"]["id"]: each for each in service.examine("tests", "child", {"asks": asks})}
    assert (bool(count), count) == (found["name"]["enabled"], len(found["name"]["errors"]))
    assert (bool(count), greeting, "********") == tuple(found[name]["value"] for name in ("asks", "greeting", "key"))
    assert (1 - count) == len(service.failed_checks("tests", "child", {"asks": asks}))


@pytest.mark.parametrize(
    ("do", "told"),
    [
        (ExecutionService.kill, "already finished"),
        (ExecutionService.pause, "not running"),
        (ExecutionService.unqueue, "Only QUEUED"),
        (ExecutionService.start_now, "Only running, queued or paused"),
        (ExecutionService.restart, "No task found"),
        (lambda service, row: service.resume(row, {}), "not paused"),
        (lambda service, row: service.change_state(row, "RUNNING"), "to a terminal one"),
    ],
)
def test_what_cannot_be_done_with_one_that_has_ended_well(service, asked, do, told):
    row = run(OK, INPUT).row
    with pytest.raises(IllegalTransition, match=told):
        do(service, row)
    assert ("SUCCESS", []) == (latest().state, asked)


@pytest.mark.parametrize(
    ("do", "told"),
    [
        (ExecutionService.delete, "kill it first"),
        (lambda service, row: service.label(row, {"a": "b"}), "not terminated"),
        (lambda service, row: service.change_state(row, "SUCCESS"), "terminated execution"),
    ],
)
def test_what_cannot_be_done_with_one_that_waits(service, do, told):
    row = run(PAUSE).row
    with pytest.raises(IllegalTransition, match=told):
        do(service, row)
    assert "PAUSED" == latest().state


def test_a_pause_goes_on_with_what_is_given(service, asked):
    row = run(PAUSE).row
    service.resume(row, {"x": "3"})
    assert [row.id] == asked
    app.resume_flow_run(row.id, releases=False)
    assert {"onResume": {"x": 3}} == latest().outputs["p"]


def test_what_is_deleted_is_found_no_more(service):
    row = run(OK, INPUT).row
    service.delete(row)
    with pytest.raises(NotOnRecord, match="deleted"):
        service.find(str(row.id))


def test_a_restart_in_another_revision_that_has_nothing_to_run_leaves_no_copy(service, asked, runwright_record):
    row = run(OK, INPUT).row
    register(f"{OK}\n- {{id: b, type: debug.Return, format: x}}", INPUT, "main")
    with pytest.raises(IllegalTransition, match="No task found"):
        service.restart(row, revision=2)
    found = [each.details.get("deleted", False) for each in runwright_record.flow_runs(FlowRunFilter())]
    assert ([True, False], []) == (found, asked)


@pytest.mark.parametrize("text", ["none", "00000000-0000-0000-0000-000000000001"])
def test_a_task_run_of_no_execution_is_not_found(service, text):
    row = run(OK, INPUT).row
    with pytest.raises(NotOnRecord):
        service.replay(row, text)
