"""Declaration: what a valid flow becomes: typed, frozen, complete."""

from __future__ import annotations

import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.spec.flow_texts import HEAD, TASKS

from runwright.errors import FlowSpecError
from runwright.spec import examine, load_flow_spec, parse_flow_spec
from runwright.spec.conditions import CONDITIONS, ExecutionStatus
from runwright.spec.inputs import INPUTS, DateInput
from runwright.spec.labels import Label
from runwright.spec.retries import ConstantRetry, ExponentialRetry, RandomRetry
from runwright.spec.tasks import ALL_TYPES, TASK_TYPES, ForeignTask, flow_control, plain
from runwright.spec.triggers import TRIGGERS, ForeignTrigger, Schedule

FLOWS = Path(__file__).parent / "flows"


def load(file) -> Any:
    """Return the flow of a file, its parts as they come."""
    return load_flow_spec(file)


def parse(text) -> Any:
    """Return the flow of a text, its parts as they come."""
    return parse_flow_spec(text)


@pytest.fixture(scope="module")
def flowables() -> Any:
    return load(FLOWS / "flowables.yaml")


@pytest.mark.parametrize("file", sorted(FLOWS.iterdir()), ids=lambda file: file.name)
def test_every_example_is_valid(file):
    expected = {"foreign.yaml": {"foreign_type"}, "flowables.yaml": {"no_effect"}}.get(file.name, set())

    assert expected == {problem.code for problem in examine(file.read_bytes()).problems}


def test_every_type_has_an_example():
    specs = [load(file) for file in FLOWS.iterdir()]
    used = {type(task) for spec in specs for _, task in spec.all_tasks()}
    used |= {type(each) for spec in specs for each in (*spec.inputs, *spec.triggers)}
    conditions = {type(each) for spec in specs for trigger in spec.triggers for each in trigger.conditions}

    assert set() == {*ALL_TYPES, *TRIGGERS.values(), *INPUTS.values()} - used
    assert set() == set(CONDITIONS.values()) - conditions - {CONDITIONS["condition.Expression"]}


def test_a_flow_has_typed_values(flowables):
    assert ("flowables", "company.data", 3, False) == (
        flowables.id,
        flowables.namespace,
        flowables.revision,
        flowables.disabled,
    )
    assert (Label("team", "data"), Label("cost-center", "42"), Label("system.readOnly", "true")) == flowables.labels
    assert {"list": [1, 2.5, True, None, "text"], "from": "{{ inputs.day }}"} == flowables.variables["nested"]
    assert (2, "CANCEL") == (flowables.concurrency.limit, flowables.concurrency.behavior)
    assert timedelta(hours=1) == flowables.sla[0].duration
    assert isinstance(flowables.inputs[0], DateInput)
    assert "2024-01-31" == flowables.inputs[0].defaults
    assert ("total", "INT", False) == (
        flowables.outputs[0].id,
        flowables.outputs[0].type,
        flowables.outputs[0].required,
    )


def test_a_task_has_typed_values(flowables):
    sequence = flowables.tasks[0]

    assert "Sequential" == type(sequence).__name__
    assert "{{ vars.timeout }}" == sequence.timeout
    assert (True, True, "WARN") == (sequence.allow_failure, sequence.allow_warning, sequence.log_level)
    assert ("one", "two") == sequence.tasks[0].message
    assert ["s2", "s3"] == [sequence.errors[0].id, sequence.finally_[0].id]
    lines = (FLOWS / "flowables.yaml").read_text().splitlines()
    assert (1 + lines.index("  - id: sequence"), 5) == (sequence.position.line, sequence.position.column)


