"""Problems: every kind of mistake is told, at its place, with what to do; all of a file at once."""

from __future__ import annotations

import contextlib
import pickle

import pytest
from hypothesis import given, strategies as st
from tests.unit.spec.flow_texts import HEAD, TASKS, input_messages, messages_of, problems_of, task_messages

from runwright.errors import FlowFileError, FlowSpecError
from runwright.spec import examine, load_flow_spec, parse_flow_spec

MANY = """\
id: -wrong
namespace: company
taskz: []
tasks:
  - id: one
    type: log.Lgo
  - id: two
    type: flow.ForEach
    values: [1]
    concurencyLimit: 2
    tasks:
      - {id: two, type: log.Log, message: x}
      - {id: three, type: log.Log}
  - id: four
    type: flow.Sleep
    duration: 5 minutes
    retry: {type: constant, maxAttempts: 0}
triggers:
  - {id: t, type: trigger.Schedule, cron: 99 * * * *}
"""


def test_all_problems_of_a_file_are_told_at_once():
    expected = [
        ("invalid_id", 1, 5, "id"),
        ("unknown_key", 3, 1, "taskz"),
        ("unknown_type", 6, 11, "tasks[0].type"),
        ("unknown_key", 10, 5, "tasks[1].concurencyLimit"),
        ("duplicate_id", 12, 14, "tasks[1].tasks[0].id"),
        ("missing_key", 13, 9, "tasks[1].tasks[1].message"),
        ("invalid_duration", 16, 15, "tasks[2].duration"),
        ("missing_key", 17, 12, "tasks[2].retry.interval"),
        ("wrong_type", 17, 42, "tasks[2].retry.maxAttempts"),
        ("invalid_cron", 19, 43, "triggers[0].cron"),
    ]

    assert expected == problems_of(MANY)


def test_the_error_carries_every_problem_and_says_them_line_by_line():
    with pytest.raises(FlowSpecError) as caught:
        parse_flow_spec(MANY, file="many.yaml")

    assert 8 == caught.value.exit_code
    assert list(examine(MANY, "many.yaml").problems) == list(caught.value.problems)
    assert "many.yaml:3:1: There is no key 'taskz' here. Did you mean 'tasks'?" == str(caught.value).splitlines()[1]


