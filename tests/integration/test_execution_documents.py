"""Documents of executions that ran for real, whole: every state that was passed, every attempt, what each handed on, and no more."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from runwright import app
from runwright.compat.executions.documents import ExecutionDocuments
from runwright.control import Control
from runwright.spec.durations import parse_duration
from runwright.views import FlowRunFilter

from .execution_documents import document, ended, execution, over, shown, task_run
from .executions import ended as now_of, latest, register, run

if TYPE_CHECKING:
    from runwright.store import Store
    from runwright.testing.fake_clock import FakeClock

OK = "type: debug.Return, format: ok"
BAD = "type: execution.Fail"
OUT = {"value": "ok"}
HOUR = 3_600
RAN = {"vars": {}, "outputFiles": {}, "taskRunner": {"type": "io.kestra.plugin.core.runner.Process"}}

pytestmark = pytest.mark.usefixtures("fake_clock")


# ---- one task after another


def test_a_success_has_all_that_there_is_to_tell() -> None:
    found = run(
        f"- {{id: a, {OK}}}",
        "labels: {team: blue}\ninputs: [{id: n, type: INT}]\noutputs: [{id: o, type: STRING, value: '{{ outputs.a.value }}'}]",
        {"n": 3},
    )
    labels = [{"key": "team", "value": "blue"}, {"key": "system.correlationId", "value": "run"}]
    expected = execution(
        "CREATED",
        "RUNNING",
        "SUCCESS",
        inputs={"n": 3},
        outputs={"o": "ok"},
        labels=labels,
        task_runs=[ended("a", outputs=OUT)],
    )
    assert expected == shown(found)


def test_a_failure_stops_what_comes_later() -> None:
    found = run(f"- {{id: a, {OK}}}\n- {{id: b, {BAD}}}\n- {{id: c, {OK}}}")
    expected = execution("CREATED", "RUNNING", "FAILED", task_runs=[ended("a", outputs=OUT), ended("b", "FAILED")])
    assert expected == shown(found)


def test_a_failure_hands_on_what_it_has() -> None:
    found = run("""- {id: a, type: shell.Commands, commands: ['echo ''::{"outputs": {"n": 1}}::''', 'exit 3']}""")
    outputs = {**RAN, "vars": {"n": 1}, "exitCode": 3}
    expected = execution("CREATED", "RUNNING", "FAILED", task_runs=[ended("a", "FAILED", outputs=outputs)])
    assert expected == shown(found)


def test_what_is_left_out_was_never_tried() -> None:
    found = run(
        f"- {{id: a, {OK}, runIf: 'false'}}\n- {{id: b, type: flow.Sequential, runIf: '0', tasks: [{{id: c, {OK}}}]}}"
    )
    skipped = [task_run(task, "CREATED", "SKIPPED") for task in "ab"]
    assert execution("CREATED", "RUNNING", "SUCCESS", task_runs=skipped) == shown(found)


def test_a_condition_that_cannot_be_read_is_a_failure_without_an_attempt() -> None:
    found = run(f"- {{id: a, {OK}, runIf: '{{{{ nowhere }}}}'}}")
    assert execution("CREATED", "RUNNING", "FAILED", task_runs=[task_run("a", "CREATED", "FAILED")]) == shown(found)
    assert ["nowhere" in line for line in found.logs] == [True]


@pytest.mark.parametrize(
    ("allowed", "state"),
    [
        ("allowFailure: true", "WARNING"),
        ("allowFailure: true, allowWarning: true", "SUCCESS"),
        ("allowWarning: true", "FAILED"),
    ],
)
def test_what_is_allowed_changes_the_end_of_the_attempt_too(allowed: str, state: str) -> None:
    found = run(f"- {{id: a, {BAD}, {allowed}}}")
    assert execution("CREATED", "RUNNING", state, task_runs=[ended("a", state)]) == shown(found)


def test_a_warning_goes_up_to_the_execution() -> None:
    """From what a program said to the outer list, unless that allows it."""
    says = "type: shell.Commands, commands: ['echo hm >&2'], warningOnStdErr: true"
    found = run(
        f"- id: s\n  type: flow.Sequential\n  tasks:\n"
        f"  - {{id: inner, type: flow.Parallel, tasks: [{{id: a, {says}}}, {{id: b, {OK}}}]}}\n"
        f"- {{id: t, type: flow.Sequential, allowWarning: true, tasks: [{{id: c, {BAD}, allowFailure: true}}]}}"
    )
    outputs = {**RAN, "exitCode": 0}
    inner = [
        over("s", "WARNING"),
        over("inner", "WARNING", parent="s"),
        ended("a", "WARNING", parent="inner", outputs=outputs),
        ended("b", parent="inner", outputs=OUT),
    ]
    allowed = [over("t"), ended("c", "WARNING", parent="t")]
    assert execution("CREATED", "RUNNING", "WARNING", task_runs=[*inner, *allowed]) == shown(found)


# ---- attempts


def test_a_retry_in_place_is_one_more_attempt() -> None:
    """The execution waits with its task run: it has not failed."""
    found = run(f"- {{id: a, {BAD}, retry: {{type: constant, interval: PT1H, maxAttempts: 3}}}}")
    tries = [[f"CREATED {hour}h", f"RUNNING {hour}h", f"FAILED {hour}h"] for hour in range(3)]
    steps = [*tries[0], "RETRYING 0h", *tries[1], "RETRYING 1h", *tries[2]]
    above = ["CREATED", "RUNNING", "RETRYING", "RUNNING 1h", "RETRYING 1h", "RUNNING 2h", "FAILED 2h"]
    assert execution(*above, task_runs=[task_run("a", *steps, attempts=tries)]) == shown(found)


def test_a_success_after_a_retry_may_be_a_warning(tmp_path: Any) -> None:
    fails_once = f"'test -e {tmp_path}/was || {{ touch {tmp_path}/was; exit 1; }}'"
    found = run(
        f"- {{id: a, type: shell.Commands, commands: [{fails_once}], "
        "retry: {type: constant, interval: PT1H, maxAttempts: 2, warningOnRetry: true}}"
    )
    first, second = ["CREATED", "RUNNING", "FAILED"], ["CREATED 1h", "RUNNING 1h", "WARNING 1h"]
    run_of_a = task_run("a", *first, "RETRYING", *second, attempts=[first, second], outputs={**RAN, "exitCode": 0})
    above = ["CREATED", "RUNNING", "RETRYING", "RUNNING 1h", "WARNING 1h"]
    assert execution(*above, task_runs=[run_of_a]) == shown(found)


def test_a_new_execution_replaces_the_one_that_is_retried(record: Store) -> None:
    """What failed has failed, and is RETRIED with all above it; the last of the chain just fails."""
    retry = "retry: {type: constant, interval: PT1H, maxAttempts: 2, behavior: CREATE_NEW_EXECUTION}"
    run(f"- id: s\n  type: flow.Sequential\n  tasks:\n  - {{id: ok, {OK}}}\n  - {{id: a, {BAD}, {retry}}}")
    second, first = (now_of(row) for row in record.flow_runs(FlowRunFilter()))
    tried = ["CREATED", "RUNNING", "FAILED"]
    expected = execution(
        "CREATED",
        "RUNNING",
        "RETRIED",
        task_runs=[
            over("s", "RETRIED"),
            ended("ok", parent="s", outputs=OUT),
            task_run("a", *tried, "RETRIED", attempts=[tried], parent="s"),
        ],
    )
    assert expected == shown(first)
    began = str(first.row.id)
    later = execution(
        "CREATED",
        "RUNNING 1h",
        "FAILED 1h",
        labels=[{"key": "system.correlationId", "value": began}],
        parentId=began,
        originalId=began,
        metadata={"attemptNumber": 2, "originalCreatedDate": "0h"},
        scheduleDate="1h",
        task_runs=[
            task_run("s", "CREATED 1h", "RUNNING 1h", "FAILED 1h"),
            ended("ok", hour="1h", parent="s", outputs=OUT),
            ended("a", "FAILED", hour="1h", parent="s"),
        ],
    )
    assert later == shown(second)
    assert document(first)["state"]["startDate"] == document(second)["metadata"]["originalCreatedDate"]


# ---- what stands for others


def test_rounds_say_their_value_and_their_number() -> None:
    found = run(
        "- id: e\n  type: flow.ForEach\n  values: [x, {k: 1}]\n  tasks:\n"
        "  - {id: i, type: flow.ForEach, values: [1], tasks: [{id: leaf, type: debug.Return, format: '{{ taskrun.value }}'}]}"
    )
    (first, second) = (row for row in found.task_runs if row.slug == "leaf")
    leaf = {"iteration": 0, "value": "1", "outputs": {"value": "1"}}
    expected = execution(
        "CREATED",
        "RUNNING",
        "SUCCESS",
        task_runs=[
            over("e"),
            over("i", parent="e", value="x", iteration=0),
            ended("leaf", parent="i[x]", **leaf),
            over("i", parent="e", value='{"k":1}', iteration=1),
            ended("leaf", parent='i[{"k":1}]', **leaf),
        ],
    )
    assert first.id != second.id
    assert expected == shown(found)


def test_a_loop_keeps_its_last_turn_and_waits_between() -> None:
    found = run(
        "- id: w\n  type: flow.LoopUntil\n  condition: '{{ outputs.w.iterationCount == 3 }}'\n"
        f"  checkFrequency: {{interval: PT1H, maxDuration: PT9H}}\n  tasks: [{{id: a, {OK}}}]"
    )
    steps = ["CREATED", "RUNNING", "PAUSED", "RUNNING 1h", "PAUSED 1h", "RUNNING 2h", "SUCCESS 2h"]
    expected = execution(
        *steps,
        task_runs=[
            task_run("w", *steps, outputs={"iterationCount": 3}),
            ended("a", hour="2h", parent="w", iteration=3, outputs=OUT),
        ],
    )
    assert expected == shown(found)


def test_choices_say_what_they_chose() -> None:
    found = run(
        f"- {{id: i, type: flow.If, condition: 'yes', then: [{{id: a, {OK}}}], else: [{{id: b, {OK}}}]}}\n"
        f"- {{id: n, type: flow.If, condition: 'false', then: [{{id: c, {OK}}}]}}\n"
        f"- {{id: s, type: flow.Switch, value: q, cases: {{p: [{{id: d, {OK}}}]}}, defaults: [{{id: e, {OK}}}]}}"
    )
    expected = execution(
        "CREATED",
        "RUNNING",
        "SUCCESS",
        task_runs=[
            over("i", outputs={"evaluationResult": True}),
            ended("a", parent="i", outputs=OUT),
            over("n", outputs={"evaluationResult": False}),
            over("s", outputs={"value": "q", "defaults": True}),
            ended("e", parent="s", outputs=OUT),
        ],
    )
    assert expected == shown(found)


def test_what_runs_at_an_end_and_after_it_is_told_in_its_order() -> None:
    found = run(
        f"- id: s\n  type: flow.Sequential\n  errors: [{{id: se, {OK}}}]\n  finally: [{{id: sf, {OK}}}]\n  tasks: [{{id: a, {BAD}}}]",
        f"errors: [{{id: e, {OK}}}]\nfinally: [{{id: f, {OK}}}]\n"
        "afterExecution: [{id: g, type: debug.Return, format: '{{ execution.state }}'}]",
    )
    expected = execution(
        "CREATED",
        "RUNNING",
        "FAILED",
        task_runs=[
            over("s", "FAILED"),
            ended("a", "FAILED", parent="s"),
            ended("se", parent="s", outputs=OUT),
            ended("sf", parent="s", outputs=OUT),
            ended("e", outputs=OUT),
            ended("f", outputs=OUT),
            ended("g", outputs={"value": "FAILED"}),
        ],
    )
    assert expected == shown(found)
    told = document(found)
    assert told["state"]["endDate"] <= told["taskRunList"][-1]["state"]["startDate"]


def test_a_folder_that_is_shared_says_what_it_kept() -> None:
    found = run(
        "- id: w\n  type: flow.WorkingDirectory\n  outputFiles: [a.txt]\n  tasks:\n"
        "  - {id: a, type: shell.Commands, commands: ['echo 1 > a.txt']}\n"
        "  - {id: b, type: shell.Commands, commands: ['exit $(cat a.txt)']}"
    )
    expected = execution(
        "CREATED",
        "RUNNING",
        "FAILED",
        task_runs=[
            over("w", "FAILED"),
            ended("a", parent="w", outputs={**RAN, "exitCode": 0}),
            ended("b", "FAILED", parent="w", outputs={**RAN, "exitCode": 1}),
        ],
    )
    assert expected == shown(found)


# ---- pauses


def test_a_pause_is_passed_by_its_execution_too() -> None:
    found = run(f"- {{id: p, type: flow.Pause, delay: PT2H}}\n- {{id: z, {OK}}}")
    steps = ["CREATED", "RUNNING", "PAUSED", "RUNNING 2h", "SUCCESS 2h"]
    expected = execution(*steps, task_runs=[task_run("p", *steps), ended("z", hour="2h", outputs=OUT)])
    assert expected == shown(found)


def test_a_pause_that_nobody_ends_in_time_fails() -> None:
    found = run("- {id: p, type: flow.Pause, timeout: PT1H}")
    expected = execution(
        *("CREATED", "RUNNING", "PAUSED", "RUNNING 1h", "FAILED 1h"),
        task_runs=[task_run("p", "CREATED", "RUNNING", "PAUSED", "FAILED 1h")],
    )
    assert expected == shown(found)


def test_who_resumes_a_pause_restarts_the_execution(record: Store, fake_clock: FakeClock) -> None:
    found = run("- {id: p, type: flow.Pause, onResume: [{id: n, type: INT}]}")
    waiting = ["CREATED", "RUNNING", "PAUSED"]
    assert execution(*waiting, task_runs=[task_run("p", *waiting)]) == shown(found)
    fake_clock.advance(HOUR)
    Control(record).resume(found.row.id, inputs={"n": 7})
    expected = execution(
        *waiting,
        *("RESTARTED 1h", "RUNNING 1h", "SUCCESS 1h"),
        task_runs=[task_run("p", *waiting, "RUNNING 1h", "SUCCESS 1h", outputs={"onResume": {"n": 7}})],
    )
    assert expected == shown(now_of(found.row))


def test_a_kill_ends_what_waits_and_what_stands_above_it(record: Store, fake_clock: FakeClock) -> None:
    """What had ended keeps its end; what had not begun never is."""
    found = run(
        f"- {{id: s, type: flow.Parallel, tasks: [{{id: p, type: flow.Pause}}, {{id: b, {OK}}}]}}\n- {{id: z, {OK}}}"
    )
    fake_clock.advance(HOUR)
    Control(record).kill(found.row.id)
    expected = execution(
        *("CREATED", "RUNNING", "PAUSED", "KILLING 1h", "KILLED 1h"),
        task_runs=[
            task_run("s", "CREATED", "RUNNING", "KILLED 1h"),
            task_run("p", "CREATED", "RUNNING", "PAUSED", "KILLED 1h", parent="s"),
            ended("b", parent="s", outputs=OUT),
        ],
    )
    assert expected == shown(now_of(found.row))


def test_one_that_waits_for_a_slot_is_queued(record: Store, fake_clock: FakeClock) -> None:
    more = "concurrency: {limit: 1}"
    first = run("- {id: p, type: flow.Pause}", more)
    second = run("- {id: p, type: flow.Pause}", more, is_patient=False)
    assert execution("CREATED", "QUEUED", task_runs=[]) == shown(second)
    fake_clock.advance(HOUR)
    Control(record).resume(first.row.id)
    app.resume_flow_run(second.row.id, releases=False)
    waiting = ["CREATED 1h", "RUNNING 1h", "PAUSED 1h"]
    expected = execution("CREATED", "QUEUED", *waiting[1:], task_runs=[task_run("p", *waiting)])
    assert expected == shown(now_of(second.row))


# ---- other flows


def test_a_subflow_says_what_it_started_and_that_says_by_whom() -> None:
    register(
        "- {id: a, type: debug.Return, format: '{{ inputs.x }}'}",
        "labels: {own: c}\ninputs: [{id: x, type: INT}]\noutputs: [{id: o, type: STRING, value: '{{ outputs.a.value }}'}]",
    )
    found = run(
        "- {id: sub, type: flow.Subflow, namespace: tests, flowId: child, inputs: {x: 3}, labels: {t: u}, inheritLabels: true}",
        "labels: {p: q}",
    )
    child = latest("tests/child")
    outputs = {"executionId": str(child.row.id), "state": "SUCCESS", "outputs": {"o": "3"}}
    above = execution(
        "CREATED",
        "RUNNING",
        "SUCCESS",
        labels=[{"key": "p", "value": "q"}, {"key": "system.correlationId", "value": "run"}],
        task_runs=[ended("sub", outputs=outputs)],
    )
    assert above == shown(found)
    parent = str(found.row.id)
    variables = {"executionId": parent, "namespace": "tests", "flowId": "main", "flowRevision": 1}
    labels = {"own": "c", "p": "q", "system.correlationId": parent, "t": "u"}
    below = execution(
        "CREATED",
        "RUNNING",
        "SUCCESS",
        flow="child",
        inputs={"x": 3},
        outputs={"o": "3"},
        labels=[{"key": key, "value": value} for key, value in labels.items()],
        trigger={"id": "sub", "type": "io.kestra.plugin.core.flow.Subflow", "variables": variables},
        task_runs=[ended("a", outputs={"value": "3"})],
    )
    assert below == shown(child)


@pytest.mark.parametrize(
    ("transmits", "state"), [("true", "FAILED"), ("false", "SUCCESS")], ids=["transmitted", "not transmitted"]
)
def test_a_subflow_that_fails_hands_on_its_state(transmits: str, state: str) -> None:
    register(f"- {{id: a, {BAD}}}")
    found = run(f"- {{id: sub, type: flow.Subflow, namespace: tests, flowId: child, transmitFailed: {transmits}}}")
    outputs = {"executionId": str(latest("tests/child").row.id), "state": "FAILED"}
    assert execution("CREATED", "RUNNING", state, task_runs=[ended("sub", state, outputs=outputs)]) == shown(found)


def test_a_flow_for_each_batch_is_four_task_runs() -> None:
    register("- {id: a, type: debug.Return, format: '{{ inputs.x }}'}", "inputs: [{id: x, type: INT}]")
    found = run(
        '- {id: w, type: storage.LocalFiles, inputs: {a.txt: "1\\n2\\n"}, outputs: [a.txt]}\n'
        "- {id: e, type: flow.ForEachItem, items: \"{{ outputs.w.uris['a.txt'] }}\", namespace: tests, flowId: child, "
        'inputs: {x: "{{ taskrun.iteration }}"}}'
    )
    names = {row.slug: str(row.id) for row in found.task_runs}
    place = f"kestra:///tests/main/executions/{found.row.id}/tasks"
    base = f"{place}/e-items/{names['e_items']}"
    items = {
        "numberOfBatches": 2,
        "iterations": {"CREATED": 0, "RUNNING": 0, "SUCCESS": 2},
        "subflowOutputsBaseUri": base,
        "outputs": f"{base}/outputs.jsonl",
    }
    expected = execution(
        "CREATED",
        "RUNNING",
        "SUCCESS",
        task_runs=[
            ended("w", outputs={"uris": {"a.txt": f"{place}/w/{names['w']}/a.txt"}}),
            over("e"),
            ended("e_split", parent="e", outputs={"splits": f"{place}/e-split/{names['e_split']}/splits.txt"}),
            ended("e_items", parent="e", outputs=items),
            ended("e_merge", parent="e", outputs={"subflowOutputs": f"{base}/outputs.jsonl"}),
        ],
    )
    assert expected == shown(found)


# ---- beside the states


def test_metrics_are_of_the_task_run_that_measured_them(record: Store) -> None:
    said = '{"metrics": [{"name": "rows", "type": "counter", "value": 2, "tags": {"t": "u"}}, {"name": "took", "type": "timer", "value": 1.5}]}'
    found = run(f"- {{id: a, type: shell.Commands, commands: ['echo ''::{said}::''']}}")
    documents = ExecutionDocuments(record)
    told = [documents.metric(found.row, each, found.task_runs[0]) for each in record.metrics(found.row.id)]
    place = {
        "namespace": "tests",
        "flowId": "main",
        "executionId": str(found.row.id),
        "taskId": "a",
        "taskRunId": str(found.task_runs[0].id),
    }
    expected = [
        {**place, "type": "counter", "name": "rows", "value": 2.0, "tags": {"t": "u"}},
        {**place, "type": "timer", "name": "took", "value": 1_500.0, "tags": {}},
    ]
    assert expected == [{name: each[name] for name in each if name != "timestamp"} for each in told]


def test_dates_and_durations_follow_from_the_histories() -> None:
    """To the microsecond, and as ISO texts."""
    found = run(f"- {{id: a, {BAD}, retry: {{type: constant, interval: PT1H30M, maxAttempts: 2}}}}")
    told = document(found)
    (task,) = told["taskRunList"]
    for state in [told["state"], task["state"], *(each["state"] for each in task["attempts"])]:
        dates = [step["date"] for step in state["histories"]]
        assert all(one <= other for one, other in pairwise(dates))
        assert (dates[0], dates[-1]) == (state["startDate"], state["endDate"])
        assert (
            f"PT{'1H30M' if len(dates) > 3 else ''}0."
            == state["duration"][: len("PT1H30M0." if len(dates) > 3 else "PT0.")]
        )
        seconds = (_moment(dates[-1]) - _moment(dates[0])).total_seconds()
        assert seconds == parse_duration(state["duration"]).total_seconds()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