def test_retries_have_typed_values(flowables):
    exponential = flowables.tasks[0].retry
    random = flowables.tasks[1].tasks[1].retry

    assert isinstance(flowables.retry, ConstantRetry)
    assert ("CREATE_NEW_EXECUTION", timedelta(seconds=10), 2) == (
        flowables.retry.behavior, flowables.retry.interval, flowables.retry.max_attempts,
    )  # fmt: skip
    assert isinstance(exponential, ExponentialRetry)
    assert (1.5, timedelta(minutes=10), True) == (
        exponential.delay_factor,
        exponential.max_duration,
        exponential.warning_on_retry,
    )
    assert isinstance(random, RandomRetry)
    assert (3, "RETRY_FAILED_TASK") == (random.max_attempts, random.behavior)


def test_flowables_hold_their_branches(flowables):
    by_id = {task.id: task for _, task in flowables.all_tasks()}

    assert ("d1",) == by_id["dag"].tasks[1].depends_on
    assert ["2024-01-31", "other"] == list(by_id["cases"].cases)
    assert "no-it-is-not" == by_id["branch"].else_[0].id
    assert (1, 2, {"a": "b"}) == by_id["each"].values
    assert (10, timedelta(minutes=5)) == (
        by_id["until"].check_frequency.max_iterations,
        by_id["until"].check_frequency.max_duration,
    )
    assert "reason" == by_id["pause"].on_resume[0].id
    assert ("*.txt",) == by_id["directory"].output_files
    assert (10, ";") == (by_id["items"].batch.rows, by_id["items"].batch.separator)


def test_every_task_is_found_with_its_path(flowables):
    paths = {task.id: path for path, task in flowables.all_tasks()}

    assert ("tasks", 4, "cases", "other", 0) == paths["c2"]
    assert ("tasks", 0, "errors", 0) == paths["s2"]
    assert ("afterExecution", 0) == paths["after"]
    assert len(paths) == len(list(flowables.all_tasks()))


@pytest.mark.parametrize(
    "type_",
    ["io.kestra.plugin.core.flow.LoopUntil", "flow.LoopUntil", "flow.WaitFor", "io.kestra.core.tasks.flows.WaitFor"],
)
def test_a_type_has_many_names(type_):
    spec = parse(f"{HEAD}tasks: [{{id: t, type: {type_}, condition: a, tasks: [{{id: u, type: debug.Return}}]}}]")

    assert isinstance(spec.tasks[0], flow_control.LoopUntil)
    assert (type_, "io.kestra.plugin.core.flow.LoopUntil") == (spec.tasks[0].type, spec.tasks[0].full_type)


@pytest.mark.parametrize(
    "type_",
    ["io.kestra.core.tasks.log.Log", "io.kestra.core.tasks.executions.Fail", "io.kestra.core.tasks.trigger.Toggle"],
)
def test_older_names_are_understood(type_):
    assert type_ in TASK_TYPES


def test_a_foreign_task_keeps_its_keys_and_holds_its_tasks():
    spec = load(FLOWS / "foreign.yaml")
    query, group = spec.tasks

    assert isinstance(query, ForeignTask)
    assert {"sql": "SELECT 1", "url": "jdbc:warehouse"} == query.properties
    assert timedelta(minutes=1) == query.timeout
    assert ["query", "group", "inner"] == [task.id for _, task in spec.all_tasks()]
    assert "inner" == group.tasks[0].id
    assert isinstance(spec.triggers[0], ForeignTrigger)
    assert {"table": "orders", "interval": "PT1M", "url": "jdbc:warehouse"} == spec.triggers[0].properties
    assert 3 == len(spec.warnings)


def test_triggers_have_typed_values():
    nightly = load(FLOWS / "triggers.yaml").triggers[0]
    condition = load(FLOWS / "triggers.yaml").triggers[5].conditions[2]

    assert isinstance(nightly, Schedule)
    assert ("30 2 * * MON-FRI", "Europe/Paris", timedelta(minutes=10)) == (
        nightly.cron,
        nightly.timezone,
        nightly.late_maximum_delay,
    )
    assert isinstance(condition, ExecutionStatus)
    assert (("SUCCESS",), ("CANCELLED",)) == (condition.in_, condition.not_in)