def test_the_error_crosses_to_other_processes():
    with pytest.raises(FlowSpecError) as caught:
        parse_flow_spec("a: 1")

    assert caught.value.problems == pickle.loads(pickle.dumps(caught.value)).problems


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FlowFileError, match="cannot be read: No such file"):
        load_flow_spec(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("message", "task"),
    [
        ("There is no key 'mesage' here. Did you mean 'message'?", "{id: t, type: log.Log, message: x, mesage: y}"),
        ("t: The 'message' property cannot be empty: give text, or a list (of text).", "{id: t, type: log.Log}"),
        (
            "t: The 'message' property cannot be empty: give text, or a list (of text).",
            "{id: t, type: log.Log, message: }",
        ),
        ("t: The 'type' property cannot be empty.", "{id: t}"),
        ("'type' must be the name of a type, not a list.", "{id: t, type: [a]}"),
        ("There is no type 'flow.Foreach' here. Did you mean 'flow.ForEach'?", "{id: t, type: flow.Foreach}"),
        (
            "There is no type 'io.kestra.plugin.core.flow.Foreach' here. Did you mean 'io.kestra.plugin.core.flow.ForEach'?",
            "{id: t, type: io.kestra.plugin.core.flow.Foreach}",
        ),
        ("'disabled' must be true or false, not 'yes'.", "{id: t, type: debug.Return, disabled: yes}"),
        (
            "'level' must be one of ERROR, WARN, INFO, DEBUG, TRACE, not 'warn'. Did you mean 'WARN'?",
            "{id: t, type: log.Log, message: x, level: warn}",
        ),
        (
            "'concurrent' must be a whole number of 0 or more, not '-1'.",
            "{id: t, type: flow.Parallel, concurrent: -1, tasks: [{id: a, type: debug.Return}]}",
        ),
        ("The 'tasks' property cannot be empty: give at least one task.", "{id: t, type: flow.Parallel, tasks: []}"),
        ("'tasks' must be a list of tasks, not a mapping.", "{id: t, type: flow.Parallel, tasks: {id: a}}"),
        ("Must be a task with an id and a type, not 'a'.", "{id: t, type: flow.Parallel, tasks: [a]}"),
        (
            "'duration' must be a duration such as PT30S, PT5M or P1D, not '5'.",
            "{id: t, type: flow.Sleep, duration: 5}",
        ),
        ("'runIf' and 'when' are the same key: keep one of them.", "{id: t, type: debug.Return, runIf: a, when: b}"),
        (
            "'maxDuration' must be more than 'interval'.",
            "{id: t, type: debug.Return, retry: {type: constant, interval: PT2S, maxDuration: PT1S}}",
        ),
        (
            "'maxInterval' must be more than 'minInterval'.",
            "{id: t, type: debug.Return, retry: {type: random, minInterval: PT2S, maxInterval: PT1S, maxAttempts: 2}}",
        ),
        (
            "This retry never gives up: set maxAttempts or maxDuration.",
            "{id: t, type: debug.Return, retry: {type: constant, interval: PT2S}}",
        ),
        (
            "There is no type 'Constant' here. Did you mean 'constant'?",
            "{id: t, type: debug.Return, retry: {type: Constant}}",
        ),
        (
            "t: Cyclic dependency detected: t",
            "{id: t, type: flow.Dag, tasks: [{task: {id: t1, type: debug.Return}, dependsOn: [t1]}]}",
        ),
        (
            "There is no task 'frist' here. Did you mean 'first'?",
            "{id: t, type: flow.Dag, tasks: [{task: {id: first, type: debug.Return}, dependsOn: [frist]}]}",
        ),
        (
            "p: Parallel cannot run in a WorkingDirectory: only tasks that do work can.",
            "{id: t, type: flow.WorkingDirectory, tasks: [{id: p, type: flow.Parallel, tasks: [{id: q, type: debug.Return}]}]}",
        ),
        (
            "Invalid Flow: Recursive call to flow [n.f]: it would never end.",
            "{id: t, type: flow.Subflow, namespace: n, flowId: f}",
        ),
        ("The label 'a' must have a text, not nothing.", "{id: t, type: execution.Labels, labels: {a: }}"),
        ("'callable' must be `package.module:name`, not 'a.b'.", "{id: t, type: python.Call, callable: a.b}"),
        (
            "The number is out of range: more than 64 bits. Put it in quotes.",
            "{id: t, type: output.OutputValues, values: {a: 99999999999999999999}}",
        ),
    ],
)
def test_a_task_is_told_what_is_wrong(message, task):
    assert any(each.startswith(message) for each in task_messages(task)), task_messages(task)


@pytest.mark.parametrize(
    "identity",
    ["../x", "a/b", ".", "''", "x" * 300, "tenant%2f..", "-a", "\u0430", "a\u200db", "é", '"a\\u202eb"', "a b", "~"],
)
def test_an_id_has_a_grammar(identity):
    codes = [problem[0] for problem in problems_of(f"{HEAD}tasks: [{{id: {identity}, type: debug.Return}}]")]

    assert codes in (["invalid_id"], ["missing_key"])


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("The label 'system.from' cannot be set", f"{HEAD}labels: {{system.from: a}}\n{TASKS}"),
        ("A label in a list is written {key: ..., value: ...}.", f"{HEAD}labels: [{{a: b}}]\n{TASKS}"),
        (
            "Duplicate input with name [a]: the first is on line 4.",
            f"{HEAD}inputs:\n  - {{id: a, type: INT}}\n  - {{name: a, type: INT}}\n{TASKS}",
        ),
        (
            "The input 'a.b' would be inside of the input 'a'",
            f"{HEAD}inputs: [{{id: a, type: INT}}, {{id: a.b, type: INT}}]\n{TASKS}",
        ),
        (
            "Inputs depend on each other in a circle: ",
            f"{HEAD}inputs: [{{id: a, type: INT, dependsOn: {{inputs: [b]}}}}, {{id: b, type: INT, dependsOn: {{inputs: [a]}}}}]\n{TASKS}",
        ),
        ("There is no input 'c' here.", f"{HEAD}inputs: [{{id: a, type: INT, dependsOn: {{inputs: [c]}}}}]\n{TASKS}"),
        (
            "Duplicate output with name [a]",
            f"{HEAD}outputs: [{{id: a, type: INT, value: 1}}, {{id: a, type: INT, value: 1}}]\n{TASKS}",
        ),
        (
            "Duplicate trigger with name [a]",
            f"{HEAD}triggers: [{{id: a, type: trigger.Webhook, key: k}}, {{id: a, type: trigger.Webhook, key: k}}]\n{TASKS}",
        ),
        (
            "'cron' has six fields: write withSeconds: true",
            f"{HEAD}triggers: [{{id: a, type: trigger.Schedule, cron: 0 0 0 * * *}}]\n{TASKS}",
        ),
        (
            "'timezone' must be a time zone such as Europe/Paris, not 'Mars'.",
            f"{HEAD}triggers: [{{id: a, type: trigger.Schedule, cron: '@daily', timezone: Mars}}]\n{TASKS}",
        ),
        (
            "'timezone' must be a time zone",
            f"{HEAD}triggers: [{{id: a, type: trigger.Schedule, cron: '@daily', timezone: ../../etc/passwd}}]\n{TASKS}",
        ),
        (
            "The flow has no input 'b': the trigger 'a' gives it for nothing.",
            f"{HEAD}triggers: [{{id: a, type: trigger.Webhook, key: k, inputs: {{b: 1}}}}]\n{TASKS}",
        ),
        (
            "The 'duration' property cannot be empty: MAX_DURATION needs it.",
            f"{HEAD}sla: [{{id: a, type: MAX_DURATION, behavior: FAIL}}]\n{TASKS}",
        ),
        ("'limit' must be a whole number of 1 or more, not '0'.", f"{HEAD}concurrency: {{limit: 0}}\n{TASKS}"),
        ("A flow is a mapping with id, namespace and tasks, not a list.", "- a"),
        ("The 'tasks' property cannot be empty: give a list of tasks.", HEAD),
    ],
)
def test_a_flow_is_told_what_is_wrong(message, text):
    assert any(each.startswith(message) for each in messages_of(text)), messages_of(text)


