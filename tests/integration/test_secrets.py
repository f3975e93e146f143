"""Whole executions that use secrets: what of them can be read on the record afterwards."""

from __future__ import annotations

import base64

import pytest

from runwright import app
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.runner import ExecutionRunner
from runwright.views import FlowRunFilter, TaskRunFilter

SECRET = "hunter21-and-more"  # noqa: S105  the subject of the tests
HIDDEN = "********"

HEAD = """
id: secrets
namespace: company.team
"""


@pytest.fixture(autouse=True)
def environment(runwright_home, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", base64.b64encode(SECRET.encode()).decode())
    monkeypatch.setenv("RUNWRIGHT_ENCRYPTION_KEY", base64.b64encode(bytes(32)).decode())


def run(tasks, executor="threads:2", head=HEAD, **inputs):
    ExecutionRunner(DeclaredFlow.from_text(head + tasks), executor=executor).start(inputs)
    store = app.open_record()
    (execution,) = store.flow_runs(FlowRunFilter())
    return execution, store.task_runs(TaskRunFilter(flow_run=execution.id)), store.logs(execution.id)


def files_of(home):
    app.close_records()
    return b"".join(each.read_bytes() for each in home.rglob("*") if each.is_file())


@pytest.mark.parametrize("executor", ["threads:2", "processes:1"])
def test_a_secret_is_not_logged(executor, runwright_home):
    _, (task_run,), logs = run(
        """
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: "Bearer {{ secret('TOKEN') }}"
""",
        executor,
    )

    assert ("Success", [f"Bearer {HIDDEN}"]) == (task_run.kind.name, [line.message for line in logs])
    assert SECRET.encode() not in files_of(runwright_home)


@pytest.mark.parametrize("executor", ["threads:2", "processes:1"])
def test_a_failure_does_not_tell_a_secret(executor, runwright_home):
    _, (task_run,), logs = run(
        """
tasks:
  - id: fail
    type: io.kestra.plugin.core.execution.Fail
    errorMessage: "no login with {{ secret('TOKEN') }}"
""",
        executor,
    )

    assert ("Failed", f"no login with {HIDDEN}") == (task_run.kind.name, task_run.message)
    assert any(HIDDEN in line.message for line in logs)
    assert SECRET.encode() not in files_of(runwright_home)


def test_an_input_that_is_a_secret_is_encrypted_and_not_logged(runwright_home):
    execution, (task_run,), logs = run(
        """
inputs:
  - id: entry
    type: SECRET
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: "This is my secret: {{ inputs.entry }}"
""",
        entry="hunter22-from-me",
    )

    assert ("Success", [f"This is my secret: {HIDDEN}"]) == (task_run.kind.name, [line.message for line in logs])
    assert execution.parameters["entry"]["$encrypted"].startswith("rw1:")
    assert b"hunter22-from-me" not in files_of(runwright_home)


@pytest.mark.parametrize("executor", ["threads:2", "processes:1"])
def test_outputs_do_not_tell_a_secret(executor, runwright_home):
    _, task_runs, _ = run(
        """
tasks:
  - id: first
    type: io.kestra.plugin.core.debug.Return
    format: "Bearer {{ secret('TOKEN') }}"
  - id: second
    type: io.kestra.plugin.core.debug.Return
    format: "{{ outputs.first.value }} of others"
""",
        executor,
    )

    assert {f'{{"value":"Bearer {HIDDEN}"}}', f'{{"value":"Bearer {HIDDEN} of others"}}'} == {
        each.result.location for each in task_runs
    }
    assert SECRET.encode() not in files_of(runwright_home)


def test_secrets_of_one_attempt_do_not_change_the_outputs_of_others():
    _, task_runs, _ = run(
        f"""
tasks:
  - id: first
    type: io.kestra.plugin.core.log.Log
    message: "{{{{ secret('TOKEN') }}}}"
  - id: second
    type: io.kestra.plugin.core.debug.Return
    format: "{SECRET}"
"""
    )

    assert [f'{{"value":"{SECRET}"}}'] == [each.result.location for each in task_runs if each.result]


def test_a_secret_that_is_missing_fails_the_task():
    _, (task_run,), _ = run(
        """
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: "{{ secret('NOPE') }}"
"""
    )

    assert "Failed" == task_run.kind.name
    assert "set the environment variable SECRET_NOPE to it in base64" in str(task_run.message)


def test_what_a_program_prints_of_a_secret_is_not_logged(runwright_home):
    _, (task_run,), logs = run(
        """
tasks:
  - id: print
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    env:
      TOKEN: "{{ secret('TOKEN') }}"
    commands:
      - echo "plain $TOKEN"
      - printf %s "$TOKEN" | base64
"""
    )

    assert "Success" == task_run.kind.name
    assert [f"plain {HIDDEN}", HIDDEN] == [line.message for line in logs if HIDDEN in line.message]
    assert SECRET.encode() not in files_of(runwright_home)