def test_a_declaration_cannot_change(flowables):
    with pytest.raises(AttributeError):
        flowables.id = "other"


def test_a_declaration_crosses_to_other_processes(flowables):
    assert flowables == pickle.loads(pickle.dumps(flowables))


def test_null_is_not_written():
    spec = parse(f"{HEAD}description:\nlabels: ~\nretry: null\n{TASKS}")

    assert (None, (), None) == (spec.description, spec.labels, spec.retry)


def test_text_is_kept_as_it_was_written():
    spec = parse(f"{HEAD}tasks: [{{id: 1_a, type: log.Log, message: 007}}, {{id: b, type: debug.Return, format: 1.0}}]")

    assert (("007",), "1.0") == (spec.tasks[0].message, spec.tasks[1].format)


class TestPluginDefaults:
    """Values for all elements of a type."""

    @staticmethod
    def message(defaults, task="{id: t, type: io.kestra.plugin.core.log.Log}", key="pluginDefaults"):
        return parse(f"{HEAD}{key}: [{defaults}]\ntasks: [{task}]").tasks[0].message

    @pytest.mark.parametrize(
        "type_", ["log.Log", "io.kestra.plugin.core.log.Log", "io.kestra.core.tasks.log.Log", "io.kestra.plugin.core.l"]
    )
    def test_they_fill_what_is_not_written(self, type_):
        assert ("hello",) == self.message(f"{{type: {type_}, values: {{message: hello}}}}")

    def test_their_older_name_is_understood(self):
        assert ("hello",) == self.message("{type: log.Log, values: {message: hello}}", key="taskDefaults")

    def test_what_is_written_wins(self):
        task = "{id: t, type: log.Log, message: mine}"
        assert ("mine",) == self.message("{type: log.Log, values: {message: hello}}", task)

    def test_unless_they_are_forced(self):
        task = "{id: t, type: log.Log, message: mine}"
        assert ("hello",) == self.message("{type: log.Log, forced: true, values: {message: hello}}", task)

    def test_mappings_are_merged(self):
        text = (
            f"{HEAD}pluginDefaults: [{{type: http.Request, values: {{headers: {{a: 1, b: 2}}}}}}]\n"
            "tasks: [{id: t, type: http.Request, uri: x, headers: {b: 3}}]"
        )
        assert {"b": 3, "a": 1} == parse(text).tasks[0].headers

    def test_they_reach_tasks_inside_others_and_triggers(self):
        text = (
            f"{HEAD}pluginDefaults: [{{type: log.Log, values: {{message: a}}}}, {{type: trigger.Webhook, values: {{key: k}}}}]\n"
            "tasks: [{id: s, type: flow.Sequential, tasks: [{id: t, type: log.Log}]}]\n"
            "triggers: [{id: h, type: trigger.Webhook}]"
        )
        spec = parse(text)
        assert (("a",), "k") == (spec.tasks[0].tasks[0].message, spec.triggers[0].key)

    def test_they_leave_the_values_of_users_alone(self):
        text = f"{HEAD}pluginDefaults: [{{type: log.Log, values: {{message: a}}}}]\nvariables: {{x: {{type: log.Log}}}}\n{TASKS}"
        assert {"x": {"type": "log.Log"}} == parse(text).variables

    def test_other_types_are_left_alone(self):
        with pytest.raises(FlowSpecError, match="'message' property"):
            self.message("{type: debug.Return, values: {message: hello}}")


def test_plain_tasks_have_defaults():
    spec = parse(f"{HEAD}{TASKS}")

    assert plain.Log(id="t", type="log.Log", message=("hi",), position=spec.tasks[0].position) == spec.tasks[0]
    assert ("INFO", "true", False) == (spec.tasks[0].level, spec.tasks[0].run_if, spec.tasks[0].allow_failure)