@pytest.mark.parametrize(
    ("message", "declared"),
    [
        ("There is no type 'STRNG' here. Did you mean 'STRING'?", "{id: a, type: STRNG}"),
        ("There is no type 'string' here. Did you mean 'STRING'?", "{id: a, type: string}"),
        ("The default: Expected `INT` but received `x`.", "{id: a, type: INT, defaults: x}"),
        ("The default: it must be less than `3`.", "{id: a, type: INT, max: 3, defaults: 4}"),
        ("The default: it must match the values `[A, B]`.", "{id: a, type: ENUM, values: [A, B], defaults: C}"),
        ("'min' is more than 'max': no value is between.", "{id: a, type: INT, min: 3, max: 2}"),
        ("'after' must be a date such as 2024-01-31, not '2024-13-45'.", "{id: a, type: DATE, after: 2024-13-45}"),
        ("'validator' is no regular expression: ", "{id: a, type: STRING, validator: '('}"),
        ("The 'values' property cannot be empty: give the values, or an expression", "{id: a, type: SELECT}"),
        ("The 'values' property cannot be empty: give at least one.", "{id: a, type: ENUM, values: []}"),
        ("a: The 'itemType' property cannot be empty", "{id: a, type: ARRAY}"),
    ],
)
def test_an_input_is_told_what_is_wrong(message, declared):
    assert any(each.startswith(message) for each in input_messages(declared)), input_messages(declared)


def test_an_alias_does_not_make_a_task_another_one():
    text = f"{HEAD}tasks:\n  - &a {{id: t, type: debug.Return}}\n  - *a\n"

    assert [("duplicate_id", 4, 13, "tasks[1].id")] == problems_of(text)


def test_what_is_merged_makes_tasks_of_their_own():
    text = f"{HEAD}tasks:\n  - &a {{id: t, type: debug.Return, timeout: PT1M}}\n  - {{<<: *a, id: u}}\n"

    assert ["t", "u"] == [task.id for task in parse_flow_spec(text).tasks if task.timeout]


UNUSED = """\
id: unused
namespace: company
quotas: [{type: EXECUTIONS, limit: 3}]
tasks:
  - id: each
    type: flow.ForEach
    values: [1]
    taskCache: {enabled: true}
    tasks:
      - {id: one, type: log.Log, message: x, assets: {outputs: []}}
  - {id: more, type: flow.ForEach, values: [1], childFailurePolicy: CONTINUE, tasks: [{id: two, type: log.Log, message: x, logToFile: true}]}
  - {id: wait, type: flow.Pause, onPause: {id: three, type: log.Log, message: x}}
afterExecution:
  - {id: last, type: log.Log, message: x, workerGroup: {key: gpu}}
workerGroup: {key: gpu}
"""


