"""Tasks whose outputs are used again by later executions (`taskCache`): while their properties and the time allow it."""

from __future__ import annotations

import base64

import pytest
from tests.integration.executions import run

from runwright.executions.catalogue import handed_on_by


def cached(how="ttl: PT1H", text="made for {{ inputs.name }}"):
    return f"""
  - id: made
    type: shell.Commands
    taskCache: {{{how}}}
    commands: ['echo "::{{\\"outputs\\": {{\\"n\\": \\"{text}\\"}}}}::"', 'echo x >> {{{{ inputs.effects }}}}']
  - {{id: read, type: debug.Return, format: "{{{{ outputs.made.vars.n }}}}"}}
"""


INPUTS = """
inputs:
  - {id: name, type: STRING, defaults: ada}
  - {id: effects, type: STRING}
"""


@pytest.fixture
def effects(tmp_path):
    path = tmp_path / "effects"
    path.touch()
    return path


def count(effects):
    return effects.read_text().count("x")


@pytest.mark.parametrize("executor", ["threads:2", "processes:1"])
def test_what_was_handed_on_is_used_again(effects, executor):
    inputs = {"effects": str(effects)}
    first = run(cached(), INPUTS, inputs)
    second = run(cached(), INPUTS, inputs)
    assert (1, "made for ada") == (count(effects), second.outputs["read"]["value"])
    assert first.outputs == second.outputs
    assert ["made SUCCESS", "read SUCCESS"] == second.states
    assert {"made": 1, "read": 1} == second.attempts
    assert ["What an earlier run handed on is used again: nothing was run."] == second.logs


def test_other_properties_are_another_key(effects):
    for name in ("ada", "bob", "ada"):
        execution = run(cached(), INPUTS, {"effects": str(effects), "name": name})
        assert f"made for {name}" == execution.outputs["read"]["value"]
    assert 2 == count(effects)


def test_it_is_used_until_it_is_too_old(effects, now):
    for expected, seconds in ((1, 1800), (1, 1800), (2, 0)):
        run(cached(), INPUTS, {"effects": str(effects)})
        assert expected == count(effects)
        now.advance(seconds)


@pytest.mark.parametrize(("expected", "how"), [(2, "enabled: false"), (1, "enabled: true")])
def test_it_may_be_turned_off(effects, expected, how):
    run(cached(how), INPUTS, {"effects": str(effects)})
    run(cached(how), INPUTS, {"effects": str(effects)})
    assert expected == count(effects)


def test_a_failure_is_not_used_again(effects):
    tasks = """
  - id: made
    type: shell.Commands
    taskCache: {}
    commands: ['echo x >> {{ inputs.effects }}', 'test $(cat {{ inputs.effects }} | wc -l) -gt 1']
"""
    assert ["FAILED", "SUCCESS", "SUCCESS"] == [run(tasks, INPUTS, {"effects": str(effects)}).state for _ in range(3)]
    assert 2 == count(effects)


def test_what_a_failing_property_says_is_said_by_the_task():
    execution = run("  - {id: made, type: debug.Return, taskCache: {}, format: '{{ nope }}'}")
    assert ("FAILED", True) == (execution.state, "nope" in str(execution.task_runs[0].message))


def test_what_is_hidden_of_it_stays_hidden_and_flows_on(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", base64.b64encode(b"hunter21-and-more").decode())
    monkeypatch.setenv("RUNWRIGHT_ENCRYPTION_KEY", base64.b64encode(bytes(32)).decode())
    tasks = """
  - {id: made, type: debug.Return, taskCache: {}, format: "{{ secret('TOKEN') }}"}
  - {id: read, type: debug.Return, format: "{{ outputs.made.value | length }}"}
"""
    run(tasks)
    again = {each.slug: handed_on_by(each) for each in run(tasks).task_runs}
    assert {"made": {"value": "********"}, "read": {"value": "17"}} == again


def test_each_round_of_a_loop_has_its_own(effects):
    tasks = """
  - id: each
    type: flow.ForEach
    values: [1, 2]
    tasks:
      - id: made
        type: shell.Commands
        taskCache: {}
        commands: ['echo {{ taskrun.value }} >> {{ inputs.effects }}']
"""
    for _ in range(2):
        run(tasks, INPUTS, {"effects": str(effects)})
    assert ["1", "2"] == effects.read_text().split()
