"""Tasks that write lines, hand on values, fail, set labels, and speak about executions."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from runwright.errors import NotRunnable, RunnableFailed
from runwright.runnables import PLACES, _from_table, add_runnable, runnable_for
from runwright.scope import Selection
from runwright.spec import parse_flow_spec
from runwright.spec.tasks import ALL_TYPES, flow_control, programs


def test_a_line_is_written_at_its_level(run, scope):
    run("type: log.Log\nmessage: 'first {{ name }} 100%'\nlevel: TRACE", name="a")
    run("type: log.Log\nmessage: [one, \"two\\nlines\"]\nlevel: '{{ level }}'", level="warn")
    run("type: debug.Echo\nformat: '{{ name }}'")
    expected = [("TRACE", "first a 100%"), ("WARNING", "one"), ("WARNING", "two\nlines"), ("INFO", "a")]
    assert expected == scope.lines.seen


def test_a_wrong_level_is_told(run):
    with pytest.raises(RunnableFailed, match="'loud' is no level of log lines: write one of ERROR, WARN"):
        run("type: log.Log\nmessage: m\nlevel: '{{ level }}'", level="loud")


def test_a_value_is_handed_on_and_measured(run, scope):
    assert {"value": "a > 1"} == run("type: debug.Return\nformat: '{{ name }} > {{ n }}'", name="a", n=1).outputs
    (length, duration) = scope.numbers
    tags = {"format": "{{ name }} > {{ n }}"}
    assert ("length", 5, "counter", tags) == length
    assert ("duration", "timer", tags) == (duration[0], *duration[2:])
    assert {"value": None} == run("type: debug.Return").outputs


def test_values_are_handed_on(run):
    values = run('type: output.OutputValues\nvalues: {a: x, b: "{{ n }}", c: [{d: "{{ n }}!"}]}', n=3).outputs
    assert {"values": {"a": "x", "b": "3", "c": [{"d": "3!"}]}} == values


def test_a_failure_says_why(run):
    with pytest.raises(RunnableFailed, match=r"^Task failure$"):
        run("type: execution.Fail")
    with pytest.raises(RunnableFailed, match=r"^no a$"):
        run("type: execution.Fail\ncondition: '{{ n > 1 }}'\nerrorMessage: 'no {{ name }}'", n=2, name="a")


def test_a_failure_may_have_a_condition(run, scope):
    assert None is run("type: execution.Fail\ncondition: '{{ n > 1 }}'", n=1).outputs
    assert [("INFO", "The condition yields 'false'.")] == scope.lines.seen


@pytest.mark.parametrize(
    "written",
    [
        '{"{{ key }}": "{{ n }}", b: true}',
        '[{key: "{{ key }}", value: "{{ n }}"}, {key: b, value: "true"}, {key: b, value: second}]',
        '"{{ all }}"',
        '"{{ text }}"',
        '"{{ list }}"',
    ],
)
def test_labels_are_a_mapping_or_a_list_or_json(run, written):
    data = {"a": 1, "b": True}
    pairs = [{"key": key, "value": value} for key, value in data.items()]
    outcome = run(
        f"type: execution.Labels\nlabels: {written}", key="a", n=1, all=data, text='{"a": 1, "b": true}', list=pairs
    )
    assert {"a": "1", "b": "true"} == outcome.labels


@pytest.mark.parametrize("value", [None, "", [1], {"a": 1}])
def test_a_label_needs_a_text(run, value):
    with pytest.raises(RunnableFailed, match="The label 'a' must have a text"):
        run("type: execution.Labels\nlabels: '{{ all }}'", all={"a": value})


@pytest.mark.parametrize("labels", ["no json", "3", "[1]"])
def test_other_labels_are_refused(run, labels):
    with pytest.raises(RunnableFailed, match="abels"):
        run("type: execution.Labels\nlabels: '{{ all }}'", all=labels)


def test_the_lines_of_an_execution_are_fetched(run, scope):
    entries = [
        {"level": "INFO", "taskId": "a", "message": "one"},
        {"level": "DEBUG", "taskId": "a", "message": "small"},
        {"level": "WARN", "taskId": "b", "message": "two"},
    ]
    scope.executions.entries = {"e1": entries, "e2": entries[:1]}
    outputs = run("type: log.Fetch").outputs
    assert 2 == outputs["size"]
    lines = scope.files[outputs["uri"]].splitlines()
    assert [entries[0], entries[2]] == [msgspec.json.decode(line) for line in lines]
    assert 1 == run("type: log.Fetch\nlevel: TRACE\ntasksId: [b]").outputs["size"]
    assert 1 == run("type: log.Fetch\nexecutionId: e2").outputs["size"]
    assert [] == list(scope.folder.iterdir())


def test_lines_are_purged(run, scope):
    keys = "type: log.PurgeLogs\nnamespace: n\nlogLevels: [info]\nendDate: 2024-01-01T00:00:00Z"
    assert {"count": 5} == run(keys).outputs
    assert [("purge_logs", Selection("n", end=1_704_067_200 * 10**9), None, ["INFO"])] == scope.executions.asked


def test_an_execution_goes_on(run, scope):
    run("type: execution.Resume\nexecutionId: '{{ id }}'\ninputs: {n: '{{ n }}'}", id="e7", n=3)
    run("type: execution.Resume", trigger={"executionId": "e8"})
    assert [("resume", "e7", {"n": 3}), ("resume", "e8", {})] == scope.executions.asked


def test_an_execution_to_go_on_is_needed(run):
    with pytest.raises(RunnableFailed, match="give its executionId"):
        run("type: execution.Resume")


def test_executions_are_counted(run, scope):
    scope.executions.counts = {("company.team", "a"): 3, ("n", "b"): 0}
    keys = "type: execution.Count\nflows: [{flowId: a}]\nnamespaces: [n, company.team]\nstates: [FAILED]\nexpression: '{{ count > 0 }}'"
    result = {"namespace": "company.team", "flowId": "a", "count": 3}
    assert {"results": [result], "total": 3} == run(keys).outputs
    assert ("count", Selection("n", "b", ("FAILED",))) in scope.executions.asked
    with pytest.raises(RunnableFailed, match="A flow to count is written"):
        run("type: execution.Count\nflows: [a]\nexpression: 'true'")


def test_executions_are_purged(run, scope):
    outputs = run("type: execution.PurgeExecutions\nflowId: f\nstates: [SUCCESS]\npurgeLog: false").outputs
    assert {"executionsCount": 2, "logsCount": 0, "metricsCount": 2, "storagesCount": 2} == outputs
    selection = Selection(None, "f", ("SUCCESS",))
    assert [("purge", selection, ["executions", "metrics", "files"])] == scope.executions.asked


def test_a_wrong_moment_is_told(run):
    with pytest.raises(RunnableFailed, match="tomorrow"):
        run("type: execution.PurgeExecutions\nendDate: tomorrow it is")


def test_a_trigger_is_turned(run, scope):
    run("type: trigger.Toggle\ntrigger: nightly\nenabled: true")
    assert [("toggle", "company.team", "orders", "nightly", True)] == scope.executions.asked


def test_a_sleep_is_a_coroutine(scope):
    (task,) = parse_flow_spec("id: f\nnamespace: n\ntasks:\n  - {id: t, type: flow.Sleep, duration: '{{ d }}'}").tasks
    scope.variables["d"] = "PT0S"
    assert asyncio.iscoroutinefunction(runnable_for(task))
    assert None is asyncio.run(runnable_for(task)(task, scope))


def test_what_does_no_work_is_told(run):
    with pytest.raises(NotRunnable, match=r"no task type 'com\.example\.warehouse\.Query'\. Do its work with a script"):
        run("type: com.example.warehouse.Query\nsql: select 1")
    with pytest.raises(NotRunnable, match="no templates any more"):
        run("type: flow.Template\nnamespace: n\ntemplateId: x")
    with pytest.raises(NotRunnable, match=r"flow\.Sequential stands for other tasks"):
        run("type: flow.Sequential\ntasks: [{id: a, type: log.Log, message: m}]")


def test_every_type_that_does_work_has_its_function():
    left_out = {flow_control.Subflow, flow_control.ForEachItem, flow_control.Template, programs.PythonFlow}
    working = {each for each in ALL_TYPES if not issubclass(each, flow_control.Flowable)} - left_out
    assert working == set(PLACES)
    assert [] == [place for task_type, place in PLACES.items() if not callable(_from_table(task_type))]


def test_others_may_say_what_a_type_does(run):
    add_runnable(flow_control.Template, lambda task, _: {"namespace": task.namespace})
    assert {"namespace": "n"} == run("type: flow.Template\nnamespace: n\ntemplateId: x").outputs