def test_keys_that_do_nothing_here_are_told():
    outcome = examine(UNUSED, "unused.yaml")

    assert [
        (3, "not_enforced", "quotas", True),
        (5, "not_cached", "tasks[0].taskCache", True),
        (10, "not_recorded", "tasks[0].tasks[0].assets", True),
        (11, "no_effect", "tasks[1].childFailurePolicy", True),
        (11, "no_effect", "tasks[1].tasks[0].logToFile", True),
        (12, "no_effect", "tasks[2].onPause", True),
        (14, "no_effect", "afterExecution[0].workerGroup", True),
        (15, "no_effect", "workerGroup", True),
    ] == [(each.line, each.code, each.path, each.is_warning) for each in outcome.problems]


def test_a_warning_leaves_the_flow_valid():
    outcome = examine(f"{HEAD}tasks: [{{id: t, type: com.example.Thing, key: 1}}]")

    assert ["foreign_type"] == [problem.code for problem in outcome.problems]
    assert outcome.problems == outcome.spec.warnings
    assert str(outcome.problems[0]).startswith("<text>:3:23: warning: Runwright has no task type")


def test_a_default_is_tried_by_the_validator_which_always_ends():
    declared = f"{{id: a, type: STRING, validator: '(a+)+$', defaults: {'a' * 60}!}}"

    assert ["The default: it must match the pattern `(a+)+$`."] == input_messages(declared)


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?<=a)b", "a++"])
def test_a_regular_expression_that_may_take_forever_is_refused(pattern):
    (message,) = input_messages(f"{{id: a, type: STRING, validator: '{pattern}'}}")
    assert message.startswith("'validator' is no regular expression: ")
    assert "not available" in message


def test_a_list_of_tasks_that_is_nested_too_deep_is_told_where():
    text = HEAD + "tasks: " + "[{id: a, type: flow.Sequential, tasks: " * 60 + "[]" + "}]" * 60

    (problem,) = problems_of(text)
    assert "yaml_depth" == problem[0]
    assert problem[3].startswith("tasks[0].tasks[0].tasks[0]")


def test_defaults_cannot_multiply_a_small_file():
    values = ", ".join(f"k{index}: {{a: 1}}" for index in range(1000))
    tasks = "".join(f"  - {{id: t{index}, type: com.example.Thing}}\n" for index in range(100))
    text = f"{HEAD}pluginDefaults:\n  - {{type: com.example, values: {{{values}}}}}\ntasks:\n{tasks}"

    assert "yaml_nodes" in [problem[0] for problem in problems_of(text)]


KEYS = st.sampled_from(
    ["id", "type", "tasks", "inputs", "values", "retry", "then", "labels", "dependsOn", "cron", "defaults", "x"]
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
    st.sampled_from(["flow.ForEach", "log.Log", "flow.Dag", "STRING", "trigger.Schedule", "constant", "{{ a }}", "PT1S", "com.a.B"]),
)  # fmt: skip
DATA = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)
FLOWS = st.dictionaries(
    st.sampled_from(
        ["id", "namespace", "tasks", "inputs", "triggers", "labels", "pluginDefaults", "sla", "outputs", "retry"]
    ),
    DATA,
)


@given(st.one_of(DATA, FLOWS))
def test_any_data_is_a_flow_or_is_refused(data):
    import json

    outcome = examine(json.dumps(data))

    assert (outcome.spec is None) == any(not problem.is_warning for problem in outcome.problems)


@given(st.text())
def test_any_text_is_a_flow_or_is_refused(text):
    with contextlib.suppress(FlowSpecError):
        assert parse_flow_spec(text).tasks


def test_every_circle_is_told():
    """One that is told hides no other, nor a name that there is not."""
    needs = {"a": "c", "b": "a", "c": "b", "d": "d", "e": "f", "f": "e", "g": "e, none"}
    rows = ", ".join(f"{{task: {{id: {name}, type: debug.Return}}, dependsOn: [{of}]}}" for name, of in needs.items())
    told = [each.message for each in examine(f"{HEAD}tasks: [{{id: t, type: flow.Dag, tasks: [{rows}]}}]").problems]
    circles = [
        f"t: Cyclic dependency detected: {names}. Remove one of the dependencies." for names in ("a, b, c", "d", "e, f")
    ]
    assert {*circles, "There is no task 'none' here."} == set(told)


def test_circles_without_end_are_told_in_part():
    """A file of thousands takes no longer for that."""
    rows = ", ".join(f"{{task: {{id: t{each}, type: debug.Return}}, dependsOn: [t{each}]}}" for each in range(1_000))
    problems = examine(f"{HEAD}tasks: [{{id: t, type: flow.Dag, tasks: [{rows}]}}]").problems
    assert 10 == sum("Cyclic" in each.message for each in problems)
